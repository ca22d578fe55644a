"""Add messages to tickets, show them, and hand out their files and raw mails."""

from __future__ import annotations

import copy
import hashlib
import re
import uuid
from email.utils import formataddr, getaddresses
from typing import Any
from urllib.parse import quote

from connector.hosts.sandbox import files, render, stock
from connector.hosts.sandbox.access import Actor, may_ticket, ticket_for
from connector.hosts.sandbox.call import Call, Reply
from connector.hosts.sandbox.refusal import Refusal, no_lookup, not_authorized, unprocessable
from connector.hosts.sandbox.world import SYSTEM, Event, Job, Row, World, moment

EMAIL, PHONE, NOTE, WEB = 1, 5, 10, 11  # article types
AGENT, CUSTOMER, SYSTEM_SENDER = 1, 2, 3  # article senders
DATA_URL_MARKS = re.compile(r"<(script|style|iframe|object)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
REPLY_MARKS = re.compile(r"^\s*((re|aw|fwd?|wg|antw|sv|tr|odp)(\[\d+\])?:\s*)+", re.IGNORECASE)


# the endpoints


def create(call: Call) -> Reply:
    """POST /ticket_articles."""
    ticket_id = call.params.get("ticket_id")
    if not ticket_id:
        raise Refusal(404, "Couldn't find Ticket without an ID")
    ticket = ticket_for(call.world, call.actor, ticket_id, "change")
    article = write(call.world, call.actor, ticket, call.params)
    call.world.events.append(
        Event(
            kind="update", ticket_id=ticket["id"], article_id=article["id"], changes=reopened(article), by=call.actor.id
        )
    )
    return Reply(status=201, body=render.article_shown(call.world, article))


def show(call: Call) -> Reply:
    """GET /ticket_articles/{id}."""
    return Reply(body=render.article_shown(call.world, readable(call, call.args[0])))


def by_ticket(call: Call) -> Reply:
    """GET /ticket_articles/by_ticket/{id}: all of them, without paging; customers see the public ones."""
    ticket = ticket_for(call.world, call.actor, call.args[0])
    articles = call.world.where("article", ticket_id=ticket["id"])
    if not is_agent_of(call.world, call.actor, ticket):
        articles = [article for article in articles if not article["internal"]]
    return Reply(body=[render.article_shown(call.world, article) for article in articles])


def update(call: Call) -> Reply:
    """PUT /ticket_articles/{id}: only the internal flag can be changed; no trigger hears of it."""
    article = readable(call, call.args[0], "change")
    if not call.actor.is_agent:
        raise not_authorized()
    if "internal" in call.params:
        value = call.params["internal"] in (True, "true", 1, "1")
        if call.world.change("article", article, {"internal": value}, by=call.actor.id):
            call.world.touch(call.world.one("ticket", article["ticket_id"]))
    return Reply(body=render.article_shown(call.world, article))


def delete(call: Call) -> Reply:
    """DELETE /ticket_articles/{id}: one's own note without communication, else only an administrator's."""
    article = readable(call, call.args[0], "change")
    own = article["created_by_id"] == call.actor.id and article["type_id"] == NOTE and call.actor.is_agent
    if not own and not call.actor.may("admin"):
        raise not_authorized()
    ticket = call.world.one("ticket", article["ticket_id"])
    call.world.delete("article", article["id"])
    call.world.change("ticket", ticket, {"article_count": ticket["article_count"] - 1}, by=call.actor.id)
    return Reply(body={})


def show_plain(call: Call) -> Reply:
    """GET /ticket_article_plain/{id}: the mail as it came or went; 204 for what never was a mail."""
    article = readable(call, call.args[0])
    mails = call.world.where("raw_mail", article_id=article["id"])
    if not mails:
        return Reply(status=204)
    number = call.world.one("ticket", article["ticket_id"])["number"]
    name = f"ticket-{number}-{article['id']}.eml"
    return Reply(raw=mails[0]["_bytes"], headers=_disposition("inline", name, "message/rfc822"))


def show_attachment(call: Call) -> Reply:
    """GET /ticket_attachment/{ticket}/{article}/{file}."""
    article = readable(call, call.args[1])
    file = call.world.get("file", call.args[2])
    if file is None or file["o_id"] != article["id"] or str(article["ticket_id"]) != call.args[0]:
        raise Refusal(403, "The file does not belong to the specified article.")
    kind = file["preferences"].get("Mime-Type", "application/octet-stream")
    return Reply(raw=file["_bytes"], headers=_disposition("attachment", file["filename"], kind))


def clone_attachments(call: Call) -> Reply:
    """POST /ticket_attachment_upload_clone_by_article/{id}: put an article's files behind a form_id."""
    article = readable(call, call.args[0])
    return Reply(
        body={"attachments": files.clone_files(call.world, article, str(call.params.get("form_id")), call.actor.id)}
    )


def _disposition(how: str, name: str, kind: str) -> Row:
    return {"content-type": kind, "content-disposition": f"{how}; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"}


def readable(call: Call, id_: str, level: str = "read") -> Row:
    """Find an article that the person may use."""
    article = call.world.one("article", id_)
    ticket = call.world.one("ticket", article["ticket_id"])
    if not may_ticket(call.world, call.actor, ticket, level):
        raise not_authorized()
    if article["internal"] and not is_agent_of(call.world, call.actor, ticket):
        raise not_authorized()
    return article


def is_agent_of(world: World, actor: Actor, ticket: Row) -> bool:
    """Tell an agent of the ticket's group from its customer."""
    return ticket["group_id"] in actor.groups("read")


# writing


def write(world: World, actor: Actor, ticket: Row, params: Row) -> Row:
    """Make an article from what a client sent; a mail by an agent is really sent, later."""
    if not str(params.get("body") or "").strip():
        raise unprocessable("Need at least an 'article body' field.")
    values = _values(world, actor, ticket, params)
    sent = files.decode(params.get("attachments") or [])
    sends = values["type_id"] == EMAIL and values["sender_id"] == AGENT
    if sends:
        values.update(_mail_values(world, actor.user, ticket, values))
    article = insert(world, ticket, values, by=actor.id)
    for file in sent:
        files.add_file(world, article["id"], **file)
    if params.get("form_id"):
        files.adopt_files(world, article, str(params["form_id"]))
    if params.get("time_unit") not in (None, ""):
        account(world, ticket, params["time_unit"], by=actor.id, article_id=article["id"])
    if sends:
        world.enqueue(Job(kind="mail", delay=1.0, payload={"article_id": article["id"]}))
    return article


def _values(world: World, actor: Actor, ticket: Row, params: Row) -> Row:
    """Fill in what a client left out: a note by an agent, public unless told otherwise."""
    values: Row = {key: params[key] for key in ("to", "cc", "subject", "reply_to", "in_reply_to") if params.get(key)}
    values["type_id"] = _lookup(params, "type", stock.ARTICLE_TYPES, NOTE)
    values["sender_id"] = _lookup(params, "sender", stock.SENDERS, AGENT)
    values["internal"] = params.get("internal") in (True, "true", 1, "1")
    values["content_type"] = params.get("content_type") or "text/plain"
    values["body"] = str(params["body"])
    if "html" in values["content_type"]:
        values["body"] = DATA_URL_MARKS.sub("", values["body"])
    values["preferences"] = dict(params.get("preferences") or {})
    if not is_agent_of(world, actor, ticket):
        values["sender_id"] = CUSTOMER
        values["internal"] = False
        values["type_id"] = values["type_id"] if values["type_id"] in (NOTE, WEB) else NOTE
    values.update(_origin(world, actor, ticket, params, values))
    return values


def _origin(world: World, actor: Actor, ticket: Row, params: Row, values: Row) -> Row:
    """Say who it is from: the agent's name, or the customer whom an agent writes down."""
    if values["type_id"] == EMAIL:
        return {"from": params.get("from")}
    if values["sender_id"] != CUSTOMER:
        return {"from": render.fullname(actor.user)}
    origin = world.get("user", params.get("origin_by_id")) or world.one("user", ticket["customer_id"])
    if not is_agent_of(world, actor, ticket):
        origin = actor.user
    found: Row = {"from": address(render.fullname(origin), origin["email"])}
    if origin["id"] != actor.id:
        found["origin_by_id"] = origin["id"]
    return found


def _mail_values(world: World, user: Row, ticket: Row, values: Row) -> Row:
    """Address an outgoing mail; without a group address the whole request fails."""
    sender = group_address(world, ticket)
    if not valid_recipients(values.get("to"), values.get("cc")):
        raise unprocessable("Sending an email without a valid recipient is not possible.")
    subject = REPLY_MARKS.sub("", values.get("subject") or ticket["title"])
    return {
        "from": address(f"{render.fullname(user)} via {sender['name']}", sender["email"]),
        "subject": re.sub(rf"\[{re.escape(hook(world))}\d+\]\s*", "", subject).strip(),
        "preferences": {**values["preferences"], "email_address_id": sender["id"]},
        **message_id(world, ticket),
    }


def group_address(world: World, ticket: Row) -> Row:
    """Find the address that a ticket's group mails from."""
    group = world.one("group", ticket["group_id"])
    sender = world.get("email_address", group["email_address_id"])
    if sender is None:
        raise Refusal(500, f"No email address found for group '{group['name']}' ({group['id']})", hidden=True)
    return sender


def hook(world: World) -> str:
    """Tell what stands before a ticket's number in subjects."""
    return str(world.setting("ticket_hook") or "Ticket#")


def message_id(world: World, ticket: Row) -> Row:
    """Make a Message-ID and the hash that follow-ups are found by."""
    at = moment(world.now())
    id_ = f"<{at:%Y%m%d%H%M%S}.{ticket['id']}.{uuid.uuid4()}@{world.setting('fqdn')}>"
    return {"message_id": id_, "message_id_md5": md5(id_)}


def md5(text: str) -> str:
    """Hash a Message-ID the way Zammad stores it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def address(name: str, mail: str) -> str:
    """Write a name and an address for a From header, without encoding the name."""
    if re.fullmatch(r"[\w\s.'-]*", name):
        return f"{name} <{mail}>".strip()
    return formataddr((name, mail), charset="utf-8") if name.isascii() else f'"{name}" <{mail}>'


def valid_recipients(*fields: Any) -> bool:
    """Tell whether any address can be mailed to."""
    return any(re.fullmatch(r"[^@\s]+@[^@\s]+", mail) for _, mail in getaddresses([str(f) for f in fields if f]))


def _lookup(params: Row, name: str, names: dict[int, str], default: int) -> int:
    if params.get(name):
        for id_, known in names.items():
            if known == params[name]:
                return id_
        raise no_lookup(name, params[name])
    value = params.get(f"{name}_id")
    if value is None:
        return default
    if int(value) not in names:
        raise unprocessable(f"Invalid value for param '{name}_id': {value}")
    return int(value)


def insert(world: World, ticket: Row, values: Row, *, by: int) -> Row:
    """Store an article and let it act on its ticket: counters, contact times, a new ticket answered is open."""
    article = world.insert("article", {**copy.deepcopy(stock.ARTICLE), **values, "ticket_id": ticket["id"]}, by=by)
    world.record("Ticket::Article", article["id"], "created", by=by, related_o_id=ticket["id"], related_object="Ticket")
    first = len(world.where("article", ticket_id=ticket["id"])) == 1
    impact: Row = _contact(ticket, article, first=first)
    if article["sender_id"] != SYSTEM_SENDER:
        impact["article_count"] = (ticket["article_count"] or 0) + 1
    if first:
        impact |= {"create_article_type_id": article["type_id"], "create_article_sender_id": article["sender_id"]}
    elif reopens(world, ticket, article):
        impact["state_id"] = 2
        article["_reopened"] = ticket["state_id"]
    if not world.change("ticket", ticket, impact, by=None if by == SYSTEM else by):
        world.touch(ticket)
    return article


def reopens(world: World, ticket: Row, article: Row) -> bool:
    """Tell whether an agent's first public word makes a new ticket open."""
    spoken = article["sender_id"] == AGENT and article["type_id"] in stock.COMMUNICATION and not article["internal"]
    return bool(spoken and world.one("state", ticket["state_id"])["state_type_id"] == 1)


def reopened(article: Row) -> dict[str, tuple[Any, Any]]:
    """Tell the triggers of the state that an article changed."""
    return {"state_id": (article["_reopened"], 2)} if "_reopened" in article else {}


def _contact(ticket: Row, article: Row, *, first: bool) -> Row:
    if article["internal"] or article["type_id"] not in stock.COMMUNICATION:
        return {}
    at = article["created_at"]
    match article["sender_id"]:
        case 1:
            answered = {} if ticket["first_response_at"] or first else {"first_response_at": at}
            return {"last_contact_at": at, "last_contact_agent_at": at, **answered}
        case 2:
            # A customer who writes again before an answer does not move his time.
            heard, answered_at = ticket["last_contact_customer_at"], ticket["last_contact_agent_at"]
            if heard and (not answered_at or answered_at < heard):
                return {}
            return {"last_contact_at": at, "last_contact_customer_at": at}
        case _:
            return {}


def account(world: World, ticket: Row, unit: Any, *, by: int, article_id: int | None = None) -> Row:
    """Book time on a ticket."""
    values = {"ticket_id": ticket["id"], "ticket_article_id": article_id, "time_unit": read_unit(unit), "type_id": None}
    row = world.insert("time_accounting", values, by=by)
    sum_up(world, ticket, by=by)
    return row


def read_unit(unit: Any) -> str:
    """Read an amount of time; what is no number counts as 0.0 without a word."""
    try:
        return str(float(str(unit).replace(",", ".")))
    except ValueError:
        return "0.0"


def sum_up(world: World, ticket: Row, *, by: int) -> None:
    """Write the sum of all booked time on the ticket."""
    total = sum(float(row["time_unit"]) for row in world.where("time_accounting", ticket_id=ticket["id"]))
    world.change("ticket", ticket, {"time_unit": str(total)}, by=by)
