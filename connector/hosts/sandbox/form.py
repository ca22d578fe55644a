"""Show a ticket with all that the web interface's form needs, which is what makes `all=true` dear."""

from __future__ import annotations

from connector.hosts.sandbox import articles, relations, render
from connector.hosts.sandbox.call import Call
from connector.hosts.sandbox.conditions import tags_of
from connector.hosts.sandbox.world import Row, World


def everything(call: Call, ticket: Row) -> Row:
    """Collect articles, links, tags, booked time, every agent of the group, and the form itself."""
    world = call.world
    found = world.where("article", ticket_id=ticket["id"])
    if not articles.is_agent_of(world, call.actor, ticket):
        found = [article for article in found if not article["internal"]]
    agents = [user for user in world.rows("user") if str(ticket["group_id"]) in user["group_ids"]]
    keys = ("id", "ticket_id", "ticket_article_id", "time_unit", "type_id")
    booked = world.where("time_accounting", ticket_id=ticket["id"])
    return {
        "ticket_id": ticket["id"],
        "ticket_article_ids": [article["id"] for article in found],
        "assets": render.assets(world, tickets=[ticket], articles=found, users=agents),
        "links": relations.links_of(world, call.actor, ticket),
        "tags": tags_of(world, ticket),
        "mentions": [],
        "time_accountings": [{key: row[key] for key in keys} for row in booked],
        "form_meta": _form(world, agents),
    }


def _form(world: World, agents: list[Row]) -> Row:
    """Describe the ticket form, as the web interface needs it."""
    attributes = world.where("object_attribute", object="Ticket")
    names = [row["name"] for row in attributes]
    values = {
        "group_id": ["", *(str(row["id"]) for row in world.rows("group"))],
        "owner_id": ["", *(str(row["id"]) for row in agents)],
        "state_id": [str(row["id"]) for row in world.rows("state") if row["state_type_id"] != 6],
        "priority_id": [str(row["id"]) for row in world.rows("priority")],
    }
    return {
        "filter": {"type_id": [articles.NOTE, articles.PHONE]},
        "dependencies": None,
        "configure_attributes": [
            {"name": row["name"], "display": row["display"], "tag": row["data_type"], "screen": row["screens"]}
            for row in attributes
        ],
        "core_workflow": {
            "restrict_values": values,
            "request_id": "default",
            "visibility": dict.fromkeys(names, "show"),
            "mandatory": {
                name: name in ("title", "customer_id", "group_id", "state_id", "priority_id") for name in names
            },
            "readonly": dict.fromkeys(names, False),
            "select": {},
            "fill_in": {},
            "eval": [],
            "matched_workflows": [1, 2],
            "rerun_count": 0,
        },
    }
