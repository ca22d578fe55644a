"""Add attributes of one's own to tickets, users, organizations and groups."""

from __future__ import annotations

import re

from connector.hosts.sandbox import render, stock
from connector.hosts.sandbox.call import Call, Reply
from connector.hosts.sandbox.refusal import unprocessable
from connector.hosts.sandbox.world import Row, World


def list_attributes(call: Call) -> Reply:
    """GET /object_manager_attributes: those that are not migrated yet included."""
    rows = sorted(call.world.rows("object_attribute"), key=lambda row: row["position"])
    return Reply(body=[_attribute(row) for row in rows])


def _attribute(row: Row) -> Row:
    shown = render.plain(row)
    if row["editable"]:
        return {**shown, "deletable": True}
    return {**shown, "deletable": False}


def create_attribute(call: Call) -> Reply:
    """POST /object_manager_attributes: until the migration runs, writes to it are silently ignored."""
    world, params = call.world, call.params
    name, object_, data_type = (str(params.get(key) or "") for key in ("name", "object", "data_type"))
    if data_type not in stock.DATA_TYPES:
        raise unprocessable("Data type is not included in the list")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise unprocessable("Name Only lowercase letters, numbers, and underscores are allowed")
    found = world.where("object_attribute", object=object_, name=name)
    if found and not found[0]["editable"]:
        raise unprocessable("This object already exists.")
    values = {
        "name": name,
        "display": params.get("display") or name,
        "data_type": data_type,
        "data_option": _options(data_type, params.get("data_option") or {}),
        "data_option_new": {},
        "editable": True,
        "active": params.get("active", True),
        "screens": params.get("screens") or {},
        "to_create": True,
        "to_migrate": True,
        "to_delete": False,
        "to_config": False,
        "position": params.get("position") or 1550,
        "object": object_,
    }
    if found:
        row = found[0]
        world.change("object_attribute", row, {**values, "to_create": row["to_create"]}, by=call.actor.id)
    else:
        row = world.insert("object_attribute", values, by=call.actor.id)
    shown = {key: value for key, value in render.plain(row).items() if key != "object"}
    return Reply(status=201, body={**shown, "object_lookup_id": stock.OBJECT_IDS.get(object_, 1)})


def update_attribute(call: Call) -> Reply:
    """PUT /object_manager_attributes/{id}."""
    row = call.world.one("object_attribute", call.args[0])
    keys = ("display", "data_option", "active", "screens", "position")
    values = {key: call.params[key] for key in keys if key in call.params}
    call.world.change("object_attribute", row, {**values, "to_migrate": True}, by=call.actor.id)
    return Reply(body=_attribute(row))


def delete_attribute(call: Call) -> Reply:
    """DELETE /object_manager_attributes/{id}: gone with the next migration."""
    row = call.world.one("object_attribute", call.args[0])
    if not row["editable"]:
        raise unprocessable("Can't delete core attribute!")
    call.world.change("object_attribute", row, {"to_delete": True, "to_migrate": True}, by=call.actor.id)
    return Reply(body={})


def _options(data_type: str, given: Row) -> Row:
    base: Row = {"options": {}, "relation": ""}
    if data_type == "select":
        base |= {"default": "", "null": True, "nulloption": True, "maxlength": 255}
    return {**base, **given}


def migrate(call: Call) -> Reply:
    """POST /object_manager_attributes_execute_migrations; the real server then restarts itself, this one does not."""
    for row in call.world.rows("object_attribute"):
        if row["to_delete"]:
            _drop_column(call.world, row)
        elif row["to_migrate"]:
            add_column(call.world, row)
    return Reply(body={})


def _drop_column(world: World, row: Row) -> None:
    object_, name = row["object"], row["name"]
    world.delete("object_attribute", row["id"])
    default = world.custom[object_].pop(name, None)
    world.undoable(lambda: world.custom[object_].__setitem__(name, default))
    for other in world.rows(object_.lower()):
        other.pop(name, None)


def add_column(world: World, row: Row) -> None:
    """Make an attribute usable; rows that are there get a default for numbers and switches only."""
    object_, name, default = row["object"], row["name"], row["data_option"].get("default")
    world.change("object_attribute", row, {"to_create": False, "to_migrate": False})
    if name in world.custom[object_]:
        return
    world.custom[object_][name] = default
    world.undoable(lambda: world.custom[object_].pop(name))
    there = default if row["data_type"] in ("integer", "boolean") else None
    for other in world.rows(object_.lower()):
        other.setdefault(name, there)
