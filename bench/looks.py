"""Measure how fast tickets are woken and claimed, with few and with many of them waiting.

    python -m bench.looks [DATABASE_URL …]

Without an address it measures a SQLite file in a temporary folder. The database is emptied first. What counts are the
ratios: a full table should cost little more than an empty one, and wakes that arrive together little more than one.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete

from connector.store import Store, looks, open_store, sqlite_url, tables

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)
LEASE = timedelta(minutes=5)
WAITING = (0, 10_000, 100_000)
DELIVERIES = 500
CLAIMS = 500
WORKERS = 8


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How much was done in a second while so many tickets waited."""

    waiting: int
    wakes_one_by_one: float
    wakes_together: float
    looks: float  # claimed and settled, one at a time, by workers side by side


async def measure(store: Store, *, waiting: int, deliveries: int = DELIVERIES, claims: int = CLAIMS) -> Speed:
    """Fill the table, then wake and look."""
    await store.write(delete(tables.looks).returning(tables.looks.c.ticket))
    await looks.wake_many(store, "bench", (f"old{number}" for number in range(waiting)), now=NOW, reason="sweep")

    async def wake(ticket: str) -> None:
        await looks.wake(store, "bench", ticket, now=NOW, reason="webhook")

    async def wake_in_turn() -> None:
        for number in range(deliveries):
            await wake(f"turn{number}")

    async def wake_together() -> None:
        await asyncio.gather(*(wake(f"together{number}") for number in range(deliveries)))

    async def work(worker: str) -> None:
        for _ in range(claims // WORKERS):
            for look in await looks.claim(store, worker, now=NOW, lease=LEASE, limit=1):
                await looks.done(store, look)

    async def look() -> None:
        await asyncio.gather(*(work(f"w{number}") for number in range(WORKERS)))

    return Speed(
        waiting=waiting,
        wakes_one_by_one=deliveries / await seconds(wake_in_turn),
        wakes_together=deliveries / await seconds(wake_together),
        looks=(claims // WORKERS * WORKERS) / await seconds(look),
    )


async def seconds(work: Callable[[], Awaitable[None]]) -> float:
    """Return how long the work takes."""
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


async def compare(url: str) -> None:
    """Print one line for each size of the table."""
    async with open_store(url) as store:
        print(store.engine.dialect.name)
        print(f"{'waiting':>10} {'wakes/s':>10} {'together':>10} {'looks/s':>10}   against an empty table")
        first: Speed | None = None
        for waiting in WAITING:
            speed = await measure(store, waiting=waiting)
            first = first or speed
            ratios = f"{speed.wakes_one_by_one / first.wakes_one_by_one:.2f} {speed.looks / first.looks:.2f}"
            print(
                f"{speed.waiting:>10} {speed.wakes_one_by_one:>10.0f} {speed.wakes_together:>10.0f} "
                f"{speed.looks:>10.0f}   wakes and looks at {ratios} of the speed"
            )


def main(urls: list[str]) -> None:
    """Measure each database."""
    with tempfile.TemporaryDirectory() as folder:
        for url in urls or [sqlite_url(Path(folder) / "bench.db")]:
            asyncio.run(compare(url))


if __name__ == "__main__":
    main(sys.argv[1:])
