"""Serve a pretended Zammad in a process of its own, and print where it is and who may do what there."""

import asyncio
import json
import sys

from connector.hosts.sandbox import Sandbox, seed
from connector.hosts.sandbox.serve import serve
from connector.wiring import clock
from tests.hosts.zammad.attributes import TICKET_FIELD


async def main() -> None:
    """Serve until the standard input is closed."""
    box = Sandbox(clock=clock, pace=0.001, back_doors=True)
    demo = box.seed_demo()
    if "without-addresses" in sys.argv:
        box.world.tables["email_address"].clear()
    seed.add_attribute(box.world, "Ticket", TICKET_FIELD, "input", maxlength=120)
    async with serve(box) as url:
        print(json.dumps({"url": url, "token": demo.bot_token, "admin_token": demo.admin_token}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
