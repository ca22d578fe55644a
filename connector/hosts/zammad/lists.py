"""Zammad's groups, states and priorities: names to ids and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connector.errors import Permanent
from connector.model.desk import Desk, Group
from connector.model.ticket import State

STATES = {
    "new": State.NEW,
    "open": State.OPEN,
    "pending reminder": State.PENDING,
    "pending action": State.PENDING,  # "pending close": the scheduler closes it later, so it still waits
    "closed": State.CLOSED,
    "merged": State.MERGED,
    "removed": State.CLOSED,
}
"""Zammad's types of states; an organisation may name its own states as it likes."""

WRITTEN = {State.NEW: "new", State.OPEN: "open", State.PENDING: "pending reminder", State.CLOSED: "closed"}
"""The type of state that we set; `merged` only comes from a merge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """What ids and names mean on one Zammad, read once and again when one is unknown."""

    desk: Desk
    groups: Mapping[int, str]
    states: Mapping[int, str]
    priorities: Mapping[int, str]
    state_types: Mapping[str, str]
    """Type to the first active state's name."""
    agent_roles: frozenset[int]
    """Roles that open a group to those who have them."""

    def group_id(self, name: str) -> int:
        """Give a group's id; raises Permanent where there is none of that name."""
        return _id_of(self.groups, name, "group")

    def priority_id(self, name: str) -> int:
        """Give a priority's id; raises Permanent where there is none of that name."""
        return _id_of(self.priorities, name, "priority")

    def state_name(self, state: State) -> str:
        """Give the name of the state to set for a meaning; raises Permanent where there is none."""
        kind = WRITTEN.get(state, "")
        if kind not in self.state_types:
            raise Permanent(
                f"Zammad has no active state of the type {kind or state!r}; it has {sorted(self.state_types)}"
            )
        return self.state_types[kind]

    def state_id(self, state: State) -> int:
        """Give the id of the state to set for a meaning."""
        return _id_of(self.states, self.state_name(state), "state")


def lists_of(
    *,
    me: dict[str, Any],
    groups: list[Any],
    roles: list[Any],
    states: list[Any],
    priorities: list[Any],
    addresses: list[Any],
    settings: list[Any] | None = None,
) -> Lists:
    """Make sense of the lists as Zammad gives them."""
    own = {str(each.get("email") or "").casefold() for each in addresses}
    types: dict[str, str] = {}
    for state in states:
        if state.get("active"):
            types.setdefault(str(state["state_type"]), state["name"])
    desk = Desk(
        groups=MappingProxyType(
            {
                each["name"]: Group(
                    name=each["name"], can_mail=each["email_address_id"] is not None, is_active=bool(each["active"])
                )
                for each in groups
            }
        ),
        states=MappingProxyType({each["name"]: STATES.get(each["state_type"], State.OPEN) for each in states}),
        priorities=frozenset(each["name"] for each in priorities),
        bot=str(me["id"]),
        addresses=frozenset(own - {""} | {str(me.get("email") or "").casefold()} - {""}),
        moves_tickets=_moves_tickets(settings),
    )
    return Lists(
        desk=desk,
        groups={each["id"]: each["name"] for each in groups},
        states={each["id"]: each["name"] for each in states},
        priorities={each["id"]: each["name"] for each in priorities},
        state_types=types,
        agent_roles=frozenset(each["id"] for each in roles if each.get("group_ids")),
    )


def _moves_tickets(settings: list[Any] | None) -> bool | None:
    """Tell whether a user's tickets follow him to another organization (fact 32); None where we may not read it."""
    for each in settings or ():
        if each["name"] == "ticket_organization_reassignment":
            return bool((each.get("state_current") or {}).get("value"))
    return None


def _id_of(names: Mapping[int, str], name: str, kind: str) -> int:
    for number, known in names.items():
        if known == name:
            return number
    raise Permanent(f"Zammad has no {kind} {name!r}; it has {', '.join(sorted(names.values()))}")
