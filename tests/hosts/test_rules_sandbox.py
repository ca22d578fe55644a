"""The product's own rules on the sandbox, over real HTTP, by real mails."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.hosts.ground import Ground
from tests.hosts.rule_cases import *  # noqa: F403 - the cases are collected here, for this host
from tests.hosts.test_contract_sandbox import sandbox_ground

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground() -> AsyncIterator[Ground]:
    async with sandbox_ground() as made:
        yield made
