"""The laws, for rules that hold a ticket until somebody's word stands in writing, over whole lives of tickets."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.model.action import AddNote, LookAt, RemoveTag, SendReply, SetState
from connector.model.case import Case
from connector.model.decision import Mode, Outcome
from connector.model.message import Channel
from connector.model.ticket import Article, LinkKind, State
from connector.policy.policy import Policy
from rules.approval import Approval, hold_until_approved
from rules.company import attach_company_by_domain
from rules.contract import route_by_contract
from rules.verified_sender import hold_until_sender_is_proven
from rules.written_permissions import WrittenPermissions, hold_until_confirmed_in_writing
from tests.cases import AGENT, BOT, article, bound, directory, link, policy
from tests.laws.lives import Event, Life, law
from tests.memory_host import after, later, look, stopped, with_article, with_state, with_tags
from tests.rules.letters import (
    ACME,
    ANNA,
    BEA,
    CARL,
    EVERYTHING,
    PASS,
    SERVER,
    STRANGER,
    asking,
    mailed,
    reading,
    registered,
)

only = st.sampled_from
LABELS = ("permission_change", "equipment_order", "account_sensitive")
FORGED = (f"{SERVER}; dmarc=fail header.from=acme.example",)
TRUE = (f"{SERVER}; {PASS}",)
STAMPS: dict[str, tuple[str, ...]] = {"forged": FORGED, "unstamped": ()}
WAYS = (Channel.PHONE, Channel.CHAT, Channel.WEB, Channel.EMAIL)
YES, NO, UNSURE = "Yes, I confirm.", "No, I did not ask for that.", "I will look at it tomorrow."
TAGS = ("permission-held", "approval-held", "sender-unverified", "sender-verified", "policy:skip", "policy:accept")
modes = only((Mode.ENFORCE, Mode.ENFORCE, Mode.PROPOSE, Mode.OBSERVE, Mode.OFF))


@st.composite
def policies(draw: st.DrawFn, mode: st.SearchStrategy[Mode] = modes, *, alone: bool = True) -> Policy:
    """Make a policy of the rules that hold; where they are not alone, with two that do not."""
    rights = WrittenPermissions(four_eyes=draw(st.booleans()))
    both = draw(only((("equipment_order",), ("equipment_order", "permission_change"))))
    orders = Approval(approvals=draw(only((1, 2))), requests=both, requester_counts=draw(st.booleans()))
    others = () if alone else (bound(attach_company_by_domain, draw(mode)), bound(route_by_contract, draw(mode)))
    return policy(
        *others,
        bound(hold_until_confirmed_in_writing, draw(mode), rights),
        bound(hold_until_approved, draw(mode), orders),
        bound(hold_until_sender_is_proven, draw(mode)),
    )


def said(case: Case, made: Article, *asks: str) -> Case:
    """Let a customer say something, and have it read."""
    told = with_article(case, made)
    id_ = told.ticket.articles[-1].id
    understood = reading(made.body, *asks, automatic=made.is_automatic)
    return replace(told, readings={**told.readings, id_: understood})


def open_references(case: Case) -> str:
    """Give all references that wait."""
    return " ".join(value for key, value in case.memory.items() if key.endswith(".open"))


@st.composite
def asks(draw: st.DrawFn) -> Event:
    """Let somebody ask for something, by a proven mail or not."""
    label, way, who = draw(only(LABELS)), draw(only(WAYS)), draw(only((ANNA, BEA, CARL, STRANGER)))
    text = draw(only(("Please do it for Carl.", "Please give me access.")))
    stamps = draw(only((TRUE, FORGED, ())))
    if way is not Channel.EMAIL:
        note = article(body=text, channel=way, author=AGENT, from_="Anna Nowak")
        return lambda case: said(case, note, label)
    return lambda case: said(case, mailed(who, text, at=case.seen_at, stamps=stamps), label)


@st.composite
def answers(draw: st.DrawFn, *, hostile: bool = False) -> Event:
    """Let somebody answer, rightly or not, here or on a ticket of its own."""
    text, named = draw(only((YES, YES, NO, UNSURE))), draw(st.booleans())
    who, flaw = draw(only((ANNA, BEA, CARL, STRANGER))), ""
    if hostile:
        flaw = draw(only(("forged", "stranger", "program", "machine", "old", "bot", "unstamped")))
        who = CARL if flaw == "stranger" else who
    stamps = STAMPS.get(flaw, TRUE)
    is_there = draw(st.booleans()) and not hostile

    def happens(case: Case) -> Case:
        told = f"{text} {open_references(case)}" if named or is_there else text
        at = case.seen_at - timedelta(days=40) if flaw == "old" else case.seen_at
        made = mailed(
            who,
            told,
            at=at,
            stamps=stamps,
            is_automatic=flaw == "machine",
            has_raw=flaw != "program",
            author=BOT if flaw == "bot" else "21",
        )
        return with_mail_there(case, replace(made, at=case.seen_at)) if is_there else said(case, made)

    return happens


def with_mail_there(case: Case, made: Article) -> Case:
    """Let a customer mail something on a ticket that is tied to this one."""
    made = replace(made, id=f"y{len(case.links)}")
    there = replace(link(f"8{len(case.links)}"), articles=(made,))
    return replace(case, links=(*case.links, there), readings={**case.readings, made.id: reading(made.body)})


@st.composite
def people(draw: st.DrawFn) -> Event:
    """Let agents, registries and time do something."""
    kind = draw(only(("state", "state", "tag", "untag", "hours", "days", "registry", "merge")))
    state, tag = draw(only((State.OPEN, State.CLOSED, State.PENDING))), draw(only(TAGS))
    known, days = draw(st.lists(only((ANNA, BEA, CARL)), max_size=3, unique=True)), draw(only((2, 14)))
    match kind:
        case "state":
            return lambda case: with_state(case, state)
        case "tag":
            return lambda case: with_tags(case, case.ticket.tags | {tag})
        case "untag":
            return lambda case: with_tags(case, case.ticket.tags - {tag})
        case "hours":
            return lambda case: later(case, timedelta(hours=5))
        case "days":
            return lambda case: later(case, timedelta(days=days))
        case "registry":
            return lambda case: replace(case, people=registered(*known, matters=EVERYTHING))
        case _:
            return merged


def merged(case: Case) -> Case:
    """Take another ticket in, on which the first thing that was said here had been held and released."""
    if not case.ticket.customer_articles:
        return case
    first = case.ticket.customer_articles[0].id
    memory = {f"note.written_permissions.end.{first}": "done"}
    other = replace(link(f"7{len(case.links)}", LinkKind.CHILD, state=State.MERGED), memory=memory)
    return replace(case, links=(*case.links, other))


changes = asks() | answers() | answers(hostile=True) | people()


@st.composite
def tickets(draw: st.DrawFn) -> Case:
    """Make a ticket of Anna's on which nothing was said yet, and let somebody ask for something."""
    known = draw(st.lists(only((ANNA, BEA, CARL)), max_size=3, unique=True))
    start = asking(state=draw(only((State.NEW, State.OPEN, State.CLOSED))), people=registered(*known))
    start = replace(start, ticket=replace(start.ticket, articles=(), article_count=0), readings={})
    start = replace(start, directory=directory(ACME), ticket=replace(start.ticket, company=ACME.id))
    return draw(asks())(start)


