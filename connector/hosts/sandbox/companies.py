"""Keep organizations: whose domain is whose, and what an organisation adds to them."""

from __future__ import annotations

import contextlib
from datetime import date, datetime
from typing import Any

from connector.hosts.sandbox import render, stock
from connector.hosts.sandbox.call import Call, Reply, ordered, page
from connector.hosts.sandbox.refusal import Refusal, not_authorized, unprocessable
from connector.hosts.sandbox.world import SYSTEM, Row, World


def list_organizations(call: Call) -> Reply:
    """GET /organizations; a customer sees his own by name."""
    rows = call.world.rows("organization")
    if not call.actor.may("ticket.agent", "admin.organization"):
        mine = {call.actor.user["organization_id"], *call.actor.user["organization_ids"]}
        rows = [row for row in rows if row["id"] in mine]
    total = len(rows)
    rows = page(call, ordered(call, rows, by="id", direction="asc"), default=500, most=1000)
    if call.flag("full"):
        assets = render.assets(call.world, organizations=rows)
        return Reply(body={"record_ids": [row["id"] for row in rows], "assets": assets, "total_count": total})
    shown = render.organization_expanded if call.flag("expand") else render.organization_shown
    return Reply(body=[shown(call.world, row, call.actor) for row in rows])


def show_organization(call: Call) -> Reply:
    """GET /organizations/{id}."""
    company = call.world.one("organization", call.args[0])
    mine = {call.actor.user["organization_id"], *call.actor.user["organization_ids"]}
    if company["id"] not in mine and not call.actor.may("ticket.agent", "admin.organization"):
        raise not_authorized()
    if call.flag("full"):
        assets = render.assets(call.world, organizations=[company])
        return Reply(body={"id": company["id"], "assets": assets})
    shown = render.organization_expanded if call.flag("expand") else render.organization_shown
    return Reply(body=shown(call.world, company, call.actor))


def create_organization(call: Call) -> Reply:
    """POST /organizations."""
    values = _organization_values(call.world, call.params)
    _check_organization(call.world, {**stock.ORGANIZATION, **values}, but=None)
    company = add_organization(call.world, values, by=call.actor.id)
    _set_members(call, company)
    return Reply(status=201, body=render.organization_shown(call.world, company))


def add_organization(world: World, values: Row, *, by: int = SYSTEM) -> Row:
    """Store a company."""
    return world.insert("organization", {**stock.ORGANIZATION, **world.custom["Organization"], **values}, by=by)


def update_organization(call: Call) -> Reply:
    """PUT /organizations/{id}: select values are not checked, dates are read leniently."""
    company = call.world.one("organization", call.args[0])
    values = _organization_values(call.world, call.params)
    _check_organization(call.world, {**company, **values}, but=company["id"])
    call.world.change("organization", company, values, by=call.actor.id)
    _set_members(call, company)
    return Reply(body=render.organization_shown(call.world, company))


def delete_organization(call: Call) -> Reply:
    """DELETE /organizations/{id}: not while somebody belongs to it."""
    company = call.world.one("organization", call.args[0])
    if render.members(call.world, company) or call.world.where("ticket", organization_id=company["id"]):
        raise unprocessable("Can't delete, object has references.")
    call.world.delete("organization", company["id"])
    return Reply(body={})


def _organization_values(world: World, params: Row) -> Row:
    values = {key: params[key] for key in (*stock.ORGANIZATION, *world.custom["Organization"]) if key in params}
    dates = {row["name"] for row in world.where("object_attribute", object="Organization", data_type="date")}
    for key in dates & values.keys():
        values[key] = read_date(values[key])
    return values


def read_date(value: Any) -> str | None:
    """Read a date leniently: 2027-01-31 and 31.01.2027 are the same day, nonsense is none."""
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d"):
        with contextlib.suppress(ValueError):
            day: date = datetime.strptime(str(value)[:10], pattern).date()  # noqa: DTZ007  a calendar day has no zone
            return day.isoformat()
    return None


def _check_organization(world: World, row: Row, *, but: int | None) -> None:
    if not str(row["name"] or "").strip():
        raise unprocessable("Name can't be blank")
    if any(other["name"] == row["name"] and other["id"] != but for other in world.rows("organization")):
        raise unprocessable("Name has already been taken")
    if row["domain_assignment"] and not row["domain"]:
        raise unprocessable("Domain required when Domain Based Assignment is enabled")


def _set_members(call: Call, company: Row) -> None:
    for id_ in call.params.get("member_ids") or []:
        user = call.world.get("user", id_)
        if user is None:
            raise Refusal(422, f"Invalid value for param 'member_ids': {id_}")
        if call.world.change("user", user, {"organization_id": company["id"]}, by=call.actor.id):
            call.world.touch(company)
