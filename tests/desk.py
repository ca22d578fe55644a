"""A sandbox helpdesk in a thread of its own, for commands and blocking clients."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from connector.cli import main
from connector.daemon import running
from connector.hosts.sandbox import ADMIN_TOKEN, BOT_TOKEN, Sandbox
from connector.hosts.sandbox.serve import serve
from connector.hosts.zammad.admin import Admin
from connector.settings import Settings
from connector.wiring import House, clock, open_house

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A helpdesk at an address."""

    url: str
    box: Sandbox
    loop: asyncio.AbstractEventLoop

    def do(self, what: Callable[[], T]) -> T:
        """Do something to the sandbox in its own thread."""
        done: Future[T] = Future()
        self.loop.call_soon_threadsafe(lambda: done.set_result(what()))
        return done.result(10)

    def mail(self, sender: str, subject: str = "printer") -> Any:
        """Take a mail in."""
        head = f"From: {sender}\nTo: support@msp.example\nSubject: {subject}\nMessage-ID: <{sender}.{id(subject)}@x>"
        return self.do(lambda: self.box.receive_mail(f"{head}\n\nhello\n".encode()))

    def admin(self, token: str = ADMIN_TOKEN) -> Admin:
        """Make a client; it does not wait for a helpdesk that is away."""
        return Admin(self.url, SecretStr(token), tries=1)


@contextmanager
def desk(*, pace: float = 0.001) -> Iterator[Desk]:
    """Serve a sandbox with the demo company in it until the block ends."""
    ready, stop = threading.Event(), threading.Event()
    found: list[Desk] = []

    async def work() -> None:
        box = Sandbox(clock=clock, pace=pace, back_doors=True)
        box.seed_demo()
        async with serve(box) as url:
            found.append(Desk(url=url, box=box, loop=asyncio.get_running_loop()))
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    assert ready.wait(15)
    try:
        yield found[0]
    finally:
        stop.set()
        thread.join(15)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Commands:
    """Run commands as an admin types them, in the working directory of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Bind the fixtures."""
        self.set = monkeypatch.setenv
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *words: str) -> Ended:
        """Run one command to its end."""
        self._monkeypatch.setattr(sys, "argv", ["helpdesk-policy", *words])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    def at(self, place: Desk, **settings: str) -> "Commands":
        """Set the environment for a helpdesk; the administrator's token with it."""
        given = {"ZAMMAD__URL": place.url, "ZAMMAD__TOKEN": BOT_TOKEN} | settings
        for name, value in given.items():
            self.set(f"HELPDESK_POLICY_{name}", value)
        self.set("ZAMMAD_ADMIN_TOKEN", ADMIN_TOKEN)
        return self


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def daemon(place: Desk, settings: Settings) -> Iterator[House]:
    """Run the daemon in the helpdesk's thread until the block ends."""
    ready: Future[House] = Future()
    stop = place.do(asyncio.Event)

    async def work() -> None:
        try:
            async with open_house(settings) as house, running(house, poll=0.02):
                ready.set_result(house)
                await stop.wait()
        except BaseException as exc:
            if not ready.done():
                ready.set_exception(exc)
            raise

    ended = asyncio.run_coroutine_threadsafe(work(), place.loop)
    try:
        yield ready.result(15)
    finally:
        place.loop.call_soon_threadsafe(stop.set)
        ended.result(15)
