"""Turn Znuny's JSON into our values; no I/O. Types wobble between numbers and strings (fact 10), so all are cast."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from connector.hosts.znuny.fields import DECISION, MEMORY, OURS, TAGS, memory_of, settled, tags_of
from connector.hosts.znuny.lists import STATES, Lists
from connector.model.case import Case, Change
from connector.model.company import Attributes, Company
from connector.model.message import Channel
from connector.model.ticket import Article, File, Link, LinkKind, Person, Sender, State, Ticket
from connector.policy.address import fold_domain

Json = Mapping[str, Any]
IsCompany = Callable[[str], bool]

CHANNELS = {
    "1": Channel.EMAIL,
    "2": Channel.PHONE,
    "3": Channel.NOTE,
    "4": Channel.CHAT,
}
"""By id, which the stock interface gives, and which the initial insert fixed."""
CHANNEL_NAMES = {"Email": "1", "Phone": "2", "Internal": "3", "Chat": "4"}

SENDERS = {"customer": Sender.CUSTOMER, "agent": Sender.AGENT, "system": Sender.SYSTEM}

KINDS = {"parent": LinkKind.PARENT, "child": LinkKind.CHILD, "normal": LinkKind.NORMAL}

FIELD = "DynamicField_"
SHOWN = ("Type", "Service", "SLA", "Lock", "Responsible")
"""Ticket fields of Znuny's own that rules may ask for by these names, besides the dynamic fields."""

FOOTER = re.compile(r"^helpdesk-policy ([0-9A-Za-z]{1,40})\s*$", re.MULTILINE)
"""How a note of ours ends; only believed of articles that the bot itself created."""

AUTOMATIC = {
    "auto-submitted": re.compile(r"(?!no\b)."),
    "precedence": re.compile(r"bulk|junk|list|auto_reply"),
    "x-autoreply": re.compile("."),
    "x-autorespond": re.compile("."),
    "x-failed-recipients": re.compile("."),
    "return-path": re.compile(r"<>"),
    "content-type": re.compile(r"multipart/report|message/delivery-status"),
}
"""Headers by which a mail says that no person wrote it; Znuny looks at them itself and keeps no mark."""

DOMAINS = re.compile(r"[\s,;]+")


def case_of(
    raw: Json, *, host: str, lists: Lists, domains_attribute: str, now: datetime, with_articles: bool = True
) -> Case:
    """Make a case of what the add-on gave, or of the same shape made by `stock`."""
    main = raw["Ticket"]
    companies = {
        company.id: company
        for company in (company_of(each, domains_attribute=domains_attribute) for each in raw.get("Companies") or ())
    }
    # Without the add-on nobody can know which companies there are, so whatever looks like one is taken for one.
    is_company = companies.keys().__contains__ if lists.add_on else _looks_like_a_company
    person = person_of(raw, is_company=is_company)
    articles = tuple(
        article_of(each, lists=lists)
        for each in sorted(raw.get("Articles") or (), key=lambda each: int(each["ArticleID"]))
    )
    ours = sum(1 for each in articles if each.decision and each.channel is Channel.EMAIL) if with_articles else None
    return Case(
        host=host,
        ticket=ticket_of(raw, lists=lists, articles=articles, is_company=is_company),
        seen_at=now,
        customer=person,
        company=_company_of(person, companies, lists) if person else None,
        links=tuple(link_of(each) for each in raw.get("Links") or ()),
        history=tuple(change_of(each, lists.time_zone) for each in raw.get("History") or ()),
        memory=settled(memory_of(main.get(FIELD + MEMORY)), ours),
        desk=lists.desk,
    )


def _company_of(person: Person, companies: Mapping[str, Company], lists: Lists) -> Company | None:
    """Find the customer's company; the stock interface tells no more of it than its id."""
    if person.company is None or lists.add_on:
        return companies.get(person.company or "")
    return Company(id=person.company, name=person.company)


def ticket_of(raw: Json, *, lists: Lists, articles: tuple[Article, ...], is_company: IsCompany) -> Ticket:
    """Read a ticket."""
    main = raw["Ticket"]
    state = STATES.get(str(main.get("StateType") or ""), State.OPEN)
    waits = state is State.PENDING and int(main.get("RealTillTimeNotUsed") or 0)
    company = str(main.get("CustomerID") or "")
    return Ticket(
        id=str(main["TicketID"]),
        number=str(main["TicketNumber"]),
        title=str(main.get("Title") or ""),
        state=state,
        state_name=str(main["State"]),
        pending_until=datetime.fromtimestamp(waits, UTC) if waits else None,
        group=str(main["Queue"]),
        priority=str(main["Priority"]),
        # Every ticket has an owner; only one who holds the lock works on it.
        owner=str(main["OwnerID"]) if str(main.get("Lock")) == "lock" else None,
        customer=str(main.get("CustomerUserID") or "") or None,
        company=company if company and is_company(company) else None,
        created_at=moment(str(main["Created"]), lists.time_zone),
        version=version_of(main, raw.get("HistoryID")),
        tags=tags_of(main.get(FIELD + TAGS)),
        attributes=_attributes(main),
        articles=articles,
        article_count=int(raw.get("ArticleCount") or len(articles)),
    )


