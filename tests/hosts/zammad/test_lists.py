"""Names and ids of a real Zammad's groups, states and priorities are told apart."""

from typing import Any

import pytest

from connector.errors import Permanent
from connector.hosts.zammad.lists import lists_of
from connector.model.ticket import State
from tests.hosts.zammad.recorded import answer, recorded_lists


def lists_with(**other: Any) -> Any:
    given: dict[str, Any] = {
        "me": answer("01-users-me"),
        "groups": answer("06-groups-list-as-agent"),
        "roles": answer("06-roles-list-as-agent"),
        "states": answer("06-ticket_states-list-expand"),
        "priorities": answer("06-ticket_priorities-list-as-agent"),
        "addresses": [],
    }
    return lists_of(**(given | other))


def test_the_recorded_states_are_known_by_what_they_mean() -> None:
    desk = recorded_lists().desk

    assert {
        name: desk.states[name] for name in ("new", "open", "pending reminder", "pending close", "closed", "merged")
    } == {
        "new": State.NEW,
        "open": State.OPEN,
        "pending reminder": State.PENDING,
        "pending close": State.PENDING,
        "closed": State.CLOSED,
        "merged": State.MERGED,
    }


@pytest.mark.parametrize(
    ("state", "name"),
    [(State.NEW, "new"), (State.OPEN, "open"), (State.PENDING, "pending reminder"), (State.CLOSED, "closed")],
)
def test_a_state_is_set_by_the_hosts_name_for_it(state: State, name: str) -> None:
    lists = recorded_lists()

    assert lists.state_name(state) == name
    assert lists.states[lists.state_id(state)] == name


def test_a_state_by_another_name_is_known_by_its_type() -> None:
    mine = [
        {"id": 21, "name": "erledigt (alt)", "state_type": "closed", "active": False},
        {"id": 22, "name": "erledigt", "state_type": "closed", "active": True},
        {"id": 23, "name": "zu", "state_type": "closed", "active": True},
    ]

    lists = lists_with(states=mine)

    assert (lists.state_name(State.CLOSED), lists.desk.states["erledigt (alt)"]) == ("erledigt", State.CLOSED)


def test_nobody_is_made_merged_by_setting_a_state() -> None:
    with pytest.raises(Permanent, match="no active state"):
        recorded_lists().state_id(State.MERGED)


def test_fact_20_a_group_without_an_address_cannot_mail() -> None:
    groups = [dict(each) for each in answer("06-groups-list-as-agent")]
    groups[1]["email_address_id"] = 1

    desk = lists_with(groups=groups).desk

    assert {name: group.can_mail for name, group in desk.groups.items()} == {
        each["name"]: each["email_address_id"] is not None for each in groups
    }
    assert [desk.can_mail(groups[1]["name"]), desk.can_mail(groups[0]["name"]), desk.can_mail("Nowhere")] == [
        True,
        False,
        False,
    ]


def test_a_nested_group_is_called_by_its_whole_name() -> None:
    assert recorded_lists().group_id("Maintenance::Second level") == answer("06-groups-create-sub")["id"]


@pytest.mark.parametrize(("kind", "name"), [("group", "Nowhere"), ("priority", "9 huge")])
def test_what_there_is_is_named_where_something_is_not(kind: str, name: str) -> None:
    lists = recorded_lists()
    there = lists.groups if kind == "group" else lists.priorities

    with pytest.raises(Permanent) as raised:
        lists.group_id(name) if kind == "group" else lists.priority_id(name)

    assert f"no {kind} {name!r}" in str(raised.value)
    assert all(each in str(raised.value) for each in there.values())


def test_the_bots_own_address_and_the_groups_addresses_are_the_desks() -> None:
    assert recorded_lists().desk.addresses == {"sales@example.test", "policy-bot@example.test"}


def test_a_role_that_opens_a_group_makes_an_agent() -> None:
    roles = [dict(each) for each in answer("06-roles-list-as-agent")]
    roles[-1]["group_ids"] = {"1": ["full"]}

    assert lists_with(roles=roles).agent_roles == {roles[-1]["id"]}
    assert recorded_lists().agent_roles == frozenset(
        each["id"] for each in answer("06-roles-list-as-agent") if each["group_ids"]
    )
