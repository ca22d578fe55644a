"""Build the body of a webhook, byte for byte as Zammad's JSON encoder would."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

from connector.hosts.sandbox import render, triggers
from connector.hosts.sandbox.world import Row, World

# Rails escapes these in every JSON, so that a page may embed it; the signature is over the escaped bytes.
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
LONE_ID = re.compile(r"#\{[\w.]*\b(\w+_)?id\}")  # a placeholder that is a whole value keeps its type
NOT_IN_PAYLOADS = ("last_login", "login_failed", "preferences", "authorization_ids", "group_ids")


def encode(body: Any) -> bytes:
    """Write JSON without blanks, in UTF-8, with Rails' escapes."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    for char, escape in ESCAPES.items():
        text = text.replace(char, escape)
    return text.encode()


def sign(body: bytes, token: str) -> str:
    """Make the X-Hub-Signature over the raw bytes."""
    return "sha1=" + hmac.new(token.encode(), body, hashlib.sha1).hexdigest()


def build(world: World, webhook: Row, ticket: Row, article: Row | None) -> Any:
    """Build a body from the state of this moment, which may be later than the event."""
    if webhook["customized_payload"] and webhook["custom_payload"]:
        return _customized(world, webhook["custom_payload"], ticket, article)
    return {"ticket": _ticket(world, ticket), "article": _article(world, ticket, article) if article else {}}


def _customized(world: World, template: str, ticket: Row, article: Row | None) -> Any:
    return _fill(world, json.loads(template), ticket, article)


def _fill(world: World, value: Any, ticket: Row, article: Row | None) -> Any:
    if isinstance(value, str):
        text = triggers.replace(world, value, ticket, article)
        return int(text) if LONE_ID.fullmatch(value) and text.isdigit() else text
    if isinstance(value, dict):
        return {key: _fill(world, inner, ticket, article) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fill(world, inner, ticket, article) for inner in value]
    return value


def _ticket(world: World, ticket: Row) -> Row:
    shown = render.ticket_expanded(world, ticket)
    for key in ("owner", "customer", "created_by", "updated_by"):
        shown[key] = _user(world, ticket[f"{key}_id"])
    shown["group"] = _without_names(render.group_expanded(world, world.one("group", ticket["group_id"])))
    priority = world.one("priority", ticket["priority_id"])
    shown["priority"] = _sorted({**render.plain(priority), **render.authors(world, priority)})
    company = world.get("organization", ticket["organization_id"])
    shown["organization"] = _sorted(render.organization_expanded(world, company)) if company else {}
    return _sorted(shown)


def _without_names(group: Row) -> Row:
    return _sorted({key: value for key, value in group.items() if key != "signature"})


def _user(world: World, id_: int) -> Row:
    user = world.one("user", id_)
    shown = {**render.plain(user), **render.user_names(world, user)}
    return _sorted({key: value for key, value in shown.items() if key not in NOT_IN_PAYLOADS})


def _article(world: World, ticket: Row, article: Row) -> Row:
    shown = render.article_shown(world, article)
    for key in ("created_by", "updated_by"):
        shown[key] = _user(world, article[f"{key}_id"])
    base = f"{world.setting('http_type')}://{world.setting('fqdn')}/api/v1/ticket_attachment"
    shown["attachments"] = [
        {**file, "url": f"{base}/{ticket['id']}/{article['id']}/{file['id']}"} for file in shown["attachments"]
    ]
    return {**_sorted(shown), "accounted_time": float(shown["time_unit"] or 0)}


def _sorted(row: Row) -> Row:
    return {key: row[key] for key in sorted(row)}