def version_of(main: Json, history: Any) -> str:
    """Give the mark of a ticket's last change: the last row of its history, else the time, which is to the second."""
    return f"history {history}" if history else str(main["Changed"])


def article_of(raw: Json, *, lists: Lists) -> Article:
    """Read an article; `author` is `CreateBy`, which an API client cannot forge as it can From and SenderType."""
    channel = CHANNELS.get(str(raw.get("CommunicationChannelID")), Channel.OTHER)
    sender = SENDERS.get(str(raw["SenderType"]), Sender.SYSTEM)
    if channel is Channel.NOTE and sender is Sender.CUSTOMER:
        channel = Channel.WEB  # the customer portal writes through the channel Internal
    author, body = str(raw["CreateBy"]), str(raw.get("Body") or "")
    headers = [(str(name), str(value)) for name, value in raw.get("Headers") or ()]
    raw_mail = raw.get("RawMail")
    return Article(
        id=str(raw["ArticleID"]),
        at=moment(str(raw["CreateTime"]), lists.time_zone),
        sender=sender,
        channel=channel,
        is_internal=not int(raw.get("IsVisibleForCustomer") or 0),
        author=author,
        from_=str(raw.get("From") or ""),
        to=str(raw.get("To") or ""),
        subject=str(raw.get("Subject") or ""),
        body=body,
        is_html=str(raw.get("MimeType") or "") == "text/html",
        is_automatic=any(_tells_of_a_machine(name.lower(), value.lower()) for name, value in headers),
        message_id=str(raw.get("MessageID") or ""),
        in_reply_to=str(raw.get("InReplyTo") or ""),
        attachments=tuple(str(each["Filename"]) for each in raw.get("Files") or ()),
        files=tuple(file_of(each) for each in raw.get("Files") or ()) if lists.add_on else (),
        raw=base64.b64decode(raw_mail) if isinstance(raw_mail, str) else None,
        decision=_decision(raw, is_ours=author == lists.desk.bot and sender is Sender.AGENT, body=body),
    )


def file_of(raw: Json) -> File:
    """Read an attachment; Znuny keeps no mark of what is in it."""
    return File(name=str(raw["Filename"]), size=int(raw.get("FilesizeRaw") or 0))


def person_of(raw: Json, *, is_company: IsCompany) -> Person | None:
    """Read the customer: a stored one, or only an address that a mail came from (fact 21)."""
    main, stored = raw["Ticket"], raw.get("CustomerUser")
    login, of_ticket = str(main.get("CustomerUserID") or ""), str(main.get("CustomerID") or "")
    if not login:
        return None
    own = str(stored.get("UserCustomerID") or "") if stored else ""
    company = next((each for each in (own, of_ticket) if each and is_company(each)), None)
    if not stored:
        return Person(
            id=login,
            address=_address_of(raw, login),
            company=company,
            is_agent=bool(int(raw.get("IsAgent") or 0)),
        )
    return Person(
        id=str(stored["UserLogin"]),
        name=f"{stored.get('UserFirstname') or ''} {stored.get('UserLastname') or ''}".strip(),
        address=str(stored.get("UserEmail") or "").casefold(),
        company=company,
        other_companies=tuple(str(each) for each in stored.get("CustomerIDs") or () if each != company),
        is_agent=bool(int(raw.get("IsAgent") or 0)),
        language=str(stored.get("UserLanguage") or ""),
    )


def company_of(raw: Json, *, domains_attribute: str) -> Company:
    """Read a customer company; its dynamic fields go by their bare names, beside Znuny's own columns."""
    attributes = {
        key.removeprefix(FIELD): value for key, value in raw.items() if isinstance(value, str | int | float | None)
    }
    written = str(attributes.get(domains_attribute) or "")
    domains = (fold_domain(each) for each in DOMAINS.split(written) if each)
    return Company(
        id=str(raw["CustomerID"]),
        name=str(raw.get("CustomerCompanyName") or raw["CustomerID"]),
        domains=tuple(dict.fromkeys(each for each in domains if each)),
        is_active=str(raw.get("ValidID")) == "1",
        is_shared=True,  # customers of one CustomerID see one another's tickets, unless the portal is told otherwise
        attributes=MappingProxyType(attributes),
    )


