"""Changes of rights are held and released on the sandbox, over real HTTP, by real mails."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.hosts.permission_cases import *  # noqa: F403 - the cases are collected here, for this host
from tests.hosts.permission_cases import Hands
from tests.hosts.test_contract_sandbox import sandbox_ground
from tests.hosts.zammad.ground import ZammadGround
from tests.hosts.zammad.hands import ZammadHands

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground() -> AsyncIterator[ZammadGround]:
    async with sandbox_ground() as made:
        assert isinstance(made, ZammadGround)
        yield made


@pytest.fixture
def hands(ground: ZammadGround) -> Hands:
    return ZammadHands(ground)
