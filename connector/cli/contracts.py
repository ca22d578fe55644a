"""Commands about the list of support contracts."""

import asyncio
import os
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from connector import log
from connector.cli import output
from connector.contracts import Difference, differences, findings, why_braked, written
from connector.errors import Misconfigured
from connector.model.contract import Contract
from connector.registry import read_contracts
from connector.rulebook import Rulebook, read_rulebook
from connector.settings import Settings, load_settings
from connector.wiring import clock, contracts_in_force, names_on_hosts

app = typer.Typer(help="Support contracts.", no_args_is_help=True)

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(context: typer.Context, as_json: JSON = False) -> None:
    """List the contracts of file and address, and whether each is in force today."""
    settings, rulebook = _read(context)
    rows = [_row(each, _today(rulebook)) for each in asyncio.run(contracts_in_force(settings, rulebook))]
    if as_json:
        output.print_json(rows)
    elif rows:
        output.table(tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        output.say("No contracts: neither `contracts.file` nor `contracts.url` in the policy file names any.")


@app.command()
def check(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the helpdesk for its companies.")] = False,
    as_json: JSON = False,
) -> None:
    """Tell what is odd: companies that the helpdesk does not know, ended and overlapping contracts."""
    settings, rulebook = _read(context)
    contracts = asyncio.run(contracts_in_force(settings, rulebook))
    names = None if offline else asyncio.run(names_on_hosts(settings, rulebook))
    found = findings(contracts, today=_today(rulebook), companies=names)
    if as_json:
        output.print_json({"contracts": len(contracts), "findings": found})
    else:
        for each in found:
            output.complain(each)
        output.say(f"{len(contracts)} contracts, {len(found)} findings" if found else f"{len(contracts)} contracts, ok")
    raise typer.Exit(output.FINDINGS if found else output.OK)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV or YAML with the whole new list.")],
    apply: Annotated[bool, typer.Option("--apply", help="Write it; else only the plan is shown.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write it though far more changes than usual.")] = False,
    as_json: JSON = False,
) -> None:
    """Take a whole new list over into the policy's file of contracts.

    The plan is shown first, company by company. Where far more changes than usual, nothing is written without --force:
    an export that broke off must not send half of the customers to Sales. The old list is kept beside it as `.before`.
    """
    settings, rulebook = _read(context)
    target = _target(settings, rulebook)
    before = read_contracts(target) if target.exists() else ()
    after = read_contracts(file)
    changes = differences(before, after)
    brake = None if force else why_braked(before, changes)
    if as_json:
        plan = [{"company": each.company, "does": each.kind} for each in changes]
        output.print_json({"changes": plan, "braked": brake, "applied": apply and not brake})
    else:
        _show(changes)
    if brake:
        output.complain(f"{brake}: look at the plan, and say --force if it is right")
        raise typer.Exit(output.FINDINGS)
    if apply and changes:
        _write(target, written(after))
    if not as_json:
        fate = f"written to {target}" if apply else "nothing was written; say --apply to write it"
        output.say(f"{len(changes)} companies change, {fate}" if changes else "Nothing changes.")


def _read(context: typer.Context) -> tuple[Settings, Rulebook]:
    settings = load_settings(context.obj)
    log.set_up(settings.log_format, level="warning")
    return settings, read_rulebook(settings.policy_file, settings.rule_packages)


def _today(rulebook: Rulebook) -> date:
    return clock().astimezone(ZoneInfo(rulebook.content.time_zone)).date()


def _target(settings: Settings, rulebook: Rulebook) -> Path:
    file = rulebook.content.contracts.file
    if settings.policy_file is None or file is None:
        raise Misconfigured("the policy file names no `contracts.file` to import into")
    if file.suffix.lower() in {".yaml", ".yml"}:
        raise Misconfigured(f"contracts are imported into a CSV file, and `contracts.file` is {file}")
    return settings.policy_file.parent / file


def _write(target: Path, text: str) -> None:
    """Replace the file at once, so that a daemon that reads it sees the old list or the new one."""
    new = target.with_name(f"{target.name}.new")
    new.write_text(text, encoding="utf-8")
    if target.exists():
        target.with_name(f"{target.name}.before").write_bytes(target.read_bytes())
    os.replace(new, target)


def _show(changes: tuple[Difference, ...]) -> None:
    if changes:
        rows = [(each.kind, each.company, _said(each.before), _said(each.after)) for each in changes]
        output.table(("does", "company", "before", "after"), rows)


def _said(contracts: tuple[Contract, ...]) -> str:
    spans = [(each.level or "contract", each.valid_from or "", each.valid_until or "") for each in contracts]
    return "\n".join(f"{level} {begins}..{ends}" for level, begins, ends in spans)


def _row(each: Contract, today: date) -> dict[str, object]:
    is_over = each.valid_until is not None and each.valid_until < today
    is_coming = each.valid_from is not None and each.valid_from > today
    return {
        "company": each.company,
        "level": each.level,
        "from": str(each.valid_from or ""),
        "until": str(each.valid_until or ""),
        "services": ", ".join(each.services),
        "on call": "yes" if each.on_call else "",
        "hours": "" if each.hours is None else f"{each.hours_used:g} of {each.hours:g}",
        "today": "ended" if is_over else "not yet" if is_coming else "in force",
    }
