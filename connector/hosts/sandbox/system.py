"""Answer about the helpdesk itself: settings, tokens, health, logs, checklists."""

from __future__ import annotations

import secrets

from connector.hosts.sandbox import payload, render, stock
from connector.hosts.sandbox.access import ticket_for
from connector.hosts.sandbox.call import Call, Reply
from connector.hosts.sandbox.refusal import no_page, not_authorized
from connector.hosts.sandbox.world import Row, World

VERSION = "6.5.1"


def version(_: Call) -> Reply:
    """GET /version: needs admin."""
    return Reply(body={"version": VERSION})


# settings


def list_settings(call: Call) -> Reply:
    """GET /settings."""
    return Reply(body=[render.plain(row) for row in _settings(call.world)])


def show_setting(call: Call) -> Reply:
    """GET /settings/{id}."""
    return Reply(body=_setting(call.world.one("setting", call.args[0])))


def update_setting(call: Call) -> Reply:
    """PUT /settings/{id} {"state_current": {"value": ...}}."""
    row = call.world.one("setting", call.args[0])
    state = call.params.get("state_current") or {}
    call.world.change("setting", row, {"state_current": {"value": state.get("value")}})
    return Reply(body=_setting(row))


def _settings(world: World) -> list[Row]:
    return [_setting(row) for row in world.rows("setting")]


def _setting(row: Row) -> Row:
    return {key: value for key, value in row.items() if key not in ("created_by_id", "updated_by_id")}


# tokens


def list_tokens(call: Call) -> Reply:
    """GET /user_access_token: one's own tokens, and the permissions that one may give."""
    hidden = ("_secret", "created_by_id", "updated_by_id")
    tokens = [
        {key: value for key, value in row.items() if key not in hidden}
        for row in call.world.where("token", user_id=call.actor.id)
    ]
    own = [row for row in call.world.rows("permission") if row["name"] and _within(row["name"], call.actor.roles)]
    keys = ("id", "name", "label", "description", "preferences", "active", "allow_signup", "created_at", "updated_at")
    return Reply(body={"tokens": tokens, "permissions": [{key: row[key] for key in keys} for row in own]})


def _within(name: str, roles: frozenset[str]) -> bool:
    return any(name == held or name.startswith(f"{held}.") or held.startswith(f"{name}.") for held in roles)


def create_token(call: Call) -> Reply:
    """POST /user_access_token: any permission may be named, but only those that one's roles hold have effect."""
    secret = secrets.token_urlsafe(32)
    permissions = call.params.get("permission") or []
    name, expires = str(call.params.get("name") or ""), call.params.get("expires_at")
    add_token(call.world, call.actor.id, secret, permissions, name=name, expires=expires)
    return Reply(body={"token": secret})


def add_token(
    world: World, user_id: int, secret: str, permissions: list[str], *, name: str, expires: str | None = None
) -> Row:
    """Give a user a token."""
    values = {
        "user_id": user_id,
        "name": name,
        "action": "api",
        "preferences": {"permission": permissions},
        "last_used_at": None,
        "expires_at": expires,
        "_secret": secret,
    }
    return world.insert("token", values, by=user_id)


def delete_token(call: Call) -> Reply:
    """DELETE /user_access_token/{id}."""
    row = call.world.one("token", call.args[0])
    if row["user_id"] != call.actor.id:
        raise not_authorized()
    call.world.delete("token", row["id"])
    return Reply(body={})


# health


def health(call: Call) -> Reply:
    """GET /monitoring/health_check: failed webhooks leave it healthy."""
    body: Row = {"healthy": True, "message": "success", "issues": [], "actions": []}
    if call.params.get("token") == call.world.setting("monitoring_token"):
        return Reply(body=body)
    if not call.actor.may("admin.monitoring"):
        raise not_authorized()
    return Reply(body={**body, "token": call.world.setting("monitoring_token")})


def status(call: Call) -> Reply:
    """GET /monitoring/status."""
    if not call.actor.may("admin.monitoring"):
        raise not_authorized()
    tables = {
        "users": "user",
        "groups": "group",
        "overviews": "overview",
        "tickets": "ticket",
        "ticket_articles": "article",
        "text_modules": "text_module",
        "taskbars": "taskbar",
        "object_manager_attributes": "object_attribute",
        "knowledge_base_categories": "kb_category",
        "knowledge_base_answers": "kb_answer",
    }
    rows = {name: call.world.rows(table) for name, table in tables.items()}
    agents = [user for user in call.world.rows("user") if stock.AGENT in user["role_ids"]]
    last = {name: max((row["created_at"] for row in found), default=None) for name, found in rows.items()}
    counts = {name: len(found) for name, found in rows.items()}
    body = {"counts": counts, "last_created_at": last, "last_login": None, "agents": len(agents), "storage": None}
    return Reply(body=body)


# webhooks


def webhook_log(call: Call) -> Reply:
    """GET /http_logs/webhook: all tries, the youngest first; the only trace that a failed delivery leaves."""
    rows = call.world.where("http_log", facility="webhook")[::-1]
    return Reply(body=[render.plain(row) for row in rows[: call.number("limit", 50)]])


