"""A proposal is one note and a tag; accepted, it is done as it was shown, and nothing else is."""

from collections.abc import Callable

import pytest

from connector.model.action import Action, AddNote, AddTag, MoveTo, Remember, RemoveTag, SendReply, SetPriority
from connector.model.case import Case
from connector.model.decision import Decision, Mode, Plan
from connector.policy.policy import Policy
from connector.policy.rule import Options, Rule
from tests.cases import bound, case, policy, rule_that
from tests.memory_host import after, look, stopped, with_tags

TO_SALES = MoveTo("Sales")
MAIL = SendReply("Your request", "Dear customer,\n\nwe are at it.", to="anna@acme.example", once="ack")
PROPOSING = policy(bound(rule_that(TO_SALES, AddTag("a"), Remember("first.x", "y")), Mode.PROPOSE))


def plan_of(seen: Case, rules: Policy = PROPOSING) -> Plan:
    return look(seen, rules)[1]


def steps(plan: Plan) -> list[tuple[str, Action]]:
    return [(step.rule, step.action) for step in plan.steps]


def kinds(plan: Plan) -> list[tuple[str, str]]:
    return [(step.rule, type(step.action).__name__) for step in plan.steps]


def shown(rules: Policy = PROPOSING, seen: Case | None = None) -> Case:
    """Give a ticket on which the proposal stands."""
    seen = seen or case()
    return after(seen, plan_of(seen, rules))


def tagged(seen: Case, *tags: str) -> Case:
    return with_tags(seen, seen.ticket.tags | set(tags))


def test_a_proposal_is_one_note_with_all_wishes_and_a_tag() -> None:
    plan = plan_of(case())

    ((_, note), tag) = steps(plan)
    assert isinstance(note, AddNote)
    assert (tag, note.text) == (
        ("plan", AddTag("policy:proposed")),
        "Proposed by policy:\n- move the ticket to 'Sales' (first)\n- add the tag 'a' (first)\n"
        "To accept, add the tag policy:accept; to leave it, do nothing.",
    )


def test_a_proposed_mail_is_shown_whole() -> None:
    (step, *_) = plan_of(case(), policy(bound(rule_that(MAIL), Mode.PROPOSE))).steps

    assert isinstance(step.action, AddNote)
    assert (
        "- mail anna@acme.example: 'Your request' (first)\n    Dear customer,\n    \n    we are at it.\n"
        in step.action.text
    )


def test_a_proposal_is_written_once() -> None:
    assert plan_of(shown()).steps == ()


def test_a_wish_that_people_need_not_see_is_not_proposed() -> None:
    assert plan_of(case(), policy(bound(rule_that(Remember("first.x", "y")), Mode.PROPOSE))).steps == ()


@pytest.mark.parametrize("answer", ["policy:accept", "policy:accept:first"])
def test_an_accepted_proposal_is_done_and_its_tags_are_taken_off(answer: str) -> None:
    done = after(accepted := tagged(shown(), answer), plan_of(accepted))

    assert (done.ticket.group, done.ticket.tags, done.memory["first.x"]) == ("Sales", frozenset({"a"}), "y")
    assert plan_of(done).steps == ()


def test_the_answer_to_another_rule_is_not_ours() -> None:
    other = bound(rule_that(SetPriority("3 high"), name="second"), Mode.PROPOSE)
    rules = policy(*PROPOSING.rules, other)

    done = after(answered := tagged(shown(rules), "policy:accept:second"), plan_of(answered, rules))

    assert (done.ticket.group, done.ticket.priority) == ("Support", "3 high")
    assert done.ticket.tags == {"policy:proposed"}


def test_the_rules_that_propose_are_named_where_one_can_be_accepted_alone() -> None:
    other = bound(rule_that(SetPriority("3 high"), name="second"), Mode.PROPOSE)
    (step, *_) = plan_of(case(), policy(*PROPOSING.rules, other)).steps

    assert isinstance(step.action, AddNote)
    assert "policy:accept, or policy:accept:RULE for one rule alone (first, second); to leave" in step.action.text


def test_an_answer_does_not_stand_for_what_comes_later() -> None:
    seen = tagged(shown(), "policy:accept")
    wants_more = policy(bound(rule_that(TO_SALES, AddTag("a"), MAIL), Mode.PROPOSE))

    plan = plan_of(seen, wants_more)

    assert kinds(plan) == [
        ("first", "MoveTo"),
        ("first", "AddTag"),
        ("plan", "AddNote"),
        ("plan", "RemoveTag"),
    ]
    assert plan_of(after(seen, plan), wants_more).steps == ()


def test_an_answer_before_any_proposal_is_none() -> None:
    plan = plan_of(case(tags=["policy:accept"]))

    assert kinds(plan) == [("plan", "AddNote"), ("plan", "AddTag"), ("plan", "RemoveTag")]


