"""Turn Zammad's JSON into our values; no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connector.hosts.zammad.lists import Lists
from connector.model.case import Case, Change
from connector.model.company import Attributes, Company
from connector.model.message import Channel
from connector.model.ticket import Article, File, Link, LinkKind, Person, Sender, State, Ticket
from connector.policy.address import fold_domain

Json = Mapping[str, Any]

MEMORY = "helpdesk_policy"
"""Key of ours in `preferences` of tickets and articles; kept by the host, people do not see it (facts 44, 54 to 56)."""

CHANNELS = {
    "email": Channel.EMAIL,
    "phone": Channel.PHONE,
    "web": Channel.WEB,
    "chat": Channel.CHAT,
    "sms": Channel.SMS,
    "note": Channel.NOTE,
}
"""Zammad's article types; social networks and messengers are OTHER."""

SENDERS = {"Customer": Sender.CUSTOMER, "Agent": Sender.AGENT, "System": Sender.SYSTEM}

KINDS = {"parent": LinkKind.PARENT, "child": LinkKind.CHILD, "normal": LinkKind.NORMAL}
"""In a list, the type says what the OTHER ticket is (fact 29); any other string is a typo that the host accepted."""

OWN_FIELDS = frozenset(
    {
        *("id", "number", "title", "group_id", "priority_id", "state_id", "owner_id", "customer_id", "organization_id"),
        *("created_at", "updated_at", "created_by_id", "updated_by_id", "preferences", "pending_time"),
        *("article_ids", "article_count", "checklist_id", "note"),
    }
)
"""Ticket fields that have a place of their own in the model; the rest are attributes."""


def memory_of(preferences: Any) -> Mapping[str, str]:
    """Read what a ticket remembers of us; what is not ours or was emptied is left out."""
    kept = (preferences or {}).get(MEMORY) if isinstance(preferences, dict) else None
    if not isinstance(kept, dict):
        return MappingProxyType({})
    return MappingProxyType({str(key): value for key, value in kept.items() if isinstance(value, str) and value})


def ticket_of(raw: Json, *, lists: Lists, tags: Iterable[str], articles: tuple[Article, ...]) -> Ticket:
    """Read a ticket."""
    state_name = lists.states.get(raw["state_id"], "")
    return Ticket(
        id=str(raw["id"]),
        number=str(raw["number"]),
        title=raw["title"] or "",
        state=lists.desk.states.get(state_name, State.OPEN),
        state_name=state_name,
        pending_until=_moment(raw["pending_time"]),
        group=lists.groups.get(raw["group_id"], ""),
        priority=lists.priorities.get(raw["priority_id"], ""),
        owner=None if raw["owner_id"] in (None, 1) else str(raw["owner_id"]),  # 1 is `-`, nobody
        customer=_id(raw["customer_id"]),
        company=_id(raw["organization_id"]),
        created_at=moment(raw["created_at"]),
        version=raw["updated_at"],
        tags=frozenset(tags),
        attributes=_attributes(raw, OWN_FIELDS),
        articles=articles,
        article_count=len(raw["article_ids"]),
    )


def article_of(raw: Json) -> Article:
    """Read an article; `author` is `created_by_id`, which an API client cannot forge (fact 58)."""
    preferences = raw.get("preferences") or {}
    ours = preferences.get(MEMORY)
    return Article(
        id=str(raw["id"]),
        at=moment(raw["created_at"]),
        sender=SENDERS.get(raw["sender"], Sender.SYSTEM),
        channel=CHANNELS.get(raw["type"], Channel.OTHER),
        is_internal=bool(raw["internal"]),
        author=str(raw["created_by_id"]),
        from_=raw["from"] or "",
        to=raw["to"] or "",
        subject=raw["subject"] or "",
        body=raw["body"] or "",
        is_html=raw["content_type"] == "text/html",
        is_automatic=bool(preferences.get("is-auto-response")),
        message_id=raw["message_id"] or "",
        in_reply_to=raw["in_reply_to"] or "",
        attachments=tuple(each["filename"] for each in raw.get("attachments") or ()),
        files=tuple(file_of(each) for each in raw.get("attachments") or () if not _is_another_form(each)),
        decision=str(ours.get("decision") or "") if isinstance(ours, dict) else "",
    )


def file_of(raw: Json) -> File:
    """Read an attachment; Zammad stores equal bytes once, under one `store_file_id` (03-split)."""
    return File(name=str(raw["filename"]), size=int(raw["size"]), content=str(raw.get("store_file_id") or ""))


def _is_another_form(raw: Json) -> bool:
    """Tell the HTML form of a mail, which Zammad leaves behind when it clones attachments."""
    return bool((raw.get("preferences") or {}).get("content-alternative"))


def person_of(raw: Json, *, lists: Lists) -> Person:
    """Read a user; whoever has a group, by himself or by a role, is an agent."""
    return Person(
        id=str(raw["id"]),
        name=f"{raw.get('firstname') or ''} {raw.get('lastname') or ''}".strip(),
        address=(raw.get("email") or "").casefold(),
        company=_id(raw.get("organization_id")),
        other_companies=tuple(str(each) for each in raw.get("organization_ids") or ()),
        is_agent=bool(raw.get("group_ids")) or bool(lists.agent_roles & set(raw.get("role_ids") or ())),
        is_system=raw["id"] == 1,
        language=str((raw.get("preferences") or {}).get("locale") or "")[:2],
    )


