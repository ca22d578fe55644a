"""Claim tickets, look at them, settle: the only place that says when to try again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from connector.errors import Gone, HelpdeskPolicyError, Permanent, Transient
from connector.store import Store, looks
from connector.store.looks import Look

LEASE = timedelta(seconds=60)
"""After a crash the ticket waits so long for its next look; longer than a host may take over one request (30 s), so
that a write which the dead worker had sent is done before anybody looks again."""
EXTEND_EVERY = 20.0
"""Seconds; a lease outlives one missed extension."""
HOLD = 50.0
"""Seconds after an extension in which a look goes on without the next; then somebody else may soon have the ticket."""
AT_MOST = 300.0
"""Seconds one look may take before it counts as failed."""
GRACE = 5.0
"""Seconds that looks under way have to end in at a stop; with the rest of the shutdown it stays below 8."""
RELEASE = 1.0
"""Seconds that the database has to take the leases back at a stop; else they run out by themselves."""

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (0.25, 1, 2, 5, 10, 20, 30, 60, 120, 240))
"""Waits after failures that may heal; the last one repeats until `GIVE_UP` attempts."""
GIVE_UP = 16
"""Attempts after which even a healing failure is parked for a person: more than a day."""

Lookup = Callable[[Look], Awaitable[datetime | None]]
"""Takes one look to its end, recorded; gives the moment at which a rule wants another."""

log = structlog.get_logger()


def next_try(attempts: int, now: datetime) -> datetime | None:
    """Say when a look that failed `attempts` times before is due again; None where a person is due."""
    if attempts + 1 >= GIVE_UP:
        return None
    return now + BACKOFF[min(attempts, len(BACKOFF) - 1)]


class Worker:
    """Looks at a bounded number of tickets at once, each ticket at most once at a time."""

    def __init__(
        self,
        store: Store,
        look: Lookup,
        *,
        name: str,
        clock: Callable[[], datetime],
        at_once: int = 4,
        poll: float = 0.5,
    ) -> None:
        """Prepare; `poll` is how many seconds an idle worker waits before it asks the table again."""
        self._store = store
        self._look = look
        self._name = name
        self._clock = clock
        self._at_once = at_once
        self._poll = poll
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`; a database that is away is waited for. On the way out nothing stays claimed."""
        try:
            while not self._stopping.is_set():
                claimed = await self._claim()
                if self._stopping.is_set():
                    return
                for look in claimed:
                    task = asyncio.create_task(self._take(look), name=f"look {look.host} {look.ticket}")
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                if not claimed or len(self._running) >= self._at_once:
                    await self._pause(full=len(self._running) >= self._at_once)
        finally:
            await self._wind_down()

    def stop(self) -> None:
        """Let `run` come to its end: claim no more, let what runs end within a grace, give the rest back."""
        self._stopping.set()

    async def _wind_down(self) -> None:
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with contextlib.suppress(HelpdeskPolicyError, TimeoutError):
            async with asyncio.timeout(RELEASE):
                await looks.release(self._store, self._name)

    async def _claim(self) -> list[Look]:
        free = self._at_once - len(self._running)
        if free <= 0:
            return []
        try:
            return await looks.claim(self._store, self._name, now=self._clock(), lease=LEASE, limit=free)
        except HelpdeskPolicyError as exc:
            log.warning("claim_failed", error=str(exc))
            return []

    async def _pause(self, *, full: bool) -> None:
        """Wait for a slot when all are taken, else for the next poll; end at once at a stop."""
        stop = asyncio.create_task(self._stopping.wait())
        waits = {stop, *(self._running if full else ())}
        await asyncio.wait(waits, timeout=self._poll, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()

    async def _take(self, look: Look) -> None:
        try:
            await self._settle(look)
        except HelpdeskPolicyError as exc:  # the database went away; the lease runs out, and the look is taken again
            log.error("settle_failed", host=look.host, ticket=look.ticket, error=str(exc))

    async def _settle(self, look: Look) -> None:
        if look.attempts >= GIVE_UP:  # each time its worker died of it, and could not say so
            await self._park(look, f"given up after {look.attempts} attempts: the lease ran out each time")
            return
        try:
            again_at = await self._look_while_held(look)
        except (Transient, TimeoutError) as exc:
            await self._retry(look, str(exc) or f"took longer than {AT_MOST:.0f} s, or its lease could not be held")
        except Gone as exc:
            log.info("ticket_gone", host=look.host, ticket=look.ticket, why=str(exc))
            await looks.done(self._store, look)
        except Permanent as exc:
            await self._park(look, str(exc))
        except Exception as exc:
            log.exception("look_failed", host=look.host, ticket=look.ticket)
            await self._park(look, f"a fault of ours, {type(exc).__name__}: {exc}")
        else:
            await looks.done(self._store, look, again_at=again_at)

    async def _retry(self, look: Look, error: str) -> None:
        due_at = next_try(look.attempts, self._clock())
        if due_at is None:
            await self._park(look, f"failed {look.attempts + 1} times, last: {error}")
            return
        log.warning("look_retried", host=look.host, ticket=look.ticket, attempts=look.attempts + 1, error=error)
        await looks.retry(self._store, look, error, due_at=due_at)

    async def _park(self, look: Look, error: str) -> None:
        log.error("look_parked", host=look.host, ticket=look.ticket, error=error)
        await looks.park(self._store, look, error, now=self._clock())

    async def _look_while_held(self, look: Look) -> datetime | None:
        """Look, and stop looking before the lease can be another's: no two may be at one ticket."""
        async with asyncio.timeout(HOLD) as limit:
            extending = asyncio.create_task(self._extend(look, limit))
            try:
                return await self._look(look)
            finally:
                extending.cancel()

    async def _extend(self, look: Look, limit: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + AT_MOST
        while True:
            await asyncio.sleep(EXTEND_EVERY)
            asked = loop.time()
            try:
                held = await looks.extend(self._store, look, now=self._clock(), lease=LEASE)
            except HelpdeskPolicyError as exc:
                log.warning("extend_failed", host=look.host, ticket=look.ticket, error=str(exc))
                continue
            if not limit.expired():
                limit.reschedule(min(asked + HOLD, end) if held else asked)