@pytest.mark.parametrize("requests", range(4))
def test_an_answer_that_came_too_early_is_none_either_after_the_daemon_was_killed(requests: int) -> None:
    seen = case(tags=["policy:accept"])
    for _ in range(2):
        seen = stopped(seen, plan_of(seen), after_requests=requests)
    seen = after(seen, plan_of(seen))

    assert (seen.ticket.group, seen.ticket.tags) == ("Support", frozenset({"policy:proposed"}))


@pytest.mark.parametrize("requests", range(4))
def test_an_acceptance_is_not_lost_when_the_daemon_is_killed(requests: int) -> None:
    seen = tagged(shown(), "policy:accept")
    seen = stopped(seen, plan_of(seen), after_requests=requests)
    seen = after(seen, plan_of(seen))

    assert (seen.ticket.group, seen.ticket.tags) == ("Sales", frozenset({"a"}))


def test_a_proposal_half_done_by_hand_is_not_proposed_again() -> None:
    by_hand = case(group="Sales", tags=["policy:proposed"], memory=shown().memory)

    assert plan_of(by_hand).steps == ()


def test_a_proposal_withdrawn_takes_its_tag_off() -> None:
    seen = shown()
    silent = policy(bound(rule_that(when=lambda _: False), Mode.PROPOSE))

    assert steps(plan_of(seen, silent)) == [("plan", RemoveTag("policy:proposed"))]


def test_a_persons_own_tag_of_that_name_stays() -> None:
    silent = policy(bound(rule_that(when=lambda _: False), Mode.PROPOSE))

    assert plan_of(case(tags=["policy:proposed"]), silent).steps == ()


def test_a_declined_proposal_is_not_tagged_again() -> None:
    declined = with_tags(shown(), frozenset())

    assert plan_of(declined).steps == ()


def test_something_new_is_proposed_after_a_declined_one() -> None:
    declined = with_tags(shown(), frozenset())
    more = policy(bound(rule_that(TO_SALES, AddTag("a"), SetPriority("3 high")), Mode.PROPOSE))

    plan = plan_of(declined, more)

    assert kinds(plan) == [("plan", "AddNote"), ("plan", "AddTag")]
    assert len([key for key in plan.memory if key.startswith("note.plan.proposal.")]) == 1


def test_a_text_that_changes_with_the_clock_is_not_proposed_at_every_look() -> None:
    def rules(words: str) -> Policy:
        return policy(bound(rule_that(AddNote(words, once="waits.a1")), Mode.PROPOSE))

    seen = shown(rules("waited 1 h"))

    assert plan_of(seen, rules("waited 2 h")).steps == ()


def test_a_person_who_undoes_what_was_accepted_is_not_asked_again() -> None:
    done = after(accepted := tagged(shown(), "policy:accept"), plan_of(accepted))
    back = case(group="Support", tags=done.ticket.tags, memory=done.memory)

    assert plan_of(back).steps == ()


def test_what_was_accepted_is_not_overruled_by_a_rule_that_yields() -> None:
    other = rule_that(MoveTo("Silent"), name="second", yields_to=("first",))
    rules = policy(*PROPOSING.rules, other)
    seen = tagged(case(memory=shown().memory), "policy:accept")

    done = after(seen, plan_of(seen, rules))

    assert done.ticket.group == "Sales"
    assert plan_of(done, rules).steps == ()


def test_nothing_is_proposed_against_a_rule_that_may_act() -> None:
    rules = policy(*PROPOSING.rules, rule_that(MoveTo("Silent"), name="second"))

    plan = plan_of(case(), rules)

    assert [dropped.why for dropped in plan.dropped] == ["second may act on the group, and wants otherwise"]


def test_nothing_is_proposed_that_is_done_anyway() -> None:
    plan = plan_of(case(), policy(*PROPOSING.rules, rule_that(TO_SALES, AddTag("a"), name="second")))

    assert steps(plan) == [("second", TO_SALES), ("second", AddTag("a"))]
    assert [dropped.why for dropped in plan.dropped] == ["second asks for the same"] * 2


def test_a_rule_that_is_not_sure_proposes_even_where_it_is_enforced() -> None:
    def decide(seen: Case, options: Options) -> Decision:
        return Decision.propose("perhaps", TO_SALES)

    rule: Callable[[Case, Options], Decision] = decide
    unsure = Rule(name="first", decide=rule, options=Options, needs=rule_that().needs, clauses=(), yields_to=())
    rules = policy(bound(unsure, Mode.ENFORCE))

    assert kinds(plan_of(case(), rules)) == [("plan", "AddNote"), ("plan", "AddTag")]
    done = after(accepted := tagged(shown(rules), "policy:accept"), plan_of(accepted, rules))
    assert (done.ticket.group, done.ticket.tags) == ("Sales", frozenset())
