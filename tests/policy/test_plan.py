"""The plan keeps what is still needed, refuses what contradicts, and leaves people the last word."""

from dataclasses import replace
from datetime import timedelta

import pytest

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
    SetPriority,
    SetState,
)
from connector.model.case import Case, Need
from connector.model.decision import Dropped, Mode, Plan, Step
from connector.model.ticket import LinkKind, State
from connector.policy.policy import Policy
from tests.cases import NOW, bound, case, policy, rule_that
from tests.memory_host import after, look, with_group, with_tags

NOTE = AddNote("Please call back.", once="called")
MAIL = SendReply("Your request", "We are at it.", to="anna@acme.example", once="ack")


def plan_of(seen: Case, rules: Policy) -> Plan:
    return look(seen, rules)[1]


def steps(plan: Plan) -> list[tuple[str, Action]]:
    return [(step.rule, step.action) for step in plan.steps]


def why(plan: Plan) -> list[str]:
    return [dropped.why for dropped in plan.dropped]


def test_steps_stand_in_the_order_of_the_rules_and_their_actions() -> None:
    rules = policy(rule_that(AddTag("b"), AddTag("a"), name="second"), rule_that(SetPriority("3 high"), name="first"))

    assert steps(plan_of(case(), rules)) == [
        ("second", AddTag("b")),
        ("second", AddTag("a")),
        ("first", SetPriority("3 high")),
    ]


def test_what_holds_already_is_dropped_without_a_word() -> None:
    plan = plan_of(case(tags=["a"]), policy(rule_that(AddTag("a"), AddTag("b"))))

    assert (steps(plan), plan.dropped) == ([("first", AddTag("b"))], ())


def test_what_two_rules_ask_for_is_done_once() -> None:
    rules = policy(rule_that(MoveTo("Sales"), name="first"), rule_that(MoveTo("Sales", insist=True), name="second"))

    plan = plan_of(case(), rules)

    assert steps(plan) == [("first", MoveTo("Sales"))]
    assert why(plan) == ["first asks for the same"]


def test_notes_of_two_rules_are_both_written_though_they_say_the_same() -> None:
    plan = plan_of(case(), policy(rule_that(NOTE, name="first"), rule_that(NOTE, name="second")))

    assert steps(plan) == [("first", NOTE), ("second", NOTE)]


def test_a_rule_that_writes_one_note_in_two_wordings_writes_it_once() -> None:
    plan = plan_of(case(), policy(rule_that(NOTE, AddNote("Call!", once="called"))))

    assert steps(plan) == [("first", NOTE)]


def test_memory_after_the_plan_holds_what_was_and_what_is_done() -> None:
    plan = plan_of(
        case(memory={"first.old": "x", "first.gone": "x"}),
        policy(rule_that(NOTE, MoveTo("Sales"), AddTag("a"), Remember("first.gone", ""), Remember("first.new", "y"))),
    )

    assert dict(plan.memory) == {
        "first.old": "x",
        "first.new": "y",
        "note.first.called": "done",
        "set.group": "first=Sales",
        "set.tag.a": "first=on",
    }


def test_a_plan_without_steps_leaves_memory_as_it_was() -> None:
    seen = case(group="Sales", memory={"set.group": "first=Support"})

    plan = plan_of(seen, policy(rule_that(MoveTo("Sales"))))

    assert (plan.is_empty, plan.memory) == (True, seen.memory)


# contradictions


CONTRARY = policy(rule_that(MoveTo("Sales"), MAIL, name="first"), rule_that(MoveTo("Silent"), NOTE, name="second"))


def test_two_rules_that_contradict_are_both_refused_and_people_are_told_once() -> None:
    seen = case()
    plan = plan_of(seen, CONTRARY)

    (note,) = [step.action for step in plan.steps if step.rule == "plan"]
    assert steps(plan) == [("second", NOTE), ("plan", note)]
    assert isinstance(note, AddNote)
    assert note.text == (
        "Policies contradict each other: first wants to move the ticket to 'Sales'; second wants to move the ticket to "
        "'Silent'. A person must decide."
    )
    assert plan_of(after(seen, plan), CONTRARY).steps == ()


