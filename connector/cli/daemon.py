"""`run`: the daemon itself."""

import asyncio

import typer

from connector import log
from connector.daemon import run as run_daemon
from connector.settings import load_settings
from connector.wiring import open_house


def run(context: typer.Context) -> None:
    """Run the daemon.

    It takes webhooks in, looks at the tickets they tell of, applies the policy, and sweeps for what no webhook told.
    On SIGHUP it reads settings and policy file again, and keeps the old ones where the new are wrong.
    On SIGTERM or Ctrl-C it lets what is under way end, gives the rest back, and is gone within 8 seconds.

    Example: HELPDESK_POLICY_POLICY_FILE=policy.yaml helpdesk-policy run
    """
    settings = load_settings(context.obj)
    log.set_up(settings.log_format, level=settings.log_level)

    async def work() -> int:
        async with open_house(settings, reread=lambda: load_settings(context.obj)) as house:
            return await run_daemon(house)

    raise typer.Exit(asyncio.run(work()))
