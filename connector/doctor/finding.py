"""What a check has to say."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, but not as it should, or not for long."""
    PROBLEM = "problem"
    """Tickets are missed, refused or wrongly treated until it is mended."""
    SKIPPED = "skipped"
    """Could not be checked, and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing, what it means, and what mends it."""

    check: str
    level: Level
    what: str
    why: str = ""
    fix: str = ""


def ok(check: str, what: str) -> Finding:
    """Say that all is well."""
    return Finding(check=check, level=Level.OK, what=what)


def warning(check: str, what: str, *, why: str, fix: str) -> Finding:
    """Say that something should be mended."""
    return Finding(check=check, level=Level.WARNING, what=what, why=why, fix=fix)


def problem(check: str, what: str, *, why: str, fix: str) -> Finding:
    """Say that something must be mended."""
    return Finding(check=check, level=Level.PROBLEM, what=what, why=why, fix=fix)


def skipped(check: str, what: str, *, fix: str = "") -> Finding:
    """Say what could not be checked."""
    return Finding(check=check, level=Level.SKIPPED, what=what, fix=fix)


def worst(findings: Iterable[Finding]) -> int:
    """Give the exit code: 0 all is well, 1 there are warnings, 2 there are problems."""
    levels = {finding.level for finding in findings}
    return 2 if Level.PROBLEM in levels else 1 if Level.WARNING in levels else 0
