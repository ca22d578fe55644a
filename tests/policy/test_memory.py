"""What a ticket remembers of us while a plan is carried out in more than one request."""

import pytest

from connector.model.action import AddNote, AddTag, RemoveTag, SendReply
from connector.model.case import Case
from connector.model.decision import Mode, Plan
from connector.policy.memory import as_text, is_our_tag, kept, memory_until, origin, sets, taken_last
from tests.cases import bound, case, policy, rule_that
from tests.memory_host import look

MAIL = SendReply("Your request", "We are at it.", to="anna@acme.example", once="ack")
NOTE = AddNote("Please call back.", once="called")


def plan_of(seen: Case, *actions: AddNote | AddTag | RemoveTag | SendReply) -> Plan:
    return look(seen, policy(rule_that(*actions)))[1]


def test_what_comes_with_a_later_request_is_not_remembered_by_an_earlier_one() -> None:
    seen = case()
    plan = plan_of(seen, MAIL, NOTE, AddTag("a"))
    note = [step for step in plan.steps if step.action == NOTE]

    assert memory_until(seen, plan, note) == {"mail.first.ack": "done", "set.tag.a": "first=on"}
    assert memory_until(seen, plan, []) == dict(plan.memory)


def test_a_proposal_is_not_remembered_as_shown_before_its_note_is_written() -> None:
    seen = case(memory={"proposed.first": "0badcafe"})
    plan = look(seen, policy(bound(rule_that(AddTag("a")), Mode.PROPOSE)))[1]
    notes = [step for step in plan.steps if isinstance(step.action, AddNote)]

    assert memory_until(seen, plan, notes)["proposed.first"] == "0badcafe"
    assert len(plan.memory["proposed.first"].split()) == 2


def test_a_tag_of_people_is_taken_off_last_and_one_of_ours_first() -> None:
    seen = case(tags=["a", "b"], memory={"set.tag.a": "first=on"})
    plan = plan_of(seen, RemoveTag("a"), RemoveTag("b"))

    assert [step.action for step in taken_last(seen, plan)] == [RemoveTag("b")]


def test_an_answer_is_taken_off_before_a_new_proposal_is_shown() -> None:
    seen = case(tags=["policy:accept"])
    plan = look(seen, policy(bound(rule_that(AddTag("a")), Mode.PROPOSE)))[1]

    assert RemoveTag("policy:accept") in [step.action for step in plan.steps]
    assert taken_last(seen, plan) == ()


@pytest.mark.parametrize(
    ("memory", "is_ours"),
    [({}, False), ({"set.tag.a": "first=on"}, True), ({"set.tag.a": "first=off"}, False)],
)
def test_a_tag_is_ours_while_the_last_of_our_rules_to_touch_it_put_it_on(memory: dict[str, str], is_ours: bool) -> None:
    assert is_our_tag(case(tags=["a"], memory=memory), "a") is is_ours


def test_what_rules_set_is_remembered_by_rule_the_latest_first() -> None:
    memory = {"set.group": "second=Sales = East\nfirst=Support", "set.group.x": "third=y"}

    assert list(sets(memory, "group").items()) == [("second", "Sales = East"), ("first", "Support")]


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "true"), (False, "false"), (0, "0"), (2.5, "2.5"), ("A b", "A b")]
)
def test_a_fields_value_is_compared_as_hosts_write_it(value: str | int | float | bool | None, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize("value", ["", "short", "x" * 60])
def test_a_short_value_is_kept_as_it_is(value: str) -> None:
    assert kept(value) == value


@pytest.mark.parametrize("value", ["x" * 61, "two\nlines", "two\u2028lines"])
def test_a_value_that_would_not_fit_a_line_is_kept_as_a_digest(value: str) -> None:
    assert kept(value).startswith("#")
    assert len(kept(value)) == 9


def test_a_ticket_of_ours_names_ticket_rule_and_occasion_it_came_from() -> None:
    assert origin(case(), "first", "project") == "1 first project"
