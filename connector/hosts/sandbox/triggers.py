"""Run the triggers over what happened, in the order of their names."""

from __future__ import annotations

import re
import uuid
from typing import Any

from connector.hosts.sandbox import articles, relations, render, tickets
from connector.hosts.sandbox.access import find_user
from connector.hosts.sandbox.conditions import Subject, holds, leaves
from connector.hosts.sandbox.refusal import Refusal
from connector.hosts.sandbox.world import SYSTEM, Event, Job, Row, World

HOOK_DELAY = 2.0  # seconds: a real queue is polled every 4 s when idle
NO_ANSWER = re.compile(r"mailer-daemon|postmaster|noreply|no-reply", re.IGNORECASE)


def run(world: World, event: Event, done: frozenset[int] = frozenset()) -> None:
    """Let every active trigger judge one event.

    Conditions are judged now, payloads are rendered later. What a trigger itself changes wakes no other trigger, unless
    the setting ticket_trigger_recursive says so; then each trigger runs at most once in a chain.
    """
    ticket = world.get("ticket", event.ticket_id)
    if ticket is None:
        return
    ran: set[int] = set(done)
    changed: dict[str, tuple[Any, Any]] = {}
    active = [row for row in world.rows("trigger") if row["active"] and row["activator"] == "action"]
    for trigger in sorted(active, key=lambda row: row["name"].lower()):
        if trigger["id"] in done or not applies(world, trigger, ticket, event):
            continue
        ran.add(trigger["id"])
        changed |= perform(world, trigger, ticket, event)
    if changed and world.setting("ticket_trigger_recursive"):
        run(world, Event(kind="update", ticket_id=ticket["id"], changes=changed), frozenset(ran))


def applies(world: World, trigger: Row, ticket: Row, event: Event) -> bool:
    """Tell whether a trigger fires for an event."""
    article = world.get("article", event.article_id) if event.article_id else None
    subject = Subject(
        ticket=ticket,
        article=article,
        action=event.kind,
        changes=event.changes,
        actor=world.get("user", event.by),
    )
    if not _selected(trigger, event):
        return False
    return holds(world, trigger["condition"], subject)


def _selected(trigger: Row, event: Event) -> bool:
    """Hold a selective trigger back from updates that bring no article and touch no attribute that it names."""
    if trigger["execution_condition_mode"] == "always" or event.kind == "create" or event.article_id:
        return True
    named = {name.partition(".")[2] for name, _ in leaves(trigger["condition"]) if name.startswith("ticket.")}
    return bool(named & event.changes.keys())


def perform(world: World, trigger: Row, ticket: Row, event: Event) -> dict[str, tuple[Any, Any]]:
    """Do what a trigger says; tell which attributes of the ticket it changed."""
    wanted = trigger["perform"]
    changed = perform_attributes(world, wanted, ticket, by=SYSTEM)
    if "notification.email" in wanted:
        _answer(world, wanted["notification.email"], ticket, event)
    if "notification.webhook" in wanted:
        payload = {
            "trigger": trigger["name"],
            "webhook_id": int(wanted["notification.webhook"]["webhook_id"]),
            "ticket_id": ticket["id"],
            "article_id": event.article_id,
            "delivery": str(uuid.uuid4()),
        }
        world.enqueue(Job(kind="webhook", delay=HOOK_DELAY, payload=payload))
    return changed


def perform_attributes(world: World, wanted: Row, ticket: Row, *, by: int) -> dict[str, tuple[Any, Any]]:
    """Set the attributes, tags and notes that a trigger, macro or job names."""
    values: Row = {}
    for name, clause in wanted.items():
        kind, _, attribute = name.partition(".")
        if name == "ticket.tags":
            _tag(world, ticket, clause, by=by)
        elif name == "article.note":
            body = replace(world, str(clause.get("body") or ""), ticket)
            note = {
                "body": body,
                "subject": clause.get("subject"),
                "internal": clause.get("internal") in (True, "true"),
            }
            articles.insert(world, ticket, {**note, "sender_id": articles.SYSTEM_SENDER, "from": "-"}, by=by)
        elif kind == "ticket" and attribute in (*tickets.WRITABLE, *world.custom["Ticket"]):
            values[attribute] = _value(clause, by)
    return tickets.settle(world, ticket, values, by=by) if values else {}


