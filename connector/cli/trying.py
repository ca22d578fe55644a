"""Commands to try things without a helpdesk of one's own: `demo` and `sandbox`."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import typer
from rich import box as boxes
from rich.table import Table
from rich.text import Text

from connector import log
from connector.cli import output
from connector.demo.on_znuny import play_on_znuny
from connector.demo.story import Scene, Stage, play, stage
from connector.hosts.sandbox import Sandbox
from connector.hosts.sandbox.serve import serve
from connector.settings import Settings, load_settings
from connector.wiring import clock


def demo(
    context: typer.Context,
    host: Annotated[
        Literal["sandbox", "znuny"],
        typer.Option(help="Where to play: a sandbox of its own, or the Znuny that the settings name."),
    ] = "sandbox",
    queue: Annotated[str, typer.Option(help="With --host znuny, the queue for the demo's tickets.")] = "",
    stay: Annotated[bool, typer.Option("--stay", help="Keep helpdesk and daemon running, and print where.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the main job at work.

    Starts a sandbox helpdesk, the daemon and its database, sends a morning's mail through them (signed webhooks over
    HTTP), and prints what was decided, why, and what changed. Nothing is left behind.

    With --host znuny it opens three tickets on that Znuny as noted calls, looks at them and at nothing else, mails
    nobody, and closes them at the end.
    """
    log.set_up("auto", level="error")
    if host == "znuny":
        if stay:
            raise typer.BadParameter("--stay is for the sandbox")
        asyncio.run(_demo_on_znuny(load_settings(context.obj), queue, as_json=as_json))
        return
    if queue:
        raise typer.BadParameter("--queue is for --host znuny")
    asyncio.run(_demo(stay=stay, as_json=as_json))


def sandbox(
    port: Annotated[int, typer.Option(help="Port of the helpdesk; 0 takes a free one.")] = 8090,
    pace: Annotated[float, typer.Option(help="Scale of its waits: 1 is as slow as Zammad.")] = 0.1,
) -> None:
    """Run a helpdesk to try policies on.

    It lives in memory, speaks Zammad's API with Zammad's quirks, and is filled with a small company and its customers.
    """
    asyncio.run(_sandbox(port, pace))


async def _demo(*, stay: bool, as_json: bool) -> None:
    started = time.monotonic()
    async with stage() as made:
        await play(made, _teller(quiet=as_json))
        if as_json:
            output.print_json(made.scenes)
        else:
            _print(made.scenes)
            _conclude(made, time.monotonic() - started)
        if stay:
            output.say(f"\nHelpdesk  {made.helpdesk}/api/v1  (Authorization: Token token={made.token})")
            output.say(f"Mail in   curl --data-binary @mail.eml {made.helpdesk}/sandbox/mail")
            output.say(f"Daemon    {made.door}/health/ready  {made.door}/metrics")
            output.say("Stop with Ctrl-C.")
            async with _until_stopped():
                pass


async def _demo_on_znuny(settings: Settings, queue: str, *, as_json: bool) -> None:
    played = await play_on_znuny(settings, _teller(quiet=as_json), queue=queue)
    if as_json:
        output.print_json(played.scenes)
    else:
        _print(played.scenes)
        output.say(f"{len(played.scenes)} tickets in the queue {played.queue}, {len(played.left_open)} left open.")
    for each in played.left_open:
        output.say(f"Close it by hand: {each}")


async def _sandbox(port: int, pace: float) -> None:
    made = Sandbox(clock=clock, pace=pace, back_doors=True)
    tokens = made.seed_demo()
    async with serve(made, port=port) as url:
        output.say(f"Helpdesk     {url}/api/v1, gone when this command ends")
        output.say(f"Bot token    {tokens.bot_token}")
        output.say(f"Admin token  {tokens.admin_token}")
        output.say(f"Mail in      curl --data-binary @mail.eml {url}/sandbox/mail")
        output.say(f"Mail out     curl {url}/sandbox/outbox")
        output.say("Stop with Ctrl-C.")
        async with _until_stopped():
            pass


@asynccontextmanager
async def _until_stopped() -> AsyncIterator[None]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    yield
    await stop.wait()


class _teller:  # noqa: N801 - called like the function it stands for
    """Say what is being sent, on standard error, so that the wait is not silent."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __call__(self, what: str) -> None:
        if not self._quiet:
            output.console(stderr=True).print(Text(f"sending {what} ...", style="dim"))


def _print(scenes: list[Scene]) -> None:
    table = Table(box=boxes.SIMPLE_HEAD, show_lines=True, header_style="bold", pad_edge=False, expand=True)
    table.add_column("ticket", no_wrap=True)
    table.add_column("came in", ratio=3)
    table.add_column("decided, and why", ratio=5)
    table.add_column("in the helpdesk now", ratio=4)
    for scene in scenes:
        table.add_row(scene.number, scene.came_in, _decided(scene), "\n".join(scene.now))
    output.console().print(table)


def _decided(scene: Scene) -> Text:
    """Tell what the first look decided, and each later one that decided otherwise."""
    lines = Text()
    told: set[str] = set()
    for row in scene.decisions:
        for each in row.decisions:
            line = f"{each['rule']} {each['outcome']}: {each['reason']}"
            if line in told:
                continue
            told.add(line)
            lines.append(f"{each['rule']} ", style="bold")
            lines.append(f"{each['outcome']}", style=output.COLOURS.get(each["outcome"], "dim"))
            lines.append(f"  {each['reason']}\n")
    lines.rstrip()
    return lines


def _conclude(made: Stage, seconds: float) -> None:
    looks = [row for scene in made.scenes for row in scene.decisions]
    asked = sum(row.durations["requests"] for row in looks)
    output.say(
        f"{len(made.scenes)} tickets, {len(looks)} decisions recorded, {asked:.0f} requests to the helpdesk, "
        f"{len(made.box.outbox)} mails left it, {seconds:.1f} s in all."
    )
    output.say("Ask one ticket why: helpdesk-policy explain NUMBER. Try your own policy: helpdesk-policy demo --stay")