def test_every_refusal_in_a_contradiction_says_why() -> None:
    assert plan_of(case(), CONTRARY).dropped == (
        Dropped(rule="first", action=MoveTo("Sales"), why="contradicts second over the group: neither is done"),
        Dropped(rule="first", action=MAIL, why="waits for a person: rules contradict each other over the group"),
        Dropped(rule="second", action=MoveTo("Silent"), why="contradicts first over the group: neither is done"),
    )


def test_a_rule_that_has_what_it_wants_is_not_overruled_by_one_that_contradicts_it() -> None:
    rules = policy(rule_that(MoveTo("Support"), name="first"), rule_that(MoveTo("Sales"), name="second"))

    assert why(plan_of(case(group="Support"), rules)) == ["contradicts first over the group: neither is done"]


def test_a_tag_that_one_rule_puts_on_and_another_takes_off_is_a_contradiction() -> None:
    rules = policy(rule_that(AddTag("a"), name="first"), rule_that(RemoveTag("a"), name="second"))

    assert why(plan_of(case(), rules)) == ["contradicts second over the tag 'a': neither is done"]


def test_a_rule_that_contradicts_itself_does_neither() -> None:
    plan = plan_of(case(), policy(rule_that(MoveTo("Sales"), MoveTo("Silent"))))

    assert why(plan) == ["contradicts itself over the group: neither is done"] * 2


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_a_rule_that_yields_gives_way_and_stays_so_on_later_looks(order: tuple[str, str]) -> None:
    made = {
        "first": rule_that(MoveTo("Sales"), name="first", yields_to=("second",)),
        "second": rule_that(MoveTo("Silent"), name="second"),
    }
    rules, seen = policy(*(made[name] for name in order)), case()
    plan = plan_of(seen, rules)

    assert (steps(plan), why(plan)) == ([("second", MoveTo("Silent"))], ["yields to second"])
    again = plan_of(after(seen, plan), rules)
    assert (steps(again), why(again)) == ([], ["yields to second"])


def test_two_rules_that_yield_to_each_other_both_wait_for_a_person() -> None:
    rules = policy(
        rule_that(MoveTo("Sales"), name="first", yields_to=("second",)),
        rule_that(MoveTo("Silent"), name="second", yields_to=("first",)),
    )

    assert [step.rule for step in plan_of(case(), rules).steps] == ["plan"]


def test_rules_that_answer_each_other_stop_after_one_turn_each() -> None:
    rules = policy(
        rule_that(MoveTo("Sales"), name="first", when=lambda seen: seen.ticket.group == "Support"),
        rule_that(MoveTo("Support"), name="second", when=lambda seen: seen.ticket.group == "Sales"),
    )
    seen = case(group="Support")
    for _ in range(2):
        seen = after(seen, plan_of(seen, rules))

    assert seen.ticket.group == "Support"
    assert why(plan_of(seen, rules)) == ["the rule second changed the group from 'Sales' to 'Support' after us"]


def test_two_rules_that_remember_different_things_under_one_name_do_not_take_turns() -> None:
    plan = plan_of(case(), policy(rule_that(Remember("first.x", "1"), Remember("first.x", "2"))))

    assert [step.rule for step in plan.steps] == ["plan"]


def test_a_state_that_is_wished_gently_gives_way_to_any_other() -> None:
    rules = policy(
        rule_that(SetState(State.OPEN, gently=True), name="first"), rule_that(SetState(State.CLOSED), name="second")
    )

    plan = plan_of(case(state=State.NEW), rules)

    assert (steps(plan), why(plan)) == ([("second", SetState(State.CLOSED))], ["gives way to second"])


# modes


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.OBSERVE])
def test_rules_that_are_off_or_observe_touch_nothing(mode: Mode) -> None:
    seen = case(tags=["policy:accept"])
    plan = plan_of(seen, policy(bound(rule_that(AddTag("a"), NOTE, MAIL), mode)))

    assert (plan.steps, plan.memory) == ((), seen.memory)


def test_what_an_observing_rule_would_do_is_said() -> None:
    plan = plan_of(case(), policy(bound(rule_that(AddTag("a")), Mode.OBSERVE)))

    assert plan.observed == (Step(rule="first", action=AddTag("a")),)


def test_a_tag_left_by_a_proposal_is_not_touched_once_everything_observes() -> None:
    seen = case(tags=["policy:proposed", "policy:accept"], memory={"set.tag.policy:proposed": "plan=on"})

    assert plan_of(seen, policy(bound(rule_that(AddTag("a")), Mode.OBSERVE))).steps == ()