def _value(clause: Row, by: int) -> Any:
    match clause.get("pre_condition"):
        case "current_user.id":
            return by
        case "not_set":
            return SYSTEM
    value = clause.get("value")
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _tag(world: World, ticket: Row, clause: Row, *, by: int) -> None:
    for tag in str(clause.get("value") or "").split(","):
        if clause.get("operator") == "remove":
            relations.drop_tag(world, ticket, tag.strip(), by=by)
        elif tag.strip():
            relations.put_tag(world, ticket, tag.strip(), by=by)


def _answer(world: World, wanted: Row, ticket: Row, event: Event) -> None:
    """Send a trigger's mail, unless the group has no address or the mail it answers was a machine's."""
    article = world.get("article", event.article_id) if event.article_id else None
    if article and article["preferences"].get("send-auto-response") is False:
        return
    recipient = _recipient(world, wanted.get("recipient"), ticket, article)
    try:
        sender = articles.group_address(world, ticket)
    except Refusal:
        return
    if not recipient or not recipient["email"] or NO_ANSWER.search(recipient["email"]):
        return
    values = {
        "type_id": articles.EMAIL,
        "sender_id": articles.SYSTEM_SENDER,
        "from": articles.address(sender["name"], sender["email"]),
        "to": recipient["email"],
        "subject": replace(world, str(wanted["subject"]), ticket, article),
        "body": replace(world, str(wanted["body"]), ticket, article),
        "content_type": "text/html",
        "preferences": {"perform_origin": "trigger", "email_address_id": sender["id"]},
        **articles.message_id(world, ticket),
    }
    made = articles.insert(world, ticket, values, by=SYSTEM)
    world.enqueue(Job(kind="mail", delay=1.0, payload={"article_id": made["id"]}))


def _recipient(world: World, wanted: Any, ticket: Row, article: Row | None) -> Row | None:
    if wanted == "article_last_sender" and article:
        user = world.get("user", article["origin_by_id"] or article["created_by_id"])
        sent = re.search(r"<([^>]+)>", article["from"] or "")
        return find_user(world, sent[1]) if sent else user
    return world.get("user", ticket["customer_id"])


# placeholders


def replace(world: World, text: str, ticket: Row, article: Row | None = None) -> str:
    """Fill in #{ticket.title} and the like; what does not exist says so in place."""
    return re.sub(r"#\{([^}]+)\}", lambda found: _fill(world, found[1].strip(), ticket, article), text)


def _fill(world: World, path: str, ticket: Row, article: Row | None) -> str:
    root, *steps = path.split(".")
    if root == "config":
        return _say(world.setting(steps[0])) if steps else ""
    row: Row | None = {"ticket": ticket, "article": article}.get(root)
    if root not in ("ticket", "article"):
        return f"#{{{root} / no such object}}"
    for depth, step in enumerate(steps):
        if row is None:
            return ""
        if depth == len(steps) - 1 and step in row and not step.startswith("_"):
            return _say(row[step])
        if step == "fullname":
            return render.fullname(row)
        following = _follow(world, root, row, step)
        if following is None:
            known = f"{step}_id" in row
            return "" if known else f"#{{{path} / no such method}}"
        row = following
    return _say(row.get("name")) if row else ""


_TABLES = {
    "customer": "user", "owner": "user", "created_by": "user", "updated_by": "user", "origin_by": "user",
    "type": "article_type", "sender": "article_sender",
}  # fmt: skip


def _follow(world: World, _: str, row: Row, step: str) -> Row | None:
    return world.get(_TABLES.get(step, step), row.get(f"{step}_id")) if f"{step}_id" in row else None


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
