"""Commands about one ticket, or about all that changed: `look`, `explain`, `sweep`."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from connector import log
from connector.apply import Fate
from connector.cli import output
from connector.errors import Gone, Misconfigured
from connector.hosts.host import Host
from connector.process import Looked
from connector.settings import load_settings
from connector.wiring import House, clock, open_house

Ticket = Annotated[str, typer.Argument(help="The ticket's number as people see it, or id:N for the host's own id.")]
HostName = Annotated[str | None, typer.Option("--host", help="Which host, where there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

T = TypeVar("T")


def at_home(config: Path | None, work: Callable[[House], Awaitable[T]]) -> T:
    """Open the house, do one thing in it, close it."""
    settings = load_settings(config)
    log.set_up(settings.log_format, level="warning")

    async def inside() -> T:
        async with open_house(settings) as house:
            return await work(house)

    return asyncio.run(inside())


def look(
    context: typer.Context,
    ticket: Ticket,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the exact writes and send none.")] = False,
    host: HostName = None,
    as_json: AsJson = False,
) -> None:
    """Look at one ticket now, and act.

    What the policy says is done and recorded, as if a webhook had come.

    Example: helpdesk-policy look 69002 --dry-run
    """

    async def work(house: House) -> Looked:
        found = house.host(host)
        return await house.look_now(found, await id_of(found, ticket), dry_run=dry_run or house.settings.dry_run)

    looked = at_home(context.obj, work)
    if as_json:
        output.print_json(_as_json(looked))
    else:
        _show(looked)
        _show_results(looked)
    raise typer.Exit(output.FINDINGS if looked.applied.error else output.OK)


def explain(context: typer.Context, ticket: Ticket, host: HostName = None, as_json: AsJson = False) -> None:
    """Say why, rule by rule.

    What every rule sees in the ticket as it is now, what it would do, and why or why not. Writes nothing anywhere.

    Example: helpdesk-policy explain 69002
    """

    async def work(house: House) -> Looked:
        found = house.host(host)
        return await house.look(found, await id_of(found, ticket), dry_run=True)

    looked = at_home(context.obj, work)
    if as_json:
        output.print_json(_as_json(looked))
        return
    _show(looked)
    output.say()
    output.say(f"Decided before: helpdesk-policy decisions list --ticket {looked.case.ticket.number}")


def sweep(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option(help="How far back: 90m, 36h, 7d, or a time as 2026-12-31T08:00Z.", show_default=False)
    ] = None,
    host: HostName = None,
    as_json: AsJson = False,
) -> None:
    """Wake all tickets changed since.

    For what no webhook told of: tags, links, an outage. The running daemon then looks at them; the host's own log of
    failed deliveries is read too, where the token may.

    Example: helpdesk-policy sweep --since 36h
    """

    async def work(house: House) -> list[dict[str, object]]:
        hosts = [house.host(host)] if host else list(house.hosts.values())
        start = parse_since(since, clock()) if since else clock() - timedelta(hours=house.settings.first_sweep_hours)
        swept = [(each.name, await house.sweep(each, since=start)) for each in hosts]
        return [{"host": name} | output.plain(each) for name, each in swept]

    rows = at_home(context.obj, work)
    if as_json:
        output.print_json(rows)
        return
    for row in rows:
        lost = "the delivery log may not be read" if row["lost"] is None else f"{row['lost']} failed deliveries"
        output.say(f"{row['host']}: {row['changed']} tickets changed since {row['since']}, all woken; {lost}")


def parse_since(text: str, now: datetime) -> datetime:
    """Read `36h` or a time; raises Misconfigured."""
    units = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
    if text[:-1].isdigit() and text[-1] in units:
        return now - int(text[:-1]) * units[text[-1]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise Misconfigured(f"--since: expected 90m, 36h, 7d or a time as 2026-12-31T08:00Z, found {text!r}") from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


async def id_of(host: Host, ticket: str) -> str:
    """Give the host's id of a ticket, by its number or as `id:N`; raises Gone."""
    if ticket.startswith("id:"):
        return ticket.removeprefix("id:")
    found = await host.find(ticket.removeprefix("#"))
    if found is None:
        raise Gone(f"{host.name} has no ticket with the number {ticket}; for the host's own id write id:{ticket}")
    return found


def _show(looked: Looked) -> None:
    case = looked.case
    ticket = case.ticket
    output.say(
        f"Ticket {ticket.number} {ticket.title!r} on {case.host} (id:{ticket.id}), seen {output.moment(case.seen_at)}"
    )
    company = case.company.name if case.company else "none"
    customer = case.customer.address or case.customer.name if case.customer else "none"
    output.say(f"  state {ticket.state_name}, group {ticket.group}, customer {customer}, company {company}")
    output.say(f"  policy {looked.record.policy_revision}, tags {', '.join(sorted(ticket.tags)) or 'none'}")
    output.say()
    rows = [(each.rule, each.mode, each.decision.outcome, each.decision.reason) for each in looked.verdicts]
    output.table(("rule", "mode", "decision", "why"), rows)
    steps = [(each["fate"], each["what"], each["rule"], each["why"]) for each in looked.record.plan]
    output.say()
    if steps:
        output.table(("step", "what", "rule", "why not"), steps)
    else:
        output.say("Nothing is left to do.")


def _show_results(looked: Looked) -> None:
    if not looked.applied.results and looked.applied.error is None:
        return
    output.say()
    for result in looked.applied.results:
        output.say(f"{result.fate:8} {result.write.method} {result.write.path}")
        if result.fate is Fate.WOULD:
            output.print_json(result.write.body)
        if result.detail:
            output.say(f"         {result.detail}")
    if looked.applied.error is not None:
        output.complain(str(looked.applied.error))


def _as_json(looked: Looked) -> object:
    writes = [
        {"method": each.write.method, "path": each.write.path, "body": output.plain(each.write.body), "fate": each.fate}
        for each in looked.applied.results
    ]
    return output.plain(looked.record) | {"writes": writes}
