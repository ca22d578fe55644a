"""`backfill companies`: attach the customers that are already there."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from connector import backfill as work
from connector import log
from connector.cli import output
from connector.errors import Misconfigured, Transient
from connector.hosts.zammad.admin import Admin
from connector.model.company import Directory
from connector.rulebook import Rulebook, read_rulebook
from connector.settings import Settings, load_settings
from connector.store import marks, open_store
from connector.wiring import clock, companies_of, connect, database_url

MARK = "backfill companies zammad"
LINES = 10
"""How often a run without a terminal says how far it is."""

app = typer.Typer(help="Catch up with what was there before.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Catch up with what was there before."""


@app.command("companies")
def companies(
    context: typer.Context,
    plan: Annotated[bool, typer.Option("--plan", help="Count what would change, and change nothing.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Change it.")] = False,
    max_percent: Annotated[
        float, typer.Option(help="Stop before the first write where more of the users would change.", min=0, max=100)
    ] = 20.0,
    per_second: Annotated[float, typer.Option(help="Writes in a second; 0 is as fast as it goes.", min=0)] = 5.0,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew, not where the last run stopped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Attach the customers that are already there to their companies.

    By the same domain map as the rule `company`: users without a company, and then open tickets without one whose
    customer has one. It counts first, and stops where more than --max-percent would change: a wrong domain would attach
    half the world. It may be stopped at any time, and goes on where it was.

    Example: helpdesk-policy backfill companies --plan
    """
    if plan is apply:
        raise Misconfigured("say --plan to count what would change, or --apply to change it")
    settings = load_settings(context.obj)
    log.set_up(settings.log_format, level="warning")
    rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
    directory = asyncio.run(_directory(settings, rulebook))
    with Admin(settings.zammad.url, settings.zammad.token) as admin:
        way = work.Way(admin=admin, directory=directory, writes=False, pause=1 / per_second if per_second else 0.0)
        kept = None if plan or restart else asyncio.run(_read(settings))
        if kept is None:
            tally = _walk(way, work.Cursor(), "counting", quiet=as_json)
            if apply and tally.percent > max_percent:
                raise Misconfigured(
                    f"{tally.users} of {tally.seen} users ({tally.percent:.1f} %) would be attached, more than "
                    f"{max_percent:g} %: look at the counts with --plan, and if they are right say --max-percent "
                    f"{min(100, int(tally.percent) + 1)}"
                )
        if apply:
            tally = _apply(way, work.Cursor.from_text(kept), settings, quiet=as_json)
    _report(tally, wrote=apply, as_json=as_json)
    raise typer.Exit(output.FINDINGS if tally.refusals or (plan and (tally.users or tally.tickets)) else output.OK)


def _apply(way: work.Way, cursor: work.Cursor, settings: Settings, *, quiet: bool) -> work.Tally:
    if cursor.moment != work.BEGINNING:
        output.console(stderr=True).print(f"going on with {cursor.part} changed since {cursor.moment}")
    with asyncio.Runner() as runner:

        def turned(at: work.Cursor) -> None:
            runner.run(_write(settings, at.to_text()))

        try:
            tally = _walk(replace(way, writes=True, turned=turned), cursor, "attaching", quiet=quiet)
        except Transient as exc:
            raise Transient(f"{exc}; run it again, and it goes on where it stopped") from exc
        runner.run(_write(settings, ""))
    return tally


def _walk(way: work.Way, cursor: work.Cursor, what: str, *, quiet: bool) -> work.Tally:
    tally = work.Tally()
    total = work.count(way.admin, "users") + work.count(way.admin, "tickets")
    with _progress(what, total, quiet=quiet) as bar:
        work.go(replace(way, went=bar), cursor, tally)
    return tally


class _Bar:
    """Tell how far it is: a bar on a terminal, some lines where there is none."""

    def __init__(self, bar: Progress, what: str, total: int, *, lines: bool) -> None:
        self._bar, self._what, self._total, self._lines = bar, what, total, lines
        self._task = bar.add_task(what, total=total)
        self._done = self._told = 0

    def __call__(self, rows: int) -> None:
        self._done += rows
        # Whoever was attached is read once more: the end moves, and so does the estimate.
        self._total = max(self._total, self._done)
        self._bar.update(self._task, completed=self._done, total=self._total)
        step = LINES * self._done // self._total if self._total else 0
        if self._lines and step > self._told:
            self._told = step
            output.console(stderr=True).print(f"{self._what}: {self._done} of {self._total}")


@contextmanager
def _progress(what: str, total: int, *, quiet: bool) -> Iterator[_Bar]:
    console = output.console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        yield _Bar(bar, what, total, lines=not quiet and not console.is_terminal)


def _report(tally: work.Tally, *, wrote: bool, as_json: bool) -> None:
    if as_json:
        output.print_json(
            {
                "users": tally.seen,
                "attached": tally.users,
                "percent": round(tally.percent, 2),
                "tickets": tally.tickets,
                "why": dict(tally.why),
                "companies": dict(tally.attached),
                "refused": tally.refused,
                "wrote": wrote,
            }
        )
        return
    output.table(("users", "how many"), tally.why.most_common())
    output.say()
    if tally.attached:
        output.table(("company", "customers"), tally.attached.most_common(50))
        output.say()
    done = "were" if wrote else "would be"
    share = f"{tally.users} of {tally.seen} users ({tally.percent:.1f} %)"
    output.say(f"{share} {done} attached, {tally.tickets} tickets followed.")
    for line in tally.refused:
        output.complain(line)


async def _directory(settings: Settings, rulebook: Rulebook) -> Directory:
    host = connect(settings, rulebook)["zammad"]
    try:
        return await companies_of(host, rulebook).directory(clock())
    finally:
        await host.aclose()


async def _read(settings: Settings) -> str | None:
    async with open_store(database_url(settings)) as store:
        return await marks.read(store, MARK) or None


async def _write(settings: Settings, text: str) -> None:
    async with open_store(database_url(settings)) as store:
        await marks.write(store, MARK, text)
