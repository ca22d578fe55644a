"""Remember what changed on tickets, and tell the history of tickets and users."""

from __future__ import annotations

from typing import Any

from connector.hosts.sandbox import render
from connector.hosts.sandbox.access import ticket_for
from connector.hosts.sandbox.call import Call, Reply
from connector.hosts.sandbox.world import Row, World, moment

_PEOPLE = {"owner_id": "owner", "customer_id": "customer"}


def remember(world: World, ticket: Row, attribute: str, old: Any, new: Any, by: int) -> None:
    """Write down one changed attribute, by name where it is a reference."""
    if attribute in ("preferences", "updated_by_id"):
        return
    extra: Row = {"attribute": attribute, "value_from": _written(old), "value_to": _written(new)}
    if attribute in _PEOPLE:
        names = [render.fullname(world.one("user", id_)) if id_ else "" for id_ in (old, new)]
        extra = {"attribute": _PEOPLE[attribute], "value_from": names[0], "value_to": names[1]}
    elif attribute in ("group_id", "state_id", "priority_id", "organization_id"):
        table = attribute.removesuffix("_id")
        names = [render.name(world, table, id_) or "" for id_ in (old, new)]
        extra = {"attribute": table, "value_from": names[0], "value_to": names[1]}
    if attribute.endswith("_id"):
        extra |= {"id_from": old, "id_to": new}
    world.record("Ticket", ticket["id"], "updated", by=by, **extra)


def _written(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    if len(text) == 24 and text.endswith("Z"):
        return f"{moment(text):%Y-%m-%d %H:%M:%S} UTC"
    return text


# the endpoints


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
