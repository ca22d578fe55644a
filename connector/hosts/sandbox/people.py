"""Keep users and organizations: who belongs to which company, and which domain is whose."""

from __future__ import annotations

import copy
import re
from typing import Any

from connector.hosts.sandbox import render, stock
from connector.hosts.sandbox.access import Actor, find_user
from connector.hosts.sandbox.call import Call, Reply, ordered, page
from connector.hosts.sandbox.refusal import no_lookup, not_authorized, unprocessable
from connector.hosts.sandbox.world import SYSTEM, Event, Row, World

IDENTIFIERS = ("firstname", "lastname", "phone", "mobile", "email", "login")
NEEDS_PRIMARY = "Secondary organizations are only allowed when the primary organization is given."
MOVED_AT_MOST = 100  # tickets that follow their customer into another company


# users: the endpoints


def list_users(call: Call) -> Reply:
    """GET /users; a customer sees himself."""
    rows = call.world.rows("user") if call.actor.may("ticket.agent", "admin.user") else [call.actor.user]
    rows = page(call, ordered(call, rows, by="id", direction="asc"), default=100, most=500)
    if call.flag("full"):
        assets = render.assets(call.world, users=rows)
        return Reply(body={"record_ids": [row["id"] for row in rows], "assets": assets, "total_count": len(rows)})
    shown = render.user_expanded if call.flag("expand") else render.user_shown
    return Reply(body=[shown(call.world, row, call.actor) for row in rows])


def me(call: Call) -> Reply:
    """GET /users/me."""
    return _user(call, call.actor.user)


def show_user(call: Call) -> Reply:
    """GET /users/{id}."""
    user = call.world.one("user", call.args[0])
    if user["id"] != call.actor.id and not call.actor.may("ticket.agent", "admin.user"):
        raise not_authorized()
    return _user(call, user)


def _user(call: Call, user: Row) -> Reply:
    if call.flag("full"):
        return Reply(body={"id": user["id"], "assets": render.assets(call.world, users=[user], deep=False)})
    shown = render.user_expanded if call.flag("expand") else render.user_shown
    return Reply(body=shown(call.world, user, call.actor))


def create_user(call: Call) -> Reply:
    """POST /users: agents make customers; other roles than theirs to give are dropped silently."""
    user = make_user(call.world, call.actor, call.params)
    shown = render.user_expanded if call.flag("expand") else render.user_shown
    return Reply(status=201, body=shown(call.world, user, call.actor))


def update_user(call: Call) -> Reply:
    """PUT /users/{id}: another company moves the customer's tickets along."""
    user = call.world.one("user", call.args[0])
    if not call.actor.may("admin.user") and not (call.actor.is_agent and _is_customer(user)):
        raise not_authorized()
    values = _user_values(call.world, call.actor, call.params)
    _check_address(call.world, values.get("email"), but=user["id"])
    after = {**user, **values}
    if after["organization_ids"] and not after["organization_id"]:
        raise unprocessable(NEEDS_PRIMARY)
    changes = call.world.change("user", user, values, by=call.actor.id)
    for attribute, (old, new) in changes.items():
        _remember(call.world, user, attribute, old, new, call.actor.id)
    if "organization_id" in changes:
        _touch(call.world, *changes["organization_id"])
        _move_tickets(call.world, user, *changes["organization_id"])
    return _user(call, user)


def delete_user(call: Call) -> Reply:
    """DELETE /users/{id}: administrators only, and nobody to whom something still refers."""
    if not call.actor.may("admin.user"):
        raise not_authorized()
    user = call.world.one("user", call.args[0])
    if call.world.where("ticket", customer_id=user["id"]) or call.world.where("ticket", owner_id=user["id"]):
        raise unprocessable("Can't delete, object has references.")
    call.world.delete("user", user["id"])
    return Reply(body={})


def preferences(call: Call) -> Reply:
    """PUT /users/preferences: what one's notifications are."""
    user = call.actor.user
    call.world.change("user", user, {"preferences": {**user["preferences"], **call.params}})
    return Reply(body={"message": "ok"})


def _is_customer(user: Row) -> bool:
    return set(user["role_ids"]) <= {stock.CUSTOMER}


# making users


def find_or_make(world: World, actor: Actor, params: Row) -> Row:
    """Find a customer by address or make him."""
    return find_user(world, str(params.get("email") or "")) or make_user(world, actor, params)


def make_user(world: World, actor: Actor, params: Row) -> Row:
    """Make a user from what a client sent."""
    if not any(str(params.get(key) or "").strip() for key in IDENTIFIERS):
        required = "(firstname, lastname, phone, mobile or email)"
        raise unprocessable(f"At least one identifier {required} for user is required.")
    values = _user_values(world, actor, params)
    _check_address(world, values.get("email"))
    if values.get("organization_ids") and not values.get("organization_id"):
        raise unprocessable(NEEDS_PRIMARY)
    values.setdefault("role_ids", [stock.CUSTOMER])
    values["role_ids"] = values["role_ids"] or [stock.CUSTOMER]
    return add_user(world, values, by=actor.id)


