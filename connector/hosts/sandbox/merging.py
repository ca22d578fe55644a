"""Merge, split and change many tickets at once, and tell a ticket's history."""

from __future__ import annotations

from connector.hosts.sandbox import articles, files, relations, render, stock, tickets, triggers
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
    cloned = files.clone_files(call.world, article, str(call.params.get("form_id")), call.actor.id)
    assets = render.assets(call.world, tickets=[ticket], articles=[article])
    return Reply(body={"assets": assets, "attachments": cloned})


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
