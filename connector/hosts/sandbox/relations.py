"""Tag tickets and link them to each other."""

from __future__ import annotations

from connector.hosts.sandbox import render, stock
from connector.hosts.sandbox.access import Actor, may_ticket, ticket_for
from connector.hosts.sandbox.call import Call, Reply
from connector.hosts.sandbox.conditions import tags_of
from connector.hosts.sandbox.refusal import Refusal, not_authorized, not_found, unprocessable
from connector.hosts.sandbox.world import Row, World

INVERSE = {"parent": "child", "child": "parent"}


# tags


def list_tags(call: Call) -> Reply:
    """GET /tags?object=Ticket&o_id=N; an unknown ticket has no tags."""
    ticket = call.world.get("ticket", call.params.get("o_id"))
    if ticket and not may_ticket(call.world, call.actor, ticket, "read"):
        raise not_authorized()
    return Reply(body={"tags": tags_of(call.world, ticket)})


def add_tag(call: Call) -> Reply:
    """POST /tags/add: idempotent, case-sensitive, no comma; no trigger hears of it."""
    ticket, item = _taggable(call), str(call.params.get("item") or "").strip()
    if not item or "," in item:
        raise unprocessable("Attribute 'tag_item_id\" of relation \"tags' required!")
    put_tag(call.world, ticket, item, by=call.actor.id)
    return Reply(status=201, body=True)


def remove_tag(call: Call) -> Reply:
    """DELETE /tags/remove: true also for a tag that was not there."""
    ticket = _taggable(call)
    drop_tag(call.world, ticket, str(call.params.get("item") or ""), by=call.actor.id)
    return Reply(body=True)


def put_tag(world: World, ticket: Row, item: str, *, by: int) -> None:
    """Tag a ticket once."""
    if item in tags_of(world, ticket):
        return
    if not world.where("tag_item", name=item):
        world.insert("tag_item", {"name": item}, by=by)
    world.insert("tag", {"o_id": ticket["id"], "name": item}, by=by)
    world.record("Ticket", ticket["id"], "added", by=by, attribute="tag", value_from=None, value_to=item)
    world.touch(ticket)


def drop_tag(world: World, ticket: Row, item: str, *, by: int) -> None:
    """Take a tag off a ticket, if it is there."""
    for row in world.where("tag", o_id=ticket["id"], name=item):
        world.delete("tag", row["id"])
        world.record("Ticket", ticket["id"], "removed", by=by, attribute="tag", value_from=None, value_to=item)
        world.touch(ticket)


def _taggable(call: Call) -> Row:
    if call.params.get("object") != "Ticket":
        raise Refusal(500, f"uninitialized constant {call.params.get('object')}", hidden=True)
    ticket = call.world.get("ticket", call.params.get("o_id"))
    if ticket is None:
        raise not_found("Ticket", call.params.get("o_id"))
    if ticket["group_id"] not in call.actor.groups("change"):
        raise not_authorized()
    return ticket


def search_tags(call: Call) -> Reply:
    """GET /tag_search?term=: tags that begin with the term."""
    term = str(call.params.get("term") or "").lower()
    found = [row for row in call.world.rows("tag_item") if row["name"].lower().startswith(term)]
    return Reply(body=[{"id": row["id"], "value": row["name"]} for row in found[:10]])


def tag_list(call: Call) -> Reply:
    """GET /tag_list: all tags with how often they are used."""
    items = call.world.rows("tag_item")
    counts = {row["name"]: len(call.world.where("tag", name=row["name"])) for row in items}
    return Reply(body=[{"id": row["id"], "name": row["name"], "count": counts[row["name"]]} for row in items])


def create_tag(call: Call) -> Reply:
    """POST /tag_list."""
    name = str(call.params.get("name") or "")
    if not call.world.where("tag_item", name=name):
        call.world.insert("tag_item", {"name": name}, by=call.actor.id)
    return Reply(body={})


def delete_tag(call: Call) -> Reply:
    """DELETE /tag_list/{id}: every ticket loses it too."""
    world, item = call.world, call.world.one("tag_item", call.args[0])
    for row in world.where("tag", name=item["name"]):
        world.delete("tag", row["id"])
    world.delete("tag_item", item["id"])
    return Reply(body={})


# links


