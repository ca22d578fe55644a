"""Pretend to be a Zammad 6.5: a small helpdesk in memory, with its API, mails, triggers, webhooks and quirks.

What it does is held to recordings of a real server by `tests/hosts/sandbox`. Nothing of it is for production: there is
one process, one memory, and no password worth the name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from connector.hosts.sandbox import mail, scheduler, seed
from connector.hosts.sandbox.app import build, run_triggers
from connector.hosts.sandbox.deliver import Worker
from connector.hosts.sandbox.faults import Effect, Fault, Requests, Seen
from connector.hosts.sandbox.mail import Received
from connector.hosts.sandbox.seed import ADMIN_TOKEN, AGENT_TOKEN, BOT_TOKEN, CUSTOMER_TOKEN, Demo
from connector.hosts.sandbox.world import World

if TYPE_CHECKING:
    import asyncio

__all__ = [
    "ADMIN_TOKEN",
    "AGENT_TOKEN",
    "BOT_TOKEN",
    "CUSTOMER_TOKEN",
    "Demo",
    "Effect",
    "Fault",
    "Received",
    "Requests",
    "Sandbox",
    "Seen",
]


class Sandbox:
    """Be one helpdesk: `app` speaks its API, the worker delivers its webhooks and mails.

    `clock` gives an aware time. `pace` scales all waits of the background queue (1.0 is true to life); a receiver has
    at least `patience` seconds to answer. `back_doors` opens POST /sandbox/mail and GET /sandbox/outbox.
    """

    def __init__(
        self, *, clock: Callable[[], datetime], pace: float = 0.001, patience: float = 1.0, back_doors: bool = False
    ) -> None:
        self.world = World(clock)
        self.worker = Worker(self.world, pace=pace, patience=patience)
        self.back_doors = back_doors
        self.faults: list[Fault] = []
        self.requests = Requests()
        self.connections: dict[tuple[str, int], asyncio.Transport] = {}
        seed.install(self.world)
        self.app = build(self)

    async def start(self) -> None:
        """Start the background worker."""
        await self.worker.start()

    async def stop(self) -> None:
        """Stop the background worker."""
        await self.worker.stop()

    async def settle(self, within: float = 10.0) -> None:
        """Wait until every webhook and mail is delivered or given up."""
        await self.worker.settle(within)

    @property
    def outbox(self) -> list[bytes]:
        """List the mails that were sent, raw, in order."""
        return self.worker.outbox

    def receive_mail(self, raw: bytes) -> Received:
        """Take in a mail as if it came by SMTP."""
        with self.world.transaction():
            received = mail.receive(self.world, raw)
            run_triggers(self.world)
        self.world.wake()
        return received

    def run_scheduler(self) -> None:
        """Do what Zammad does every 15 minutes: close the tickets whose pending close is reached."""
        with self.world.transaction():
            scheduler.run(self.world)
            run_triggers(self.world)
        self.world.wake()

    def fault(
        self,
        effect: Effect,
        *,
        method: str = ".*",
        path: str = ".*",
        times: int = 1,
        status: int = 503,
        seconds: float = 0.0,
    ) -> Fault:
        """Spoil the next requests that match: see `Fault`."""
        fault = Fault(effect=effect, method=method, path=path, times=times, status=status, seconds=seconds)
        self.faults.append(fault)
        return fault

    def seed_demo(self) -> Demo:
        """Fill in a small IT service company with its customers; tokens are in the answer."""
        return seed.demo(self.world)
