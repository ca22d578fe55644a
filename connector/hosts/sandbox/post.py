"""Compose the mails that go out."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from connector.hosts.sandbox import articles
from connector.hosts.sandbox.world import Row, World, moment

WIRE = SMTP.clone(max_line_length=998)


def compose(world: World, article: Row) -> bytes:
    """Write an article as the mail that leaves the house, its subject ending in the ticket's number."""
    ticket = world.one("ticket", article["ticket_id"])
    mail = EmailMessage(policy=WIRE)
    mail["Date"] = format_datetime(moment(article["created_at"]))
    mail["From"] = encoded(article["from"])
    for name, field in (("To", "to"), ("Cc", "cc"), ("In-Reply-To", "in_reply_to")):
        if article[field]:
            mail[name] = article[field]
    mail["Message-ID"] = article["message_id"]
    mail["References"] = " ".join(_references(world, article))
    mail["Subject"] = f"{article['subject']} [{articles.hook(world)}{ticket['number']}]"
    mail["Organization"] = str(world.setting("organization"))
    if article["preferences"].get("perform_origin") == "trigger":
        mail["X-Loop"] = "yes"
        mail["Precedence"] = "bulk"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Mailer"] = "Zammad Mail Service"
    _fill(world, mail, article)
    return mail.as_bytes()


def encoded(text: str) -> str:
    """Quote a display name that would otherwise break the header."""
    [(name, mail)] = getaddresses([text]) or [("", text)]
    plain = name.isascii() and re.fullmatch(r"[\w\s.'-]*", name)
    return text if plain else f'"{name}" <{mail}>'


def _references(world: World, article: Row) -> list[str]:
    known = world.where("article", ticket_id=article["ticket_id"])
    ids = [other["message_id"] for other in known if other["message_id"] and other["id"] < article["id"]]
    return [*ids, *([article["in_reply_to"]] if article["in_reply_to"] else [])]


def _fill(world: World, mail: EmailMessage, article: Row) -> None:
    if "html" in article["content_type"]:
        mail.set_content(text_of(article["body"]))
        mail.add_alternative(article["body"], subtype="html")
    else:
        mail.set_content(article["body"])
    for file in world.where("file", object="Ticket::Article", o_id=article["id"]):
        main, _, sub = file["preferences"].get("Mime-Type", "application/octet-stream").partition("/")
        mail.add_attachment(file["_bytes"], maintype=main, subtype=sub or "octet-stream", filename=file["filename"])


def text_of(html: str) -> str:
    """Read the words of a piece of HTML."""
    text = re.sub(r"<\s*br\s*/?>|</(p|div|tr|li)\s*>", "\n", html, flags=re.IGNORECASE)
    return re.sub(r"<[^>]+>", "", text).replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").strip()
