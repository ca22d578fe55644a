"""Find the tickets, articles, users and companies in whatever a real Zammad answered."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from connector.hosts.zammad.lists import Lists, lists_of
from tests.hosts.sandbox.recordings import exchanges

Json = dict[str, Any]

KINDS = {
    "ticket": {"number", "group_id", "state_id", "priority_id", "article_ids", "preferences", "pending_time"},
    "article": {"ticket_id", "type_id", "type", "sender", "internal", "content_type", "message_id"},
    "user": {"login", "email", "role_ids", "group_ids", "organization_id", "organization_ids"},
    "company": {"name", "domain", "shared", "active", "member_ids"},
}
"""Fields by which a kind of row is told; `expand=true` has them too, and more."""

PREVIEW = "07-webhook-preview"
"""The body of a webhook, no answer of the API: it writes its times otherwise."""


def answer(name: str) -> Any:
    """Give the body of one recorded answer."""
    return exchanges()[name]["response"]["body"]


@cache
def rows(kind: str) -> list[tuple[str, Json]]:
    """Give all rows of a kind in all answers to requests, each with the name of its exchange."""
    return [
        (name, row)
        for name, exchange in exchanges().items()
        if "response" in exchange and name != PREVIEW
        for row in _inside(exchange["response"].get("body"))
        if row.keys() >= KINDS[kind]
    ]


def _inside(content: Any) -> Iterator[Json]:
    if isinstance(content, dict):
        yield content
        for value in content.values():
            yield from _inside(value)
    elif isinstance(content, list):
        for value in content:
            yield from _inside(value)


@cache
def recorded_lists() -> Lists:
    """Give the lists of the Zammad that was recorded, as its bot reads them."""
    groups = [*answer("06-groups-list-as-agent"), answer("06-groups-create"), answer("06-groups-create-sub")]
    return lists_of(
        me=answer("01-users-me"),
        groups=list({each["id"]: each for each in groups}.values()),
        roles=answer("06-roles-list-as-agent"),
        states=answer("06-ticket_states-list-expand"),
        priorities=answer("06-ticket_priorities-list-as-agent"),
        addresses=[{"id": 1, "name": "Example Sales", "email": "Sales@example.test", "active": True, "channel_id": 3}],
    )
