"""Generate tickets and what happens to them: looks, stops, people, customers, contracts that come and go."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from connector.model.case import Case
from connector.model.company import Company, Directory
from connector.model.contract import Registry
from connector.model.decision import Mode, Plan, Verdict
from connector.model.ticket import Article, Person, Sender, State
from connector.policy.plan import SKIP
from connector.policy.policy import Policy
from connector.policy.proposals import ACCEPT, PROPOSED
from rules.company import attach_company_by_domain
from rules.contract import Contract as Options
from rules.contract import route_by_contract
from tests.cases import article, bound, case, company, contract, directory, person, policy, registry
from tests.memory_host import after, later, look, with_article, with_company, with_group, with_state, with_tags

law = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Every law is tried on so many lives; a slow machine is no fault of theirs."""

GROUPS = ("Support", "Sales", "Silent")
MARKS = ("no-contract", "contract-unknown", "vip")
ANSWERS = (ACCEPT, f"{ACCEPT}:contract", f"{ACCEPT}:company")
ADDRESSES = (
    "anna@acme.example",
    "Anna@ACME.Example.",
    "bea@beta.example",
    "who@shared.example",
    "x@mail.acme.example",
    "tom@freemail.example",
    "nobody@nowhere.example",
    "noreply@acme.example",
    "support@msp.example",
    "",
)
LEVELS = ("", "gold", "none", "No")
DAYS = ("", "2026-03-09", "2026-03-10", "2026-12-31", "soon")
NAMES = ("Acme GmbH", "Beta SA", "Gamma AG")

KINDS = ("move", "state", "tag", "tag", "untag", "attach", "say", "wait", "fields", "registry")

Event = Callable[[Case], Case]


@st.composite
def companies(draw: st.DrawFn) -> tuple[Company, ...]:
    """Make three companies, two of which may claim one domain."""
    twice = ["shared.example"] if draw(st.booleans()) else []
    claimed = ["acme.example"], ["beta.example", "shared.example"], twice
    return tuple(
        company(name, *domains, id_=id_, support_contract=draw(levels), contract_valid_until=draw(days))
        for id_, name, domains in zip(("11", "12", "13"), NAMES, claimed, strict=True)
    )


levels, days = st.sampled_from(LEVELS), st.sampled_from(DAYS)
directories = st.builds(lambda known, subdomains: directory(*known, subdomains=subdomains), companies(), st.booleans())
rows = st.builds(
    lambda name, level, day: contract(name, level=level, valid_until=day or None),
    st.sampled_from((*NAMES, "acme.example", "nobody else")),
    levels,
    st.sampled_from(DAYS[:-1]),
)
registries = st.builds(
    lambda found, is_complete: registry(*found, is_complete=is_complete), st.lists(rows, max_size=3), st.booleans()
)


@st.composite
def people(draw: st.DrawFn) -> Person | None:
    """Make a customer, rarely none, an agent, or the host's own user."""
    kind = draw(st.sampled_from(("customer",) * 8 + ("agent", "system", "nobody")))
    if kind == "nobody":
        return None
    return person(
        draw(st.sampled_from(ADDRESSES)),
        company=draw(st.sampled_from((None, None, "11", "12", "99"))),
        is_agent=kind == "agent",
        is_system=kind == "system",
    )


articles = st.builds(
    lambda sender, is_automatic: article(sender, is_automatic=is_automatic and sender is Sender.CUSTOMER),
    st.sampled_from(Sender),
    st.booleans(),
)


@st.composite
def tickets(draw: st.DrawFn) -> Case:
    """Make a ticket at its beginning."""
    known: Directory = draw(directories)
    customer = draw(people())
    made = case(
        state=draw(st.sampled_from((State.NEW, State.OPEN, State.OPEN, State.PENDING, State.CLOSED, State.MERGED))),
        group=draw(st.sampled_from(GROUPS)),
        tags=draw(st.frozensets(st.sampled_from((*MARKS, *ANSWERS, PROPOSED)), max_size=2)),
        customer=customer,
        directory=known,
        registry=draw(registries),
        mails_lately=draw(st.sampled_from((0, 0, 0, 6))),
        time_zone=draw(st.sampled_from(("UTC", "Europe/Warsaw", "Pacific/Auckland"))),
    )
    attached = customer.company if customer else None
    made = replace(
        made,
        company=known.by_id.get(attached or ""),
        ticket=replace(made.ticket, company=attached if draw(st.booleans()) else None),
    )
    for each in draw(st.lists(articles, max_size=3)):
        made = with_article(made, each)
    return made


modes = st.sampled_from((Mode.ENFORCE, Mode.ENFORCE, Mode.PROPOSE, Mode.OBSERVE, Mode.OFF))


@st.composite
def policies(draw: st.DrawFn, mode: st.SearchStrategy[Mode] = modes) -> Policy:
    """Make a policy of both rules in any modes."""
    tell, grace = draw(st.booleans()), draw(st.sampled_from((0, 2)))
    options = Options(tell_customer=tell, grace_days=grace)
    return policy(bound(attach_company_by_domain, draw(mode)), bound(route_by_contract, draw(mode), options))


@st.composite
def changes(draw: st.DrawFn) -> Event:
    """Make something that a person, a customer or the world does between two looks."""
    kind = draw(st.sampled_from(KINDS))
    match kind:
        case "move":
            group = draw(st.sampled_from(GROUPS))
            return lambda seen: with_group(seen, group)
        case "state":
            state = draw(st.sampled_from((State.OPEN, State.OPEN, State.CLOSED)))
            return lambda seen: with_state(seen, state)
        case "tag":
            tag = draw(st.sampled_from((*MARKS, *ANSWERS, *ANSWERS, SKIP)))
            return lambda seen: with_tags(seen, seen.ticket.tags | {tag})
        case "untag":
            tag = draw(st.sampled_from((*MARKS, PROPOSED, SKIP)))
            return lambda seen: with_tags(seen, seen.ticket.tags - {tag})
        case "attach":
            attached = draw(st.sampled_from((None, "11", "12")))
            return lambda seen: with_company(seen, attached) if seen.customer else seen
        case "say":
            said: Article = draw(articles)
            return lambda seen: with_article(seen, said)
        case "wait":
            hours = draw(st.sampled_from((1, 2, 30)))
            return lambda seen: later(seen, timedelta(hours=hours))
        case "fields":
            known: Directory = draw(directories)
            return lambda seen: with_directory(seen, known)
        case _:
            contracts: Registry = draw(registries)
            return lambda seen: replace(seen, registry=contracts)


def with_directory(seen: Case, known: Directory) -> Case:
    """Change what the companies' fields say."""
    return replace(
        seen, directory=known, company=known.by_id.get(seen.customer.company or "") if seen.customer else None
    )


@dataclass(kw_only=True)
class Life:
    """A ticket from its beginning: what happens to it, and what we did."""

    policy: Policy
    case: Case
    plans: list[Plan] = field(default_factory=list)
    seen: list[Case] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def look(self) -> Plan:
        """Look once, and carry out what is planned."""
        verdicts, plan = look(self.case, self.policy)
        self.verdicts += verdicts
        self.plans.append(plan)
        self.seen.append(self.case)
        self.case = after(self.case, plan)
        return plan

    def live(self, events: Iterable[Event]) -> "Life":
        """Let things happen, and look after each."""
        self.look()
        for event in events:
            self.case = event(self.case)
            self.look()
        return self
