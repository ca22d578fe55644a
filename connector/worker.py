"""Claim tickets, look at them, settle: the only place that says when to try again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from connector.errors import Gone, Permanent, Transient
from connector.store import Store, looks
from connector.store.looks import Look

LEASE = timedelta(seconds=120)
EXTEND_EVERY = 40.0
"""Seconds; a lease outlives two missed extensions."""
AT_MOST = 300.0
"""Seconds one look may take before it counts as failed."""
GRACE = 5.0
"""Seconds that looks under way have to end in at a stop; with the rest of the shutdown it stays below 8."""

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
        """Work until `stop`; a database that is away is waited for."""
        while not self._stopping.is_set():
            claimed = await self._claim()
            for look in claimed:
                task = asyncio.create_task(self._take(look), name=f"look {look.host} {look.ticket}")
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            if not claimed or len(self._running) >= self._at_once:
                await self._pause(full=len(self._running) >= self._at_once)

    async def stop(self) -> None:
        """Claim no more, let what runs end within a grace, give the rest back."""
        self._stopping.set()
        running = set(self._running)
        if running:
            _, late = await asyncio.wait(running, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with contextlib.suppress(Transient):
            await looks.release(self._store, self._name)

    async def _claim(self) -> list[Look]:
        free = self._at_once - len(self._running)
        if free <= 0:
            return []
        try:
            return await looks.claim(self._store, self._name, now=self._clock(), lease=LEASE, limit=free)
        except Transient as exc:
            log.warning("claim_failed", error=str(exc))
            return []

    async def _pause(self, *, full: bool) -> None:
        """Wait for a slot when all are taken, else for the next poll; end at once at a stop."""
        stop = asyncio.create_task(self._stopping.wait())
        waits = {stop, *(self._running if full else ())}
        await asyncio.wait(waits, timeout=self._poll, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()

    async def _take(self, look: Look) -> None:
        extending = asyncio.create_task(self._extend(look))
        try:
            await self._settle(look)
        except Transient as exc:  # the database went away; the lease runs out, and the look is taken again
            log.error("settle_failed", host=look.host, ticket=look.ticket, error=str(exc))
        finally:
            extending.cancel()

    async def _settle(self, look: Look) -> None:
        try:
            async with asyncio.timeout(AT_MOST):
                again_at = await self._look(look)
        except (Transient, TimeoutError) as exc:
            await self._retry(look, str(exc) or f"the look took longer than {AT_MOST:.0f} s")
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

    async def _extend(self, look: Look) -> None:
        while True:
            await asyncio.sleep(EXTEND_EVERY)
            with contextlib.suppress(Transient):
                await looks.extend(self._store, look, now=self._clock(), lease=LEASE)