def add_user(world: World, values: Row, *, by: int) -> Row:
    """Store a user; without a company the domain of the address may give him one."""
    row: Row = {**copy.deepcopy(stock.USER), **world.custom["User"], "role_ids": [stock.CUSTOMER], **values}
    row["email"] = row["email"].strip().lower()
    row["login"] = (row["login"] or row["email"] or f"auto-{world.next_id.get('user', 1)}").lower()
    if not row["organization_id"] and _is_customer(row):
        row["organization_id"] = company_of_domain(world, row["email"])
    if not _is_customer(row) and not row["preferences"]:
        row["preferences"] = copy.deepcopy(stock.NOTIFICATIONS)
    user = world.insert("user", row, by=by)
    _touch(world, user["organization_id"])
    world.record("User", user["id"], "created", by=by)
    return user


def company_of_domain(world: World, email: str) -> int | None:
    """Find the company whose domain an address has; of two that claim one domain the older wins."""
    domain = email.rpartition("@")[2].lower()
    for company in world.rows("organization"):
        if company["domain_assignment"] and domain and company["domain"].lower() == domain:
            return int(company["id"])
    return None


def _user_values(world: World, actor: Actor, params: Row) -> Row:
    plain = [key for key in stock.USER if key not in ("role_ids", "group_ids", "preferences")]
    values = {key: params[key] for key in (*plain, *world.custom["User"]) if key in params}
    for key in ("email", "login"):
        if key in values:
            values[key] = str(values[key] or "").strip().lower()
    if "organization" in params and "organization_id" not in params:
        values["organization_id"] = _company_by_name(world, params["organization"])
    if values.get("organization_id") is not None:
        values["organization_id"] = _known_company(world, values["organization_id"])
    if "organization_ids" in values:
        values["organization_ids"] = sorted(_known_company(world, id_) for id_ in values["organization_ids"] or [])
    if isinstance(params.get("preferences"), dict):
        values["preferences"] = params["preferences"]
    if actor.may("admin.user"):
        values |= _rights(world, params)
    return values


def _rights(world: World, params: Row) -> Row:
    """Read roles and groups, which only an administrator may give."""
    rights: Row = {}
    if "role_ids" in params:
        rights["role_ids"] = [int(id_) for id_ in params["role_ids"]]
    elif "roles" in params:
        rights["role_ids"] = [world.by_name("role", name, field="roles")["id"] for name in params["roles"]]
    if "group_ids" in params:
        rights["group_ids"] = {str(id_): _levels(held) for id_, held in params["group_ids"].items()}
    elif isinstance(params.get("groups"), dict):
        named = {world.by_name("group", name, field="groups")["id"]: held for name, held in params["groups"].items()}
        rights["group_ids"] = {str(id_): _levels(held) for id_, held in named.items()}
    if params.get("password"):
        rights["_password"] = str(params["password"])
    return rights


def _levels(held: Any) -> list[str]:
    return [str(level) for level in held] if isinstance(held, list) else [str(held)]


def _company_by_name(world: World, name: Any) -> int | None:
    if not name:
        return None
    for company in world.rows("organization"):
        if company["name"] == name:
            return int(company["id"])
    raise no_lookup("organization", name)


def _known_company(world: World, id_: Any) -> int:
    company = world.get("organization", id_)
    if company is None:
        raise unprocessable(f"Couldn't find Organization with 'id'={id_}", hidden=True)
    return int(company["id"])


def _check_address(world: World, email: str | None, *, but: int | None = None) -> None:
    if not email:
        return
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise unprocessable(f"Invalid email '{email}'")
    if any(user["email"] == email and user["id"] != but for user in world.rows("user")):
        raise unprocessable(f"Email address '{email}' is already used for another user.")


def _touch(world: World, *companies: int | None) -> None:
    for id_ in companies:
        company = world.get("organization", id_)
        if company:
            world.touch(company)


def _move_tickets(world: World, user: Row, old: int | None, new: int | None) -> None:
    """Let a customer's tickets follow him into his new company, which the triggers hear."""
    if not world.setting("ticket_organization_reassignment"):
        return
    for ticket in world.where("ticket", customer_id=user["id"], organization_id=old)[-MOVED_AT_MOST:]:
        changes = world.change("ticket", ticket, {"organization_id": new}, by=SYSTEM)
        world.events.append(Event(kind="update", ticket_id=ticket["id"], changes=changes))


def _remember(world: World, user: Row, attribute: str, old: Any, new: Any, by: int) -> None:
    if attribute in ("preferences", "updated_by_id", "role_ids", "group_ids", "_password"):
        return
    if attribute == "organization_id":
        names = [render.name(world, "organization", id_) for id_ in (old, new)]
        extra: Row = {"id_from": old, "id_to": new, "value_from": names[0], "value_to": names[1]}
        world.record("User", user["id"], "updated", by=by, attribute="organization", **extra)
        return
    if attribute == "organization_ids":
        for id_ in set(new) - set(old):
            extra = {"id_from": None, "id_to": id_, "value_from": None}
            value = render.name(world, "organization", id_)
            world.record("User", user["id"], "added", by=by, attribute=attribute, value_to=value, **extra)
        return
    values = {"value_from": str(old or ""), "value_to": str(new or "")}
    world.record("User", user["id"], "updated", by=by, attribute=attribute, **values)
