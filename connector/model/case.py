"""All that a rule may know: one ticket and its surroundings at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Flag, auto
from zoneinfo import ZoneInfo

from connector.model.company import NO_DIRECTORY, Company, Directory
from connector.model.contract import NO_REGISTRY, Registry
from connector.model.desk import NO_DESK, Desk
from connector.model.messages import NO_MESSAGES, Messages
from connector.model.people import NO_PEOPLE, People
from connector.model.reading import Reading
from connector.model.stamps import NO_STAMPS, Stamps
from connector.model.ticket import Link, Person, Ticket

Memory = Mapping[str, str]
"""What the ticket remembers of us: flat keys `rule.thing`, values short text."""


class Need(Flag):
    """The parts of a case that cost the host a request of their own, so that only what a rule needs is read."""

    NOTHING = 0
    ARTICLES = auto()
    LINKS = auto()
    RAW_MAIL = auto()
    READING = auto()
    """What the customers' messages say; costs the host nothing beyond the articles."""
    HISTORY = auto()
    LINKED_MAIL = auto()
    """What customers mailed to the tickets linked as equals, raw mails included; several requests for each of them."""
    COMPANY_TICKETS = auto()
    """The open tickets of the customer's company."""
    CUSTOMER_HISTORY = auto()
    """Who changed the customer himself, above all his company."""


EVERYTHING = ~Need.NOTHING


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One line of the host's history: who changed what."""

    at: datetime
    author: str
    thing: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A frozen snapshot; two equal cases are decided alike."""

    host: str
    ticket: Ticket
    seen_at: datetime
    customer: Person | None = None
    company: Company | None = None
    """The customer's primary company."""
    links: tuple[Link, ...] = ()
    history: tuple[Change, ...] = ()
    memory: Memory = field(default_factory=dict, hash=False)
    desk: Desk = NO_DESK
    directory: Directory = NO_DIRECTORY
    registry: Registry = NO_REGISTRY
    people: People = NO_PEOPLE
    messages: Messages = NO_MESSAGES
    stamps: Stamps = NO_STAMPS
    parts: Need = EVERYTHING
    """What was read of the ticket; a rule may ask for more, see `Decision.ask`."""
    named: Mapping[str, Link | None] = field(default_factory=dict, hash=False)
    """Tickets that a rule asked for by number: None where there is none, and of a merged one what it is part of now."""
    company_tickets: tuple[Link, ...] = ()
    """Open tickets of the customer's company, oldest first, where a rule asked for them."""
    customer_history: tuple[Change, ...] = ()
    """Who changed the customer, where a rule asked for it."""
    readings: Mapping[str, Reading] = field(default_factory=dict, hash=False)
    """What each customer's article says, by the article's id; empty where no active rule asks for it."""
    mails_lately: int = 0
    """Mails of ours to the customer's address within the last hour, over all tickets."""
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    """The company's own, in which days are counted."""

    @property
    def language(self) -> str:
        """Give the language to answer the customer in: that of his last message, else his own, else nobody's."""
        read = [self.readings[each.id] for each in self.ticket.customer_articles if each.id in self.readings]
        spoken = next((each.language for each in reversed(read) if each.automatic is None), "")
        return spoken or (self.customer.language if self.customer else "")

    @property
    def today(self) -> date:
        """Give the day it is for the company."""
        return self.seen_at.astimezone(self.time_zone).date()
