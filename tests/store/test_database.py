"""What the database does for whoever writes to it, and says when it cannot."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from connector.errors import Misconfigured, Permanent, Transient
from connector.store import Store, looks, marks, open_store, overview, sqlite_url
from connector.store import engine as engine_module
from connector.store.engine import read_url
from tests.postgres import PostgresServer

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose patience after a second."""
    monkeypatch.setattr(engine_module, "PATIENCE", 1)


async def wake(store: Store, ticket: str) -> None:
    await looks.wake(store, "zammad", ticket, now=NOW, reason="webhook")


async def waiting(store: Store) -> int:
    return (await overview.counts(store, now=NOW)).waiting


async def test_wakes_that_arrive_together_are_committed_together_on_sqlite(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path / "store.db")) as store:
        commits: list[object] = []
        event.listen(store.engine.sync_engine, "commit", commits.append)
        await asyncio.gather(*(wake(store, str(number)) for number in range(100)))

        assert (await waiting(store), len(commits)) == (100, 1)


async def test_wakes_that_arrive_during_a_commit_share_the_next(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path / "store.db")) as store:
        commits: list[object] = []
        event.listen(store.engine.sync_engine, "commit", commits.append)
        begun = asyncio.Event()
        go_on = asyncio.Event()

        async def slow(connection: AsyncConnection) -> None:
            begun.set()
            await go_on.wait()

        first = asyncio.create_task(store.transact(slow))
        await begun.wait()
        others = [asyncio.create_task(wake(store, str(number))) for number in range(50)]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, *others)

        assert (await waiting(store), len(commits)) == (50, 2)


async def test_work_that_fails_takes_no_neighbour_with_it(store: Store) -> None:
    await marks.write(store, "there", "already")

    async def break_a_constraint(connection: AsyncConnection) -> None:
        await connection.execute(text("INSERT INTO marks (name, value) VALUES ('new', 'x')"))
        await connection.execute(text("INSERT INTO marks (name, value) VALUES ('there', 'x')"))

    outcomes = await asyncio.gather(
        wake(store, "1"), store.transact(break_a_constraint), wake(store, "2"), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [type(None), IntegrityError, type(None)]
    assert (await waiting(store), await marks.read(store, "new")) == (2, None)


async def test_work_whose_caller_gave_up_before_it_began_is_left_out(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path / "store.db")) as store:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(connection: AsyncConnection) -> None:
            begun.set()
            await go_on.wait()

        first = asyncio.create_task(store.transact(slow))
        await begun.wait()
        given_up, kept = asyncio.create_task(wake(store, "1")), asyncio.create_task(wake(store, "2"))
        await asyncio.sleep(0)
        given_up.cancel()
        go_on.set()
        await asyncio.gather(first, kept)

        assert (given_up.cancelled(), await waiting(store)) == (True, 1)


async def test_closing_waits_for_what_is_being_written(url: str) -> None:
    async with open_store(url) as store:
        task = asyncio.create_task(wake(store, "1"))
        await asyncio.sleep(0)
        if store.dialect == "postgresql":
            await task
    await task

    async with open_store(url) as store:
        assert await waiting(store) == 1


@pytest.mark.usefixtures("hurried")
async def test_a_sqlite_file_locked_by_another_program_is_transient_and_then_heals(tmp_path: Path) -> None:
    async with open_store(sqlite_url(tmp_path / "store.db")) as store:
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Transient, match=r"store.db to answer, got: database is locked; see that no other program"):
            await wake(store, "1")
        other.execute("ROLLBACK")
        other.close()
        await wake(store, "1")

        assert await waiting(store) == 1


@pytest.mark.usefixtures("hurried")
async def test_a_row_locked_by_another_on_postgresql_is_transient_and_then_heals(
    postgres_server: PostgresServer, migrated_database: str
) -> None:
    name = postgres_server.create(template=migrated_database)
    async with open_store(postgres_server.url(name)) as store:
        await wake(store, "1")
        with psycopg.connect(postgres_server.url(name).replace("+psycopg", "")) as other:
            other.execute("SELECT host FROM looks FOR UPDATE")
            with pytest.raises(Transient, match="lock timeout"):
                await asyncio.wait_for(wake(store, "1"), timeout=20)
        await wake(store, "1")

        row = await overview.show(store, "zammad", "1", now=NOW)
        assert row is not None
        assert row.generation == 2
    postgres_server.drop(name)


async def test_a_postgresql_that_is_away_is_transient_and_its_password_is_not_told(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://someone:hush@/nowhere?host={tmp_path}"

    with pytest.raises(Transient, match="see that PostgreSQL runs") as caught:
        async with open_store(url):
            pass
    assert "hush" not in str(caught.value)


async def test_connections_cut_by_the_server_do_not_cost_a_delivery(
    postgres_server: PostgresServer, migrated_database: str
) -> None:
    name = postgres_server.create(template=migrated_database)
    async with open_store(postgres_server.url(name)) as store:
        await asyncio.gather(*(wake(store, str(number)) for number in range(4)))
        with psycopg.connect(postgres_server.url(name).replace("+psycopg", "")) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await wake(store, "5")

        assert await waiting(store) == 5
    postgres_server.drop(name)


async def test_a_database_dropped_while_we_run_is_transient(
    postgres_server: PostgresServer, migrated_database: str
) -> None:
    name = postgres_server.create(template=migrated_database)
    async with open_store(postgres_server.url(name)) as store:
        await wake(store, "1")
        postgres_server.drop(name)

        with pytest.raises(Transient, match="does not exist"):
            await wake(store, "2")
        with pytest.raises(Transient, match="does not exist"):
            await waiting(store)


async def test_a_table_that_is_missing_needs_a_person(store: Store) -> None:
    await store.transact(lambda connection: connection.execute(text("DROP TABLE marks")))

    with pytest.raises(Permanent, match="expected the tables of helpdesk-policy"):
        await marks.read(store, "sweep")


async def test_a_file_that_is_no_database_needs_a_person(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("Dear customer, " * 100)

    with pytest.raises(Permanent, match="file is not a database"):
        async with open_store(sqlite_url(tmp_path / "store.db")):
            pass


async def test_a_folder_that_cannot_be_made_is_misconfigured(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Misconfigured, match="cannot make the folder"):
        async with open_store(sqlite_url(tmp_path / "file" / "store.db")):
            pass


@pytest.mark.parametrize(
    "wrong", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "://", "postgresql://h:port/x"]
)
def test_an_address_we_cannot_serve_is_misconfigured(wrong: str) -> None:
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        read_url(wrong)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("data/store.db", "sqlite+aiosqlite:///data/store.db"),
        ("/var/lib/store.db", "sqlite+aiosqlite:////var/lib/store.db"),
        ("sqlite:///store.db", "sqlite+aiosqlite:///store.db"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_addresses_are_understood_as_people_write_them(given: str, understood: str) -> None:
    assert read_url(given).render_as_string() == understood
