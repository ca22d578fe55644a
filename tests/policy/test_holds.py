"""What holds, what is remembered, and what somebody changed after us: for every action there is."""

from typing import get_args

import pytest

from connector.model.action import (
    Action,
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    LookAgain,
    LookAt,
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
from connector.model.ticket import LinkKind, State
from connector.policy import describe
from connector.policy.holds import holds, undone
from tests.cases import NOW, case, company, link, person, policy, rule_that
from tests.memory_host import after, look

ACME = company("Acme GmbH", id_="5")
NOTE = AddNote("Please call back.", once="called")
MAIL = SendReply("Your request", "We are at it.", to="anna@acme.example", once="ack")
NEW = CreateTicket("New office", "Projects", "As asked.", once="project")
TO_ACME = SetCompany("5", "Acme GmbH")
IMPACT = SetAttribute("impact", "high")

MET: list[tuple[Action, Case]] = [
    (AddTag("vip"), case(tags=["vip"])),
    (RemoveTag("vip"), case()),
    (NOTE, case(memory={"note.first.called": "done"})),
    (MAIL, case(memory={"mail.first.ack": "done"})),
    (NEW, case(memory={"ticket.first.project": "done"})),
    (NEW, case(links=(link("8", LinkKind.CHILD, origin="1 first project"),))),
    (TO_ACME, case(company=ACME)),
    (MoveTo("Sales"), case(group="Sales")),
    (SetState(State.CLOSED), case(state=State.CLOSED)),
    (SetState(State.PENDING, until=NOW), case(state=State.PENDING)),
    (SetPriority("3 high"), case(priority="3 high")),
    (IMPACT, case(attributes={"impact": "high"})),
    (SetAttribute("impact", ""), case()),
    (SetAttribute("count", "0"), case(attributes={"count": 0})),
    (SetAttribute("done", "true"), case(attributes={"done": True})),
    (AddLink("2", "10002", LinkKind.PARENT), case(links=(link("2", LinkKind.PARENT),))),
    (Remember("first.seen", "yes"), case(memory={"first.seen": "yes"})),
    (Remember("first.seen", ""), case()),
    (LookAgain(NOW), case()),
    (LookAt("2"), case()),
]
UNMET: list[tuple[Action, Case]] = [
    (AddTag("vip"), case(tags=["VIP"])),
    (RemoveTag("vip"), case(tags=["vip"])),
    (NOTE, case(memory={"note.second.called": "done", "note.first.other": "done"})),
    (MAIL, case(memory={"note.first.ack": "done"})),
    (NEW, case(links=(link("8", LinkKind.CHILD, origin="1 second project"), link("9", LinkKind.CHILD)))),
    (TO_ACME, case()),
    (TO_ACME, case(customer=person(company="5"))),  # he is attached, his ticket is not
    (TO_ACME, case(company=company("Beta SA", id_="6"))),
    (TO_ACME, case(customer=None)),
    (MoveTo("Sales"), case(group="sales")),
    (SetState(State.CLOSED), case(state=State.OPEN)),
    (SetPriority("3 high"), case()),
    (IMPACT, case(attributes={"impact": None})),
    (SetAttribute("done", "false"), case(attributes={"done": True})),
    (AddLink("2", "10002", LinkKind.PARENT), case(links=(link("2", LinkKind.CHILD),))),
    (Remember("first.seen", "yes"), case(memory={"first.seen": "no"})),
]


@pytest.mark.parametrize(("action", "seen"), MET, ids=lambda value: type(value).__name__)
def test_what_is_so_already_holds(action: Action, seen: Case) -> None:
    assert holds(seen, "first", action)


@pytest.mark.parametrize(("action", "seen"), UNMET, ids=lambda value: type(value).__name__)
def test_what_is_not_so_is_still_to_be_done(action: Action, seen: Case) -> None:
    assert not holds(seen, "first", action)


@pytest.mark.parametrize(("action", "seen"), UNMET, ids=lambda value: type(value).__name__)
def test_what_was_done_holds_and_is_not_undone(action: Action, seen: Case) -> None:
    done = after(seen, look(seen, policy(rule_that(action)))[1])

    assert holds(done, "first", action) is (seen.customer is not None)
    assert undone(done, "first", action) is None


def test_every_action_is_tried_here() -> None:
    assert {type(action) for action, _ in MET} == set(get_args(Action))


def test_every_action_is_described_in_words() -> None:
    words = {describe.action(action) for action in dict.fromkeys(action for action, _ in MET)}

    assert {
        "add the tag 'vip'",
        "take off the tag 'vip'",
        "write the note 'Please call back.'",
        "mail anna@acme.example: 'Your request'",
        "open the child ticket 'New office' in 'Projects'",
        "attach the customer to 'Acme GmbH'",
        "move the ticket to 'Sales'",
        "set the state to closed",
        "set the state to pending until 2026-03-10 12:00 UTC",
        "set the priority to '3 high'",
        "set impact to 'high'",
        "link ticket 2 as parent",
        "remember first.seen = 'yes'",
        "forget first.seen",
        "look again at 2026-03-10 12:00 UTC",
        "look at ticket 2 too",
    } <= words


def test_a_long_note_is_described_by_its_beginning() -> None:
    assert describe.action(AddNote("word " * 40)) == "write the note '" + ("word " * 16)[:79] + "…'"


UNDONE: list[tuple[Action, dict[str, str], str]] = [
    (AddTag("vip"), {"set.tag.vip": "first=on"}, "somebody took the tag 'vip' off after us"),
    (MoveTo("Sales"), {"set.group": "first=Sales"}, "somebody changed the group from 'Sales' to 'Support' after us"),
    (
        SetState(State.PENDING, until=NOW),
        {"set.state": "first=pending"},
        "somebody changed the state from 'pending' to 'open' after us",
    ),
    (
        SetPriority("3 high"),
        {"set.priority": "first=3 high"},
        "somebody changed the priority from '3 high' to '2 normal' after us",
    ),
    (IMPACT, {"set.field.impact": "first=high"}, "somebody changed the impact from 'high' to '' after us"),
    (TO_ACME, {"set.company.21": "first=5"}, "somebody detached the customer from 'Acme GmbH' after us"),
    (
        AddLink("2", "10002", LinkKind.NORMAL),
        {"set.link.normal.2": "first=on"},
        "somebody removed the link to ticket 2 after us",
    ),
]


@pytest.mark.parametrize(("action", "memory", "why"), UNDONE, ids=lambda value: type(value).__name__)
def test_what_somebody_changed_after_us_is_seen_as_undone(action: Action, memory: dict[str, str], why: str) -> None:
    assert undone(case(memory=memory), "first", action) == why


def test_a_tag_that_somebody_put_on_again_after_us_is_seen_as_undone() -> None:
    seen = case(tags=["vip"], memory={"set.tag.vip": "first=off"})

    assert undone(seen, "first", RemoveTag("vip")) == "somebody put the tag 'vip' on again after us"


def test_what_one_rule_set_and_a_person_changed_is_not_set_back_by_another_rule_either() -> None:
    seen = case(memory={"set.group": "first=Sales"})

    assert undone(seen, "second", MoveTo("Sales")) == "somebody changed the group from 'Sales' to 'Support' after us"


def test_what_another_rule_changed_after_this_one_is_not_fought_over() -> None:
    seen = case(group="Support", memory={"set.group": "second=Support\nfirst=Sales"})

    assert undone(seen, "first", MoveTo("Sales")) == (
        "the rule second changed the group from 'Sales' to 'Support' after us"
    )


def test_a_value_that_was_never_ours_is_a_new_wish() -> None:
    assert undone(case(memory={"set.group": "first=Sales"}), "first", MoveTo("Projects")) is None


def test_the_way_back_of_a_rule_is_no_fight_with_itself() -> None:
    seen = case(group="Support", memory={"set.group": "first=Support"})

    assert undone(seen, "first", MoveTo("Sales")) is None


def test_another_customer_of_the_same_company_was_not_detached() -> None:
    seen = case(customer=person(id_="22"), memory={"set.company.21": "first=5"})

    assert undone(seen, "first", TO_ACME) is None


def test_a_long_value_is_remembered_by_its_digest() -> None:
    wish = SetAttribute("report", "line\n" * 100)
    first = policy(rule_that(wish))
    done = after(case(), look(case(), first)[1])

    changed = case(attributes={"report": "else"}, memory=done.memory)
    assert len(done.memory["set.field.report"]) < 30
    assert undone(changed, "first", wish) is not None
