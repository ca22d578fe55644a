"""While the database is away the door says so, and the host's next try is taken in."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.store import engine
from tests import wire
from tests.postgres import PostgresServer
from tests.stand import OBSERVING, POLL, SECRET, Stand, stand

BODY = wire.body_about(1)


async def deliver(made: Stand) -> int:
    headers = {"X-Hub-Signature": wire.sign(BODY, SECRET), "X-Zammad-Delivery": "d1"}
    return (await wire.post(f"{made.door}/hooks/zammad", BODY, headers)).status


async def health(made: Stand) -> tuple[int, int, int]:
    pages = ("health/live", "health/ready", "metrics")
    live, ready, metrics = [(await wire.get(f"{made.door}/{page}")).status for page in pages]
    return live, ready, metrics


def another_program(folder: Path) -> sqlite3.Connection:
    """Open the database beside the daemon; in threads, since the daemon lives in our loop and must go on meanwhile."""
    file = folder / "helpdesk-policy.sqlite3"
    return sqlite3.connect(file, 60, isolation_level=None, check_same_thread=False)


async def test_postgresql_stopped_is_503_and_back_again_is_202(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with stand(tmp_path, policy=OBSERVING, database_url=SecretStr(postgres_url)) as made:
        before = await deliver(made)
        await made.idle()
        await asyncio.to_thread(postgres_server.running.stop)
        try:
            away = await deliver(made), await health(made)
        finally:
            await asyncio.to_thread(postgres_server.running.ensure_postgres_running)
        back = await deliver(made), await health(made)
        await made.idle()
        (record,) = await made.decisions(1)

    assert before == 202
    assert away == (503, (200, 503, 200))
    assert back == (202, (200, 200, 200))
    assert record.seen_again == 2  # the first sweep's look, and one for each delivery that was taken in


async def test_a_sqlite_file_that_another_program_holds_is_503_and_let_go_is_202(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.2)
    async with stand(tmp_path, policy=OBSERVING) as made:
        with closing(another_program(tmp_path)) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            away = await deliver(made)
            await asyncio.to_thread(other.execute, "ROLLBACK")
        back = await deliver(made)
        await made.idle()

    assert (away, back) == (503, 202)


async def test_a_database_that_a_person_must_mend_is_503_and_mended_is_202(tmp_path: Path) -> None:
    async with stand(tmp_path, policy=OBSERVING) as made:
        with closing(another_program(tmp_path)) as other:
            await asyncio.to_thread(other.execute, "ALTER TABLE looks RENAME TO lost")
            away = await deliver(made), await health(made)
            await asyncio.sleep(5 * POLL)
            await asyncio.to_thread(other.execute, "ALTER TABLE lost RENAME TO looks")
        back = await deliver(made), await health(made)
        await made.idle()

    assert away == (503, (200, 503, 200))
    assert back == (202, (200, 200, 200))
