"""The laws, for rules that open and link tickets, alone and beside those that move them, over lives of tickets."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.model.action import AddLink, AddNote, CreateTicket, SendReply
from connector.model.case import Case
from connector.model.decision import Mode, Outcome
from connector.model.ticket import Link, LinkKind, State
from connector.policy.memory import PLAN
from connector.policy.policy import Policy
from connector.policy.proposals import ACCEPT
from connector.reading.reading import Part, PartKind, Reading, Topic, Verdict, Words
from rules.company import attach_company_by_domain
from rules.contract import route_by_contract
from rules.project import Project, give_project_a_ticket
from rules.separate_topics import SeparateTopics, split_by_topics
from tests.cases import article, bound, desk, group, policy
from tests.laws.lives import Event, Life, law, tickets
from tests.memory_host import after, later, look, requests, stopped, with_article, with_state, with_tags

only = st.sampled_from
DESK = desk(group("Support"), group("Sales"), group("Silent", can_mail=False), group("Projects"))
MATTERS = ("Print does not work.", "Order a monitor.", "Move us all to the new mail system.", "Send the invoice.")
modes = only((Mode.ENFORCE, Mode.ENFORCE, Mode.PROPOSE, Mode.OBSERVE, Mode.OFF))
OPEN = tuple(Link(kind=LinkKind.NORMAL, ticket=each, number=f"1000{each}", group="Projects") for each in ("40", "41"))


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Make the reading of a message about up to four matters, one of which may be a project."""
    said = MATTERS[: draw(st.integers(0, 4))]
    text = " ".join(said)
    places = [Words(text=each, start=text.index(each), end=text.index(each) + len(each)) for each in said]
    score = draw(only((0.5, 1.0)))
    asked = (Verdict(label="project", score=draw(only((0.5, 1.0)))),) if draw(st.booleans()) else ()
    return Reading(
        language=draw(only(("en", "pl", "xx"))),
        text=text,
        own_text=text,
        parts=(Part(kind=PartKind.OWN, start=0, end=len(text)),),
        topics=tuple(Topic(words=(each,), score=score) for each in places),
        requests=asked,
        automatic=Verdict(label="auto", score=1.0) if draw(only((False, False, False, True))) else None,
    )


@st.composite
def asking(draw: st.DrawFn) -> Case:
    """Make a ticket that a customer's message opened, and the company's open projects."""
    made = draw(tickets())
    opening = article(id_="x1", body="Several things")
    said = tuple(replace(each, id=f"y{number}") for number, each in enumerate(made.ticket.articles))
    ticket = replace(made.ticket, articles=(opening, *said), article_count=1 + len(said))
    grouped = replace(ticket, group=draw(only(("Support", "Support", "Sales", "Projects"))))
    projects = OPEN[: draw(only((0, 0, 1, 2)))]
    return replace(made, ticket=grouped, desk=DESK, readings={"x1": draw(readings())}, company_tickets=projects)


@st.composite
def policies(draw: st.DrawFn, mode: st.SearchStrategy[Mode] = modes, *, alone: bool = True) -> Policy:
    """Make a policy of the rules that open tickets; where they are not alone, with two that do not."""
    split = SeparateTopics(at_most=draw(only((2, 5))), tell_customer=draw(st.booleans()))
    project = Project(original=draw(only(("keep", "close"))), join=draw(st.booleans()), effort=draw(only((0, 5))))
    others = () if alone else (bound(attach_company_by_domain, draw(mode)), bound(route_by_contract, draw(mode)))
    mine = bound(split_by_topics, draw(mode), split), bound(give_project_a_ticket, draw(mode), project)
    return policy(*mine, *others, per_ticket=9, per_address=9)