# a person's last word


def test_a_person_who_moved_it_away_is_not_overruled() -> None:
    rules, seen = policy(rule_that(MoveTo("Sales"))), case()
    moved = with_group(after(seen, plan_of(seen, rules)), "Silent")

    plan = plan_of(moved, rules)

    assert (steps(plan), why(plan)) == ([], ["somebody changed the group from 'Sales' to 'Silent' after us"])


def test_a_person_who_took_a_tag_off_is_not_overruled() -> None:
    rules, seen = policy(rule_that(AddTag("a"))), case()
    bare = with_tags(after(seen, plan_of(seen, rules)), frozenset())

    assert plan_of(bare, rules).steps == ()


def test_a_person_who_put_a_tag_on_again_is_not_overruled() -> None:
    rules, seen = policy(rule_that(RemoveTag("a"))), case(tags=["a"])
    tagged = with_tags(after(seen, plan_of(seen, rules)), frozenset({"a"}))

    assert plan_of(tagged, rules).steps == ()


def test_a_rule_that_insists_does_so_once_and_then_only_reports() -> None:
    rules, seen = policy(rule_that(MoveTo("Sales", insist=True))), case()
    for _ in range(2):
        plan = plan_of(seen, rules)
        assert steps(plan) == [("first", MoveTo("Sales", insist=True))]
        seen = with_group(after(seen, plan), "Silent")

    plan = plan_of(seen, rules)

    assert steps(plan) == []
    assert why(plan) == ["somebody changed the group from 'Sales' to 'Silent' after us, and we insisted once"]


def test_the_tag_policy_skip_switches_everything_off_and_says_so() -> None:
    seen = case(tags=["policy:skip"], memory={"first.x": "y"})
    rules = policy(rule_that(AddTag("a"), NOTE, LookAgain(NOW + timedelta(days=1))), bound(rule_that(name="second")))

    plan = plan_of(seen, rules)

    assert (plan.steps, plan.memory, plan.again_at) == ((), seen.memory, None)
    assert why(plan) == ["the ticket carries the tag policy:skip"] * 2


def test_a_merged_ticket_is_left_alone() -> None:
    plan = plan_of(case(state=State.MERGED), policy(rule_that(AddTag("a"))))

    assert (plan.steps, why(plan)) == ((), ["the ticket was merged into another, which is looked at itself"])


# what a rule cannot know


@pytest.mark.parametrize(
    ("action", "needs", "reason"),
    [
        (MAIL, Need.LINKS, "a rule that mails must need ARTICLES: the last message may be an automatic one"),
        (AddLink("2", "10002", LinkKind.NORMAL), Need.ARTICLES, "a rule that links or opens tickets must need"),
        (
            CreateTicket("t", "Sales", "x", once="o"),
            Need.ARTICLES,
            "a rule that links or opens tickets must need",
        ),
        (Remember("second.x", "y"), Need.NOTHING, "a rule remembers under its own name: first.second.x"),
        (Remember("note.first.called", "y"), Need.NOTHING, "a rule remembers under its own name"),
    ],
)
def test_what_a_rule_cannot_know_to_be_right_is_refused(action: Action, needs: Need, reason: str) -> None:
    rules = policy(rule_that(action, needs=needs))
    _, plan = look(replace(case(), parts=rules.needs), rules)

    assert plan.steps == ()
    assert why(plan)[0].startswith(reason)


def test_a_plan_comes_back_at_the_earliest_moment_still_to_come() -> None:
    days = [LookAgain(NOW + timedelta(days=count)) for count in (-1, 3, 2)]

    assert plan_of(case(), policy(rule_that(*days))).again_at == NOW + timedelta(days=2)


def test_memory_does_not_grow_with_the_number_of_looks() -> None:
    rules = policy(
        rule_that(MoveTo("Sales"), AddTag("a"), NOTE, MAIL),
        bound(rule_that(SetPriority("3 high"), AddNote("Ring!", once="r"), name="second"), Mode.PROPOSE),
    )
    seen = case()
    sizes = []
    for count in range(12):
        seen = with_group(after(seen, plan_of(seen, rules)), ("Sales", "Support", "Silent")[count % 3])
        sizes.append(sum(len(key) + len(value) for key, value in seen.memory.items()))

    assert sizes[0] == sizes[-1] < 300