def link_of(raw: Json) -> Link:
    """Read a link; of a ticket that we may not read only the id is told."""
    return Link(
        kind=KINDS[str(raw["Is"])],
        ticket=str(raw["TicketID"]),
        number=str(raw.get("TicketNumber") or ""),
        state=STATES.get(str(raw.get("StateType") or ""), State.OPEN),
        group=str(raw.get("Queue") or ""),
        memory=memory_of(raw.get("Memory")),
    )


def sibling_of(raw: Json) -> Link:
    """Read another ticket of the customer's company, which is tied to this one by nothing else."""
    main = flat(raw)
    other = main | {"Is": str(LinkKind.NORMAL), "Memory": main.get(FIELD + MEMORY)}
    return link_of(other)


def change_of(raw: Json, time_zone: ZoneInfo) -> Change:
    """Read a row of the history; its values stand between `%%`, in an order of each type's own."""
    kind, parts = str(raw["HistoryType"]), str(raw.get("Name") or "").split("%%")[1:]
    thing, before, after = kind, "", str(raw.get("Name") or "")
    match kind, parts:
        case "Move", [after, _, before, *_]:
            thing = "group"
        case "StateUpdate", [before, after, *_]:
            thing = "state"
        case "PriorityUpdate", [before, _, after, *_]:
            thing = "priority"
        case "OwnerUpdate", [_, after, *_]:
            thing = "owner"
        case "TitleUpdate", [before, after, *_]:
            thing = "title"
        case "TicketDynamicFieldUpdate", [_, thing, _, after, _, before, *_]:
            pass
        case _:
            pass
    at = moment(str(raw["CreateTime"]), time_zone)
    return Change(at=at, author=str(raw["CreateBy"]), thing=thing, before=before, after=after)


def moment(text: str, time_zone: ZoneInfo) -> datetime:
    """Read Znuny's times, which carry no zone and are in that of the system (fact 28)."""
    return datetime.fromisoformat(text).replace(tzinfo=time_zone).astimezone(UTC)


def written(at: datetime, time_zone: ZoneInfo) -> str:
    """Write a time as Znuny does."""
    return at.astimezone(time_zone).strftime("%Y-%m-%d %H:%M:%S")


def flat(raw: Json) -> dict[str, Any]:
    """Give a ticket or an article of the stock interface the add-on's shape: dynamic fields as keys (fact 11)."""
    fields = {FIELD + str(each["Name"]): each["Value"] for each in raw.get("DynamicField") or ()}
    return {key: value for key, value in raw.items() if key not in {"DynamicField", "Article"}} | fields


def stock(raw: Json, history: Iterable[Json] | None) -> dict[str, Any]:
    """Give what the stock interface says of a ticket the add-on's shape; the surroundings are missing."""
    articles = [flat(each) | {"Files": each.get("Attachment") or ()} for each in raw.get("Article") or ()]
    return {"Ticket": flat(raw), "Articles": articles, "History": list(history or ())}


def _address_of(raw: Json, login: str) -> str:
    """Find the address of a customer who is not stored, or whom the stock interface only names."""
    if "@" in login:
        return login.casefold()
    first = next((each for each in raw.get("Articles") or () if str(each["SenderType"]) == "customer"), None)
    found = re.search(r"[^\s<>,;\"']+@[^\s<>,;\"']+", str(first.get("From") or "")) if first else None
    return found.group().casefold() if found else ""


def _tells_of_a_machine(name: str, value: str) -> bool:
    sign = AUTOMATIC.get(name)
    return sign is not None and sign.match(value.strip()) is not None


def _decision(raw: Json, *, is_ours: bool, body: str) -> str:
    marked = str(raw.get(FIELD + DECISION) or "")
    if marked or not is_ours:
        return marked
    # Without the add-on the mark is set after the article; a crash between leaves it unmarked, and ours all the same.
    found = FOOTER.search(body)
    return found.group(1) if found else "unknown"


def _attributes(main: Json) -> Attributes:
    fields = {
        key.removeprefix(FIELD): ", ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in main.items()
        if key in SHOWN or (key.startswith(FIELD) and key.removeprefix(FIELD) not in OURS)
    }
    return MappingProxyType(fields)


def _looks_like_a_company(customer: str) -> bool:
    return "@" not in customer
