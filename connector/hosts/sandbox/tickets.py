"""Create, change, show and delete tickets."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from connector.hosts.sandbox import articles, form, history, people, relations, render, sla, stock
from connector.hosts.sandbox.access import Actor, find_user, may_own, may_ticket, ticket_for
from connector.hosts.sandbox.call import Call, Reply, page
from connector.hosts.sandbox.refusal import Refusal, missing, no_lookup, not_authorized, unprocessable
from connector.hosts.sandbox.world import SYSTEM, Event, Row, World, stamp

# What a client may set; everything else is ignored without a word.
WRITABLE = (
    "title", "group_id", "owner_id", "state_id", "priority_id", "customer_id", "organization_id", "pending_time",
    "note", "type",
)  # fmt: skip
FOR_CUSTOMERS = ("title", "group_id", "state_id", "priority_id", "pending_time")
NAMED = {"group": "group", "state": "state", "priority": "priority", "organization": "organization"}
CLOSED = (5, 6, 7)  # state types of tickets that are done with
PENDING = (3, 4)  # state types that need a pending_time


# the endpoints


def list_tickets(call: Call) -> Reply:
    """GET /tickets: at most 100 a page, always by id; sort_by and order_by are ignored."""
    visible = [t for t in call.world.rows("ticket") if may_ticket(call.world, call.actor, t, "read")]
    rows = page(call, visible, default=100, most=100)
    if call.flag("full"):
        ids = [row["id"] for row in rows]
        assets = render.assets(call.world, tickets=rows)
        return Reply(body={"record_ids": ids, "assets": assets, "total_count": len(visible)})
    shown = render.ticket_expanded if call.flag("expand") else _bare
    return Reply(body=[shown(call.world, row) for row in rows])


def _bare(_: World, ticket: Row) -> Row:
    return render.plain(ticket)


def show(call: Call) -> Reply:
    """GET /tickets/{id}, also expand, full and all."""
    ticket = ticket_for(call.world, call.actor, call.args[0])
    if call.flag("all"):
        return Reply(body=form.everything(call, ticket))
    if call.flag("full"):
        return Reply(body={"id": ticket["id"], "assets": render.assets(call.world, tickets=[ticket])})
    if call.flag("expand"):
        return Reply(body=render.ticket_expanded(call.world, ticket))
    return Reply(body=render.plain(ticket))


def create(call: Call) -> Reply:
    """POST /tickets: the ticket with its article, tags and links, all of it or nothing."""
    world, actor = call.world, call.actor
    ticket, article = make(world, actor, call.params)
    world.events.append(_event("create", ticket, article, {}, actor))
    moved = sla.escalate(world, ticket, new=True)
    if moved:
        # The escalation clock is set after the creation, which the triggers hear as an update of its own.
        world.events.append(_event("update", ticket, None, moved, actor))
    shown = render.ticket_expanded if call.flag("expand") else render.ticket_full
    return Reply(status=201, late=lambda: shown(world, ticket))


def update(call: Call) -> Reply:
    """PUT /tickets/{id}: attributes and article in one transaction; there is no optimistic lock."""
    world, actor = call.world, call.actor
    ticket = ticket_for(world, actor, call.args[0], "change")
    changes = change(world, actor, ticket, call.params)
    article = None
    if call.params.get("article"):
        article = articles.write(world, actor, ticket, call.params["article"])
        changes = {**articles.reopened(article), **changes}
    if changes or article:
        sla.escalate(world, ticket)
        world.events.append(_event("update", ticket, article, changes, actor))
    shown = render.ticket_expanded if call.flag("expand") else render.ticket_full
    return Reply(late=lambda: shown(world, ticket))


def delete(call: Call) -> Reply:
    """DELETE /tickets/{id}: administrators only, in whatever group it lies; no trigger hears of it."""
    ticket = call.world.one("ticket", call.args[0])
    if not call.actor.may("admin"):
        ticket_for(call.world, call.actor, ticket["id"])
        raise Refusal(403, "Not authorized (admin permission required)!")
    remove(call.world, ticket)
    return Reply(raw=b"", headers={"content-type": "application/json"})


def remove(world: World, ticket: Row) -> None:
    """Take a ticket with all that hangs on it out of the world."""
    id_ = ticket["id"]
    for table, column in (("article", "ticket_id"), ("tag", "o_id"), ("time_accounting", "ticket_id")):
        for row in world.where(table, **{column: id_}):
            world.delete(table, row["id"])
    for link in world.rows("link"):
        if id_ in (link["link_object_source_value"], link["link_object_target_value"]):
            world.delete("link", link["id"])
    world.delete("ticket", id_)


def _event(kind: str, ticket: Row, article: Row | None, changes: dict[str, tuple[Any, Any]], actor: Actor) -> Event:
    article_id = article["id"] if article else None
    return Event(kind=kind, ticket_id=ticket["id"], article_id=article_id, changes=changes, by=actor.id)


# making


def make(world: World, actor: Actor, params: Row) -> tuple[Row, Row | None]:
    """Make a ticket from what a client sent; the caller tells the triggers."""
    params = _resolve(world, actor, params)
    if not params.get("group_id"):
        raise unprocessable("The required value 'group_id' is missing.")
    group = _known(world, "group", params["group_id"])
    body = params.get("article")
    if body is not None and not str(body.get("body") or "").strip():
        raise unprocessable("Need at least an 'article body' field.")
    values = {key: params[key] for key in (*WRITABLE, *world.custom["Ticket"]) if key in params}
    if not actor.is_agent or group["id"] not in actor.groups("create"):
        if not actor.may("ticket.customer"):
            raise not_authorized()
        values = {key: values[key] for key in (*FOR_CUSTOMERS, *world.custom["Ticket"]) if key in values}
        values["customer_id"] = actor.id
    for field in ("title", "customer_id"):
        if not values.get(field):
            raise missing(field)
    return store(world, values, params, actor=actor)


def store(world: World, values: Row, params: Row, *, actor: Actor) -> tuple[Row, Row | None]:
    """Store a new ticket with its article, tags and links."""
    ticket = insert(world, {**values, "preferences": dict(params.get("preferences") or {})}, by=actor.id)
    article = articles.write(world, actor, ticket, params["article"]) if params.get("article") else None
    for tag in _tags(params.get("tags")):
        relations.put_tag(world, ticket, tag, by=actor.id)
    for type_, ids in ((params.get("links") or {}).get("Ticket") or {}).items():
        for id_ in ids:
            other = ticket_for(world, actor, id_, "change")
            relations.join(world, type_, source=ticket, target=other, by=actor.id)
    return ticket, article


def insert(world: World, values: Row, *, by: int) -> Row:
    """Number and store a bare ticket, its company and owner put right."""
    row: Row = {**copy.deepcopy(stock.TICKET), **world.custom["Ticket"], **_clean(world, values)}
    for key in ("group_id", "state_id", "priority_id", "customer_id", "owner_id"):
        row[key] = int(row[key])
    row["organization_id"] = _company(world, row["customer_id"], row["organization_id"])
    if row["owner_id"] != SYSTEM and not may_own(world, row["owner_id"], row["group_id"]):
        row["owner_id"] = SYSTEM
    row |= _state_times(world, row, {})
    row["number"] = str(world.next_number)
    world.next_number += 1
    ticket = world.insert("ticket", row, by=by)
    world.record("Ticket", ticket["id"], "created", by=by)
    _touch_people(world, ticket["customer_id"], ticket["organization_id"], by=by)
    return ticket


def _tags(value: Any) -> list[str]:
    if not value:
        return []
    parts = value if isinstance(value, list) else str(value).split(",")
    return [part.strip() for part in parts if part.strip()]


# changing


def change(world: World, actor: Actor, ticket: Row, params: Row) -> dict[str, tuple[Any, Any]]:
    """Apply what a client sent to a ticket; tell what really changed."""
    params = _resolve(world, actor, params)
    agent = articles.is_agent_of(world, actor, ticket)
    allowed = (*(WRITABLE if agent else FOR_CUSTOMERS), *world.custom["Ticket"])
    values = _clean(world, {key: params[key] for key in allowed if key in params})
    for key, table in (("group_id", "group"), ("state_id", "state"), ("priority_id", "priority")):
        if key in values:
            values[key] = _known(world, table, values[key])["id"]
    moves = "group_id" in values and values["group_id"] != ticket["group_id"]
    if moves and agent and values["group_id"] not in actor.groups("change", "create"):
        raise unprocessable(f"Invalid value '{values['group_id']}' for field 'group_id'!", hidden=True)
    if agent and isinstance(params.get("preferences"), dict):
        values["preferences"] = {**ticket["preferences"], **params["preferences"]}
    return settle(world, ticket, values, by=actor.id)


def settle(world: World, ticket: Row, values: Row, *, by: int) -> dict[str, tuple[Any, Any]]:
    """Write columns and everything that follows from them: company, owner, times, history."""
    after = {**ticket, **values}
    if "customer_id" in values or "organization_id" in values:
        wanted = values.get("organization_id") or (None if "customer_id" in values else ticket["organization_id"])
        values["organization_id"] = _company(world, int(after["customer_id"]), wanted)
    if ("owner_id" in values or "group_id" in values) and not may_own(world, after["owner_id"], after["group_id"]):
        values["owner_id"] = SYSTEM
    values |= _state_times(world, {**ticket, **values}, ticket)
    values |= _owner_time(world, {**ticket, **values}, ticket)
    changes = world.change("ticket", ticket, values, by=by)
    for attribute, (old, new) in changes.items():
        history.remember(world, ticket, attribute, old, new, by)
    if changes.keys() & {"state_id", "customer_id", "organization_id"}:
        for customer_id in {ticket["customer_id"], *changes.get("customer_id", ())}:
            _touch_people(world, customer_id, *changes.get("organization_id", ()), by=by)
    return changes


def _owner_time(world: World, after: Row, before: Row) -> Row:
    """Say since when the owner has had the ticket; opening it counts as well, a move to another group as never."""
    changed = {key for key in ("group_id", "owner_id", "state_id") if after[key] != before[key]}
    if "group_id" in changed or ("owner_id" in changed and after["owner_id"] == SYSTEM):
        return {"last_owner_update_at": None}
    opened = "state_id" in changed and world.one("state", after["state_id"])["state_type_id"] == 2
    return {"last_owner_update_at": world.now()} if opened or "owner_id" in changed else {}


def _touch_people(world: World, customer_id: int, *companies: int | None, by: int) -> None:
    """Count the customer's tickets in his preferences, which moves his updated_at, and touch the companies."""
    customer = world.one("user", customer_id)
    kinds = [
        world.one("state", ticket["state_id"])["state_type_id"]
        for ticket in world.where("ticket", customer_id=customer_id)
    ]
    closed = sum(kind in CLOSED for kind in kinds)
    counted = {"tickets_closed": closed, "tickets_open": len(kinds) - closed}
    world.change("user", customer, {"preferences": {**customer["preferences"], **counted}}, by=by)
    for company_id in companies:
        company = world.get("organization", company_id)
        if company:
            world.touch(company)


