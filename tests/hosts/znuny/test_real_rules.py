"""The product's own rules on a real Znuny, by real mails."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.hosts.rule_cases import *  # noqa: F403 - the cases are collected here, for this host
from tests.hosts.znuny.ground import ZnunyGround, znuny_ground
from tests.hosts.znuny.running import Server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("znuny")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(server: Server) -> AsyncIterator[ZnunyGround]:
    async with znuny_ground(server) as made:
        yield made
