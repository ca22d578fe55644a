"""The real daemon as a process of its own, to be killed."""

import asyncio
import contextlib
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests import wire
from tests.stand import SECRET, Helpdesk, until

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@dataclass(kw_only=True)
class Process:
    """`helpdesk-policy run` on a SQLite database in a folder."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    running: asyncio.subprocess.Process | None = None

    @property
    def door(self) -> str:
        """Say where its door is, running or not."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def whole_environment(self) -> dict[str, str]:
        """Give the variables with which it and the commands beside it run."""
        own = {**self.environment, "HELPDESK_POLICY_LISTEN_PORT": str(self.port)}
        return {**os.environ, **own}  # noqa: TID251 - a child needs PATH and the like

    @property
    def said(self) -> str:
        """Read what it has written so far, over all its lives."""
        return (self.folder / "daemon.log").read_text(encoding="utf-8")

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with (self.folder / "daemon.log").open("ab") as log:
            self.running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", "from connector.cli import main; main()", "run"),
                env=self.whole_environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        await until(self._is_ready, within=60)

    async def kill(self) -> None:
        """End it as the kernel does when memory runs out: at once, and without a word."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError):
                self.running.kill()
            await self.running.wait()
            self.running = None

    async def terminate(self, within: float) -> int:
        """Ask it to end, as systemd and containers do; give its exit code."""
        assert self.running is not None
        self.running.terminate()
        async with asyncio.timeout(within):
            code = await self.running.wait()
        self.running = None
        return code

    def let_leases_run_out(self) -> None:
        """Let the time pass after which a dead worker's looks are another's."""
        with closing(sqlite3.connect(self.folder / "helpdesk-policy.sqlite3", 60)) as database, database:
            database.execute("UPDATE looks SET lease_until = 1 WHERE lease_until IS NOT NULL")

    def looks(self) -> int:
        """Count the rows of the table of looks."""
        with closing(sqlite3.connect(self.folder / "helpdesk-policy.sqlite3", 60)) as database:
            (found,) = database.execute("SELECT count(*) FROM looks").fetchone()
            return int(found)

    async def _is_ready(self) -> bool:
        assert self.running is not None
        assert self.running.returncode is None, self.said
        try:
            return (await wire.get(f"{self.door}/health/ready")).status == 200
        except OSError:
            return False


@asynccontextmanager
async def daemon_of(desk: Helpdesk, folder: Path, policy: str, **settings: str) -> AsyncIterator[Process]:
    """Start the daemon beside a helpdesk; whatever is left of it at the end is killed. Keywords are settings."""
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    own = {
        "POLICY_FILE": str(folder / "policy.yaml"),
        "DATA_DIR": str(folder),
        "SETTLE_SECONDS": "0",
        "LOG_FORMAT": "json",
        "ZAMMAD__URL": desk.url,
        "ZAMMAD__TOKEN": desk.demo.bot_token,
        "ZAMMAD__WEBHOOK_SECRETS": SECRET,
    }
    environment = {f"HELPDESK_POLICY_{name}": value for name, value in (own | settings).items()}
    process = Process(folder=folder, environment={**environment, "DATABASE_URL": "", "PYTHONPATH": str(ROOT)})
    try:
        await process.start()
        yield process
    finally:
        await process.kill()
