"""Merge, split and change many tickets at once, and tell a ticket's history."""

from __future__ import annotations

from connector.hosts.sandbox import articles, relations, render, stock, tickets, triggers
from connector.hosts.sandbox.access import ticket_for
from connector.hosts.sandbox.call import Call, Reply
from connector.hosts.sandbox.refusal import not_authorized, unprocessable
from connector.hosts.sandbox.world import Event, Row, World

MERGED = 5  # the state


def merge(call: Call) -> Reply:
    """PUT /ticket_merge/{source id}/{target number}: what is not found answers 200 with "failed"."""
    world, (source_id, number) = call.world, call.args
    source = world.get("ticket", source_id)
    if source is None:
        return _failed("The source ticket could not be found.")
    targets = world.where("ticket", number=number)
    if not targets:
        return _failed("The target ticket number could not be found.")
    target = targets[0]
    for ticket in (target, source):
        if ticket["group_id"] not in call.actor.groups("change"):
            raise not_authorized()
    if source is target:
        raise unprocessable("A ticket cannot be merged into itself.")
    join_into(world, source, target, by=call.actor.id)
    return Reply(
        body={"result": "success", "target_ticket": render.plain(target), "source_ticket": render.plain(source)}
    )


def _failed(message: str) -> Reply:
    return Reply(body={"result": "failed", "message": message})


def join_into(world: World, source: Row, target: Row, *, by: int) -> None:
    """Move a ticket's messages into another one; the source keeps a note, a link and the state merged."""
    for article in world.where("article", ticket_id=source["id"]):
        world.change("article", article, {"ticket_id": target["id"]})
    note = {"body": "merged", "from": render.fullname(world.one("user", by))}
    article = world.insert("article", {**stock.ARTICLE, **note, "ticket_id": source["id"]}, by=by)
    relations.join(world, "parent", source=target, target=source, by=by)
    disabled = {**source["preferences"], "escalation_calculation": {"escalation_disabled": True}}
    values = {"state_id": MERGED, "pending_time": None, "owner_id": 1, "preferences": disabled}
    world.change("ticket", source, values, by=by)
    world.touch(source)
    world.touch(target)
    world.record("Ticket", source["id"], "merged_into", by=by, id_from=source["id"], id_to=target["id"])
    world.record("Ticket", target["id"], "received_merge", by=by, id_from=source["id"], id_to=target["id"])
    into, received = "update.merged_into", "update.received_merge"
    world.events += [
        Event(kind=into, ticket_id=source["id"], article_id=article["id"], by=by),
        Event(kind=received, ticket_id=target["id"], by=by),
        # A plain update follows for the source only, and names no change: "state has changed" does not see it.
        Event(kind="update", ticket_id=source["id"], by=by),
    ]


def split(call: Call) -> Reply:
    """GET /ticket_split?ticket_id=&article_id=&form_id=: clone the article's files behind the form."""
    ticket = ticket_for(call.world, call.actor, call.params.get("ticket_id"))
    article = articles.readable(call, str(call.params.get("article_id")))
    files = articles.clone_files(call.world, article, str(call.params.get("form_id")), call.actor.id)
    assets = render.assets(call.world, tickets=[ticket], articles=[article])
    return Reply(body={"assets": assets, "attachments": files})


def mass_update(call: Call) -> Reply:
    """POST /tickets/mass_update: the same attributes for many tickets, one event each."""
    found = _many(call)
    for ticket in found:
        params = {**(call.params.get("attributes") or {})}
        if call.params.get("article"):
            params["article"] = call.params["article"]
        tickets.update(Call(world=call.world, actor=call.actor, args=(str(ticket["id"]),), params=params))
    return _many_shown(call, found)


def mass_macro(call: Call) -> Reply:
    """POST /tickets/mass_macro: do what a macro says to many tickets."""
    macro, found = call.world.one("macro", call.params.get("macro_id")), _many(call)
    for ticket in found:
        changes = triggers.perform_attributes(call.world, macro["perform"], ticket, by=call.actor.id)
        if changes:
            event = Event(kind="update", ticket_id=ticket["id"], changes=changes, by=call.actor.id)
            call.world.events.append(event)
    return _many_shown(call, found)


def _many(call: Call) -> list[Row]:
    ids = call.params.get("ticket_ids") or []
    return [ticket_for(call.world, call.actor, id_, "change") for id_ in ids]


def _many_shown(call: Call, found: list[Row]) -> Reply:
    ids = [ticket["id"] for ticket in found]
    return Reply(body={"ticket_ids": ids, "assets": render.assets(call.world, tickets=found)})


# history


def history(call: Call) -> Reply:
    """GET /ticket_history/{id}: agents only."""
    world, ticket = call.world, ticket_for(call.world, call.actor, call.args[0])
    found = world.where("article", ticket_id=ticket["id"])
    lines = [row for row in world.rows("history") if _concerns(row, ticket)]
    assets = render.assets(world, tickets=[ticket], articles=found) | render.checklist_assets(world, ticket)
    return Reply(body={"history": [_line(row) for row in lines], "assets": assets})


def _concerns(row: Row, ticket: Row) -> bool:
    if row["object"] == "Ticket":
        return bool(row["o_id"] == ticket["id"])
    return row.get("related_object") == "Ticket" and row.get("related_o_id") == ticket["id"]


def user_history(call: Call) -> Reply:
    """GET /users/history/{id}."""
    world, user = call.world, call.world.one("user", call.args[0])
    lines = [row for row in world.rows("history") if row["object"] == "User" and row["o_id"] == user["id"]]
    return Reply(body={"history": [_line(row) for row in lines], "assets": render.assets(world, users=[user])})


def _line(row: Row) -> Row:
    """Show one line; which keys it has depends on what it tells."""
    line = {key: value for key, value in row.items() if key not in ("updated_by_id", "updated_at")}
    line |= {"sourceable_type": None, "sourceable_id": None, "sourceable_name": None}
    if "attribute" not in line:
        line["history_attribute_id"] = None
    if "related_o_id" not in line:
        line["related_history_object_id"] = None
    return line


# booked time


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
