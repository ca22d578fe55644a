"""The law of the fixed point on a real Znuny: its own ids, quirks and answers lie in between."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connector.apply import Fate
from connector.directory import Companies
from connector.hosts.host import Capability
from connector.model.contract import Registry
from connector.model.decision import Mode, Outcome
from connector.model.people import Authority, People
from connector.model.ticket import State
from connector.policy.policy import Policy
from connector.policy.proposals import ACCEPT, PROPOSED
from connector.process import Looked, Surroundings, look
from connector.reading import read
from connector.wiring import clock
from rules.company import Company, attach_company_by_domain
from rules.contract import Contract, route_by_contract
from rules.written_permissions import hold_until_confirmed_in_writing
from tests.cases import MESSAGES, NOW, bound, contract, policy, registry
from tests.hosts.contract import fresh, none_lately
from tests.hosts.ground import Customer, View
from tests.hosts.znuny.ground import ZnunyGround, znuny_ground
from tests.hosts.znuny.hands import ZnunyHands
from tests.hosts.znuny.running import Server

pytestmark = pytest.mark.xdist_group("znuny")

DOMAINS = ("acme.test", "globex.test", "nocontract.test", "twin.test", "freemail.test", "nowhere.test", "works.test")
"""Of the companies that the server begins with, of two of them at once, and of nobody."""
COMPANIES = ("", "", "ACME", "NOCON", "TWINA")
MORE = {"Globex GmbH": ("works.test",)}
PEOPLE = People.of(
    (Authority(company="ACME", address="boss@acme.test"), Authority(company="TWINA", address="x@freemail.test"))
)
ROWS = (
    contract("Globex GmbH", level="basic"),
    contract("works.test", valid_until="2030-01-01"),
    contract("Twin A", level="none"),
    contract("ACME", level="none"),
    contract("Acme Corp", valid_until="2020-01-01"),
)
SAID = ("It does not print.", "Please give Carl Carlson write access to the wages folder.", "Yes, I confirm.")
TAGS = ("no-contract", "contract-unknown", "permission-held", ACCEPT, f"{ACCEPT}:contract", "policy:skip")

Change = Callable[[ZnunyGround, str, Customer], Awaitable[Any]]

registries = st.builds(
    lambda rows, is_complete: registry(*rows, is_complete=is_complete),
    st.lists(st.sampled_from(ROWS), max_size=3),
    st.booleans(),
)
modes = st.sampled_from((Mode.ENFORCE, Mode.ENFORCE, Mode.PROPOSE, Mode.OBSERVE))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Make a policy of three rules in any modes."""
    fields = {"level_attribute": "ContractLevel", "until_attribute": "ContractUntil"}
    options = Contract(**fields, tell_customer=draw(st.booleans()), grace_days=draw(st.sampled_from((0, 2))))
    return policy(
        bound(attach_company_by_domain, draw(modes), Company(accepted_reassignment=draw(st.booleans()))),
        bound(route_by_contract, draw(modes), options),
        bound(hold_until_confirmed_in_writing, draw(modes)),
    )


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Make something that an agent or the customer does between two looks."""
    kind = draw(st.sampled_from(("move", "state", "tag", "tag", "untag", "say", "note")))
    group, state = draw(st.sampled_from(("Support", "Sales"))), draw(st.sampled_from((State.OPEN, State.CLOSED)))
    tag, off, said = draw(st.sampled_from(TAGS)), draw(st.sampled_from((*TAGS, PROPOSED))), draw(st.sampled_from(SAID))

    async def change(ground: ZnunyGround, ticket: str, customer: Customer) -> None:
        match kind:
            case "move":
                await ground.act(ticket, group=group)
            case "state":
                await ground.act(ticket, state=state)
            case "tag":
                await ground.act(ticket, tag=tag)
            case "untag":
                await ground.act(ticket, untag=off)
            case "note":
                await ground.act(ticket, note=said)
            case _:
                await ZnunyHands(ground).written_as(ticket, customer, said)

    return change


@dataclass(kw_only=True)
class Beside:
    """A Znuny, and the way to run what speaks with it."""

    ground: ZnunyGround
    run: Callable[[Any], Any]

    def able(self, rules: Policy) -> Policy:
        """Leave out the rule for which the stock interface lacks the means."""
        if Capability.SET_COMPANY in self.ground.host.capabilities:
            return rules
        return replace(rules, rules=tuple(each for each in rules.rules if each.rule is not attach_company_by_domain))

    async def customer(self, domain: str, company: str) -> Customer:
        """Store a customer, of a company or of none."""
        login = fresh("lena")
        address = f"{login}@{domain}"
        await self.ground._act("customer", Login=login, Address=address, CustomerID=company or address)
        return Customer(id=login, address=address)

    async def look(self, ticket: str, rules: Policy, contracts: Registry, *, dry_run: bool) -> Looked:
        now, host = clock(), self.ground.host
        directory = await Companies(host, more_domains=MORE, public=frozenset({"freemail.test"})).directory(now)
        surroundings = Surroundings(
            policy=rules, directory=directory, registry=contracts, people=PEOPLE, messages=MESSAGES, reader=read
        )
        return await look(ticket, host, surroundings, none_lately, now=now, decision="01D", dry_run=dry_run)


@pytest.fixture(scope="module", params=[False, True], ids=["with the add-on", "stock"])
def beside(server: Server, request: pytest.FixtureRequest) -> Iterator[Beside]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        ground = runner.run(stack.enter_async_context(znuny_ground(server, stock=request.param)))
        yield Beside(ground=ground, run=runner.run)
        runner.run(stack.aclose())


over_http = settings(
    max_examples=7,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a life takes seconds here: none is shrunk
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@over_http
@given(
    rules=policies(),
    domain=st.sampled_from(DOMAINS),
    company=st.sampled_from(COMPANIES),
    said=st.sampled_from(SAID),
    contracts=registries,
    happens=st.lists(changes(), max_size=2),
)
def test_looking_twice_equals_looking_once_on_a_real_znuny(
    beside: Beside, rules: Policy, domain: str, company: str, said: str, contracts: Registry, happens: list[Change]
) -> None:
    able = beside.able(rules)

    async def life() -> None:
        customer = await beside.customer(domain, company)
        ticket = await ZnunyHands(beside.ground).phoned(customer, said)
        await _look_and_look_again(beside, ticket, able, contracts)
        for change in happens:
            await change(beside.ground, ticket, customer)
            await _look_and_look_again(beside, ticket, able, contracts)

    beside.run(life())


async def _look_and_look_again(beside: Beside, ticket: str, rules: Policy, contracts: Registry) -> None:
    before = await beside.ground.view(ticket)
    tried = await beside.look(ticket, rules, contracts, dry_run=True)
    assert _shown(await beside.ground.view(ticket)) == _shown(before)
    done = await beside.look(ticket, rules, contracts, dry_run=False)
    written = await beside.ground.view(ticket)
    again = await beside.look(ticket, rules, contracts, dry_run=False)

    assert done.applied.error is None
    assert [each.write.steps for each in tried.applied.results] == [each.write.steps for each in done.applied.results]
    assert {each.fate for each in tried.applied.results} <= {Fate.WOULD}
    assert (again.plan.steps, again.applied.results) == ((), ())
    assert _shown(await beside.ground.view(ticket)) == _shown(written)
    assert all(verdict.decision.reason for verdict in done.verdicts)
    assert not [verdict for verdict in done.verdicts if verdict.decision.outcome is Outcome.ERROR]
    if not {each.mode for each in rules.rules} & {Mode.PROPOSE, Mode.ENFORCE}:
        assert done.applied.results == ()


def _shown(view: View) -> View:
    """Leave out when it last changed: a mail that leaves later by Znuny's own daemon is a change, too."""
    return replace(view, changed_at=NOW)
