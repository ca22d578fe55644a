"""Without the add-on a plan is several requests of which none is atomic, in an order that a stop does not spoil."""

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from connector.hosts.host import Write
from connector.hosts.znuny.fields import MEMORY, TAGS
from connector.hosts.znuny.lists import Lists, stock_lists
from connector.hosts.znuny.writes import writes_of
from connector.model.action import Action, AddNote, AddTag, MoveTo, RemoveTag, SendReply
from connector.model.case import Case
from connector.model.decision import Plan
from connector.policy.evaluate import evaluate
from connector.policy.plan import make_plan
from tests.cases import case, policy, rule_that


def lists() -> Lists:
    return stock_lists(bot="7", address="bot@msp.example", queues=("Support", "Sales"), time_zone=ZoneInfo("UTC"))


def planned(on: Case, *actions: Action) -> Plan:
    rules = policy(rule_that(*actions))
    return make_plan(on, evaluate(on, rules), rules, decision="01D")


def fields(write: Write) -> Mapping[str, Any]:
    return {each["Name"]: each["Value"] for each in write.body.get("DynamicField", ())}


def memory(write: Write) -> dict[str, str]:
    return dict(json.loads(fields(write)[MEMORY]))


def test_a_tag_of_peoples_is_taken_off_last_and_remembered_only_then() -> None:
    on = case(tags={"old", "vip"})
    plan = planned(on, RemoveTag("old"), AddTag("new"), MoveTo("Sales"), AddNote("moved"))

    update, removal = writes_of(on, plan, lists())

    assert (update.body["Ticket"], fields(update)[TAGS]) == ({"Queue": "Sales"}, "new, old, vip")
    assert [key for key in memory(update) if "old" in key] == []
    assert (set(removal.body), fields(removal)[TAGS]) == ({"DynamicField"}, "new, vip")
    assert memory(removal) == dict(plan.memory)
    assert list(fields(removal)) == [TAGS, MEMORY]  # Znuny writes them in this order
    assert {*update.steps, *removal.steps} == {*plan.steps}


def test_a_tag_of_peoples_is_taken_off_after_the_mail_that_rests_on_it() -> None:
    on = case(tags={"old"})
    plan = planned(on, RemoveTag("old"), SendReply("Yes", "We come.", "anna@acme.example", once="first"))

    mark, mail, removal = writes_of(on, plan, lists())

    assert [TAGS in fields(each) for each in (mark, mail, removal)] == [False, False, True]
    assert memory(mark)["mail.first.first"] == "sending:1"
    assert memory(removal) == dict(plan.memory)


def test_a_tag_of_ours_is_taken_off_with_everything_else() -> None:
    on = case(tags={"old"}, memory={"set.tag.old": "first=on"})

    [update] = writes_of(on, planned(on, RemoveTag("old"), MoveTo("Sales")), lists())

    assert fields(update)[TAGS] == ""
