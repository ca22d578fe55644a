"""Build cases for tests, saying only what matters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from connector.model.action import Action
from connector.model.case import Case, Need
from connector.model.company import NO_DIRECTORY, Attributes, Company, Directory
from connector.model.contract import NO_REGISTRY, Contract, Registry
from connector.model.decision import Decision, Mode
from connector.model.desk import Desk, Group
from connector.model.message import Channel
from connector.model.messages import Messages
from connector.model.people import NO_PEOPLE, People
from connector.model.reading import Reading
from connector.model.ticket import Article, Link, LinkKind, Person, Sender, State, Ticket
from connector.policy.address import fold_domain
from connector.policy.messages import load_messages
from connector.policy.policy import Bound, Brake, Policy
from connector.policy.rule import Options, Rule
from connector.rulebook import built_in_messages

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
"""A Tuesday."""
BOT = "7"
"""Id of the user whose token we hold."""
AGENT = "3"
CUSTOMER = "21"

MESSAGES = load_messages(built_in_messages(), own="en")
"""What the product says out of the box."""

STATES = {
    "new": State.NEW,
    "open": State.OPEN,
    "pending reminder": State.PENDING,
    "pending close": State.PENDING,
    "closed": State.CLOSED,
    "merged": State.MERGED,
}


def person(
    address: str = "anna@acme.example",
    *,
    id_: str = CUSTOMER,
    name: str = "Anna Nowak",
    company: Company | str | None = None,
    is_agent: bool = False,
    is_system: bool = False,
    language: str = "",
) -> Person:
    """Make a customer of the host."""
    return Person(
        id=id_,
        name=name,
        address=address,
        company=company.id if isinstance(company, Company) else company,
        is_agent=is_agent,
        is_system=is_system,
        language=language,
    )


def company(
    name: str = "Acme GmbH", *domains: str, id_: str = "", is_active: bool = True, **attributes: str
) -> Company:
    """Make an organisation, its id made of its name; keywords are its fields, as in `support_contract="gold"`."""
    return Company(
        id=id_ or str(crc32(name.encode())),
        name=name,
        domains=tuple(fold_domain(each) for each in domains),
        is_active=is_active,
        attributes=attributes,
    )


def directory(
    *companies: Company, public: Iterable[str] = ("freemail.example",), subdomains: bool = False
) -> Directory:
    """Make a directory of companies by their domains."""
    return Directory.of(companies, public=frozenset(public), subdomains=subdomains)


def contract(
    name: str = "Acme GmbH", *, level: str = "gold", valid_from: str | None = None, valid_until: str | None = None
) -> Contract:
    """Make a row of the contract registry."""
    return Contract(
        company=name,
        level=level,
        valid_from=date.fromisoformat(valid_from) if valid_from else None,
        valid_until=date.fromisoformat(valid_until) if valid_until else None,
    )


def registry(*contracts: Contract, is_complete: bool = False) -> Registry:
    """Make a contract registry."""
    return Registry.of(contracts, is_complete=is_complete)


def group(name: str, *, can_mail: bool = True, is_active: bool = True) -> Group:
    """Make a group that can mail."""
    return Group(name=name, can_mail=can_mail, is_active=is_active)


def desk(*groups: Group, addresses: Iterable[str] = ("support@msp.example",), priorities: Iterable[str] = ()) -> Desk:
    """Make a host's set-up: the groups Support and Sales, which can mail, and Silent, which cannot, unless said."""
    known = groups or (group("Support"), group("Sales"), group("Silent", can_mail=False))
    return Desk(
        groups={each.name: each for each in known},
        states=STATES,
        priorities=frozenset(priorities) or frozenset({"1 low", "2 normal", "3 high"}),
        bot=BOT,
        addresses=frozenset(addresses),
    )


def article(
    sender: Sender = Sender.CUSTOMER,
    body: str = "The printer is on fire.",
    *,
    id_: str = "a1",
    at: datetime = NOW - timedelta(hours=1),
    channel: Channel = Channel.EMAIL,
    is_internal: bool = False,
    is_automatic: bool = False,
    author: str = "",
    from_: str = "",
    to: str = "support@msp.example",
    subject: str = "Printer",
    message_id: str = "",
    decision: str = "",
    attachments: tuple[str, ...] = (),
) -> Article:
    """Make a message on a ticket; a public mail of the customer unless said."""
    writers = {Sender.CUSTOMER: CUSTOMER, Sender.AGENT: AGENT, Sender.SYSTEM: BOT}
    return Article(
        id=id_,
        at=at,
        sender=sender,
        channel=channel,
        is_internal=is_internal,
        is_automatic=is_automatic,
        author=author or writers[sender],
        from_=from_ or ("anna@acme.example" if sender is Sender.CUSTOMER else "support@msp.example"),
        to=to,
        subject=subject,
        body=body,
        message_id=message_id or f"<{id_}@mail.example>",
        decision=decision,
        attachments=attachments,
    )


