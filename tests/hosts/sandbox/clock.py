"""Tell a time that moves only when somebody asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Begin at a given time and go on by one millisecond with each question, so that no two writes share a time."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)
