"""The contract of all hosts, on a real Zammad named by ZAMMAD_TEST_URL and the three variables beside it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.hosts.contract import *  # noqa: F403 - the facts are collected here, for this host
from tests.hosts.ground import Ground
from tests.hosts.real import Real
from tests.hosts.zammad.ground import zammad_ground

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground() -> AsyncIterator[Ground]:
    real = Real()

    async def hand_in(mail: bytes) -> None:
        process = await asyncio.create_subprocess_shell(
            real.mail_command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(mail)
        assert process.returncode == 0, said.decode(errors="replace")

    async with zammad_ground(url=real.url, token=real.token, admin_token=real.admin_token, hand_in=hand_in) as made:
        yield made
