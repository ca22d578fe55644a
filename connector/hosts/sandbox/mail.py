"""Take in a mail the way Zammad's postmaster does: find or make the sender, find or make the ticket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import compat32, default
from email.utils import getaddresses, parseaddr

from connector.hosts.sandbox import articles, files, people, sla, tickets
from connector.hosts.sandbox.access import find_user
from connector.hosts.sandbox.world import Event, Row, World

AUTOMATIC = re.compile(r"auto-(generated|replied)|auto_reply", re.IGNORECASE)
BULK = re.compile(r"bulk|junk|list|auto_reply", re.IGNORECASE)
ORIGINAL = "message.html"  # what an HTML mail looked like before it was cleaned
ROBOTS = re.compile(r"^(mailer-daemon|postmaster|abuse|root|noreply|no-reply)@", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Received:
    """Tell what became of a mail."""

    ticket_id: int
    number: str
    article_id: int
    user_id: int


def receive(world: World, raw: bytes) -> Received:
    """Turn a raw mail into an article, of the ticket that it follows up or of a new one."""
    mail = BytesParser(policy=default).parsebytes(raw)
    heads = BytesParser(policy=compat32).parsebytes(raw, headersonly=True)
    sender = _sender(world, heads)
    values, attached = _article(heads, mail)
    answered = _follow_up(world, values, heads)
    if answered is not None:
        ticket, kind = answered, "update"
        values["internal"] = _stays_internal(world, ticket, sender)
        changes = _reopen(world, ticket, values, by=sender["id"])
    else:
        ticket, kind, changes = _open(world, values, heads, sender), "create", {}
    article = articles.insert(world, ticket, values, by=sender["id"])
    for name, data, type_ in attached:
        original = {"content-alternative": True, "original-format": True} if name == ORIGINAL else {}
        files.add_file(world, article["id"], name=name, data=data, kind=type_, **original)
    world.insert("raw_mail", {"article_id": article["id"], "_bytes": raw})
    sla.escalate(world, ticket)
    world.events.append(
        Event(kind=kind, ticket_id=ticket["id"], article_id=article["id"], changes=changes, by=sender["id"])
    )
    return Received(ticket_id=ticket["id"], number=ticket["number"], article_id=article["id"], user_id=sender["id"])


# the sender


def _sender(world: World, heads: Message) -> Row:
    name, mail = parseaddr(header(heads, "From") or header(heads, "Sender"))
    mail = mail.strip().lower()
    found = find_user(world, mail)
    if found is not None:
        return found
    first, _, last = name.strip("\"' ").partition(" ")
    if "," in name:
        last, _, first = (part.strip() for part in name.partition(","))
    user = people.add_user(world, {"email": mail, "login": mail, "firstname": first, "lastname": last}, by=1)
    # Who comes by mail is his own creator.
    world.change("user", user, {"created_by_id": user["id"], "updated_by_id": user["id"]})
    return user


def header(heads: Message, name: str) -> str:
    """Read a header's text, encoded words and bare 8-bit bytes included; the topmost of several counts."""
    value = heads.get(name)
    if value is None:
        return ""
    try:
        return re.sub(r"\r?\n\s*", " ", str(make_header(decode_header(value)))).strip()
    except (LookupError, UnicodeDecodeError):
        return str(value).strip()


# the message


def _article(heads: Message, mail: EmailMessage) -> tuple[Row, list[tuple[str, bytes, str]]]:
    body, kind = _body(mail)
    message_id = header(heads, "Message-ID") or None
    automatic = is_automatic(heads)
    values: Row = {
        "type_id": articles.EMAIL,
        "sender_id": articles.CUSTOMER,
        "from": _from(heads),
        "to": header(heads, "To") or None,
        "cc": header(heads, "Cc") or None,
        "reply_to": header(heads, "Reply-To") or None,
        "subject": header(heads, "Subject") or "-",
        "message_id": message_id,
        "message_id_md5": articles.md5(message_id) if message_id else None,
        "in_reply_to": header(heads, "In-Reply-To") or None,
        "content_type": kind,
        "body": body,
        "preferences": {"send-auto-response": not automatic, "is-auto-response": automatic},
    }
    return values, _files(mail)


def _from(heads: Message) -> str:
    name, mail = parseaddr(header(heads, "From"))
    return articles.address(name, mail) if name else mail


def is_automatic(heads: Message) -> bool:
    """Tell a machine's mail by its headers or its sender."""
    auto = header(heads, "Auto-Submitted")
    if auto and not auto.lower().startswith("no"):
        return True
    if header(heads, "X-Auto-Response-Suppress") or BULK.search(header(heads, "Precedence")):
        return True
    return bool(ROBOTS.match(parseaddr(header(heads, "From"))[1]))