def _state_times(world: World, after: Row, before: Row) -> Row:
    kind = world.one("state", after["state_id"])["state_type_id"]
    if kind in PENDING:
        if not after["pending_time"]:
            raise missing("pending_time")
        return {}
    times: Row = {"pending_time": None}
    if kind == 5 and before.get("state_id") != after["state_id"]:
        times |= {"close_at": before.get("close_at") or world.now(), "last_close_at": world.now()}
    return times


def _resolve(world: World, actor: Actor, params: Row) -> Row:
    """Turn names and logins into ids; an inline or guessed customer comes into being here."""
    params = dict(params)
    for name, table in NAMED.items():
        if isinstance(params.get(name), str):
            params[f"{name}_id"] = world.by_name(table, params[name], field=name)["id"]
    if isinstance(params.get("owner"), str):
        params["owner_id"] = _person(world, "owner", params["owner"])["id"]
    customer, guess = params.get("customer"), str(params.get("customer_id") or "")
    if isinstance(customer, dict):
        params["customer_id"] = people.find_or_make(world, actor, customer)["id"]
    elif customer:
        params["customer_id"] = _person(world, "customer", str(customer))["id"]
    elif guess.startswith("guess:"):
        params["customer_id"] = people.find_or_make(world, actor, {"email": guess.removeprefix("guess:")})["id"]
    return params


