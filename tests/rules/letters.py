"""Write mails as a mail server hands them over, and cases in which somebody asks for rights."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache

from connector.model.case import Case
from connector.model.message import Channel
from connector.model.messages import Messages
from connector.model.people import ACCOUNT, ORDERS, PERMISSIONS, Authority, People
from connector.model.reading import Reading
from connector.model.stamps import Stamps
from connector.model.ticket import Article, Link, Sender, State
from connector.policy.messages import load_messages
from connector.reading.reading import Verdict
from connector.rulebook import built_in_messages
from tests.cases import AGENT, CUSTOMER, NOW, article, case, company, person

SERVER = "mx.helpdesk.example"
ANNA, BEA, CARL = "anna@acme.example", "bea@acme.example", "carl@acme.example"
STRANGER = "mallory@evil.example"
ACME = company("Acme GmbH", "acme.example", id_="11")
ASKED = NOW - timedelta(hours=2)
"""When the request came."""
EVERYTHING = frozenset({PERMISSIONS, ORDERS, ACCOUNT})
PASS = "dmarc=pass header.from=acme.example"


@cache
def messages() -> Messages:
    """Give the built-in texts."""
    return load_messages(built_in_messages(), own="en")


def registered(*addresses: str, matters: Iterable[str] = EVERYTHING, phone: str = "", **dates: object) -> People:
    """Register persons of Acme."""
    known = {ANNA: "Anna Nowak", BEA: "Bea Boss", CARL: "Carl Chief"}
    return People.of(
        Authority(
            company="Acme GmbH",
            address=each,
            name=known.get(each, ""),
            phone=phone,
            matters=frozenset(matters),
            **dates,  # type: ignore[arg-type]  # days, by keyword
        )
        for each in addresses
    )


def raw_mail(
    sender: str = ANNA,
    text: str = "Yes, I confirm.",
    *,
    at: datetime = NOW,
    subject: str = "Re: rights",
    stamps: Iterable[str] = (f"{SERVER}; {PASS}",),
    message_id: str = "<1@acme.example>",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Write a mail as the helpdesk's own server hands it on, its stamp on top."""
    lines = [f"Authentication-Results: {stamp}" for stamp in stamps]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "support@msp.example", subject
    mail["Date"], mail["Message-ID"] = format_datetime(at), message_id
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text)
    return "\r\n".join([*lines, ""]).encode() + mail.as_bytes()


def reading(text: str, *asks: str, own: str | None = None, language: str = "en", automatic: bool = False) -> Reading:
    """Say what a message says."""
    return Reading(
        language=language,
        text=text,
        own_text=text if own is None else own,
        requests=tuple(Verdict(label=each, score=0.9) for each in asks),
        automatic=Verdict(label="automatic", score=1.0, reason="out of office") if automatic else None,
    )


def mailed(
    sender: str = ANNA,
    text: str = "Yes, I confirm.",
    *,
    id_: str = "20",
    at: datetime = NOW - timedelta(hours=1),
    author: str = CUSTOMER,
    raw: bytes | None = None,
    has_raw: bool = True,
    is_automatic: bool = False,
    subject: str = "Re: rights",
    **mail: object,
) -> Article:
    """Make an article of a received mail."""
    made = article(body=text, id_=id_, at=at, author=author, from_=sender, subject=subject, is_automatic=is_automatic)
    source = raw or raw_mail(sender, text, at=at, subject=subject, **mail)  # type: ignore[arg-type]  # passed on
    return replace(made, raw=source if has_raw else None)


def phoned(text: str = "Please give Carl access to the wages folder.", *, id_: str = "10") -> Article:
    """Make an agent's note of a call."""
    return article(body=text, id_=id_, at=ASKED, channel=Channel.PHONE, author=AGENT, from_="Anna Nowak")


def asking(
    *articles: Article,
    readings: Mapping[str, Reading] | None = None,
    asks: str = "permission_change",
    people: People | None = None,
    requests: Iterable[str] = ("10",),
    links: tuple[Link, ...] = (),
    memory: Mapping[str, str] | None = None,
    state: State = State.OPEN,
    tags: Iterable[str] = (),
    stamped: bool = True,
    seen_at: datetime = NOW,
    language: str = "en",
) -> Case:
    """Make a case in which Anna of Acme asked for something by phone, and whatever was said since."""
    said = articles or (phoned(),)
    every = (*said, *(each for link in links for each in link.articles))
    known = {each.id: reading(each.body, *([asks] if each.id in requests else []), language=language) for each in every}
    made = case(
        articles=said,
        customer=person(ANNA, company=ACME),
        company=ACME,
        links=links,
        memory=memory,
        state=state,
        tags=tags,
        seen_at=seen_at,
    )
    return replace(
        made,
        people=registered(ANNA, BEA) if people is None else people,
        readings=known | dict(readings or {}),
        messages=messages(),
        stamps=Stamps(servers=frozenset({SERVER}), are_written=stamped),
    )


def answered(made: Case, *answers: Article, **readings: Reading) -> Case:
    """Let customers say something more on a ticket; what they say asks for nothing, unless told."""
    known = {each.id: reading(each.body) for each in answers if each.sender is Sender.CUSTOMER}
    ticket = replace(
        made.ticket,
        articles=(*made.ticket.articles, *answers),
        article_count=made.ticket.article_count + len(answers),
        state=State.OPEN,
        state_name="open",
    )
    given = {name.removeprefix("a"): each for name, each in readings.items()}
    return replace(made, ticket=ticket, readings={**made.readings, **known, **given})
