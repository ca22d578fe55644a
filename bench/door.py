"""Measure how soon the door answers signed deliveries that come at a steady rate.

    python -m bench.door [RATE] [SECONDS] [DATABASE_URL]

The recorded deliveries of a real Zammad, each over a connection of its own as Zammad does, against the daemon as a
process of its own with its database: the answer comes once the wake-up is on disk.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests import wire
from tests.e2e.process import daemon_of
from tests.stand import OBSERVING, helpdesk

RATE = 50.0
SECONDS = 20.0


async def answered(url: str, delivery: wire.Delivery, number: int) -> float:
    """Send one delivery under an id of its own; give the seconds until it was answered."""
    begun = time.perf_counter()
    answer = await wire.post(url, delivery.body, {**delivery.headers, "X-Zammad-Delivery": str(number)})
    assert answer.status == 202, answer
    return time.perf_counter() - begun


async def steadily(url: str, rate: float, seconds: float) -> list[float]:
    """Send at a steady rate, however slowly they are answered."""
    recorded = wire.recorded()
    sending: list[asyncio.Task[float]] = []
    begun = time.perf_counter()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        sending.append(asyncio.create_task(answered(url, recorded[number % len(recorded)], number)))
    return sorted(await asyncio.gather(*sending))


async def main(rate: float, seconds: float, database: str) -> None:
    """Start a helpdesk and the daemon, and print the times."""
    secrets = ",".join({each.secret for each in wire.recorded()})
    settings = {"ZAMMAD__WEBHOOK_SECRETS": secrets, "SETTLE_SECONDS": "1", "LOG_LEVEL": "warning"}
    if database:
        settings["DATABASE_URL"] = database
    with tempfile.TemporaryDirectory() as folder:
        async with helpdesk() as desk, daemon_of(desk, Path(folder), OBSERVING, **settings) as process:
            times = await steadily(f"{process.door}/hooks/zammad", rate, seconds)
    at = {share: times[min(len(times) - 1, int(len(times) * share))] * 1000 for share in (0.5, 0.9, 0.99, 1.0)}
    shown = ", ".join(f"p{share * 100:g} {value:.1f} ms" for share, value in at.items())
    print(f"{len(times)} deliveries at {rate:g} a second: {shown}")


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(
        main(
            float(given[0]) if given else RATE,
            float(given[1]) if len(given) > 1 else SECONDS,
            given[2] if len(given) > 2 else "",
        )
    )
