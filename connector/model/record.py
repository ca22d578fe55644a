"""What is kept of one look: why it decided so, and what it did; no message bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One look, as `explain` and `decisions` show it."""

    id: str
    host: str
    ticket: str
    number: str
    at: datetime
    policy_revision: str
    facts: Mapping[str, Json]
    """What was seen of the ticket: names, marks and counts."""
    verdicts: tuple[Mapping[str, Json], ...]
    """For each active rule: rule, mode, outcome, reason, and what it asked for."""
    plan: tuple[Mapping[str, Json], ...]
    """Steps to do, steps only observed, and steps dropped with the reason."""
    results: tuple[Mapping[str, Json], ...]
    """Requests to the host with their fate."""
    durations: Mapping[str, float]
    """Seconds for fetch, decide and apply; the host's own time; the number of requests."""
    error: str = ""
    changed: bool = False
    dry_run: bool = False
