"""Write a plan to its host: the only place that does, and where a dry run ends."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from connector.errors import HelpdeskPolicyError, Permanent
from connector.hosts.host import Host, Write
from connector.model.case import Case
from connector.model.decision import Plan


class Fate(StrEnum):
    """What became of one write."""

    DONE = "done"
    IGNORED = "ignored"
    """The host answered with success and did not do it."""
    FAILED = "failed"
    WOULD = "would"
    """Dry run: the exact request that would have been sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One write with its fate."""

    write: Write
    fate: Fate
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What became of a plan."""

    results: tuple[Result, ...] = ()
    error: HelpdeskPolicyError | None = None
    """Why the rest was not tried; the look is to be taken again, or parked."""
    version: str | None = None
    """The ticket's version after our last write, where nobody else had a hand in it."""

    @property
    def changed(self) -> bool:
        """Tell whether anything was written."""
        return any(result.fate in {Fate.DONE, Fate.IGNORED} for result in self.results)


async def apply(plan: Plan, case: Case, host: Host, *, dry_run: bool) -> Applied:
    """Send the plan's writes in order; stop at the first that fails.

    A crash, an error or a stop between two of them is healed by the next look, which plans what is still missing.
    """
    try:
        writes = host.writes(case, plan)
    except Permanent as exc:
        return Applied(error=exc)
    if dry_run:
        return Applied(results=tuple(Result(write=write, fate=Fate.WOULD) for write in writes))

    results: list[Result] = []
    version: str | None = None
    opened: dict[str, str] = {}
    for planned in writes:
        write = replace(planned, body=_filled(planned.body, opened)) if opened else planned
        try:
            done = await host.perform(write, case)
        except HelpdeskPolicyError as exc:
            results.append(Result(write=write, fate=Fate.FAILED, detail=str(exc)))
            return Applied(results=tuple(results), error=exc)
        if done.complaint:
            results.append(Result(write=write, fate=Fate.IGNORED, detail=done.complaint))
            # Our own echo must not wake it again: it would be found done, and the complaint forgotten.
            return Applied(results=tuple(results), error=Permanent(done.complaint), version=done.version)
        results.append(Result(write=write, fate=Fate.DONE))
        version = done.version
        opened |= done.opened
    return Applied(results=tuple(results), version=version)


def _filled(content: Any, opened: Mapping[str, str]) -> Any:
    """Put the numbers of tickets just opened where texts speak of them."""
    if isinstance(content, str):
        for place, number in opened.items():
            content = content.replace(place, number)
        return content
    if isinstance(content, Mapping):
        return {key: _filled(value, opened) for key, value in content.items()}
    return [_filled(each, opened) for each in content] if isinstance(content, list | tuple) else content
