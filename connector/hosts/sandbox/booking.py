"""Keep the time that was booked on tickets."""

from __future__ import annotations

from connector.hosts.sandbox import articles, render
from connector.hosts.sandbox.access import ticket_for
from connector.hosts.sandbox.call import Call, Reply
from connector.hosts.sandbox.world import Row, World


def list_accounted(call: Call) -> Reply:
    """GET /tickets/{id}/time_accountings."""
    ticket = ticket_for(call.world, call.actor, call.args[0])
    return Reply(body=[_accounted(row) for row in call.world.where("time_accounting", ticket_id=ticket["id"])])


def add_accounted(call: Call) -> Reply:
    """POST /tickets/{id}/time_accountings: time without an article."""
    ticket = ticket_for(call.world, call.actor, call.args[0], "change")
    row = articles.account(call.world, ticket, call.params.get("time_unit"), by=call.actor.id)
    return Reply(status=201, body=_accounted(row))


def change_accounted(call: Call) -> Reply:
    """PUT /tickets/{id}/time_accountings/{id}: administrators only."""
    row = call.world.one("time_accounting", call.args[1])
    unit = articles.read_unit(call.params.get("time_unit"))
    call.world.change("time_accounting", row, {"time_unit": unit})
    articles.sum_up(call.world, call.world.one("ticket", row["ticket_id"]), by=call.actor.id)
    return Reply(body=_accounted(row))


def _accounted(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "updated_by_id"}


def time_log(call: Call) -> Reply:
    """GET /time_accounting/log/by_ticket|by_activity/{year}/{month}."""
    kind, year, month = call.args
    rows = [
        row
        for row in call.world.rows("time_accounting")
        if row["created_at"].startswith(f"{int(year):04d}-{int(month):02d}")
    ]
    if kind == "by_activity":
        lines = [{**_log_line(call.world, row, row["time_unit"]), "created_at": row["created_at"]} for row in rows]
        return Reply(body=lines)
    by_ticket: dict[int, list[Row]] = {}
    for row in rows:
        by_ticket.setdefault(row["ticket_id"], []).append(row)
    return Reply(
        body=[
            _log_line(call.world, booked[0], str(sum(float(row["time_unit"]) for row in booked)))
            for booked in by_ticket.values()
        ]
    )


def _log_line(world: World, row: Row, unit: str) -> Row:
    ticket = world.one("ticket", row["ticket_id"])
    return {
        "ticket": render.plain(ticket),
        "time_unit": unit,
        "customer": render.fullname(world.one("user", ticket["customer_id"])),
        "organization": render.name(world, "organization", ticket["organization_id"]) or "-",
        "agent": render.fullname(world.one("user", row["created_by_id"])),
    }
