"""The laws that the plan keeps for rules of any kind, at odds with each other and with people."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.model.action import (
    Action,
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    LookAgain,
    MoveTo,
    Remember,
    RemoveTag,
    SendReply,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case
from connector.model.decision import Mode, Step
from connector.model.message import Channel
from connector.model.ticket import LinkKind, State
from connector.policy.holds import insists
from connector.policy.memory import PLAN, wish_of
from connector.policy.policy import Policy
from tests.cases import NOW, bound, policy, rule_that
from tests.laws.lives import GROUPS, Event, changes, law, tickets
from tests.memory_host import after, look, requests, stopped

NAMES = ("first", "second", "third")
THINGS = 12
Condition = Callable[[Case], bool]
only = st.sampled_from
words = only(["a", "b"])


@st.composite
def wishes(draw: st.DrawFn, rule: str) -> Action:
    """Make any action."""
    once, insist = draw(words), draw(st.booleans())
    found: list[Action] = [
        AddTag(once),
        RemoveTag(once),
        AddNote(draw(words), once=once),
        SendReply("Your request", draw(words), to=draw(only(["anna@acme.example", "noreply@x"])), once=once),
        SetCompany(draw(only(["11", "12"]))),
        MoveTo(draw(only(GROUPS)), insist=insist),
        SetState(draw(only([State.OPEN, State.CLOSED])), insist=insist),
        SetPriority(draw(only(["1 low", "3 high"])), insist=insist),
        SetAttribute("impact", draw(only(["", "0", "true", "two\nlines"])), insist=insist),
        AddLink("2", "10002", LinkKind.NORMAL),
        CreateTicket("New", "Support", "text", once=once),
        Remember(f"{rule}.{once}", draw(only(["", "x"]))),
        Remember("anothers.key", "x"),
        LookAgain(NOW + timedelta(days=1)),
    ]
    return draw(only(found))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Make a condition on what other rules and people may change."""
    group, tag, state = draw(only(GROUPS)), draw(words), draw(only(State))
    found: list[Condition] = [
        lambda case: case.ticket.group == group,
        lambda case: case.ticket.group != group,
        lambda case: tag in case.ticket.tags,
        lambda case: tag not in case.ticket.tags,
        lambda case: case.ticket.state is state,
    ]
    return draw(only(found))


ALWAYS: st.SearchStrategy[Condition] = st.just(lambda case: True)


@st.composite
def policies(
    draw: st.DrawFn,
    when: st.SearchStrategy[Condition] = ALWAYS,
    modes: st.SearchStrategy[Mode] = only([Mode.ENFORCE, Mode.ENFORCE, Mode.PROPOSE, Mode.OBSERVE]),  # noqa: B008
) -> Policy:
    """Make three rules that want anything."""
    return policy(
        *(
            bound(
                rule_that(
                    *draw(st.lists(wishes(name), max_size=3)),
                    name=name,
                    when=draw(when),
                    yields_to=draw(st.frozensets(only(NAMES)).map(tuple)),
                ),
                draw(modes),
            )
            for name in NAMES
        )
    )


@law
@given(policies(), tickets(), st.lists(changes(), max_size=4))
def test_looking_twice_equals_looking_once_whatever_the_rules_want(
    policy: Policy, case: Case, events: list[Event]
) -> None:
    for event in [_nothing, *events]:
        case = event(case)
        case = after(case, look(case, policy)[1])

        _, again = look(case, policy)
        assert again.steps == ()
        assert again.memory == case.memory


@law
@given(policies(when=ALWAYS | conditions()), tickets(), st.lists(changes(), max_size=3))
def test_rules_that_answer_each_other_come_to_rest(policy: Policy, case: Case, events: list[Event]) -> None:
    for event in [_nothing, *events]:
        case = event(case)
        for _ in range(len(NAMES) * THINGS):
            _, plan = look(case, policy)
            if not plan.steps:
                break
            case = after(case, plan)

        assert look(case, policy)[1].steps == ()


@law
@given(policies(when=ALWAYS | conditions(), modes=st.just(Mode.ENFORCE)), tickets(), st.lists(changes(), max_size=5))
def test_no_rule_sets_back_what_a_person_set_after_us_but_for_one_who_insists_once(
    policy: Policy, case: Case, events: list[Event]
) -> None:
    ours: dict[str, str] = {}
    forbidden: dict[str, str] = {}
    insisted: set[tuple[str, str]] = set()
    for event in [_nothing, *events, _nothing, _nothing]:
        case = event(case)
        _, plan = look(case, policy)
        for step in plan.steps:
            wish = wish_of(case, step.action)
            if wish is None or step.rule == PLAN:
                continue
            if ours.get(wish.thing, wish.found) != wish.found:
                forbidden[wish.thing] = ours[wish.thing]
            if forbidden.get(wish.thing) == wish.wanted:
                assert insists(step.action)
                assert (step.rule, wish.thing) not in insisted
                insisted.add((step.rule, wish.thing))
            forbidden.pop(wish.thing, None)
            ours[wish.thing] = wish.wanted
        case = after(case, plan)


@law
@given(policies(modes=st.just(Mode.OBSERVE)), tickets())
def test_rules_that_observe_write_nothing(policy: Policy, case: Case) -> None:
    _, plan = look(case, policy)

    assert (plan.steps, plan.memory) == ((), case.memory)


@law
@given(policies(modes=st.just(Mode.PROPOSE)), tickets())
def test_rules_that_propose_write_a_note_and_tags(policy: Policy, case: Case) -> None:
    _, plan = look(case, policy)

    assert {step.rule for step in plan.steps} <= {PLAN}
    assert {type(step.action) for step in plan.steps} <= {AddNote, AddTag, RemoveTag}


@law
@given(policies(modes=st.just(Mode.ENFORCE)), tickets(), st.lists(st.integers(0, 12), min_size=3, max_size=3))
def test_a_daemon_that_is_killed_comes_to_rest_and_neither_mails_nor_opens_a_ticket_twice(
    policy: Policy, case: Case, stops: list[int]
) -> None:
    everything: list[Step] = []
    for stop in stops:
        _, plan = look(case, policy)
        everything += plan.steps
        case = stopped(case, plan, after_requests=min(stop, len(requests(case, plan))))
    _, plan = look(case, policy)
    everything += plan.steps
    case = after(case, plan)

    assert look(case, policy)[1].steps == ()
    mails = [each for each in case.ticket.articles if each.decision and each.channel is Channel.EMAIL]
    asked = {(step.rule, step.action.once) for step in everything if isinstance(step.action, SendReply)}
    assert len(mails) <= min(policy.brake.per_ticket, len(asked))
    opened = [link.memory["origin"] for link in case.links if "origin" in link.memory]
    assert len(opened) == len(set(opened))


def _nothing(case: Case) -> Case:
    return case
