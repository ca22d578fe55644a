"""Start one real Znuny for all tests here, and put it back to the same state before each module."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.znuny.running import Place, Server

REAL = ("test_companies_", "test_contract_", "test_real_")
"""Modules that need the server; a mark in each lets pytest-xdist (`--dist loadgroup`) run all in one worker."""


def can_start() -> bool:
    """Tell whether a real Znuny is wanted: asked for by ZNUNY_TEST, or brought up here before by server/server.sh."""
    place = Place()
    return place.test or (place.dir / "otrs2.deb").exists()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave the real Znuny out where nobody asked for one: starting it installs packages, as root on Debian 12."""
    is_real = collection_path.parent == Path(__file__).parent and collection_path.name.startswith(REAL)
    return True if is_real and not can_start() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where no real Znuny was asked."""
    if not can_start():
        terminalreporter.write_line("No real Znuny was asked: set ZNUNY_TEST=1 as root on Debian 12 to start one.")


@pytest.fixture(scope="session")
def installed() -> Iterator[Server]:
    """Start the server, install the add-on, and stop it at the end; a second run on one folder waits for the first."""
    server = Server.named()
    with Path(f"{server.folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.make_ready()
        yield server
        server.run("down")


@pytest.fixture(scope="module")
def server(installed: Server) -> Server:
    """Give the server as an admin has just set it up."""
    installed.run("reset", "ready")
    return installed
