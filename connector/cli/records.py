"""Commands about what was decided, what waits, and what came to the door."""

from typing import Annotated

import typer

from connector.cli import output
from connector.cli.stored import at_store
from connector.cli.tickets import parse_since
from connector.errors import Gone, Misconfigured
from connector.store import Store, audit, overview
from connector.store import deliveries as table
from connector.store.audit import AuditRow
from connector.store.overview import Row, State
from connector.wiring import clock, new_id

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(help="How many at most, newest first.", min=1)]
Matching = Annotated[str | None, typer.Option(help="Those whose reason for being parked holds this text.")]
HostName = Annotated[str | None, typer.Option("--host", help="Only this host.")]

decisions = typer.Typer(help="What was decided, and why.", no_args_is_help=True)
looks = typer.Typer(help="What waits, and what is parked.", no_args_is_help=True)
deliveries = typer.Typer(help="What came to the door.", no_args_is_help=True)


@decisions.command("list")
def list_decisions(
    context: typer.Context,
    *,
    ticket: Annotated[str | None, typer.Option(help="Only this ticket, by its number or as id:N.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only where this rule decided.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only this outcome: act, skip or error.")] = None,
    company: Annotated[str | None, typer.Option(help="Only tickets of this company, by its name.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since then: 90m, 36h, 7d or a time.")] = None,
    until: Annotated[str | None, typer.Option(help="Only until then.")] = None,
    changed: Annotated[
        bool | None, typer.Option("--changed/--unchanged", help="Only those that wrote something.")
    ] = None,
    host: HostName = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List decisions, newest first."""

    async def work(store: Store) -> list[AuditRow]:
        return await audit.find(
            store,
            host=host,
            ticket=ticket.removeprefix("id:") if ticket and ticket.startswith("id:") else None,
            number=ticket.removeprefix("#") if ticket and not ticket.startswith("id:") else None,
            rule=rule,
            outcome=outcome,
            company=company,
            since=parse_since(since, clock()) if since else None,
            until=parse_since(until, clock()) if until else None,
            changed=changed,
            limit=limit,
        )

    found = at_store(context.obj, work)
    if as_json:
        output.print_json(found)
        return
    if not found:
        output.say("No decision of this kind is recorded.")
        return
    rows = [
        (row.id, row.last_at, row.ticket_number, _wrote(row), row.seen_again + 1, _word(row, rule)) for row in found
    ]
    output.table(("decision", "last seen", "ticket", "wrote", "times", "rules"), rows)


@decisions.command("show")
def show_decision(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="The decision's id, as it stands in notes and lists.")],
    as_json: AsJson = False,
) -> None:
    """Show one decision, whole."""

    async def work(store: Store) -> AuditRow | None:
        return await audit.get(store, decision.strip().upper())

    row = at_store(context.obj, work)
    if row is None:
        raise Gone(f"no decision {decision} is recorded; list them with: helpdesk-policy decisions list")
    if as_json:
        output.print_json(row)
        return
    again = f", seen again {row.seen_again} times until {output.moment(row.last_at)}" if row.seen_again else ""
    dry = ", dry run" if row.dry_run else ""
    output.say(f"Decision {row.id}{dry}, ticket {row.ticket_number} on {row.host}, {output.moment(row.at)}{again}")
    output.say(f"  policy {row.policy_revision}; " + ", ".join(f"{key} {value}" for key, value in row.facts.items()))
    output.say()
    output.table(
        ("rule", "mode", "decision", "why"),
        [(each["rule"], each.get("mode"), each["outcome"], each.get("reason")) for each in row.decisions],
    )
    if row.plan:
        output.say()
        steps = [(each["fate"], each["what"], each["rule"], each["why"]) for each in row.plan]
        output.table(("step", "what", "rule", "why not"), steps)
    if row.results:
        output.say()
        results = [(each["fate"], each["request"], "; ".join(each["does"]), each["detail"]) for each in row.results]
        output.table(("fate", "request", "does", "detail"), results)
    output.say()
    output.say("  " + ", ".join(f"{name} {value:g}" for name, value in row.durations.items()))


@looks.command("list")
def list_looks(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    host: HostName = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what waits and what is parked.

    A parked ticket waits for a person: the last column says what to mend; then `looks retry` it. Exit code 1 where any
    is parked.
    """

    async def work(store: Store) -> list[Row]:
        return await overview.list_looks(store, now=clock(), state=state, host=host, limit=limit)

    found = at_store(context.obj, work)
    if as_json:
        output.print_json(found)
    elif found:
        rows = [(row.host, f"id:{row.ticket}", row.state, row.due_at, row.attempts, row.last_error) for row in found]
        output.table(("host", "ticket", "state", "due", "attempts", "why"), rows)
    else:
        output.say("Nothing waits.")
    raise typer.Exit(output.FINDINGS if any(row.state is State.PARKED for row in found) else output.OK)


@looks.command("show")
def show_look(
    context: typer.Context, ticket: Annotated[str, typer.Argument(help="As id:N.")], host: HostName = None
) -> None:
    """Show one waiting ticket as JSON."""

    async def work(store: Store) -> list[Row]:
        rows = await overview.list_looks(store, now=clock(), host=host, limit=100_000)
        return [row for row in rows if row.ticket == ticket.removeprefix("id:")]

    found = at_store(context.obj, work)
    if not found:
        raise Gone(f"ticket {ticket} neither waits nor is parked")
    output.print_json(found)


@looks.command("retry")
def retry_looks(
    context: typer.Context,
    ticket: Annotated[str | None, typer.Argument(help="As id:N; without it, all that are parked.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
    matching: Matching = None,
    reason: Annotated[str, typer.Option(help="What was mended; it is recorded.", show_default=False)] = "",
    host: HostName = None,
) -> None:
    """Look at parked tickets again.

    The reason is recorded among the decisions on the ticket.

    Example: helpdesk-policy looks retry --matching "no group" --reason "group made"
    """
    _one_choice(ticket, matching, everything=everything)

    async def work(store: Store) -> int:
        chosen = await _chosen(store, ticket, matching, host)
        freed = 0
        for name, each in chosen:
            done = await overview.retry_parked(store, now=clock(), host=name, ticket=each)
            freed += done
            if done:
                await _record_hand(store, name, each, "retried", reason)
        return freed

    freed = at_store(context.obj, work)
    output.say(f"{freed} parked tickets are due again.")
    raise typer.Exit(output.OK if freed else output.FINDINGS)


@looks.command("discard")
def discard_looks(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; it is kept with what was discarded.")],
    ticket: Annotated[str | None, typer.Argument(help="As id:N.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
    matching: Matching = None,
    host: HostName = None,
) -> None:
    """Forget parked tickets.

    They are looked at again when something changes on them.
    """
    _one_choice(ticket, matching, everything=everything)

    async def work(store: Store) -> list[Row]:
        gone: list[Row] = []
        for name, each in await _chosen(store, ticket, matching, host):
            rows = await overview.discard(store, now=clock(), reason=reason, host=name, ticket=each)
            gone += rows
            for row in rows:
                await _record_hand(store, name, each, "discarded", f"{reason} ({row.last_error})")
        return gone

    gone = at_store(context.obj, work)
    for row in gone:
        output.say(f"{row.host} id:{row.ticket} discarded ({row.last_error})")
    raise typer.Exit(output.OK if gone else output.FINDINGS)


@deliveries.command("list")
def list_deliveries(
    context: typer.Context,
    unreadable: Annotated[bool, typer.Option("--unreadable", help="Only authentic ones we could not read.")] = False,
    host: HostName = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first.

    Bodies are never stored. Exit code 1 where an authentic one could not be read: the webhook needs the host's default
    payload.
    """

    async def work(store: Store) -> list[table.Delivery]:
        outcome: table.Outcome | None = "unreadable" if unreadable else None
        return await table.list_deliveries(store, host=host, outcome=outcome, limit=limit)

    found = at_store(context.obj, work)
    if as_json:
        output.print_json(found)
    elif found:
        rows = [(row.last_at, row.host, row.outcome, row.ticket, row.times, row.trigger, row.why) for row in found]
        output.table(("last seen", "host", "outcome", "ticket", "times", "trigger", "why"), rows)
    else:
        output.say("No delivery is recorded.")
    raise typer.Exit(output.FINDINGS if any(row.outcome == "unreadable" for row in found) else output.OK)


def _one_choice(ticket: str | None, matching: str | None, *, everything: bool) -> None:
    if [ticket is not None, matching is not None, everything].count(True) != 1:
        raise Misconfigured("name one ticket as id:N, or say --matching TEXT, or --all")


async def _chosen(store: Store, ticket: str | None, matching: str | None, host: str | None) -> list[tuple[str, str]]:
    """Choose parked tickets by id or by a word of why they are parked; all where neither is given."""
    rows = await overview.list_looks(store, now=clock(), state=State.PARKED, host=host, limit=100_000)
    only = ticket.removeprefix("id:") if ticket else None
    return [
        (row.host, row.ticket)
        for row in rows
        if only in (None, row.ticket) and (matching or "").casefold() in (row.last_error or "").casefold()
    ]


async def _record_hand(store: Store, host: str, ticket: str, what: str, reason: str) -> None:
    """Record what an admin did to a parked ticket, and why, among the decisions on it."""
    now = clock()
    word = {"rule": "admin", "mode": "", "outcome": what, "reason": reason or "no reason was given", "actions": []}
    row = AuditRow(
        id=new_id(now),
        host=host,
        ticket=ticket,
        ticket_number=f"id:{ticket}",
        at=now,
        policy_revision="",
        facts={},
        decisions=[word],
        plan=[],
        results=[],
        durations={},
        changed=False,
        dry_run=False,
    )
    await audit.append(store, row)


def _wrote(row: AuditRow) -> str:
    return "dry run" if row.dry_run else "yes" if row.changed else "no"


def _word(row: AuditRow, rule: str | None) -> str:
    wanted = [each for each in row.decisions if rule is None or each["rule"] == rule]
    return "; ".join(f"{each['rule']} {each['outcome']}: {each.get('reason', '')}" for each in wanted)
