"""What was seen of a set-up, all of it read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connector.hosts.host import FailedDelivery
from connector.hosts.zammad.changes import Change
from connector.hosts.zammad.wishes import Kind
from connector.model.company import Company
from connector.rulebook import Rulebook
from connector.settings import Settings
from connector.store.overview import Counts, Row

Json = Any


@dataclass(frozen=True, kw_only=True)
class Helpdesk:
    """Zammad as the daemon's own token sees it."""

    me: Json
    clock_ahead: timedelta | None
    """How far the host's clock is ahead of ours; None where it tells no time."""
    is_agent: bool
    extra: tuple[str, ...]
    """Permissions of administration that this token has."""
    groups: Sequence[Json] = ()
    roles: Sequence[Json] = ()
    states: Sequence[Json] = ()
    priorities: Sequence[Json] = ()
    companies: Sequence[Company] = ()
    company_fields: frozenset[str] | None = None
    """The names of a company's fields; None where there is no company to see them on."""
    claimed_twice: Mapping[str, tuple[Company, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Administration:
    """Zammad as an administrator's token sees it."""

    version: str
    changes: Sequence[Change]
    """What set-up would do."""
    seen: Mapping[Kind, Sequence[Json]]
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Work:
    """The daemon's database."""

    counts: Counts
    parked: Sequence[Row] = ()
    swept: datetime | None = None
    """When the last sweep began; None where no daemon holds the sweep."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """What the door answers to us; None and a reason where nobody answers."""

    unsigned: int | None = None
    signed: int | None = None
    location: str = ""
    """Where a redirect leads."""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Trip:
    """A change in the helpdesk, and whether the daemon heard of it."""

    ticket: str = ""
    seconds: float | None = None
    """How long it took; None where nothing came."""
    error: str = ""
    """Why it could not be tried."""
    failed: FailedDelivery | None = None
    """What the host's own log says of it."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything; a part that could not be read is None, and its error says why."""

    now: datetime
    settings: Settings
    rulebook: Rulebook
    endpoint: str
    helpdesk: Helpdesk | None = None
    helpdesk_error: str = ""
    administration: Administration | None = None
    administration_error: str = ""
    failed: Sequence[FailedDelivery] | None = None
    work: Work | None = None
    work_error: str = ""
    door: Door = Door()
    trip: Trip | None = None