def _body(mail: EmailMessage) -> tuple[str, str]:
    """Prefer the HTML part, as Zammad does; an empty mail says so."""
    part = mail.get_body(preferencelist=("html", "plain"))
    if part is None:
        return "no visible content", "text/plain"
    text = _text(part)
    if part.get_content_subtype() == "html":
        return articles.DATA_URL_MARKS.sub("", text), "text/html"
    return text or "no visible content", "text/plain"


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    try:
        text = raw.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n")


def _files(mail: EmailMessage) -> list[tuple[str, bytes, str]]:
    body = mail.get_body(preferencelist=("html", "plain"))
    found: list[tuple[str, bytes, str]] = []
    if body is not None and body.get_content_subtype() == "html":
        found.append((ORIGINAL, _text(body).encode(), "text/html"))
    for part in mail.walk():
        if part.is_multipart() or part is body or (part.get_content_maintype() == "text" and not part.get_filename()):
            continue
        data = part.get_payload(decode=True)
        name = part.get_filename() or f"file-{len(found) + 1}"
        found.append((name, data if isinstance(data, bytes) else b"", part.get_content_type()))
    for part in mail.iter_attachments():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else part
            data = inner.as_bytes() if isinstance(inner, Message) else b""
            found.append((part.get_filename() or "mail.eml", data, "message/rfc822"))
    return found


# the ticket


def _follow_up(world: World, values: Row, heads: Message) -> Row | None:
    ticket = _by_number(world, values["subject"]) or _by_references(world, values["subject"], heads)
    seen: set[int] = set()
    while ticket is not None and ticket["state_id"] == 5 and ticket["id"] not in seen:  # a merged one leads on
        seen.add(ticket["id"])
        ticket = _merged_into(world, ticket) or ticket
    return ticket


def _by_number(world: World, subject: str) -> Row | None:
    for number in re.findall(rf"{re.escape(articles.hook(world))}\s?(\d+)", subject):
        for ticket in world.where("ticket", number=number):
            return ticket
    return None


def _by_references(world: World, subject: str, heads: Message) -> Row | None:
    """Follow In-Reply-To and References, but only to a ticket whose subject is the same."""
    ids = re.findall(r"<[^>]+>", f"{header(heads, 'In-Reply-To')} {header(heads, 'References')}")
    loosely = "references" in (world.setting("postmaster_follow_up_search_in") or [])
    for id_ in reversed(ids):
        for article in world.where("article", message_id_md5=articles.md5(id_)):
            ticket = world.get("ticket", article["ticket_id"])
            if ticket and (loosely or clean(subject) in (clean(ticket["title"]), clean(article["subject"] or ""))):
                return ticket
    return None


def clean(subject: str) -> str:
    """Strip a subject of reply marks and ticket numbers."""
    subject = re.sub(r"\[[^\]]*#\d+\]", "", subject)
    return articles.REPLY_MARKS.sub("", subject).strip().lower()


def _merged_into(world: World, ticket: Row) -> Row | None:
    for line in world.where("history", object="Ticket", o_id=ticket["id"], type="merged_into"):
        return world.get("ticket", line["id_to"])
    return None


def _stays_internal(world: World, ticket: Row, sender: Row) -> bool:
    """Keep a customer's answer internal when the last mail to him was."""
    sent = [
        article
        for article in world.where("article", ticket_id=ticket["id"], sender_id=articles.AGENT)
        if sender["email"] and sender["email"] in str(article["to"] or "").lower()
    ]
    return bool(sent and sent[-1]["internal"])


def _reopen(world: World, ticket: Row, values: Row, *, by: int) -> dict[str, tuple[object, object]]:
    """Open a ticket that is not new; an absence notice opens nothing."""
    new = world.one("state", ticket["state_id"])["state_type_id"] == 1
    if new or values["preferences"]["is-auto-response"]:
        return {}
    follow_up = next(row["id"] for row in world.rows("state") if row["default_follow_up"])
    return tickets.settle(world, ticket, {"state_id": follow_up}, by=by)


def _open(world: World, values: Row, heads: Message, sender: Row) -> Row:
    title = values["subject"]
    row = {"title": title, "group_id": _group(world, heads), "customer_id": sender["id"]}
    return tickets.insert(world, row, by=sender["id"])


def _group(world: World, heads: Message) -> int:
    """Choose the group whose address was written to, else the first one."""
    written = {mail.lower() for _, mail in getaddresses([header(heads, "To"), header(heads, "Cc")])}
    for group in world.rows("group"):
        address = world.get("email_address", group["email_address_id"])
        if address and address["email"].lower() in written:
            return int(group["id"])
    return 1
