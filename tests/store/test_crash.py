"""What is left when the program is killed."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from connector.store import looks, open_store, overview

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)

WAKE_AND_TELL = """
import asyncio, sys
from datetime import UTC, datetime
from connector.store import looks, open_store

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)

async def wake_and_tell(store, first):
    for number in range(first, 1_000_000, 8):
        await looks.wake(store, "zammad", str(number), now=NOW, reason="webhook")
        print(number, flush=True)

async def main():
    async with open_store(sys.argv[1]) as store:
        await asyncio.gather(*(wake_and_tell(store, first) for first in range(8)))

asyncio.run(main())
"""

DIE_BEFORE_THE_COMMIT = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import event
from connector.store import looks, open_store

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)

async def main():
    async with open_store(sys.argv[1]) as store:
        await looks.wake(store, "zammad", "kept", now=NOW, reason="webhook")
        print("kept", flush=True)
        event.listen(store.engine.sync_engine, "commit", lambda connection: os.kill(os.getpid(), signal.SIGKILL))
        await looks.wake(store, "zammad", "lost", now=NOW, reason="webhook")
        print("lost", flush=True)

asyncio.run(main())
"""


def acknowledged_before_kill(url: str, *, after: int) -> list[str]:
    """Kill the program without warning once it has acknowledged so many wakes; return all it told us."""
    program = subprocess.Popen([sys.executable, "-c", WAKE_AND_TELL, url], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    told = [program.stdout.readline().strip() for _ in range(after)]
    program.kill()
    told += [line.strip() for line in program.stdout if line.endswith("\n")]
    program.stdout.close()
    program.wait(timeout=30)
    return told


async def test_no_wake_that_was_acknowledged_is_lost_when_the_program_is_killed(url: str) -> None:
    told = await asyncio.to_thread(acknowledged_before_kill, url, after=300)

    async with open_store(url) as store:
        kept = {row.ticket for row in await overview.list_looks(store, now=NOW, limit=1_000_000)}
    assert len(told) >= 300
    assert set(told) <= kept


async def test_a_program_killed_before_its_commit_has_acknowledged_nothing_and_blocks_nobody(url: str) -> None:
    command = [sys.executable, "-c", DIE_BEFORE_THE_COMMIT, url]
    program = await asyncio.to_thread(
        subprocess.run, command, stdout=subprocess.PIPE, text=True, check=False, timeout=60
    )

    assert (program.stdout, program.returncode) == ("kept\n", -9)
    async with open_store(url) as store:
        await looks.wake(store, "zammad", "lost", now=NOW, reason="sweep")
        claimed = await looks.claim(store, "w1", now=NOW, lease=timedelta(minutes=1), limit=5)
    assert sorted((look.ticket, look.generation) for look in claimed) == [("kept", 1), ("lost", 1)]
