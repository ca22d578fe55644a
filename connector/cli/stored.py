"""Open the database alone: for commands that need no helpdesk, and work while it is down."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from connector import log
from connector.settings import load_settings
from connector.store import Store, open_store
from connector.wiring import database_url

T = TypeVar("T")


def at_store(config: Path | None, work: Callable[[Store], Awaitable[T]]) -> T:
    """Open the database, do one thing with it, close it."""
    settings = load_settings(config)
    log.set_up(settings.log_format, level="warning")

    async def inside() -> T:
        async with open_store(database_url(settings)) as store:
            return await work(store)

    return asyncio.run(inside())