def webhook_preview(call: Call) -> Reply:
    """GET /webhooks/preview: the body as it would be for the youngest ticket."""
    found = call.world.rows("ticket")
    if not found:
        raise no_page()
    ticket = found[-1]
    articles = call.world.where("article", ticket_id=ticket["id"])
    blank = {**stock.WEBHOOK}
    return Reply(body=payload.build(call.world, blank, ticket, articles[-1] if articles else None))


def webhook_types(_: Call) -> Reply:
    """GET /webhooks/pre_defined: ready-made bodies for chat programs."""
    template = '{"text": "# #{ticket.title}"}'
    return Reply(
        body=[
            {"id": id_, "name": f"{name} Notifications", "custom_payload": template, "fields": [], "field_names": []}
            for id_, name in (("MicrosoftTeams", "Microsoft Teams"), ("Slack", "Slack"))
        ]
    )


def replacements(call: Call) -> Reply:
    """GET /webhooks/payload/replacements: the placeholders that a custom body may use."""
    user = [*(key for key in stock.USER if key not in payload.NOT_IN_PAYLOADS), "fullname"]
    company = ["id", *stock.ORGANIZATION, *call.world.custom["Organization"]]
    ticket = ["id", *stock.TICKET, *call.world.custom["Ticket"]]
    names = {"ticket": ticket, "article": ["id", *stock.ARTICLE], "config": ["fqdn", "http_type", "ticket_hook"]}
    for path in ("ticket.owner", "ticket.customer", "ticket.created_by", "ticket.updated_by"):
        names[path] = user
    for path in ("article.created_by", "article.updated_by"):
        names[path] = user
    names["ticket.organization"] = company
    names["ticket.group"] = ["id", *stock.GROUP]
    names["ticket.state"] = ["id", *stock.STATE]
    names["ticket.priority"] = ["id", *stock.PRIORITY]
    names["article.type"] = ["id", "name", "note", "communication", "active"]
    names["article.sender"] = ["id", "name", "note"]
    names["notification"] = ["subject", "link", "message", "body", "changes"]
    return Reply(body=names)


def channels(call: Call) -> Reply:
    """GET /channels_email."""
    used = call.world.rows("email_address")
    return Reply(
        body={
            "accounts_fixed": [],
            "assets": {"User": {"1": render.plain(call.world.one("user", 1))}, "Channel": _channels(call.world)},
            "account_channel_ids": [3] if used else [],
            "notification_channel_ids": [2],
            "email_address_ids": [row["id"] for row in used],
            "not_used_email_address_ids": [],
            "channel_driver": {"email": {"inbound": {}, "outbound": {}}},
            "config": {"notification_sender": f'"Sandbox" <noreply@{call.world.setting("fqdn")}>'},
        }
    )


def _channels(world: World) -> Row:
    user = world.one("user", 1)
    empty = dict.fromkeys(("last_log_in", "last_log_out", "status_in", "status_out"))
    row = {
        "id": 2,
        "group_id": None,
        "area": "Email::Notification",
        "options": {"outbound": {"adapter": "sendmail"}},
        "active": True,
        "preferences": {"online_service_disable": True},
        **empty,
        "updated_by_id": 1,
        "created_by_id": 1,
        "created_at": user["created_at"],
        "updated_at": user["created_at"],
    }
    return {"2": row}


# checklists


def create_checklist(call: Call) -> Reply:
    """POST /checklists {"ticket_id"}: begins with one empty item and ignores a name."""
    world = call.world
    ticket = ticket_for(world, call.actor, call.params.get("ticket_id"), "change")
    checklist = world.insert("checklist", {"name": ""}, by=call.actor.id)
    _item(world, checklist, "", by=call.actor.id)
    world.change("ticket", ticket, {"checklist_id": checklist["id"]}, by=call.actor.id)
    assets = {**render.checklist_assets(world, ticket), **render.assets(world, tickets=[ticket])}
    return Reply(status=201, body={"id": checklist["id"], "assets": assets})


def show_checklist(call: Call) -> Reply:
    """GET /checklists/{id}."""
    return Reply(body=render.checklist_shown(call.world, call.world.one("checklist", call.args[0])))


def create_item(call: Call) -> Reply:
    """POST /checklist_items."""
    checklist = call.world.one("checklist", call.params.get("checklist_id"))
    item = _item(call.world, checklist, str(call.params.get("text") or ""), by=call.actor.id)
    return Reply(status=201, body=item)


def update_item(call: Call) -> Reply:
    """PUT /checklist_items/{id}."""
    item = call.world.one("checklist_item", call.args[0])
    values: Row = {key: call.params[key] for key in ("text", "checked") if key in call.params}
    call.world.change("checklist_item", item, values, by=call.actor.id)
    return Reply(body=render.plain(item))


def _item(world: World, checklist: Row, text: str, *, by: int) -> Row:
    values = {"text": text, "checked": False, "checklist_id": checklist["id"], "ticket_id": None}
    world.touch(checklist)
    return world.insert("checklist_item", values, by=by)
