"""`doctor`: what is wrong, why it matters, and what mends it."""

import sys
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text

from connector import log
from connector.cli import output
from connector.cli.setup import AdminToken, Endpoint
from connector.doctor.checks import findings
from connector.doctor.examine import examine
from connector.doctor.finding import Finding, Level, problem, worst
from connector.errors import Misconfigured
from connector.rulebook import read_rulebook
from connector.settings import load_settings

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "bold red", Level.SKIPPED: "dim"}
NAGIOS = ("OK", "WARNING", "CRITICAL")


def doctor(
    context: typer.Context,
    admin_token: AdminToken = "",
    endpoint: Endpoint = "",
    round_trip: Annotated[
        bool, typer.Option("--round-trip/--no-round-trip", help="Change a test ticket, and wait for its delivery.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    nagios: Annotated[bool, typer.Option("--nagios", help="Print one line for Nagios, Icinga or Checkmk.")] = False,
) -> None:
    """Find what is wrong with the set-up.

    Looks at settings, policy, database, door, helpdesk, token and names, and sends a delivery round through the real
    helpdesk. With an administrator's token (ZAMMAD_ADMIN_TOKEN, never stored) it looks at webhook, triggers, settings
    and calendars too. Each finding says what it is, why it matters, and what mends it. Exit codes: 0 all is well,
    1 warnings, 2 problems.

    Example: ZAMMAD_ADMIN_TOKEN=... helpdesk-policy doctor
    """
    found = _look(context, admin_token, endpoint, round_trip=round_trip, quiet=as_json or nagios)
    code = worst(found)
    if as_json:
        output.print_json({"exit": code, "findings": found})
    elif nagios:
        output.say(_one_line(found, code))
    else:
        for finding in found:
            _print(finding)
        counts = {level: sum(finding.level is level for finding in found) for level in Level}
        output.say()
        output.say(f"{counts[Level.PROBLEM]} problems, {counts[Level.WARNING]} warnings, {counts[Level.OK]} fine")
    raise typer.Exit(code)


def _look(context: typer.Context, admin_token: str, endpoint: str, *, round_trip: bool, quiet: bool) -> list[Finding]:
    try:
        settings = load_settings(context.obj)
        log.set_up(settings.log_format, level="error")
        rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
    except Misconfigured as exc:
        why = "the daemon does not start with it, and a running one keeps what it has"
        return [problem("settings", line, why=why, fix="mend it as the line says") for line in str(exc).splitlines()]
    columns = SpinnerColumn(), TextColumn("{task.description}")
    with Progress(
        *columns, console=output.console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty()
    ) as bar:
        bar.add_task("looking at everything, and waiting for a delivery")
        facts = examine(settings, rulebook, admin_token=admin_token, endpoint=endpoint, goes_round=round_trip)
    return findings(facts)


def _print(finding: Finding) -> None:
    console = output.console()
    console.print(Text.assemble((f"{finding.level:8}", STYLES[finding.level]), f"{finding.check}: {finding.what}"))
    if finding.why:
        console.print(Text(f"          why  {finding.why}"))
    if finding.fix:
        console.print(Text(f"          fix  {finding.fix}"))


def _one_line(found: list[Finding], code: int) -> str:
    bad = [finding for finding in found if finding.level in (Level.PROBLEM, Level.WARNING)]
    bad.sort(key=lambda finding: finding.level is not Level.PROBLEM)
    problems = sum(finding.level is Level.PROBLEM for finding in bad)
    what = f"{bad[0].check}: {bad[0].what}" if bad else f"{len(found)} checks fine"
    text = " ".join(what.split()).replace("|", "/")  # what follows a bar is read as measured values
    return f"HELPDESK-POLICY {NAGIOS[code]} - {text} | problems={problems} warnings={len(bad) - problems}"