@st.composite
def changes(draw: st.DrawFn) -> Event:
    """Make something that people or the world do between two looks."""
    kind = draw(only(("close", "open", "tag", "say", "read", "unlink", "children", "effort", "projects", "wait")))
    match kind:
        case "close" | "open":
            state = State.CLOSED if kind == "close" else State.OPEN
            return lambda seen: with_state(seen, state)
        case "tag":
            tag = draw(only((ACCEPT, f"{ACCEPT}:project", f"{ACCEPT}:separate_topics", "policy:project")))
            return lambda seen: with_tags(seen, seen.ticket.tags | {tag})
        case "say":
            return lambda seen: with_article(seen, article(body="Any news?"))
        case "read":
            reading = draw(readings())
            return lambda seen: replace(seen, readings={"x1": reading})
        case "unlink":
            return lambda seen: replace(seen, links=seen.links[1:])
        case "children":
            state = draw(only((State.OPEN, State.CLOSED, State.MERGED)))
            return lambda seen: replace(seen, links=tuple(replace(each, state=state) for each in seen.links))
        case "effort":
            return lambda seen: replace(seen, ticket=replace(seen.ticket, attributes={"time_unit": "7.5"}))
        case "projects":
            projects = OPEN[: draw(only((0, 1, 2)))]
            return lambda seen: replace(seen, company_tickets=projects)
        case _:
            return lambda seen: later(seen, timedelta(hours=2))


def lived(policy: Policy, case: Case, events: list[Event]) -> Life:
    return Life(policy=policy, case=case).live(events)


alone = st.builds(lived, policies(), asking(), st.lists(changes(), max_size=5))
mixed = st.builds(lived, policies(alone=False), asking(), st.lists(changes(), max_size=5))


@law
@given(alone | mixed)
def test_looking_twice_equals_looking_once(life: Life) -> None:
    for again in (life.case, later(life.case)):
        _, plan = look(again, life.policy)

        assert plan.steps == ()
        assert plan.memory == life.case.memory


@law
@given(alone | mixed)
def test_no_ticket_is_opened_linked_told_or_noted_twice(life: Life) -> None:
    done = Counter(
        (step.rule, type(step.action), getattr(step.action, "once", getattr(step.action, "ticket", "")))
        for plan in life.plans
        for step in plan.steps
        if isinstance(step.action, CreateTicket | AddLink | SendReply | AddNote) and step.rule != PLAN
    )
    projects = [
        step
        for plan in life.plans
        for step in plan.steps
        if step.rule == "project" and isinstance(step.action, CreateTicket | AddLink)
    ]

    assert [each for each, times in done.items() if times > 1] == []
    assert len(projects) <= 1
    assert not [each for each in life.verdicts if each.decision.outcome is Outcome.ERROR]


@law
@given(policies(only((Mode.PROPOSE, Mode.OBSERVE))), asking(), st.lists(changes(), max_size=4))
def test_nothing_is_opened_or_linked_that_nobody_accepted(policy: Policy, case: Case, events: list[Event]) -> None:
    life = lived(policy, case, events)

    for seen, plan in zip(life.seen, life.plans, strict=True):
        if not any(tag.startswith(ACCEPT) for tag in seen.ticket.tags):
            assert not [each for each in plan.steps if isinstance(each.action, CreateTicket | AddLink | SendReply)]


@law
@given(policies() | policies(alone=False), asking(), st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_a_daemon_that_is_killed_between_two_requests_opens_all_and_nothing_twice(
    policy: Policy, case: Case, stops: list[int]
) -> None:
    _, plan = look(case, policy)
    whole = after(case, plan)
    life = Life(policy=policy, case=case)
    for stop in stops:
        _, tried = look(life.case, policy)
        life.case = stopped(life.case, tried, after_requests=min(stop, len(requests(life.case, tried))))
    life.look()

    assert look(life.case, policy)[1].steps == ()
    assert _seen(life.case) == _seen(whole)


def _seen(case: Case) -> tuple[object, ...]:
    """Give what people see, but for the numbers of new tickets, which a helpdesk gives."""
    ours = [each for each in case.ticket.articles if each.decision]
    links = Counter((each.kind, each.memory.get("origin", each.ticket)) for each in case.links)
    return (case.ticket.group, case.ticket.state, case.ticket.tags, len([each for each in ours if each.to]), links)
