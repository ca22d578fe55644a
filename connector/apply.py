"""Write a plan to its host: the only place that does, and where a dry run ends."""

from dataclasses import dataclass
from enum import StrEnum

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
    for write in writes:
        try:
            done = await host.perform(write, case)
        except HelpdeskPolicyError as exc:
            results.append(Result(write=write, fate=Fate.FAILED, detail=str(exc)))
            return Applied(results=tuple(results), error=exc)
        if done.complaint:
            results.append(Result(write=write, fate=Fate.IGNORED, detail=done.complaint))
            return Applied(results=tuple(results), error=Permanent(done.complaint))
        results.append(Result(write=write, fate=Fate.DONE))
        version = done.version
    return Applied(results=tuple(results), version=version)
