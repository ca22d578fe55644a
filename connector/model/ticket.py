"""A ticket and what was said on it, as one snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.model.company import Attributes
from connector.model.message import Channel, Message


class State(StrEnum):
    """What a ticket's state means, whatever the host calls it."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    CLOSED = "closed"
    MERGED = "merged"


class Sender(StrEnum):
    """On whose side an article was written."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"


class LinkKind(StrEnum):
    """What the OTHER ticket is to the one looked at."""

    PARENT = "parent"
    CHILD = "child"
    NORMAL = "normal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A user of the host, most often a customer."""

    id: str
    name: str = ""
    address: str = ""
    company: str | None = None
    """Id of the primary company."""
    other_companies: tuple[str, ...] = ()
    is_agent: bool = False
    is_system: bool = False
    """The host's own user, who is nobody's customer."""
    language: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A tie from the ticket looked at to another."""

    kind: LinkKind
    ticket: str
    number: str = ""
    state: State = State.OPEN
    group: str = ""
    memory: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The other ticket's memory, so that a child can be recognised as ours."""
    articles: "tuple[Article, ...]" = ()
    """What customers said there, where a rule asked for `Need.LINKED_MAIL`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """An attachment as the host keeps it."""

    name: str
    size: int
    content: str = ""
    """The host's mark of what is in it: two files of one mark hold the same bytes; empty where it tells none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """A message on a ticket."""

    id: str
    at: datetime
    sender: Sender
    channel: Channel
    is_internal: bool
    author: str = ""
    """Id of the user who really created it; an API client can forge `sender` and `from_`, not this."""
    from_: str = ""
    to: str = ""
    subject: str = ""
    body: str = ""
    is_html: bool = False
    is_automatic: bool = False
    """The host recognised an automatic message (`Auto-Submitted`, out of office, bounce)."""
    message_id: str = ""
    in_reply_to: str = ""
    attachments: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    """The attachments that can be carried over to another ticket; empty where the host cannot do that."""
    raw: bytes | None = field(default=None, hash=False)
    """The mail as it came, where a rule asked for it and the host has it."""
    decision: str = ""
    """Id of the decision of ours that wrote it; empty for everybody else's."""

    @property
    def message(self) -> Message:
        """See the article as something to be understood."""
        return Message(
            subject=self.subject,
            body=self.body,
            is_html=self.is_html,
            sender=self.from_,
            channel=self.channel,
            attachments=self.attachments,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One ticket at one moment; articles are ordered as they were written."""

    id: str
    number: str
    title: str = ""
    state: State = State.NEW
    state_name: str = "new"
    """The host's own word for the state."""
    pending_until: datetime | None = None
    group: str = ""
    priority: str = ""
    owner: str | None = None
    customer: str | None = None
    company: str | None = None
    created_at: datetime
    version: str
    """The host's last-change mark, opaque; see `Event.version`."""
    tags: frozenset[str] = frozenset()
    attributes: Attributes = field(default_factory=dict, hash=False)
    articles: tuple[Article, ...] = ()
    """Empty where no active rule needs them."""
    article_count: int = 0

    @property
    def is_settled(self) -> bool:
        """Tell whether the work on it is over."""
        return self.state in {State.CLOSED, State.MERGED}

    @property
    def first_article(self) -> Article | None:
        """Give what opened the ticket; an automatic reply may stand beside it."""
        return self.articles[0] if self.articles else None

    @property
    def last_public_article(self) -> Article | None:
        """Give what was last said between customer and agents."""
        return next((each for each in reversed(self.articles) if not each.is_internal), None)

    @property
    def customer_articles(self) -> tuple[Article, ...]:
        """Give what came from the customer's side, oldest first."""
        return tuple(each for each in self.articles if each.sender is Sender.CUSTOMER)
