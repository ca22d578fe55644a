"""A hint from a host that a ticket may have changed."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What one delivery told us; it wakes, it never decides."""

    host: str
    ticket: str | None
    """The host's id of the ticket; None where the body could not be read."""
    delivery: str
    """The host's id of the delivery, the same over its retries; else the SHA-256 of the body."""
    trigger: str = ""
    version: str | None = None
    """The ticket's last change as the host writes it, opaque; two equal versions are the same ticket, unchanged."""
    unreadable: str | None = None
    """Why the body could not be read, without quoting it."""
