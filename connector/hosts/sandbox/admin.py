"""Store and show what an administrator sets up: groups, states, webhooks, triggers, roles and the like."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from connector.hosts.sandbox import render, stock
from connector.hosts.sandbox.access import Actor
from connector.hosts.sandbox.call import Call, Reply, contains, ordered, page
from connector.hosts.sandbox.conditions import known, leaves
from connector.hosts.sandbox.refusal import unprocessable
from connector.hosts.sandbox.world import Row, World


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Describe one kind of row with list, show, create, update and delete."""

    table: str
    blank: Row
    read: tuple[str, ...]
    write: tuple[str, ...]
    unique: bool = False
    prepare: Callable[[World, Row, Row], Row] = lambda _world, values, _params: values
    check: Callable[[World, Row], None] = lambda _world, _row: None
    refer: Callable[[World, Row], None] = lambda _world, _row: None


AGENTS = ("ticket.agent", "admin")


# the five verbs


def list_rows(resource: Resource, call: Call) -> Reply:
    """GET /things, also expand and full."""
    rows = page(call, ordered(call, call.world.rows(resource.table), by="id", direction="asc"), default=500, most=1000)
    if call.flag("full"):
        kind = resource.table.title().replace("_", "")
        shown = {str(row["id"]): _shown(call.world, resource, row, call.actor) for row in rows}
        users = render.assets(call.world, users=[call.world.one("user", 1)])
        assets = {kind: shown, **users}
        return Reply(body={"record_ids": [row["id"] for row in rows], "assets": assets, "total_count": len(rows)})
    show = _expanded if call.flag("expand") else _shown
    return Reply(body=[show(call.world, resource, row, call.actor) for row in rows])


def show_row(resource: Resource, call: Call) -> Reply:
    """GET /things/{id}."""
    row = call.world.one(resource.table, call.args[0])
    show = _expanded if call.flag("expand") else _shown
    return Reply(body=show(call.world, resource, row, call.actor))


def create_row(resource: Resource, call: Call) -> Reply:
    """POST /things."""
    values = {**copy.deepcopy(resource.blank), **_values(resource, call)}
    values = resource.prepare(call.world, values, call.params)
    _check(call.world, resource, values, but=None)
    row = call.world.insert(resource.table, values, by=call.actor.id)
    return Reply(status=201, body=_shown(call.world, resource, row, call.actor))


def update_row(resource: Resource, call: Call) -> Reply:
    """PUT /things/{id}."""
    row = call.world.one(resource.table, call.args[0])
    values = resource.prepare(call.world, _values(resource, call), call.params)
    _check(call.world, resource, {**row, **values}, but=row["id"])
    call.world.change(resource.table, row, values, by=call.actor.id)
    return Reply(body=_shown(call.world, resource, row, call.actor))


def delete_row(resource: Resource, call: Call) -> Reply:
    """DELETE /things/{id}."""
    row = call.world.one(resource.table, call.args[0])
    resource.refer(call.world, row)
    call.world.delete(resource.table, row["id"])
    return Reply(body={})


def search_rows(resource: Resource, call: Call) -> Reply:
    """GET and POST /things/search?query=."""
    query = str(call.params.get("query") or "")
    rows = [row for row in call.world.rows(resource.table) if contains(query, row["name"], row.get("endpoint"))]
    rows = page(call, ordered(call, rows, by="updated_at", direction="desc"), default=50, most=200)
    return Reply(body=[_shown(call.world, resource, row, call.actor) for row in rows])


def _values(resource: Resource, call: Call) -> Row:
    return {key: call.params[key] for key in resource.blank if key in call.params}


def _check(world: World, resource: Resource, row: Row, *, but: int | None) -> None:
    if "name" in resource.blank and not str(row.get("name") or "").strip():
        raise unprocessable("Name can't be blank")
    others = [other for other in world.rows(resource.table) if other["id"] != but]
    if resource.unique and any(str(other["name"]).lower() == str(row["name"]).lower() for other in others):
        raise unprocessable("Name has already been taken")
    resource.check(world, row)


def _shown(world: World, resource: Resource, row: Row, actor: Actor) -> Row:
    if resource.table == "group":
        return render.group_shown(world, row, actor)
    return render.plain(row)


def _expanded(world: World, resource: Resource, row: Row, actor: Actor) -> Row:
    if resource.table == "group":
        return render.group_expanded(world, row, actor)
    shown = {**render.plain(row), **render.authors(world, row)}
    if resource.table == "state":
        shown["state_type"] = stock.STATE_TYPES[row["state_type_id"]]
        if row["next_state_id"]:
            shown["next_state"] = render.name(world, "state", row["next_state_id"])
    return shown


# what is special about some of them


def _group(world: World, values: Row, _: Row) -> Row:
    if values.get("name") and not values.get("name_last"):
        values["name_last"] = values["name"].rpartition("::")[2]
    elif values.get("name_last"):
        parent = world.get("group", values.get("parent_id"))
        values["name"] = f"{parent['name']}::{values['name_last']}" if parent else values["name_last"]
    return values


