"""Lend a door: the daemon beside a helpdesk that sends nothing by itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.postgres import postgres_server, postgres_url
from tests.stand import OBSERVING, Stand, stand

__all__ = ["postgres_server", "postgres_url"]

METRICS = "metrics-bearer"
LIMIT = 100_000


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stand]:
    """Run the daemon on SQLite."""
    async with stand(tmp_path, policy=OBSERVING, body_limit=LIMIT, metrics_bearer=METRICS) as made:
        yield made
