"""Judge Zammad's selector conditions, for searches, triggers and SLAs alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connector.hosts.sandbox import stock
from connector.hosts.sandbox.refusal import Refusal, unprocessable
from connector.hosts.sandbox.world import SYSTEM, Row, World, moment

UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
VIRTUAL = {"ticket.tags", "ticket.action", "article.action", "ticket.mention_user_ids", "user.fullname"}
OPERATORS = {
    "is", "is not", "contains", "contains not", "starts with", "ends with", "starts with one of", "ends with one of",
    "is any of", "is none of", "contains one", "contains all", "contains one not", "contains all not", "has changed",
    "is set", "not set", "matches regex", "does not match regex", "before (absolute)", "after (absolute)",
    "before (relative)", "after (relative)", "within last (relative)", "within next (relative)", "till (relative)",
    "from (relative)", "today",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Be what a condition is asked about: one ticket, user or company, and perhaps the event that befell it."""

    ticket: Row | None = None
    article: Row | None = None
    user: Row | None = None
    organization: Row | None = None
    action: str | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    actor: Row | None = None


def check(world: World, condition: Row) -> None:
    """Refuse unknown attributes (422) and unknown operators (500), both with texts for administrators only."""
    for name, clause in leaves(condition):
        if not known(world, name):
            raise unprocessable("Invalid object selector conditions", hidden=True)
        if clause.get("operator") not in OPERATORS:
            raise Refusal(500, f"Invalid operator '{clause.get('operator')}' for '{clause.get('value')}'", hidden=True)


def known(world: World, name: str) -> bool:
    """Tell whether an attribute exists, custom ones only once they are migrated."""
    if name in VIRTUAL:
        return True
    kind, _, attribute = name.partition(".")
    columns = {
        "ticket": {**stock.TICKET, **world.custom["Ticket"]},
        "customer": {**stock.USER, **world.custom["User"]},
        "user": {**stock.USER, **world.custom["User"]},
        "organization": {**stock.ORGANIZATION, **world.custom["Organization"]},
        "article": stock.ARTICLE,
    }.get(kind, {})
    return attribute in columns or attribute in ("id", "created_at", "updated_at", "created_by_id", "updated_by_id")


def leaves(condition: Row) -> list[tuple[str, Row]]:
    """List the single clauses of a condition, in the plain and in the nested (expert) form."""
    if "conditions" not in condition:
        return list(condition.items())
    found: list[tuple[str, Row]] = []
    for part in condition["conditions"]:
        found += leaves(part) if "conditions" in part else [(part["name"], part)]
    return found


def holds(world: World, condition: Row, subject: Subject) -> bool:
    """Judge a whole condition; the plain form is a conjunction."""
    if "conditions" not in condition:
        return all(_clause(world, name, clause, subject) for name, clause in condition.items())
    verdicts = [
        holds(world, part, subject) if "conditions" in part else _clause(world, part["name"], part, subject)
        for part in condition["conditions"]
    ]
    match str(condition.get("operator", "AND")).upper():
        case "OR":
            return any(verdicts)
        case "NOT":
            return not any(verdicts)
        case _:
            return all(verdicts)


def _clause(world: World, name: str, clause: Row, subject: Subject) -> bool:
    operator = clause["operator"]
    if name == "ticket.action":
        return bool(subject.action == clause.get("value")) == bool(operator == "is")
    if name == "article.action":
        return (subject.article is not None) == bool(operator == "is")
    kind, _, attribute = name.partition(".")
    if operator == "has changed":
        return attribute in subject.changes
    if kind == "article" and subject.article is None and subject.action is None and subject.ticket is not None:
        articles = world.where("article", ticket_id=subject.ticket["id"])  # a search asks for any article
        return any(_compare(world, clause, article.get(attribute), attribute, subject) for article in articles)
    row = _row(world, kind, subject)
    if name == "ticket.tags":
        return _tags(operator, clause.get("value"), tags_of(world, row))
    return row is not None and _compare(world, clause, row.get(attribute), attribute, subject)


def _row(world: World, kind: str, subject: Subject) -> Row | None:
    ticket = subject.ticket
    match kind:
        case "ticket":
            return ticket
        case "article":
            return subject.article
        case "customer":
            return world.get("user", ticket["customer_id"]) if ticket else None
        case "organization":
            return subject.organization or (world.get("organization", ticket["organization_id"]) if ticket else None)
        case _:
            return subject.user


def tags_of(world: World, ticket: Row | None) -> list[str]:
    """List a ticket's tags in the order they were added."""
    return [row["name"] for row in world.where("tag", o_id=ticket["id"])] if ticket else []


def _tags(operator: str, value: Any, held: list[str]) -> bool:
    wanted = {part.strip() for part in (value if isinstance(value, list) else str(value).split(","))}
    match operator:
        case "contains all" | "is":
            return wanted <= set(held)
        case "contains one not":
            return not wanted & set(held)
        case "contains all not":
            return not wanted <= set(held)
        case _:
            return bool(wanted & set(held))


def _compare(world: World, clause: Row, held: Any, attribute: str, subject: Subject) -> bool:
    operator = clause["operator"]
    if "absolute" in operator or "relative" in operator or operator == "today":
        return _time(world, clause, held)
    text, wanted = _text(held), _wanted(clause, subject)
    if clause.get("pre_condition") == "not_set" or operator in ("is set", "not set"):
        empty = held in (None, "", []) or (attribute == "owner_id" and held == SYSTEM)
        return empty == (operator in ("is", "not set"))
    match operator:
        case "is" | "is any of":
            return text in wanted
        case "is not" | "is none of":
            return text not in wanted
        case "contains":
            return any(part.lower() in text.lower() for part in wanted)
        case "contains not":
            return not any(part.lower() in text.lower() for part in wanted)
        case "starts with" | "starts with one of":
            return text.lower().startswith(tuple(part.lower() for part in wanted))
        case "ends with" | "ends with one of":
            return text.lower().endswith(tuple(part.lower() for part in wanted))
        case "matches regex":
            return any(re.search(part, text) for part in wanted)
        case "does not match regex":
            return not any(re.search(part, text) for part in wanted)
        case _:
            return False


def _wanted(clause: Row, subject: Subject) -> list[str]:
    match clause.get("pre_condition"):
        case "current_user.id":
            return [_text(subject.actor["id"])] if subject.actor else []
        case "current_user.organization_id":
            return [_text(subject.actor["organization_id"])] if subject.actor else []
    value = clause.get("value")
    return [_text(part.get("value") if isinstance(part, dict) else part) for part in _list(value)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _time(world: World, clause: Row, held: Any) -> bool:
    if not held:
        return False
    at, operator, now = moment(str(held)), clause["operator"], world.clock()
    if "absolute" in operator:
        try:
            bound = datetime.fromisoformat(str(clause["value"]).replace("Z", "+00:00"))
        except ValueError:
            return True  # "yesterday" filters nothing, and nobody is told
        bound = bound if bound.tzinfo else bound.replace(tzinfo=now.tzinfo)
        return at <= bound if operator.startswith("before") else at >= bound  # both bounds are inclusive
    if operator == "today":
        return at.date() == now.date()
    span = UNITS[clause.get("range", "minute")] * float(clause["value"])
    match operator:
        case "before (relative)" | "till (relative)":
            return at <= (now - span if operator.startswith("before") else now + span)
        case "after (relative)" | "from (relative)":
            return at >= (now + span if operator.startswith("after") else now - span)
        case "within last (relative)":
            return now - span <= at <= now
        case _:
            return now <= at <= now + span
