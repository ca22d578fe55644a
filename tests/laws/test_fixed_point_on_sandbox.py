"""The laws once more, on a helpdesk over real HTTP: its own ids, quirks and answers lie in between."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from connector.apply import Fate
from connector.directory import Companies
from connector.hosts.zammad.client import ZammadClient
from connector.hosts.zammad.webhook import Proof
from connector.hosts.zammad.zammad import Zammad
from connector.model.contract import Registry
from connector.model.decision import Mode, Outcome
from connector.policy.policy import Policy
from connector.policy.proposals import ACCEPT, PROPOSED
from connector.process import Looked, Surroundings, look
from connector.wiring import clock
from tests.cases import MESSAGES, contract, registry
from tests.laws.lives import policies
from tests.stand import SECRET, Helpdesk, helpdesk

SENDERS = (
    "carla.moser@alpenglas.example",
    "marc@dubois.example",
    "office@esker.example",
    "k.stahl@ferrum.example",
    "tom@freemail.example",
    "new@alpenglas-works.example",
    "who@both.example",
    "nobody@nowhere.example",
    "noreply@dubois.example",
)
MORE = {
    "Alpenglas GmbH": ("alpenglas-works.example",),
    "Esker Legal": ("both.example",),
    "Ferrum Stahlbau": ("both.example",),
}
ROWS = (
    contract("Ferrum Stahlbau", level="basic"),
    contract("both.example", valid_until="2030-01-01"),
    contract("alpenglas-works.example", level="none"),
    contract("Esker Legal"),
)
TAGS = ("no-contract", "contract-unknown", ACCEPT, f"{ACCEPT}:contract", "policy:skip")
registries = st.builds(
    lambda rows, is_complete: registry(*rows, is_complete=is_complete),
    st.lists(st.sampled_from(ROWS), max_size=3),
    st.booleans(),
)

Change = Callable[[Helpdesk, int], Awaitable[Any]]


@dataclass(kw_only=True)
class Beside:
    """A helpdesk, and one of our eyes on it."""

    desk: Helpdesk
    host: Zammad
    run: Callable[[Any], Any]

    async def look(self, ticket: int, policy: Policy, contracts: Registry, *, dry_run: bool) -> Looked:
        now = clock()
        directory = await Companies(self.host, more_domains=MORE, public=frozenset({"freemail.example"})).directory(now)
        surroundings = Surroundings(policy=policy, directory=directory, registry=contracts, messages=MESSAGES)
        return await look(str(ticket), self.host, surroundings, _none, now=now, decision="01D", dry_run=dry_run)


@pytest.fixture(scope="module")
def beside() -> Iterator[Beside]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        desk = runner.run(stack.enter_async_context(helpdesk()))
        client = ZammadClient(desk.url, SecretStr(desk.demo.bot_token))
        host = Zammad(client, Proof(secrets=[SecretStr(SECRET)]))
        yield Beside(desk=desk, host=host, run=runner.run)
        runner.run(host.aclose())
        runner.run(stack.aclose())


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Make something that an agent, an admin or the customer does between two looks."""
    kind = draw(st.sampled_from(("move", "state", "tag", "tag", "untag", "say", "company")))
    group, state = draw(st.sampled_from(("Support", "Sales", "Projects"))), draw(st.sampled_from(("open", "closed")))
    tag, level = draw(st.sampled_from(TAGS)), draw(st.sampled_from(("none", "basic", "")))
    off = draw(st.sampled_from((*TAGS, PROPOSED)))
    headers = draw(st.sampled_from(({}, {"auto_submitted": "auto-replied"})))

    async def change(desk: Helpdesk, ticket: int) -> None:
        named = {"item": tag if kind == "tag" else off, "object": "Ticket", "o_id": ticket}
        shown = await desk.ask(f"tickets/{ticket}?expand=true")
        match kind:
            case "move":
                await desk.ask(f"tickets/{ticket}", method="PUT", json={"group": group}, by=desk.anna)
            case "state":
                await desk.ask(f"tickets/{ticket}", method="PUT", json={"state": state}, by=desk.anna)
            case "tag":
                await desk.ask("tags/add", method="POST", json=named, by=desk.anna)
            case "untag":
                await desk.ask("tags/remove", method="DELETE", json=named, by=desk.anna)
            case "say":
                desk.mail(shown["customer"], f"Re: [Ticket#{shown['number']}] Printer", "More.", **headers)
            case _ if shown["organization_id"]:
                path = f"organizations/{shown['organization_id']}"
                await desk.ask(path, method="PUT", json={"support_contract": level})

    return change


over_http = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@over_http
@given(
    policy=policies(),
    sender=st.sampled_from(SENDERS),
    is_automatic=st.booleans(),
    contracts=registries,
    happens=st.lists(changes(), max_size=3),
)
def test_looking_twice_equals_looking_once_over_real_http(
    beside: Beside, policy: Policy, sender: str, is_automatic: bool, contracts: Registry, happens: list[Change]
) -> None:
    headers = {"auto_submitted": "auto-generated"} if is_automatic else {}

    async def life() -> None:
        ticket = beside.desk.mail(sender, **headers).ticket_id
        await _look_and_look_again(beside, ticket, policy, contracts)
        for change in happens:
            await change(beside.desk, ticket)
            await _look_and_look_again(beside, ticket, policy, contracts)

    beside.run(life())


async def _look_and_look_again(beside: Beside, ticket: int, policy: Policy, contracts: Registry) -> None:
    tried = await beside.look(ticket, policy, contracts, dry_run=True)
    beside.desk.box.requests.clear()
    done = await beside.look(ticket, policy, contracts, dry_run=False)
    written = _writes(beside)
    again = await beside.look(ticket, policy, contracts, dry_run=False)

    assert done.applied.error is None
    assert [(each.write, each.fate) for each in tried.applied.results] == [
        (each.write, Fate.WOULD) for each in done.applied.results
    ]
    assert written == [(each.write.method, each.write.path) for each in done.applied.results]
    assert (again.plan.steps, again.applied.results, _writes(beside)) == ((), (), written)
    assert all(verdict.decision.reason for verdict in done.verdicts)
    assert not [verdict for verdict in done.verdicts if verdict.decision.outcome is Outcome.ERROR]
    if not {bound.mode for bound in policy.rules} & {Mode.PROPOSE, Mode.ENFORCE}:
        assert written == []


def _writes(beside: Beside) -> list[tuple[str, str]]:
    requests = [each for each in beside.desk.box.requests if each.method != "GET"]
    return [(each.method, each.path) for each in requests if not each.path.endswith("/search")]


async def _none(address: str) -> int:
    return 0
