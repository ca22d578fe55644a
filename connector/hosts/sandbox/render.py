"""Show rows in the JSON shapes of Zammad's API: plain, expanded, as assets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.hosts.sandbox.access import Actor
from connector.hosts.sandbox.world import Row, World

# A customer reads fewer columns than an agent.
FOR_CUSTOMERS = {
    "organization": ("id", "name", "active", "secondary_member_ids"),
    "group": ("id", "name", "name_last", "follow_up_possible", "reopen_time_in_days", "active", "parent_id"),
}
HIDDEN_FROM_CUSTOMERS = (
    "web", "phone", "fax", "mobile", "department", "street", "zip", "city", "country", "address", "note",
)  # fmt: skip


def plain(row: Row) -> Row:
    """Copy a row without its private columns."""
    return {key: value for key, value in row.items() if not key.startswith("_")}


def login(world: World, id_: object) -> str | None:
    """Name a user by login."""
    user = world.get("user", id_)
    return user["login"] if user else None


def name(world: World, table: str, id_: object) -> str | None:
    """Name a row."""
    row = world.get(table, id_)
    return row["name"] if row else None


def fullname(user: Row) -> str:
    """Write a person's name as people do; the address stands in for a missing one."""
    return f"{user['firstname']} {user['lastname']}".strip() or str(user["email"] or user["login"])


def authors(world: World, row: Row) -> Row:
    """Name who made and last changed a row."""
    return {"created_by": login(world, row["created_by_id"]), "updated_by": login(world, row["updated_by_id"])}


# tickets


def ticket_ids(world: World, ticket: Row) -> Row:
    """List what hangs on a ticket by id; answers to writes carry it, a plain show does not."""
    id_ = ticket["id"]
    return {
        "referencing_checklist_ids": [],
        "article_ids": [row["id"] for row in world.where("article", ticket_id=id_)],
        "ticket_time_accounting_ids": [row["id"] for row in world.where("time_accounting", ticket_id=id_)],
    }


def ticket_full(world: World, ticket: Row) -> Row:
    """Show a ticket with the ids that hang on it."""
    return {**plain(ticket), **ticket_ids(world, ticket)}


def ticket_names(world: World, ticket: Row) -> Row:
    """Name what a ticket refers to."""
    names: Row = {
        "referencing_checklists": [],
        "group": name(world, "group", ticket["group_id"]),
        "state": name(world, "state", ticket["state_id"]),
        "priority": name(world, "priority", ticket["priority_id"]),
        "owner": login(world, ticket["owner_id"]),
        "customer": login(world, ticket["customer_id"]),
        **authors(world, ticket),
    }
    if ticket["organization_id"]:
        names["organization"] = name(world, "organization", ticket["organization_id"])
    if not world.where("time_accounting", ticket_id=ticket["id"]):
        names["ticket_time_accounting"] = []  # with entries the key is left out: they have no names to show
    if ticket["checklist_id"]:
        names["checklist"] = name(world, "checklist", ticket["checklist_id"])
    if ticket["create_article_type_id"]:
        names["create_article_type"] = name(world, "article_type", ticket["create_article_type_id"])
        names["create_article_sender"] = name(world, "article_sender", ticket["create_article_sender_id"])
    return names


def ticket_expanded(world: World, ticket: Row) -> Row:
    """Show a ticket with names and logins beside the ids."""
    return {**ticket_full(world, ticket), **ticket_names(world, ticket)}


# articles


def attachments(world: World, article: Row) -> list[Row]:
    """List an article's files; the size is a string."""
    return [
        {key: file[key] for key in ("id", "store_file_id", "filename", "size", "preferences")}
        for file in world.where("file", object="Ticket::Article", o_id=article["id"])
    ]


def article_asset(world: World, article: Row) -> Row:
    """Show an article without names."""
    return {**plain(article), "attachments": attachments(world, article)}


def article_shown(world: World, article: Row) -> Row:
    """Show an article as the article endpoints do, always with names."""
    spent = [row["time_unit"] for row in world.where("time_accounting", ticket_article_id=article["id"])]
    shown = {
        **article_asset(world, article),
        **authors(world, article),
        "type": name(world, "article_type", article["type_id"]),
        "sender": name(world, "article_sender", article["sender_id"]),
        "time_unit": spent[0] if spent else None,
    }
    if article["origin_by_id"]:
        shown["origin_by"] = login(world, article["origin_by_id"])
    return shown


# people


def user_shown(world: World, user: Row, actor: Actor | None = None) -> Row:
    """Show a user; customers see themselves without the address book."""
    shown = plain(user)
    if actor is not None and not actor.may("ticket.agent", "admin.user"):
        shown = {key: value for key, value in shown.items() if key not in HIDDEN_FROM_CUSTOMERS}
    return shown


def user_names(world: World, user: Row) -> Row:
    """Name what a user refers to."""
    names: Row = {
        "roles": [name(world, "role", id_) for id_ in user["role_ids"]],
        "two_factor_preferences": [],
        "organizations": [name(world, "organization", id_) for id_ in user["organization_ids"]],
        "overview_sortings": [],
        **authors(world, user),
    }
    if user["organization_id"]:
        names["organization"] = name(world, "organization", user["organization_id"])
    return names


