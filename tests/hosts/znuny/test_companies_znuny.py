"""Whose ticket is it, on a real Znuny with the add-on."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.hosts.company_cases import *  # noqa: F403 - the table is collected here, for this host
from tests.hosts.ground import Ground
from tests.hosts.znuny.ground import znuny_ground
from tests.hosts.znuny.running import Server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("znuny")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(server: Server) -> AsyncIterator[Ground]:
    async with znuny_ground(server) as made:
        yield made
