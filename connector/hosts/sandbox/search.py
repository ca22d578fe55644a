"""Search tickets, users and organizations as Zammad does without Elasticsearch."""

from __future__ import annotations

from typing import Any

from connector.hosts.sandbox import render
from connector.hosts.sandbox.access import may_ticket
from connector.hosts.sandbox.call import Call, Reply, contains, ordered, page
from connector.hosts.sandbox.conditions import Subject, check, holds
from connector.hosts.sandbox.world import Row, World

DEFAULT, MOST = 50, 200


def tickets(call: Call) -> Reply:
    """GET and POST /tickets/search: the way to sweep is a condition on ticket.updated_at."""
    world, query = call.world, str(call.params.get("query") or "")
    rows = [ticket for ticket in world.rows("ticket") if may_ticket(world, call.actor, ticket, "read")]
    rows = _select(call, "ticket", rows)
    rows = [ticket for ticket in rows if _ticket_says(world, ticket, query)]
    if call.flag("only_total_count"):
        return Reply(body={"total_count": len(rows)})
    total, rows = len(rows), _page(call, rows)
    if call.flag("full"):
        assets = render.assets(world, tickets=rows)
        return Reply(body={"record_ids": _ids(rows), "assets": assets, "total_count": total})
    if call.flag("expand"):
        return Reply(body=[render.ticket_expanded(world, ticket) for ticket in rows])
    return Reply(body=[render.ticket_full(world, ticket) for ticket in rows])


def _ticket_says(world: World, ticket: Row, query: str) -> bool:
    if contains(query, ticket["title"], ticket["number"]):
        return True
    fields = ("subject", "body", "from", "to")
    found = world.where("article", ticket_id=ticket["id"])
    return any(contains(query, *(article[field] for field in fields)) for article in found)


def users(call: Call) -> Reply:
    """GET and POST /users/search; `term` and `label` give short forms for completion."""
    world = call.world
    term = call.params.get("term")
    query = str(call.params.get("query") or term or "")
    rows = _select(call, "user", [user for user in world.rows("user") if user["id"] != 1])
    rows = [user for user in rows if _user_says(user, query)]
    if call.params.get("role_ids"):
        wanted = {int(id_) for id_ in call.params["role_ids"]}
        rows = [user for user in rows if wanted & set(user["role_ids"])]
    if call.flag("only_total_count"):
        return Reply(body={"total_count": len(rows)})
    total, rows = len(rows), _page(call, rows)
    if call.flag("full"):
        assets = render.assets(world, users=rows, deep=False)
        return Reply(body={"record_ids": _ids(rows), "assets": assets, "total_count": total})
    if term is not None or call.flag("label"):
        return Reply(body=[_label(user, short=term is not None) for user in rows])
    shown = render.user_expanded if call.flag("expand") else render.user_shown
    return Reply(body=[shown(world, user, call.actor) for user in rows])


def _user_says(user: Row, query: str) -> bool:
    texts = [value for value in user.values() if isinstance(value, str)]
    return contains(query, *texts, render.fullname(user))


def _label(user: Row, *, short: bool) -> Row:
    label = f"{render.fullname(user)} <{user['email']}>"
    if short:
        return {"id": user["id"], "label": label, "value": user["email"], "inactive": not user["active"]}
    return {"id": user["id"], "label": label, "value": label}


def organizations(call: Call) -> Reply:
    """GET and POST /organizations/search."""
    world, query = call.world, str(call.params.get("query") or "")
    rows = _select(call, "organization", world.rows("organization"))
    if not call.actor.may("ticket.agent", "admin.organization"):
        mine = {call.actor.user["organization_id"], *call.actor.user["organization_ids"]}
        rows = [row for row in rows if row["id"] in mine]
    rows = [row for row in rows if contains(query, *(value for value in row.values() if isinstance(value, str)))]
    if call.flag("only_total_count"):
        return Reply(body={"total_count": len(rows)})
    total, rows = len(rows), _page(call, rows)
    if call.flag("full"):
        assets = render.assets(world, organizations=rows)
        return Reply(body={"record_ids": _ids(rows), "assets": assets, "total_count": total})
    shown = render.organization_expanded if call.flag("expand") else render.organization_shown
    return Reply(body=[shown(world, row, call.actor) for row in rows])


def _select(call: Call, kind: str, rows: list[Row]) -> list[Row]:
    """Keep the rows that meet the condition and the ids of the request."""
    condition = call.params.get("condition")
    if condition:
        check(call.world, condition)
        rows = [row for row in rows if holds(call.world, condition, _subject(kind, row, call))]
    if call.params.get("ids"):
        wanted = {int(id_) for id_ in call.params["ids"]}
        rows = [row for row in rows if row["id"] in wanted]
    return rows


def _subject(kind: str, row: Row, call: Call) -> Subject:
    named: dict[str, Any] = {kind: row}
    return Subject(actor=call.actor.user, **named)


def _page(call: Call, rows: list[Row]) -> list[Row]:
    return page(call, ordered(call, rows, by="updated_at", direction="desc"), default=DEFAULT, most=MOST)


def _ids(rows: list[Row]) -> list[int]:
    return [row["id"] for row in rows]
