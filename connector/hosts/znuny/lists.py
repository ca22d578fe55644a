"""Znuny's queues, states and priorities, and what this installation of it can do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.errors import Permanent
from connector.hosts.znuny.fields import OURS
from connector.model.desk import Desk, Group
from connector.model.ticket import State

STATES = {
    "new": State.NEW,
    "open": State.OPEN,
    "pending reminder": State.PENDING,
    "pending auto": State.PENDING,  # a daemon of Znuny's closes it later, so it still waits
    "closed": State.CLOSED,
    "merged": State.MERGED,
    "removed": State.CLOSED,
}
"""Znuny's types of states; an organisation may name its own states as it likes."""

WRITTEN = {State.NEW: "new", State.OPEN: "open", State.PENDING: "pending reminder", State.CLOSED: "closed"}
"""The type of state that we set; `merged` only comes from a merge."""

STOCK_STATES = {
    "new": "new",
    "closed successful": "closed",
    "closed unsuccessful": "closed",
    "open": "open",
    "pending reminder": "pending reminder",
    "pending auto close+": "pending auto",
    "pending auto close-": "pending auto",
    "removed": "removed",
    "merged": "merged",
}
"""What a fresh Znuny has, for where the add-on cannot be asked."""

STOCK_PRIORITIES = ("1 very low", "2 low", "3 normal", "4 high", "5 very high")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """What one Znuny consists of, read once and again when something in it is unknown."""

    desk: Desk
    state_types: Mapping[str, str]
    """Type to the first state's name."""
    address: str
    """Of the bot, under which its notes stand on tickets that it opens."""
    time_zone: ZoneInfo
    """In which all of its times are written."""
    fields: frozenset[str] | None
    """The tickets' dynamic fields that rules may set; None where nobody can know."""
    add_on: str
    """The add-on's version; empty where it is not installed."""

    def check_group(self, name: str) -> None:
        """Raise Permanent where there is no such queue."""
        if self.add_on and name not in self.desk.groups:
            raise Permanent(f"Znuny has no queue {name!r}; it has {', '.join(sorted(self.desk.groups))}")

    def check_priority(self, name: str) -> None:
        """Raise Permanent where there is no such priority."""
        if name not in self.desk.priorities:
            raise Permanent(f"Znuny has no priority {name!r}; it has {', '.join(sorted(self.desk.priorities))}")

    def check_field(self, name: str) -> None:
        """Raise Permanent where tickets have no such dynamic field."""
        if self.fields is not None and name not in self.fields:
            known = ", ".join(sorted(self.fields)) or "none"
            raise Permanent(f"Znuny's tickets have no dynamic field {name!r} that is valid; they have {known}")

    def state_name(self, state: State) -> str:
        """Give the name of the state to set for a meaning; raises Permanent where there is none."""
        kind = WRITTEN.get(state, "")
        if kind not in self.state_types:
            raise Permanent(f"Znuny has no state of the type {kind or state!r}; it has {sorted(self.state_types)}")
        return self.state_types[kind]


def lists_of(raw: Mapping[str, Any]) -> Lists:
    """Make sense of what the add-on says of this Znuny."""
    addresses = {str(each).casefold() for each in raw["Addresses"]} | {str(raw.get("UserEmail") or "").casefold()}
    states = {str(each["Name"]): str(each["Type"]) for each in raw["States"]}
    return Lists(
        desk=Desk(
            groups=MappingProxyType({str(each["Name"]): _group(each) for each in raw["Queues"]}),
            states=_meanings(states),
            priorities=frozenset(str(each) for each in raw["Priorities"]),
            bot=str(raw["UserID"]),
            addresses=frozenset(addresses - {""}),
        ),
        state_types=_types(states),
        address=str(raw.get("UserEmail") or ""),
        time_zone=zone(str(raw["TimeZone"])),
        fields=frozenset(name for name, kind in raw["Fields"].items() if kind == "Ticket") - OURS,
        add_on=str(raw["AddOn"]),
    )


def stock_lists(*, bot: str, address: str, queues: Iterable[str], time_zone: ZoneInfo) -> Lists:
    """Give what can be said without the add-on: the stock names, and the queues that an admin named."""
    return Lists(
        desk=Desk(
            groups=MappingProxyType({name: Group(name=name, can_mail=True) for name in queues}),
            states=_meanings(STOCK_STATES),
            priorities=frozenset(STOCK_PRIORITIES),
            bot=bot,
            addresses=frozenset({address.casefold()} - {""}),
        ),
        state_types=_types(STOCK_STATES),
        address=address,
        time_zone=time_zone,
        fields=None,
        add_on="",
    )


def zone(name: str) -> ZoneInfo:
    """Read a time zone by its name; raises Permanent."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise Permanent(f"{name!r} is no time zone; Znuny's is the setting OTRSTimeZone") from exc


def _group(raw: Mapping[str, Any]) -> Group:
    """Read a queue; one whose address is that of a fresh installation cannot mail, since nobody can answer to it."""
    address = str(raw.get("Address") or "").casefold()
    can_mail = bool(address) and not address.endswith("@localhost")
    return Group(name=str(raw["Name"]), can_mail=can_mail, is_active=bool(int(raw["Valid"])))


def _meanings(states: Mapping[str, str]) -> Mapping[str, State]:
    return MappingProxyType({name: STATES.get(kind, State.OPEN) for name, kind in states.items()})


def _types(states: Mapping[str, str]) -> Mapping[str, str]:
    types: dict[str, str] = {}
    for name, kind in states.items():
        types.setdefault(kind, name)
    return MappingProxyType(types)