def live(made: Policy, case: Case, events: list[Event]) -> Life:
    """Let things happen a minute after one another."""
    return Life(policy=made, case=case).live([_a_minute_later(event) for event in events])


def _a_minute_later(event: Event) -> Event:
    return lambda case: event(later(case, timedelta(minutes=1)))


lives = st.builds(live, policies(), tickets(), st.lists(changes, max_size=6))


@law
@given(lives)
def test_looking_twice_equals_looking_once(life: Life) -> None:
    for again in (life.case, later(life.case)):
        _, plan = look(again, life.policy)

        assert plan.steps == ()
        assert plan.memory == life.case.memory


@law
@given(st.builds(live, policies(alone=False), tickets(), st.lists(changes, max_size=4)))
def test_with_other_rules_they_come_to_rest(life: Life) -> None:
    life.look()  # one who was closed is opened again here, and then is a matter of the contract too

    _, plan = look(life.case, life.policy)
    assert plan.steps == ()


@law
@given(lives)
def test_no_rule_fails_and_every_decision_has_a_reason(life: Life) -> None:
    assert [verdict for verdict in life.verdicts if verdict.decision.outcome is Outcome.ERROR] == []
    assert all(verdict.decision.reason.strip() for verdict in life.verdicts)


@law
@given(lives)
def test_nothing_is_written_or_sent_twice(life: Life) -> None:
    told = Counter(
        (step.rule, type(step.action), step.action.once)
        for plan in life.plans
        for step in plan.steps
        if isinstance(step.action, AddNote | SendReply)
    )

    assert [each for each, times in told.items() if times > 1] == []


