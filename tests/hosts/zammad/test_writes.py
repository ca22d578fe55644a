"""A plan becomes the requests that Zammad carries out as meant, and what it ignores is noticed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from connector.errors import Permanent
from connector.hosts.host import Write
from connector.hosts.zammad.lists import Lists, lists_of
from connector.hosts.zammad.writes import complaint, version_after, writes_of
from connector.model.action import (
    Action,
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    MoveTo,
    Remember,
    RemoveTag,
    SendReply,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case, Need
from connector.model.decision import Decision, Mode, Plan, Verdict
from connector.model.message import Channel
from connector.model.ticket import LinkKind, State
from connector.policy.plan import make_plan
from connector.policy.policy import Bound, Policy
from connector.policy.rule import Options, Rule
from tests.cases import article, case, person
from tests.hosts.zammad.recorded import answer

UNTIL = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)
GROUPS = ("Support", "Sales", "Silent")
STATES = {1: ("new", "new"), 2: ("open", "open"), 3: ("pending reminder", "pending reminder"), 4: ("closed", "closed")}


def lists() -> Lists:
    return lists_of(
        me={"id": 7, "email": "bot@msp.example"},
        groups=[
            {"id": id_, "name": name, "email_address_id": None if name == "Silent" else 1, "active": True}
            for id_, name in enumerate(GROUPS, 1)
        ],
        roles=[],
        states=[{"id": id_, "name": name, "state_type": kind, "active": True} for id_, (name, kind) in STATES.items()],
        priorities=[{"id": 1, "name": "1 low"}, {"id": 2, "name": "2 normal"}, {"id": 3, "name": "3 high"}],
        addresses=[],
    )


def planned(on: Case, *actions: Action) -> Plan:
    decision = Decision.act("asked", *actions)
    needs = Need.ARTICLES | Need.LINKS
    rule = Rule(name="asked", decide=lambda *_: decision, options=Options, needs=needs, clauses=(), yields_to=())
    policy = Policy(revision="r", rules=(Bound(rule=rule, mode=Mode.ENFORCE, options=Options()),))
    return make_plan(on, [Verdict(rule="asked", mode=Mode.ENFORCE, decision=decision)], policy, decision="01D")


def written(*actions: Action, on: Case | None = None) -> tuple[Write, ...]:
    on = on or case()
    return writes_of(on, planned(on, *actions), lists())


def body(write: Write) -> dict[str, Any]:
    return dict(write.body)


def memory(write: Write) -> dict[str, str]:
    return dict(write.body["preferences"]["helpdesk_policy"])


REPLY = SendReply("Your call", "We are on it.", "anna@acme.example", once="first")
ALL = (
    AddTag("vip"),
    AddLink("9", "69009", LinkKind.PARENT),
    CreateTicket("Split", "Sales", "Split off.", "split", tags=("project", "split")),
    SetCompany("42"),
    MoveTo("Sales"),
    SetState(State.PENDING, UNTIL),
    SetPriority("3 high"),
    SetAttribute("project_code", "P-17"),
    REPLY,
    AddNote("one", once="one"),
    AddNote("two", once="two"),
)


def test_every_step_of_a_plan_is_carried_out_by_one_request() -> None:
    on = case()
    plan = planned(on, *ALL)

    carried = [step for write in writes_of(on, plan, lists()) for step in write.steps]

    assert sorted(map(repr, carried)) == sorted(map(repr, plan.steps))
    assert len(carried) == len(ALL)


def test_an_empty_plan_is_no_request() -> None:
    assert written() == ()
    assert written(MoveTo("Support")) == ()


def test_fact_18_every_note_of_ours_says_that_it_is_internal() -> None:
    *_, note = written(AddNote("hush"))
    created = written(CreateTicket("Split", "Sales", "Split off.", "split"))[0]

    assert note.body["article"]["type"] == created.body["article"]["type"] == "note"
    assert note.body["article"]["internal"] is created.body["article"]["internal"] is True


def test_fact_20_and_55_a_mail_the_fields_and_the_memory_are_one_request() -> None:
    [write] = written(MoveTo("Sales"), SetState(State.PENDING, UNTIL), SetPriority("3 high"), REPLY)

    shown = body(write)
    assert (write.method, write.path) == ("PUT", "/api/v1/tickets/1")
    assert shown.keys() == {"group", "state", "pending_time", "priority", "preferences", "article"}
    assert (shown["group"], shown["state"], shown["priority"]) == ("Sales", "pending reminder", "3 high")
    assert shown["article"]["type"] == "email"
    assert set(planned(case(), REPLY).memory) <= set(memory(write))


def test_a_mail_and_a_note_are_two_requests_and_each_remembers_only_what_is_done_by_then() -> None:
    on = case()
    plan = planned(on, MoveTo("Sales"), REPLY, AddNote("sent"))

    mail, note = writes_of(on, plan, lists())

    assert (mail.body["article"]["type"], note.body["article"]["type"]) == ("email", "note")
    assert [key for key in memory(mail) if key.startswith("note.")] == []
    assert [key for key in memory(mail) if key.startswith("mail.")] != []
    assert memory(note) == dict(plan.memory)
    assert "group" not in note.body


def test_all_notes_of_a_plan_are_one_article() -> None:
    [write] = written(AddNote("first.", once="one"), AddNote("second.", once="two"))

    text = write.body["article"]["body"]
    assert text.index("first.") < text.index("second.")
    assert "01D" in text


def test_fact_56_and_58_an_article_carries_its_decision_and_is_the_agents() -> None:
    mail, note = written(REPLY, AddNote("sent"))
    created = written(CreateTicket("Split", "Sales", "Split off.", "split"))[0]

    for write in (mail, note, created):
        assert write.body["article"]["preferences"] == {"helpdesk_policy": {"decision": "01D"}}
        assert write.body["article"]["sender"] == "Agent"
        assert write.body["article"]["content_type"] == "text/plain"


def test_a_mail_answers_the_customers_last_mail() -> None:
    said = (
        article(id_="a1", message_id="<1@acme.example>"),
        article(id_="a2", message_id="<2@acme.example>"),
        article(id_="a3", message_id="", channel=Channel.PHONE),
    )

    [write] = written(REPLY, on=case(articles=said))

    assert write.body["article"] | {"preferences": 0} == {
        "type": "email",
        "internal": False,
        "to": "anna@acme.example",
        "subject": "Your call",
        "body": "We are on it.",
        "content_type": "text/plain",
        "sender": "Agent",
        "in_reply_to": "<2@acme.example>",
        "preferences": 0,
    }


def test_fact_24_tags_go_by_requests_of_their_own_since_a_put_ignores_them() -> None:
    tagged = case(tags={"old"})

    writes = written(AddTag("vip"), RemoveTag("old"), AddNote("tagged"), on=tagged)

    assert {(each.method, each.path, each.body["item"]) for each in writes if "item" in each.body} == {
        ("POST", "/api/v1/tags/add", "vip"),
        ("DELETE", "/api/v1/tags/remove", "old"),
    }
    assert all("tags" not in each.body for each in writes)


def test_a_tag_of_peoples_is_taken_off_last_and_remembered_only_then() -> None:
    on = case(tags={"old"})
    plan = planned(on, RemoveTag("old"), MoveTo("Sales"), AddNote("moved"))

    update, removal, memory_of_it = writes_of(on, plan, lists())

    assert [each.path for each in (update, removal, memory_of_it)] == [
        "/api/v1/tickets/1",
        "/api/v1/tags/remove",
        "/api/v1/tickets/1",
    ]
    assert [key for key in memory(update) if "old" in key] == []
    assert memory(memory_of_it) == dict(plan.memory)
    assert set(memory_of_it.body) == {"preferences"}


def test_fact_24_a_tag_with_a_comma_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Permanent, match="comma"):
        written(AddTag("a,b"))


def test_fact_24_a_field_that_zammad_does_not_know_is_a_complaint() -> None:
    [write] = written(SetAttribute("nosuch", "x"))

    said = complaint(write, answer("03-tickets-update-unknown-field"))

    assert said is not None
    assert "asked for nosuch 'x', it says None" in said


def test_fact_25_an_owner_reset_by_a_move_is_no_complaint() -> None:
    [write] = written(MoveTo("Sales"))
    reset = answer("03-tickets-update-owner-then-group-resets-owner-2") | {"group_id": 2}

    assert reset["owner_id"] == 1
    assert complaint(write, reset) is None


def test_fact_25_a_foreign_company_that_zammad_replaced_is_a_complaint() -> None:
    replaced = answer("03-tickets-update-organization_id-foreign")
    write = Write(method="PUT", path="/api/v1/tickets/2", body={}, steps=(), expect={"organization_id": 2})

    assert replaced["organization_id"] == 3
    assert complaint(write, replaced) is not None
    assert complaint(replace(write, expect={"organization_id": 3}), replaced) is None


def test_fact_27_pending_without_a_time_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Permanent, match="without a time"):
        written(SetState(State.PENDING))


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_fact_27_a_pending_time_is_written_as_zammad_answers_it(zone: timezone) -> None:
    [write] = written(SetState(State.PENDING, UNTIL.astimezone(zone)))

    assert write.body["pending_time"] == "2026-12-24T09:30:00.000Z"
    assert complaint(write, answer("03-tickets-update-pending-time")) is None


def test_fact_29_a_link_is_added_by_the_others_number_to_the_id_of_this() -> None:
    write = written(AddLink("9", "69009", LinkKind.PARENT))[0]

    assert (write.method, write.path) == ("POST", "/api/v1/links/add")
    assert body(write) == {
        "link_type": "parent",
        "link_object_target": "Ticket",
        "link_object_target_value": 1,
        "link_object_source": "Ticket",
        "link_object_source_number": "69009",
    }


def test_fact_29_repeating_a_link_is_no_complaint() -> None:
    write = written(AddLink("9", "69009", LinkKind.NORMAL))[0]

    assert complaint(write, answer("05-links-add-normal-again")) is None


def test_fact_32_a_company_goes_to_the_customer_and_then_to_the_ticket() -> None:
    customer, of_ticket = written(SetCompany("42"), on=case(customer=person(id_="21")))

    assert (customer.method, customer.path, body(customer)) == ("PUT", "/api/v1/users/21", {"organization_id": 42})
    assert (of_ticket.path, of_ticket.body["organization_id"]) == ("/api/v1/tickets/1", 42)
    assert customer.expect == of_ticket.expect == {"organization_id": 42}


def test_fact_44_memory_that_did_not_change_is_not_written() -> None:
    [write] = written(Remember("asked.a", "1"), on=case(memory={}))
    again = written(Remember("asked.a", "1"), on=case(memory={"asked.a": "1"}))

    assert memory(write) == {"asked.a": "1"}
    assert again == ()


def test_fact_44_what_is_forgotten_is_written_empty_and_all_else_again() -> None:
    [write] = written(Remember("asked.a", ""), on=case(memory={"asked.a": "1", "asked.b": "2"}))

    assert memory(write) == {"asked.a": "", "asked.b": "2"}
    assert set(write.body) == {"preferences"}
    assert set(write.body["preferences"]) == {"helpdesk_policy"}


@pytest.mark.parametrize("kind", [LinkKind.PARENT, LinkKind.CHILD])
def test_fact_54_a_new_ticket_is_made_with_link_origin_and_tags_in_one_request(kind: LinkKind) -> None:
    write = written(CreateTicket("Split", "Sales", "Split off.", "split", kind=kind, tags=("project", "split")))[0]

    shown = body(write)
    assert (write.method, write.path, write.expect) == ("POST", "/api/v1/tickets", {"group_id": 2})
    assert shown["links"] == {"Ticket": {str(kind): [1]}}
    assert shown["tags"] == "project,split"
    assert shown["preferences"] == {"helpdesk_policy": {"origin": "1 asked split"}}
    assert (shown["title"], shown["group"], shown["customer_id"]) == ("Split", "Sales", 21)


def test_what_shows_by_itself_goes_before_what_must_be_remembered() -> None:
    paths = [each.path for each in written(*ALL)]

    first_update = paths.index("/api/v1/tickets/1")
    assert set(paths[first_update:]) == {"/api/v1/tickets/1"}
    assert len(paths) == 6


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (MoveTo("Nowhere"), "no group 'Nowhere'; it has Sales, Silent, Support"),
        (SetPriority("9 huge"), "no priority '9 huge'; it has 1 low, 2 normal, 3 high"),
        (CreateTicket("Split", "Nowhere", "x", "split"), "no group 'Nowhere'"),
        (SetState(State.MERGED), "no active state of the type"),
    ],
)
def test_a_plan_that_names_what_zammad_does_not_have_is_for_a_person(action: Action, said: str) -> None:
    with pytest.raises(Permanent, match=said):
        written(action, AddNote("never"))


# Facts 6 and 23: the echo of our own write is known only where nobody else had a hand in it.


def after(write: Write, on: Case, **more: Any) -> dict[str, Any]:
    """Answer as Zammad does when all was done and nobody interfered."""
    known = lists()
    return {
        "group_id": known.group_id(on.ticket.group),
        "state_id": 2,
        "priority_id": 2,
        "customer_id": 21,
        "owner_id": 1,
        "title": on.ticket.title,
        "article_ids": [*range(on.ticket.article_count + ("article" in write.body))],
        "updated_at": "2026-11-21T20:00:00.000Z",
    } | {**write.expect, **more}


def test_fact_23_an_answer_that_shows_our_write_alone_gives_the_version_of_its_echo() -> None:
    on = case()
    [write] = written(MoveTo("Sales"), AddNote("moved"), on=on)

    assert version_after(write, after(write, on), on, lists()) == "2026-11-21T20:00:00.000Z"


@pytest.mark.parametrize(
    "foreign", [{"state_id": 4}, {"priority_id": 3}, {"owner_id": 5}, {"title": "renamed"}, {"customer_id": 5}]
)
def test_fact_23_an_answer_that_shows_somebody_elses_change_gives_none(foreign: dict[str, Any]) -> None:
    on = case()
    [write] = written(MoveTo("Sales"), AddNote("moved"), on=on)

    assert version_after(write, after(write, on, **foreign), on, lists()) is None


def test_fact_23_an_answer_that_shows_one_article_more_gives_none() -> None:
    on = case()
    [write] = written(AddNote("one"), on=on)
    shown = after(write, on)

    assert version_after(write, shown | {"article_ids": [*shown["article_ids"], 99]}, on, lists()) is None


def test_a_tag_leaves_no_version() -> None:
    on = case()

    assert version_after(written(AddTag("vip"), on=on)[0], True, on, lists()) is None
