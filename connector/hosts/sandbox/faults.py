"""Misbehave on demand, and count what was asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Effect = Literal["status", "hang", "close_before", "close_after"]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Be one request that arrived."""

    method: str
    path: str
    query: str
    status: int | None = None  # None when the connection was closed instead of an answer


@dataclass(kw_only=True)
class Fault:
    """Spoil the next requests whose method and path match.

    `status` answers that code and does nothing; `hang` waits and then goes on as usual; `close_before` hangs up before
    anything happened; `close_after` does the work, keeps it, and hangs up instead of answering.
    """

    effect: Effect
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    status: int = 503
    seconds: float = 0.0

    def hits(self, method: str, path: str) -> bool:
        """Take one of the remaining times if the request matches."""
        if self.times < 1 or not re.fullmatch(self.method, method) or not re.search(self.path, path):
            return False
        self.times -= 1
        return True


class Requests:
    """Remember the API requests in the order they were answered."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def __len__(self) -> int:
        return len(self.seen)

    def __iter__(self) -> Iterator[Seen]:
        return iter(self.seen)

    def add(self, seen: Seen) -> None:
        """Remember one more."""
        self.seen.append(seen)

    def clear(self) -> None:
        """Begin to count anew."""
        self.seen.clear()

    def count(self, method: str = ".*", path: str = ".*") -> int:
        """Count requests by patterns of method and path."""
        return sum(1 for seen in self if re.fullmatch(method, seen.method) and re.search(path, seen.path))

    def by_endpoint(self) -> Counter[tuple[str, str]]:
        """Count requests by method and path, ids replaced by N."""
        return Counter((seen.method, re.sub(r"/\d+", "/N", seen.path)) for seen in self)
