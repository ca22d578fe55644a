"""How a database comes to have its tables."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from connector.errors import Misconfigured
from connector.store import migrate, open_store, sqlite_url
from connector.store.engine import make_engine
from connector.store.migrate import VERSION_TABLE, alembic_config
from connector.store.tables import metadata

NEWEST = ScriptDirectory.from_config(alembic_config()).get_current_head()

START = """
import asyncio, sys
from connector.store import marks, open_store

async def start():
    print("ready", flush=True)
    sys.stdin.readline()
    async with open_store(sys.argv[1]) as store:
        await marks.write(store, sys.argv[2], "up")

asyncio.run(start())
"""


def start_together(url: str, number: int) -> list[tuple[str, int]]:
    command = [sys.executable, "-W", "error", "-c", START, url]
    pipe = subprocess.PIPE
    daemons = [subprocess.Popen([*command, str(name)], stdin=pipe, stdout=pipe, stderr=pipe) for name in range(number)]
    for daemon in daemons:
        assert daemon.stdout is not None
        daemon.stdout.readline()  # each has loaded its code, so that they start together below
    for daemon in daemons:
        assert daemon.stdin is not None
        daemon.stdin.write(b"go\n")
        daemon.stdin.flush()
    return [(daemon.communicate(timeout=60)[1].decode(), daemon.returncode) for daemon in daemons]


async def ask(url: str, statement: str) -> list[str]:
    engine = make_engine(url)
    async with engine.connect() as connection:
        found = [str(value) for value in (await connection.execute(text(statement))).scalars()]
    await engine.dispose()
    return found


async def test_the_migrations_build_the_tables_that_the_code_knows(empty_url: str) -> None:
    await migrate(empty_url)
    engine = make_engine(empty_url)

    def differences(connection: Connection) -> list[object]:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_migrating_again_changes_nothing(empty_url: str) -> None:
    await migrate(empty_url)
    await migrate(empty_url)

    assert await ask(empty_url, f"SELECT version_num FROM {VERSION_TABLE}") == [NEWEST]


async def test_daemons_that_start_at_once_on_an_empty_database_all_come_up(empty_url: str) -> None:
    assert await asyncio.to_thread(start_together, empty_url, 3) == [("", 0)] * 3
    assert await ask(empty_url, "SELECT name FROM marks ORDER BY name") == ["0", "1", "2"]


async def test_a_database_newer_than_the_program_is_refused_and_left_alone(empty_url: str) -> None:
    await migrate(empty_url)
    engine = make_engine(empty_url)
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    await engine.dispose()

    with pytest.raises(
        Misconfigured, match=f"is at version 9999, this program knows versions up to {NEWEST}: start the newer"
    ):
        async with open_store(empty_url):
            pass
    assert await ask(empty_url, f"SELECT version_num FROM {VERSION_TABLE}") == ["9999"]


async def test_a_migration_that_fails_leaves_nothing_half_done(empty_url: str) -> None:
    engine = make_engine(empty_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE marks (name TEXT)"))  # the last table of ours is in the way
    await engine.dispose()

    with pytest.raises(Exception, match="marks"):
        await migrate(empty_url)

    tables = (
        "sqlite_master WHERE type = 'table'"
        if empty_url.startswith("sqlite")
        else "pg_tables WHERE schemaname = 'public'"
    )
    column = "name" if empty_url.startswith("sqlite") else "tablename"
    assert await ask(empty_url, f"SELECT {column} FROM {tables}") == ["marks"]


async def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path / "a folder" / "store.db")):
        pass

    assert (tmp_path / "a folder" / "store.db").exists()
