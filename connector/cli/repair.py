"""Commands that mend: `lost`, `replay`, `undo`."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from connector import log
from connector.cli import output
from connector.cli.records import AsJson, HostName
from connector.cli.setup import AdminToken
from connector.cli.stored import at_store
from connector.cli.tickets import at_home, parse_since
from connector.errors import Gone, Misconfigured, Permanent
from connector.hosts.host import FailedDelivery
from connector.rulebook import read_rulebook
from connector.settings import load_settings
from connector.store import Store, audit, looks, open_store, overview
from connector.store.audit import AuditRow
from connector.undo import Back, find_way_back, go_back, would
from connector.wiring import House, clock, connect, database_url

MANY = 10_000


def lost(context: typer.Context, admin_token: AdminToken = "", host: HostName = None, as_json: AsJson = False) -> None:
    """List deliveries the helpdesk gave up on.

    And what became of their tickets: whether each was looked at since, waits, or is parked. The helpdesk's log needs a
    token with `admin.webhook`: the daemon's own, or an administrator's. Exit code 1 where a ticket was not looked at.

    Example: ZAMMAD_ADMIN_TOKEN=... helpdesk-policy lost
    """
    rows = _lost(context, admin_token, host)
    if as_json:
        output.print_json(rows)
    elif rows:
        shown = [
            (row["last_try"], row["status"], row["tries"], row["ticket"], row["trigger"], row["since_then"])
            for row in rows
        ]
        output.table(("last try", "answer", "tries", "ticket", "trigger", "since then"), shown)
        if any(not row["looked_at"] for row in rows):
            output.say("Have them looked at: helpdesk-policy replay --lost")
    else:
        output.say("No delivery was given up.")
    raise typer.Exit(output.FINDINGS if any(not row["looked_at"] for row in rows) else output.OK)


def replay(
    context: typer.Context,
    *,
    tickets: Annotated[list[str] | None, typer.Argument(help="Tickets as id:N.", show_default=False)] = None,
    only_lost: Annotated[bool, typer.Option("--lost", help="Those of lost deliveries not looked at since.")] = False,
    rule: Annotated[str | None, typer.Option(help="Those on which this rule decided.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Those with this outcome: act, skip or error.")] = None,
    company: Annotated[str | None, typer.Option(help="Those of this company.")] = None,
    since: Annotated[str | None, typer.Option(help="Those decided since: 90m, 36h, 7d or a time.")] = None,
    admin_token: AdminToken = "",
    host: HostName = None,
) -> None:
    """Look at tickets again.

    Wakes them for the running daemon, which judges each as it is now: looking twice does no harm. Choose by id, by
    lost deliveries, or by what was decided.

    Example: helpdesk-policy replay --rule contract --outcome error --since 36h
    """
    wanted: dict[str, set[str]] = {}
    by_decision = rule or outcome or company or since
    if not (tickets or only_lost or by_decision):
        raise Misconfigured("say which: tickets as id:N, --lost, or --rule, --outcome, --company, --since")
    settings = load_settings(context.obj)
    name = host or next(iter(connect(settings, read_rulebook(settings.policy_file, settings.rule_packages))))
    wanted.setdefault(name, set()).update(_id(ticket) for ticket in tickets or ())
    if only_lost:
        wanted[name] |= {
            row["ticket"].removeprefix("id:") for row in _lost(context, admin_token, host) if not row["looked_at"]
        }

    async def work(store: Store) -> int:
        if by_decision:
            found = await audit.find(
                store,
                host=host,
                rule=rule,
                outcome=outcome,
                company=company,
                since=parse_since(since, clock()) if since else None,
                limit=MANY,
            )
            for row in found:
                wanted.setdefault(row.host, set()).add(row.ticket)
        return sum(
            [
                await looks.wake_many(store, each, ids, now=clock(), reason="manual")
                for each, ids in wanted.items()
                if ids
            ]
        )

    woken = at_store(context.obj, work)
    output.say(f"{woken} tickets are woken; the daemon looks at them now: helpdesk-policy looks list")
    raise typer.Exit(output.OK if woken else output.FINDINGS)


def undo(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="The decision's id, as it stands in notes and lists.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the note on the ticket, and in the record.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the writes and send none.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put back what a decision changed.

    Only where nobody has touched it since. Shows the exact writes first, and asks. Notes, mails and tickets that were
    opened stay. The rule does not set it again: it takes the undo as a person's word.

    Example: helpdesk-policy undo 01JD3GZ6Q0Y8W5T2M4N7P9R1S3 --reason "wrong company"
    """

    async def work(house: House) -> str | None:
        row = await audit.get(house.store, decision.strip().upper())
        if row is None:
            raise Gone(f"no decision {decision} is recorded; list them with: helpdesk-policy decisions list")
        back = await find_way_back(house, row, reason=reason)
        _show(back, row, would(house.host(row.host), back))
        if not back.plan.steps:
            raise Gone("Nothing of it can be put back.")
        if dry_run:
            return None
        if not yes and not await asyncio.to_thread(_confirm):
            raise typer.Exit(output.FINDINGS)
        applied = await go_back(house, back, row, reason=reason)
        if applied.error is not None:
            raise applied.error
        return back.plan.decision

    recorded = at_home(context.obj, work)
    if recorded:
        output.say(f"Done; recorded as decision {recorded}.")