@law
@given(lives)
def test_nobody_is_written_to_whose_address_is_not_on_file(life: Life) -> None:
    for seen, plan in zip(life.seen, life.plans, strict=True):
        on_file = {each.address for each in seen.people.authorities}
        assert {step.action.to for step in plan.steps if isinstance(step.action, SendReply)} <= on_file


@law
@given(lives)
def test_a_closed_ticket_is_opened_again_once_by_each_rule_at_most(life: Life) -> None:
    reopened = [
        step.rule
        for seen, plan in zip(life.seen, life.plans, strict=True)
        for step in plan.steps
        if isinstance(step.action, SetState) and seen.ticket.state is State.CLOSED and seen.memory
    ]

    assert all(times <= 1 + len(life.case.ticket.customer_articles) for times in Counter(reopened).values())


@law
@given(
    policies(st.just(Mode.ENFORCE)),
    st.lists(answers(hostile=True) | only([lambda case: with_state(case, State.CLOSED)]), max_size=6),
)
def test_nothing_that_is_not_proven_releases(made: Policy, events: list[Event]) -> None:
    start = said(_silent(), article(body="Please do it.", channel=Channel.PHONE, author=AGENT), "permission_change")

    life = live(made, start, events)

    assert "permission-held" in life.case.ticket.tags
    assert not [step for plan in life.plans for step in plan.steps if isinstance(step.action, RemoveTag)]


def _silent() -> Case:
    made = asking(people=registered(ANNA, BEA))
    return replace(made, ticket=replace(made.ticket, articles=(), article_count=0), readings={})


@law
@given(policies(), tickets(), st.lists(changes, max_size=4), st.lists(st.integers(0, 6), min_size=1, max_size=3))
def test_a_daemon_that_is_killed_between_two_requests_loses_nothing_and_does_nothing_twice(
    made: Policy, case: Case, events: list[Event], stops: list[int]
) -> None:
    start = live(made, case, events[:-1]).case if events else case
    for event in events[-1:]:
        start = event(later(start, timedelta(minutes=1)))
    whole = after(start, look(start, made)[1])

    life = Life(policy=made, case=start)
    for after_requests in stops:
        _, tried = look(life.case, made)
        life.case = stopped(life.case, tried, after_requests=after_requests)
    life.look()

    assert look(life.case, made)[1].steps == ()
    assert _seen_by_people(life.case) == _seen_by_people(whole)


def _seen_by_people(case: Case) -> tuple[object, ...]:
    ticket = case.ticket
    mails = sorted((each.to, each.body) for each in ticket.articles if each.decision and each.channel is Channel.EMAIL)
    notes = sorted(key for key in case.memory if key.startswith("note."))
    return (ticket.group, ticket.state, ticket.tags, mails, notes, case.memory)


@law
@given(lives)
def test_memory_stays_small(life: Life) -> None:
    assert len(life.case.memory) <= 60
    assert sum(len(key) + len(value) for key, value in life.case.memory.items()) <= 4000


@law
@given(tickets(), policies())
def test_two_equal_cases_are_decided_alike(case: Case, made: Policy) -> None:
    assert look(case, made) == look(case, made)


@law
@given(lives)
def test_a_ticket_that_is_looked_at_by_our_doing_is_another_one(life: Life) -> None:
    wanted = [each for verdict in life.verdicts for each in verdict.decision.actions if isinstance(each, LookAt)]

    assert life.case.ticket.id not in {each.ticket for each in wanted}
