"""Run each test of the store on SQLite and on PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from connector.store import Store, migrate, open_store, sqlite_url
from tests.postgres import PostgresServer, postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "store.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file, to be copied for each test."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    asyncio.run(migrate(sqlite_url(path)))
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer) -> str:
    """Migrate one PostgreSQL database, to be copied for each test."""
    name = postgres_server.create()
    asyncio.run(migrate(postgres_server.url(name)))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a fresh database that has its tables."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.db")
        yield sqlite_url(tmp_path / "store.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create(template=request.getfixturevalue("migrated_database"))
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """Hold a fresh database open."""
    async with open_store(url) as store:
        yield store