def _confirm() -> bool:
    if not sys.stdin.isatty():
        raise Misconfigured("there is no terminal to ask at: look at the writes with --dry-run, and say --yes")
    return typer.confirm("Send these?")


def _show(back: Back, row: AuditRow, writes: Sequence[Any]) -> None:
    output.say(f"Decision {row.id} on ticket {row.ticket_number}, {output.moment(row.at)}")
    for write in writes:
        output.say(f"  {write['method']} {write['path']}")
        output.print_json(write["body"])
    for each in back.kept:
        output.say(f"  stays: {each.what}, since {each.why}")


def _lost(context: typer.Context, admin_token: str, name: str | None) -> list[dict[str, Any]]:
    settings = load_settings(context.obj)
    log.set_up(settings.log_format, level="warning")
    rulebook = read_rulebook(settings.policy_file, settings.rule_packages)
    if admin_token:
        zammad = settings.zammad.model_copy(update={"token": SecretStr(admin_token)})
        reading = settings.model_copy(update={"zammad": zammad})
    else:
        reading = settings

    async def inside() -> list[dict[str, Any]]:
        hosts = connect(reading, rulebook)
        try:
            chosen = [host for host in hosts.values() if name in (None, host.name)]
            failed = [(host.name, await host.failed_deliveries()) for host in chosen]
        finally:
            for host in hosts.values():
                await host.aclose()
        if any(each is None for _, each in failed):
            raise Permanent(
                "the helpdesk's log of deliveries may not be read with this token: it needs `admin.webhook`; set "
                "ZAMMAD_ADMIN_TOKEN to an administrator's token"
            )
        async with open_store(database_url(settings)) as store:
            return [await _became(store, host, each) for host, rows in failed for each in rows or ()]

    return sorted(asyncio.run(inside()), key=lambda row: row["last_try"], reverse=True)


async def _became(store: Store, host: str, failed: FailedDelivery) -> dict[str, Any]:
    """Say what became of the ticket of a lost delivery."""
    what, looked_at = "ticket unknown", True
    if failed.ticket is not None:
        latest = await audit.find(store, host=host, ticket=failed.ticket, since=failed.last_at, limit=1)
        waiting = await overview.show(store, host, failed.ticket, now=clock())
        looked_at = bool(latest)
        if latest:
            what = f"looked at {output.moment(_last(latest[0]))}, decision {latest[0].id}"
        elif waiting is not None:
            what = f"{waiting.state}: {waiting.last_error or waiting.reason}"
        else:
            what = "not looked at since"
    return {
        "last_try": failed.last_at,
        "status": failed.status,
        "tries": failed.tries,
        "ticket": f"id:{failed.ticket}" if failed.ticket else "",
        "trigger": failed.trigger,
        "url": failed.url,
        "looked_at": looked_at,
        "since_then": what,
    }


def _last(row: AuditRow) -> datetime:
    return row.last_at or row.at


def _id(ticket: str) -> str:
    if not ticket.startswith("id:"):
        raise Misconfigured(f"write the ticket as id:N, found {ticket!r}; helpdesk-policy look takes numbers")
    return ticket.removeprefix("id:")