def _role(world: World, values: Row, params: Row) -> Row:
    if "permissions" in params:
        found = [world.by_name("permission", name, field="permissions")["id"] for name in params["permissions"]]
        values["permission_ids"] = sorted(found)
    return values


def _calendar(world: World, values: Row, _: Row) -> Row:
    return {**values, "last_sync": world.now()}


def _check_webhook(_: World, row: Row) -> None:
    url = urlsplit(str(row["endpoint"] or ""))
    if url.scheme and url.scheme not in ("http", "https"):
        raise unprocessable("Endpoint The provided endpoint is invalid, no http or https protocol was specified.")
    if not url.scheme or not url.hostname:
        raise unprocessable("Endpoint The provided endpoint is invalid.")


def _referred(table: str, column: str) -> Callable[[World, Row], None]:
    """Refuse to delete what a row of another table still names."""

    def refer(world: World, row: Row) -> None:
        for other in world.rows(table):
            held = other.get(column)
            if row["id"] in held if isinstance(held, list) else held == row["id"]:
                raise unprocessable("Can't delete, object has references.")

    return refer


def _webhook_in_use(world: World, row: Row) -> None:
    users = [
        f"{trigger['name']} (#{trigger['id']})"
        for trigger in world.rows("trigger")
        if str((trigger["perform"].get("notification.webhook") or {}).get("webhook_id")) == str(row["id"])
    ]
    if users:
        raise unprocessable(f"Cannot delete! This webhook is referenced by Trigger: {', '.join(users)}")


def _check_trigger(world: World, row: Row) -> None:
    for field in ("condition", "perform"):
        if not row[field]:
            raise unprocessable(f"Attribute '{field}\" of relation \"triggers' required!")
    if any(not known(world, name) for name, _ in leaves(row["condition"])):
        raise unprocessable("Invalid object selector conditions")
    hook = row["perform"].get("notification.webhook")
    if hook is not None and not hook.get("webhook_id"):
        raise unprocessable("The required 'perform' value for notification.webhook, webhook_id is missing!")


RESOURCES = {
    "groups": Resource(
        table="group",
        blank=stock.GROUP,
        read=(*AGENTS, "ticket.customer"),
        write=("admin.group",),
        unique=True,
        prepare=_group,
        refer=_referred("ticket", "group_id"),
    ),
    "ticket_states": Resource(
        table="state", blank=stock.STATE, read=(*AGENTS, "ticket.customer"), write=("admin.object",), unique=True
    ),
    "ticket_priorities": Resource(
        table="priority", blank=stock.PRIORITY, read=(*AGENTS, "ticket.customer"), write=("admin.object",), unique=True
    ),
    "roles": Resource(
        table="role",
        blank=stock.ROLE,
        read=AGENTS,
        write=("admin.role",),
        unique=True,
        prepare=_role,
        refer=_referred("user", "role_ids"),
    ),
    "webhooks": Resource(
        table="webhook",
        blank=stock.WEBHOOK,
        read=("admin.webhook",),
        write=("admin.webhook",),
        check=_check_webhook,
        refer=_webhook_in_use,
    ),
    "triggers": Resource(
        table="trigger",
        blank=stock.TRIGGER,
        read=("admin.trigger",),
        write=("admin.trigger",),
        unique=True,
        check=_check_trigger,
    ),
    "macros": Resource(table="macro", blank=stock.MACRO, read=AGENTS, write=("admin.macro",), unique=True),
    "overviews": Resource(table="overview", blank=stock.OVERVIEW, read=("admin.overview",), write=("admin.overview",)),
    "calendars": Resource(
        table="calendar",
        blank=stock.CALENDAR,
        read=("admin.calendar",),
        write=("admin.calendar",),
        unique=True,
        prepare=_calendar,
        refer=_referred("sla", "calendar_id"),
    ),
    "slas": Resource(table="sla", blank=stock.SLA, read=("admin.sla",), write=("admin.sla",), unique=True),
    "signatures": Resource(
        table="signature", blank=stock.SIGNATURE, read=AGENTS, write=("admin.channel_email",), unique=True
    ),
    "email_addresses": Resource(
        table="email_address", blank=stock.EMAIL_ADDRESS, read=AGENTS, write=("admin.channel_email",)
    ),
    "templates": Resource(table="template", blank=stock.TEMPLATE, read=AGENTS, write=("admin.template",)),
    "text_modules": Resource(table="text_module", blank=stock.TEXT_MODULE, read=AGENTS, write=("admin.text_module",)),
    "jobs": Resource(table="job", blank=stock.JOB, read=("admin.scheduler",), write=("admin.scheduler",), unique=True),
    "checklist_templates": Resource(
        table="checklist_template",
        blank={"name": None, "active": True, "item_ids": []},
        read=AGENTS,
        write=("admin.checklist",),
    ),
    "postmaster_filters": Resource(
        table="postmaster_filter",
        blank={"name": None, "channel": "email", "match": {}, "perform": {}, "active": True, "note": None},
        read=("admin.channel_email",),
        write=("admin.channel_email",),
    ),
}
