"""What every helpdesk must be able to do for us: the whole contract on one page.

A host translates at its edge. Inside, only values of `connector.model` are seen; its words, ids and quirks end in its
own `translate.py`. `writes` is pure and `perform` sends what it gave, so that a dry run shows the exact requests.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from connector.model.case import Case, Need
from connector.model.company import Company
from connector.model.decision import Plan, Step
from connector.model.desk import Desk
from connector.model.event import Event


class Capability(StrEnum):
    """What one host can do and another cannot; a policy that needs a missing one fails its check."""

    SIGNED_DELIVERIES = "deliveries are signed"
    ATOMIC_UPDATES = "fields, article and memory change in one transaction"
    LINKS = "tickets can be linked"
    SET_COMPANY = "a customer can be attached to a company"
    COMPANIES = "companies and their fields can be listed"
    RAW_MAIL = "a received mail can be read as it came"
    HISTORY = "the history says who changed what"
    DELIVERY_LOG = "failed deliveries can be listed"
    INTERNAL_FLAG = "an article can be made internal later"


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """One request that changes the host, with the steps it carries out."""

    method: str
    path: str
    body: Mapping[str, Any]
    steps: tuple[Step, ...]
    """Empty where only the memory is written."""
    expect: Mapping[str, Any]
    """What the answer must show, in the host's words; else the host ignored something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What became of a write."""

    complaint: str | None = None
    """What the host did not do although it answered with success."""
    version: str | None = None
    """The ticket's change mark after the write, where the answer shows that nobody else changed it in between."""
    opened: Mapping[str, str] = field(default_factory=dict)
    """For each ticket that was opened: its place in the texts of the plan, and its number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """A ticket that changed at a moment, found by a sweep."""

    ticket: str
    at: datetime
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedDelivery:
    """A delivery that the host tried in vain, from its own log."""

    delivery: str
    ticket: str | None
    trigger: str
    url: str
    last_at: datetime
    status: str
    tries: int


class Host(Protocol):
    """A helpdesk beside which we run. Errors are `Transient`, `Permanent`, `Gone` and, at the door, `Unverified`."""

    @property
    def name(self) -> str:
        """Give the name by which records, hooks and commands call this host."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Say what it can do as it is set up now."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes) -> Event:
        """Prove who sent a delivery, and read it; header names are lower case.

        Raises Unverified. A proven body that cannot be read is an Event with `unreadable` set, never an error.
        """
        ...

    async def fetch(self, ticket: str, needs: Need, *, now: datetime) -> Case:
        """Read one ticket and what the rules need around it, side by side, and no more."""
        ...

    async def find(self, number: str) -> str | None:
        """Give the id of the ticket that people call by this number; None where there is none that we may see."""
        ...

    async def desk(self) -> Desk:
        """Read the host's groups, states and priorities."""
        ...

    def writes(self, case: Case, plan: Plan) -> tuple[Write, ...]:
        """Turn a plan into requests, in the order in which a crash between two of them does no harm.

        Raises Permanent where the plan names a group, state or priority that the host does not have.
        """
        ...

    async def perform(self, write: Write, case: Case) -> Done:
        """Send one write, and compare the answer with what was asked."""
        ...

    def changed_since(self, moment: datetime) -> AsyncIterator[Touched]:
        """Find the tickets changed at or after a moment, oldest change first."""
        ...

    async def failed_deliveries(self) -> tuple[FailedDelivery, ...] | None:
        """Read what the host's own log says of deliveries that did not reach us; None where it may not be read."""
        ...

    def companies(self, changed_since: datetime | None = None) -> AsyncIterator[Company]:
        """List companies with their domains and fields; all, or those changed at or after a moment."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