def list_links(call: Call) -> Reply:
    """GET /links?link_object=Ticket&link_object_value=ID."""
    ticket = ticket_for(call.world, call.actor, call.params.get("link_object_value"))
    links = links_of(call.world, call.actor, ticket)
    others = [call.world.one("ticket", link["link_object_value"]) for link in links]
    return Reply(body={"links": links, "assets": render.assets(call.world, tickets=others)})


def links_of(world: World, actor: Actor, ticket: Row) -> list[Row]:
    """List what other tickets are for this one; those that the person may not see are left out."""
    found = []
    for row in world.where("link", link_object_source_value=ticket["id"]):
        type_ = _type_name(world, row["link_type_id"])
        found.append((INVERSE.get(type_, type_), row["link_object_target_value"]))
    for row in world.where("link", link_object_target_value=ticket["id"]):
        found.append((_type_name(world, row["link_type_id"]), row["link_object_source_value"]))
    shown = []
    for type_, id_ in found:
        other = world.get("ticket", id_)
        if other and may_ticket(world, actor, other, "read"):
            shown.append({"link_type": type_, "link_object": "Ticket", "link_object_value": id_})
    return shown


def add_link(call: Call) -> Reply:
    """POST /links/add: the source by NUMBER, the target by id; any link_type is accepted and created."""
    number = str(call.params.get("link_object_source_number"))
    sources = call.world.where("ticket", number=number)
    if not sources:
        raise Refusal(404, 'Couldn\'t find Ticket with [WHERE "tickets"."number" = $1]')
    target = call.world.get("ticket", call.params.get("link_object_target_value"))
    if target is None:
        raise Refusal(404, 'Couldn\'t find Ticket with [WHERE "tickets"."id" = $1]')
    for ticket in (sources[0], target):
        if not may_ticket(call.world, call.actor, ticket, "change"):
            raise not_authorized()
    type_ = str(call.params.get("link_type") or "normal")
    return Reply(status=201, body=join(call.world, type_, source=sources[0], target=target, by=call.actor.id))


def join(world: World, type_: str, *, source: Row, target: Row, by: int) -> Row:
    """Link two tickets: for the target, the source is what `type_` says. A repetition gives a row without id."""
    values = {
        "link_type_id": _type_id(world, type_),
        "link_object_source_id": 1,
        "link_object_source_value": source["id"],
        "link_object_target_id": 1,
        "link_object_target_value": target["id"],
    }
    if world.where("link", **values):
        return {"id": None, **values, "created_at": None, "updated_at": None}
    row = world.insert("link", values, by=by)
    for ticket in (source, target):
        world.touch(ticket)
    return {key: row[key] for key in ("id", *values, "created_at", "updated_at")}


def remove_link(call: Call) -> Reply:
    """DELETE /links/remove: wants the source's id; with a number nothing is removed and nobody is told."""
    source = call.world.get("ticket", call.params.get("link_object_source_value"))
    target = call.world.get("ticket", call.params.get("link_object_target_value"))
    if source is None or target is None:
        return Reply(status=201, body=[])
    for ticket in (source, target):
        if not may_ticket(call.world, call.actor, ticket, "change"):
            raise not_authorized()
    type_ = str(call.params.get("link_type") or "normal")
    _part(call.world, type_, source, target)
    # Only the reversed direction is reported, whatever was removed the straight way.
    return Reply(status=201, body=_part(call.world, INVERSE.get(type_, type_), target, source))


def _part(world: World, type_: str, source: Row, target: Row) -> list[Row]:
    found = world.where(
        "link",
        link_type_id=_type_id(world, type_),
        link_object_source_value=source["id"],
        link_object_target_value=target["id"],
    )
    for row in found:
        world.delete("link", row["id"])
        world.touch(source)
        world.touch(target)
    hidden = ("created_by_id", "updated_by_id")
    return [{key: value for key, value in row.items() if key not in hidden} for row in found]


def _type_id(world: World, name: str) -> int:
    for row in world.where("link_type", name=name):
        return int(row["id"])
    return int(world.insert("link_type", {"name": name})["id"])


def _type_name(world: World, id_: int) -> str:
    return str(world.one("link_type", id_)["name"])


def seed_link_types(world: World) -> None:
    """Know the three built-in types of link."""
    for name in stock.LINK_TYPES.values():
        world.insert("link_type", {"name": name})