def company_of(raw: Json, *, domains_attribute: str) -> Company:
    """Read an organization; its domains are Zammad's one plus those in an attribute of the admin's own."""
    more = str(raw.get(domains_attribute) or "").replace(",", " ").replace(";", " ").split()
    domains = (fold_domain(each) for each in [raw.get("domain") or "", *more])
    return Company(
        id=str(raw["id"]),
        name=raw["name"],
        domains=tuple(dict.fromkeys(each for each in domains if each)),
        is_active=bool(raw["active"]),
        is_shared=bool(raw["shared"]),
        attributes=_attributes(raw, frozenset({"id", "name", "member_ids", "secondary_member_ids"})),
    )


def links_of(raw: Json, *, lists: Lists) -> tuple[Link, ...]:
    """Read the links of a ticket with what the assets say of the others."""
    tickets = raw["assets"].get("Ticket", {})
    links = []
    for each in raw["links"]:
        kind, other = KINDS.get(each["link_type"]), tickets.get(str(each["link_object_value"]))
        if kind is None or each["link_object"] != "Ticket":
            continue
        links.append(
            Link(
                kind=kind,
                ticket=str(each["link_object_value"]),
                number=str(other["number"]) if other else "",
                state=lists.desk.states.get(lists.states.get(other["state_id"], ""), State.OPEN)
                if other
                else State.OPEN,
                group=lists.groups.get(other["group_id"], "") if other else "",
                memory=memory_of(other["preferences"]) if other else MappingProxyType({}),
            )
        )
    return tuple(links)


def history_of(raw: Json) -> tuple[Change, ...]:
    """Read who changed what, oldest first."""
    return tuple(
        Change(
            at=moment(each["created_at"]),
            author=str(each["created_by_id"]),
            thing=str(each.get("attribute") or f"{each['object']} {each['type']}"),
            before=str(each.get("value_from") or ""),
            after=str(each.get("value_to") or ""),
        )
        for each in raw["history"]
    )


def case_of(  # the parts of one snapshot, each from its own request
    *,
    host: str,
    ticket: Json,
    tags: Json,
    articles: list[Json] | None,
    links: Json | None,
    history: Json | None,
    raw_mails: Mapping[str, bytes],
    siblings: list[Json] | None = None,
    customer_history: Json | None = None,
    lists: Lists,
    domains_attribute: str,
    now: datetime,
) -> Case:
    """Put the parts that were read side by side into one case."""
    assets = ticket["assets"]
    main = main_of(ticket)
    customer = assets["User"].get(str(main["customer_id"]))
    person = person_of(customer, lists=lists) if customer else None
    company = assets.get("Organization", {}).get(person.company or "") if person else None
    messages = tuple(
        _with_raw(article_of(each), raw_mails) for each in sorted(articles or (), key=lambda each: int(each["id"]))
    )
    return Case(
        host=host,
        ticket=ticket_of(main, lists=lists, tags=tags["tags"], articles=messages),
        seen_at=now,
        customer=person,
        company=company_of(company, domains_attribute=domains_attribute) if company else None,
        links=links_of(links, lists=lists) if links else (),
        history=history_of(history) if history else (),
        customer_history=history_of(customer_history) if customer_history else (),
        company_tickets=tuple(_sibling(each, lists) for each in siblings or () if each["id"] != main["id"]),
        memory=memory_of(main["preferences"]),
        desk=lists.desk,
    )


def main_of(ticket: Json) -> Json:
    """Give the ticket's own part of an answer that came with assets."""
    found: Json = ticket["assets"]["Ticket"][str(ticket["id"])]
    return found


def _sibling(raw: Json, lists: Lists) -> Link:
    return Link(
        kind=LinkKind.NORMAL,
        ticket=str(raw["id"]),
        number=str(raw["number"]),
        state=lists.desk.states.get(lists.states.get(raw["state_id"], ""), State.OPEN),
        group=lists.groups.get(raw["group_id"], ""),
        memory=memory_of(raw.get("preferences")),
    )


def moment(text: str) -> datetime:
    """Read Zammad's times: UTC, ISO 8601, milliseconds (fact 42)."""
    return datetime.fromisoformat(text)


def written(at: datetime) -> str:
    """Write a time as Zammad does."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _with_raw(article: Article, raw_mails: Mapping[str, bytes]) -> Article:
    return replace(article, raw=raw_mails[article.id]) if article.id in raw_mails else article


def _moment(text: str | None) -> datetime | None:
    return moment(text) if text else None


def _id(number: int | None) -> str | None:
    return str(number) if number else None


def _attributes(raw: Json, without: frozenset[str]) -> Attributes:
    return MappingProxyType(
        {key: value for key, value in raw.items() if key not in without and isinstance(value, str | int | float | None)}
    )