def user_expanded(world: World, user: Row, actor: Actor | None = None) -> Row:
    """Show a user with names."""
    groups = {name(world, "group", id_): levels for id_, levels in user["group_ids"].items()}
    return {**user_shown(world, user, actor), **user_names(world, user), "authorizations": [], "groups": groups}


def members(world: World, organization: Row) -> list[Row]:
    """List the people whose primary company this is."""
    return world.where("user", organization_id=organization["id"])


def organization_shown(world: World, organization: Row, actor: Actor | None = None) -> Row:
    """Show a company with its members' ids; customers see its name only."""
    id_ = organization["id"]
    shown = {
        **plain(organization),
        "member_ids": [user["id"] for user in members(world, organization)],
        "secondary_member_ids": [u["id"] for u in world.rows("user") if id_ in u["organization_ids"]],
    }
    if actor is not None and not actor.may("ticket.agent", "admin.organization"):
        return {key: shown[key] for key in FOR_CUSTOMERS["organization"]} | {"secondary_member_ids": []}
    return shown


def organization_expanded(world: World, organization: Row, actor: Actor | None = None) -> Row:
    """Show a company with its members' logins."""
    logins = [user["login"] for user in members(world, organization)]
    return {**organization_shown(world, organization, actor), "members": logins, **authors(world, organization)}


def group_shown(world: World, group: Row, actor: Actor | None = None) -> Row:
    """Show a group with its agents' ids; customers see its name only."""
    if actor is not None and not actor.may("ticket.agent", "admin.group"):
        return {key: group[key] for key in FOR_CUSTOMERS["group"]}
    users = [user["id"] for user in world.rows("user") if str(group["id"]) in user["group_ids"]]
    return {**plain(group), "user_ids": users}


def group_expanded(world: World, group: Row, actor: Actor | None = None) -> Row:
    """Show a group with names."""
    shown = {**group_shown(world, group, actor), **authors(world, group)}
    shown["users"] = [login(world, id_) for id_ in shown.get("user_ids", ())]
    if group["signature_id"]:
        shown["signature"] = name(world, "signature", group["signature_id"])
    if group["email_address_id"]:
        shown["email_address"] = name(world, "email_address", group["email_address_id"])
    return shown


# assets


def assets(
    world: World,
    *,
    tickets: Iterable[Row] = (),
    articles: Iterable[Row] = (),
    users: Iterable[Row] = (),
    organizations: Iterable[Row] = (),
    deep: bool = True,
) -> Row:
    """Collect rows and what they refer to under "Ticket", "TicketArticle", "User", "Organization", keyed by id.

    A ticket drags in its people, their companies and all members of those: what makes `all=true` dear on a real host.
    """
    found: dict[str, dict[int, Row]] = {"Ticket": {}, "TicketArticle": {}, "User": {}, "Organization": {}}
    for ticket in tickets:
        found["Ticket"][ticket["id"]] = ticket_full(world, ticket)
        for key in ("owner_id", "customer_id", "created_by_id", "updated_by_id"):
            _add_user(world, found, ticket[key])
        _add_organization(world, found, ticket["organization_id"])
    for article in articles:
        found["TicketArticle"][article["id"]] = article_asset(world, article)
        for key in ("created_by_id", "updated_by_id", "origin_by_id"):
            _add_user(world, found, article[key])
    for user in users:
        if deep:
            _add_user(world, found, user["id"])
            continue
        found["User"][user["id"]] = user_shown(world, user)
        company = world.get("organization", user["organization_id"])
        if company:
            found["Organization"][company["id"]] = organization_shown(world, company)
    for organization in organizations:
        _add_organization(world, found, organization["id"])
    return {kind: {str(id_): row for id_, row in rows.items()} for kind, rows in found.items() if rows}


def _add_user(world: World, found: dict[str, dict[int, Row]], id_: object) -> None:
    user = world.get("user", id_)
    if user is None or user["id"] in found["User"]:
        return
    found["User"][user["id"]] = user_shown(world, user)
    for company in (user["organization_id"], *user["organization_ids"]):
        _add_organization(world, found, company)


def _add_organization(world: World, found: dict[str, dict[int, Row]], id_: object) -> None:
    company = world.get("organization", id_)
    if company is None or company["id"] in found["Organization"]:
        return
    shown: dict[str, Any] = organization_shown(world, company)
    # In assets, and only there, the members of second rank count as members too.
    shown["member_ids"] = sorted({*shown["member_ids"], *shown["secondary_member_ids"]})
    found["Organization"][company["id"]] = shown
    for member in shown["member_ids"]:
        _add_user(world, found, member)


def checklist_shown(world: World, checklist: Row) -> Row:
    """Show a checklist with the ids of its items, which are texts in their order."""
    ids = [row["id"] for row in world.where("checklist_item", checklist_id=checklist["id"])]
    return {**plain(checklist), "sorted_item_ids": [str(id_) for id_ in ids], "item_ids": ids}


def checklist_assets(world: World, ticket: Row) -> Row:
    """Collect a ticket's checklist and its items."""
    checklist = world.get("checklist", ticket["checklist_id"])
    if checklist is None:
        return {}
    items = world.where("checklist_item", checklist_id=checklist["id"])
    return {
        "Checklist": {str(checklist["id"]): checklist_shown(world, checklist)},
        "ChecklistItem": {str(item["id"]): plain(item) for item in items},
    }