def _person(world: World, field: str, login: str) -> Row:
    user = find_user(world, login)
    if user is None:
        raise no_lookup(field, login)
    return user


def _known(world: World, table: str, id_: Any) -> Row:
    row = world.get(table, id_)
    if row is None:
        raise unprocessable(f"Invalid value for param '{table}_id': {id_}")
    return row


def _clean(world: World, values: Row) -> Row:
    """Bring times and ids into their stored form; what cannot be read becomes empty."""
    values = dict(values)
    for key, value in values.items():
        if key.endswith("_id") and value is not None:
            values[key] = int(value) if str(value).isdigit() else (SYSTEM if key == "owner_id" else None)
    if values.get("owner_id", 0) is None:
        values["owner_id"] = SYSTEM
    if values.get("pending_time"):
        values["pending_time"] = _time(values["pending_time"])
    return values


def _time(text: Any) -> str | None:
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return stamp(at if at.tzinfo else at.replace(tzinfo=UTC))


def _company(world: World, customer_id: int, wanted: Any) -> int | None:
    """Choose a ticket's company: the wanted one if the customer belongs to it, else his first."""
    customer = world.one("user", customer_id)
    mine = [customer["organization_id"], *customer["organization_ids"]]
    return int(wanted) if wanted in mine and wanted else customer["organization_id"]