def said(
    by: str, body: str = "The printer is on fire.", *, id_: str = "a1", at: datetime = NOW - timedelta(hours=1)
) -> Article:
    """Make a public mail by `customer`, `agent` or `system`."""
    return article(Sender(by), body, id_=id_, at=at)


def our_mail(*, id_: str = "m1", at: datetime = NOW - timedelta(minutes=5), to: str = "anna@acme.example") -> Article:
    """Make a mail that a decision of ours wrote."""
    return article(Sender.AGENT, id_=id_, at=at, author=BOT, to=to, decision="01D")


def noted(body: str = "Called back.", *, id_: str = "n1", at: datetime = NOW - timedelta(hours=1)) -> Article:
    """Make an agent's internal note."""
    return article(Sender.AGENT, body, id_=id_, at=at, channel=Channel.NOTE, is_internal=True)


def link(ticket: str = "2", kind: LinkKind = LinkKind.NORMAL, *, state: State = State.OPEN, **memory: str) -> Link:
    """Make a tie to another ticket; keywords are the other's memory."""
    return Link(kind=kind, ticket=ticket, number=f"1000{ticket}", state=state, memory=memory)


def ticket(
    *,
    id_: str = "1",
    title: str = "Printer",
    state: State = State.OPEN,
    pending_until: datetime | None = None,
    group: str = "Support",
    priority: str = "2 normal",
    owner: str | None = None,
    customer: str | None = CUSTOMER,
    company: str | None = None,
    tags: Iterable[str] = (),
    attributes: Attributes | None = None,
    articles: tuple[Article, ...] = (),
    created_at: datetime = NOW - timedelta(hours=1),
) -> Ticket:
    """Make an open ticket in Support."""
    return Ticket(
        id=id_,
        number=f"1000{id_}",
        title=title,
        state=state,
        state_name=next(name for name, meaning in STATES.items() if meaning is state),
        pending_until=pending_until,
        group=group,
        priority=priority,
        owner=owner,
        customer=customer,
        company=company,
        created_at=created_at,
        version=created_at.isoformat(),
        tags=frozenset(tags),
        attributes=attributes or {},
        articles=articles,
        article_count=len(articles),
    )


def case(
    *,
    state: State = State.OPEN,
    group: str = "Support",
    priority: str = "2 normal",
    owner: str | None = None,
    tags: Iterable[str] = (),
    attributes: Attributes | None = None,
    articles: tuple[Article, ...] = (),
    customer: Person | None = person(),  # noqa: B008 - frozen
    company: Company | None = None,
    links: tuple[Link, ...] = (),
    memory: Mapping[str, str] | None = None,
    directory: Directory = NO_DIRECTORY,
    registry: Registry = NO_REGISTRY,
    people: People = NO_PEOPLE,
    messages: Messages = MESSAGES,
    readings: Mapping[str, Reading] | None = None,
    desk: Desk = desk(),  # noqa: B008 - frozen
    mails_lately: int = 0,
    seen_at: datetime = NOW,
    time_zone: str = "UTC",
) -> Case:
    """Make a case: an open ticket in Support of a customer who has `company` as his primary one, or none."""
    if company is not None and customer is not None:
        customer = replace(customer, company=company.id)
    return Case(
        host="zammad",
        ticket=ticket(
            state=state,
            group=group,
            priority=priority,
            owner=owner,
            customer=customer.id if customer else None,
            company=company.id if company else None,
            tags=tags,
            attributes=attributes,
            articles=articles,
        ),
        seen_at=seen_at,
        customer=customer,
        company=company,
        links=links,
        memory=memory or {},
        desk=desk,
        directory=directory,
        registry=registry,
        people=people,
        messages=messages,
        readings=readings or {},
        mails_lately=mails_lately,
        time_zone=ZoneInfo(time_zone),
    )


def rule_that(
    *actions: Action,
    name: str = "first",
    when: Callable[[Case], bool] = lambda _: True,
    needs: Need = Need.ARTICLES | Need.LINKS,
    yields_to: tuple[str, ...] = (),
) -> Rule[Options]:
    """Make a rule that asks for these actions, always unless told when."""

    def decide(case: Case, options: Options) -> Decision:
        """Ask for what a test says."""
        return Decision.act("because", *actions) if when(case) else Decision.skip("not now")

    return Rule(name=name, decide=decide, options=Options, needs=needs, clauses=(), yields_to=yields_to)


def bound(rule: Rule[Any], mode: Mode = Mode.ENFORCE, options: Options | None = None) -> Bound:
    """Give a rule a mode, and its options as they are by default."""
    return Bound(rule=rule, mode=mode, options=options or rule.options())


def policy(*rules: Bound | Rule[Any], per_ticket: int = 3, per_address: int = 6) -> Policy:
    """Make a policy; a rule without a mode is enforced."""
    every = tuple(each if isinstance(each, Bound) else bound(each) for each in rules)
    return Policy(revision="test", rules=every, brake=Brake(per_ticket=per_ticket, per_address=per_address))
