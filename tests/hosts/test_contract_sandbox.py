"""The contract of all hosts, on the sandbox over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.utils import parseaddr

import pytest
import pytest_asyncio
from pydantic import SecretStr

from connector.hosts.sandbox import Sandbox, seed
from connector.hosts.sandbox.faults import Fault
from connector.hosts.sandbox.serve import serve
from connector.wiring import clock
from tests.hosts.contract import *  # noqa: F403 - the facts are collected here, for this host
from tests.hosts.ground import Ground
from tests.hosts.zammad.attributes import TICKET_FIELD
from tests.hosts.zammad.ground import is_write, zammad_ground

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(kw_only=True)
class CutAfter(Fault):
    """Close the connection after the n-th write."""

    skip: int

    def hits(self, method: str, path: str) -> bool:
        """See `Fault.hits`."""
        if self.times < 1 or not is_write(method, path):
            return False
        self.skip -= 1
        if self.skip >= 0:
            return False
        self.times -= 1
        return True


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground() -> AsyncIterator[Ground]:
    async with sandbox_ground() as made:
        yield made


@asynccontextmanager
async def sandbox_ground() -> AsyncIterator[Ground]:
    """Serve a sandbox; the connection is cut by the server, and what left is read from its outbox."""
    box = Sandbox(clock=clock, pace=0.001, back_doors=True)
    demo = box.seed_demo()
    seed.add_attribute(box.world, "Ticket", TICKET_FIELD, "input", maxlength=120)

    async def hand_in(mail: bytes) -> None:
        box.receive_mail(mail)

    @contextmanager
    def cut(write: int) -> Iterator[None]:
        fault = CutAfter(effect="close_after", skip=write)
        box.faults.append(fault)
        try:
            yield
            assert fault.times == 0, "there was no such write"
        finally:
            box.faults.remove(fault)

    async with serve(box) as url:
        tokens = {"token": SecretStr(demo.bot_token), "admin_token": SecretStr(demo.admin_token)}
        async with zammad_ground(url=url, hand_in=hand_in, **tokens) as made:
            made.cut = cut  # type: ignore[method-assign]  # here the server itself hangs up
            yield made
        left = [(parseaddr(str(mail["To"]))[1], str(mail["Subject"])) for mail in map(message_from_bytes, box.outbox)]
        assert len(left) == len(set(left)), "a mail left twice"
