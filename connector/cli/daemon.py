"""`run`: the daemon itself."""

import asyncio

import typer

from connector import log
from connector.daemon import run as run_daemon
from connector.settings import load_settings
from connector.wiring import open_house


def run(context: typer.Context) -> None:
    """Run the daemon: take webhooks in, look at tickets, apply the policy, sweep. Stops within 8 s on SIGTERM."""
    settings = load_settings(context.obj)
    log.set_up(settings.log_format, level=settings.log_level)

    async def work() -> int:
        async with open_house(settings) as house:
            return await run_daemon(house)

    raise typer.Exit(asyncio.run(work()))
