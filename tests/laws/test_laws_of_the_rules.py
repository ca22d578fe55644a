"""The laws, for the rules that come with the product, alone and together, over whole lives of tickets."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from connector.model.action import AddNote, AddTag, RemoveTag, SendReply
from connector.model.case import Case
from connector.model.decision import Mode, Outcome, Step
from connector.model.message import Channel
from connector.policy.holds import insists
from connector.policy.memory import PLAN, wish_of
from connector.policy.policy import Policy
from connector.policy.proposals import ACCEPT, PROPOSED
from tests.laws.lives import Event, Life, changes, law, policies, tickets
from tests.memory_host import after, later, look, requests, stopped

only = st.sampled_from


lives = st.builds(
    lambda policy, case, events: Life(policy=policy, case=case).live(events),
    policies(),
    tickets(),
    st.lists(changes(), max_size=6),
)


@law
@given(lives)
def test_looking_twice_equals_looking_once(life: Life) -> None:
    for again in (life.case, later(life.case)):
        _, plan = look(again, life.policy)

        assert plan.steps == ()
        assert plan.memory == life.case.memory


@law
@given(lives)
def test_every_decision_has_a_reason_and_every_refusal_says_why(life: Life) -> None:
    assert all(verdict.decision.reason.strip() for verdict in life.verdicts)
    assert all(dropped.why.strip() for plan in life.plans for dropped in plan.dropped)
    assert not [verdict for verdict in life.verdicts if verdict.decision.outcome is Outcome.ERROR]


@law
@given(lives)
def test_every_wish_is_done_observed_refused_or_true_already(life: Life) -> None:
    for seen, plan in zip(life.seen, life.plans, strict=True):
        verdicts, _ = look(seen, life.policy)
        fate = {(each.rule, each.action) for each in (*plan.steps, *plan.observed)}
        fate |= {(each.rule, each.action) for each in plan.dropped}
        for verdict in verdicts:
            for action in verdict.decision.actions:
                wish = wish_of(seen, action)
                if wish is not None and wish.wanted != wish.found:
                    assert (verdict.rule, action) in fate


@law
@given(policies(only([Mode.OBSERVE, Mode.OFF])), tickets(), st.lists(changes(), max_size=6))
def test_nothing_is_written_by_rules_that_observe_or_are_off(policy: Policy, case: Case, events: list[Event]) -> None:
    life = Life(policy=policy, case=case).live(events)

    assert [plan.steps for plan in life.plans if plan.steps] == []
    assert life.case.memory == case.memory


@law
@given(policies(only([Mode.PROPOSE, Mode.OBSERVE])), tickets(), st.lists(changes(), max_size=6))
def test_a_proposal_writes_its_note_and_its_tag_and_nothing_else(
    policy: Policy, case: Case, events: list[Event]
) -> None:
    life = Life(policy=policy, case=case).live(events)

    for seen, plan in zip(life.seen, life.plans, strict=True):
        is_accepted = any(tag.startswith(ACCEPT) for tag in seen.ticket.tags)
        for step in plan.steps:
            assert step.rule == PLAN or is_accepted
            if step.rule == PLAN:
                assert _is_of_a_proposal(step)


@law
@given(policies(only([Mode.PROPOSE])), tickets(), st.lists(changes(), max_size=6))
def test_what_was_not_shown_is_not_done(policy: Policy, case: Case, events: list[Event]) -> None:
    life = Life(policy=policy, case=case).live(events)

    shown = ""
    for plan in life.plans:
        for step in plan.steps:
            if step.rule != PLAN and isinstance(step.action, SendReply | AddTag):
                assert _words_of(step) in shown
        shown += "\n".join(step.action.text for step in plan.steps if isinstance(step.action, AddNote))


@law
@given(lives)
def test_a_value_that_a_person_set_after_us_is_not_set_back(life: Life) -> None:
    ours: dict[str, str] = {}
    forbidden: dict[str, str] = {}
    for seen, plan in zip(life.seen, life.plans, strict=True):
        for step in plan.steps:
            wish = wish_of(seen, step.action)
            if wish is None or (step.rule == PLAN and ACCEPT in wish.thing):
                continue
            if ours.get(wish.thing, wish.found) != wish.found:
                forbidden[wish.thing] = ours[wish.thing]
            is_new_proposal = step.rule == PLAN
            assert forbidden.get(wish.thing) != wish.wanted or insists(step.action) or is_new_proposal
            forbidden.pop(wish.thing, None)
            ours[wish.thing] = wish.wanted


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
def test_no_mail_goes_to_an_automatic_message_or_into_a_circle(life: Life) -> None:
    for seen, plan in zip(life.seen, life.plans, strict=True):
        for step in plan.steps:
            if not isinstance(step.action, SendReply):
                continue
            last = [each for each in seen.ticket.articles if each.sender == "customer"][-1:]
            assert not any(each.is_automatic for each in last)
            assert step.action.to not in {"support@msp.example", "noreply@acme.example", ""}
            assert seen.mails_lately < life.policy.brake.per_address


@law
@given(lives)
def test_nothing_is_done_on_a_ticket_that_is_to_be_left_alone(life: Life) -> None:
    for seen, plan in zip(life.seen, life.plans, strict=True):
        if "policy:skip" in seen.ticket.tags or seen.ticket.state == "merged":
            assert (plan.steps, plan.memory, plan.again_at) == ((), seen.memory, None)


@law
@given(policies(), tickets(), st.lists(changes(), max_size=3), st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_a_daemon_that_is_killed_between_two_requests_loses_nothing_and_does_nothing_twice(
    policy: Policy, case: Case, events: list[Event], stops: list[int]
) -> None:
    start = Life(policy=policy, case=case).live(events[:-1]).case if events else case
    for event in events[-1:]:
        start = event(start)
    _, plan = look(start, policy)
    whole = after(start, plan)

    life = Life(policy=policy, case=start)
    for stop in stops:
        _, tried = look(life.case, policy)
        life.case = stopped(life.case, tried, after_requests=min(stop, len(requests(life.case, tried))))
    life.look()

    assert look(life.case, policy)[1].steps == ()
    assert _state_of(life.case) == _state_of(whole)


@law
@given(lives)
def test_memory_stays_small(life: Life) -> None:
    assert len(life.case.memory) <= 20
    assert all(len(key) + len(value) <= 400 for key, value in life.case.memory.items())


@law
@given(tickets(), policies())
def test_two_equal_cases_are_decided_alike(case: Case, policy: Policy) -> None:
    assert look(case, policy) == look(case, policy)


def _is_of_a_proposal(step: Step) -> bool:
    match step.action:
        case AddNote(once=once):
            return once.startswith(("proposal.", "unsent.", "braked.", "contradiction."))
        case AddTag(name=name):
            return name == PROPOSED
        case RemoveTag(name=name):
            return name == PROPOSED or name.startswith(ACCEPT)
        case _:
            return False


def _words_of(step: Step) -> str:
    match step.action:
        case SendReply(to=to):
            return f"mail {to}"
        case AddTag(name=name):
            return f"add the tag {name!r}"
        case _:
            raise AssertionError(step)


def _state_of(case: Case) -> tuple[object, ...]:
    """Give what people see of a ticket and what was told, but for how notes were folded into articles."""
    ticket = case.ticket
    mails = [(each.to, each.body) for each in ticket.articles if each.decision and each.channel is Channel.EMAIL]
    told = {key: value for key, value in case.memory.items() if not key.startswith("set.")}
    return (ticket.group, ticket.state, ticket.tags, ticket.company, case.company, mails, told)
