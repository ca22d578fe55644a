"""What a helpdesk must lend its contract test: the ground on which a host proves itself.

A ground has hands that act on the helpdesk beside the host under test, and eyes of its own.

To put another helpdesk under the contract, write `tests/hosts/test_contract_<host>.py` with these few lines, and a
class that is a `Ground`:

    import pytest, pytest_asyncio
    from tests.hosts.contract import *  # noqa: F403 - the facts are collected here, for this host

    pytestmark = pytest.mark.asyncio(loop_scope="module")

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def ground() -> AsyncIterator[Ground]:
        async with my_ground() as ground:
            yield ground

One ground serves all facts, one after the other, so every company, customer and ticket it makes has a name of its own.
Nothing here may go through the code under test: a ground reads and writes by the helpdesk's own means. A slow helpdesk
is waited for inside the ground, by asking again until a deadline. What a helpdesk cannot do is said in
`Host.capabilities`, or in `Ground.lacks` where it is no matter of the product, and the fact then proves the lack.
The name of the module's file after `test_contract_` is the column of the table that is printed at the end.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.hosts.host import Host
from connector.model.message import Channel
from connector.model.ticket import LinkKind, Sender, State


class Lack(StrEnum):
    """What a helpdesk behind a ground may lack although the product does not depend on it."""

    MAIL_OUT = "no group has an address to mail from"
    MAIL_IN = "no mail can be handed to it"
    ATTRIBUTE = "no text field of the ticket is free for a test"
    LINKS_SEEN = "its search for changes does not see a link"
    TAGS_SEEN = "its search for changes does not see a tag"
    OWNER_RESET = "a move keeps an owner who has no access to the group"
    DELETE = "a ticket cannot be deleted"


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The groups of the play. The bot works in all but `foreign`; the human agent in all but `silent`."""

    inbox: str
    """Where every ticket of the ground begins; has a mail address, unless Lack.MAIL_OUT."""
    second: str
    """Has a mail address as well."""
    silent: str
    """Has none, and the human agent may not own a ticket there."""
    foreign: str
    """The bot sees nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Somebody who writes to the helpdesk."""

    id: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """An article, as the helpdesk itself shows it."""

    internal: bool
    channel: Channel
    sender: Sender
    body: str


@dataclass(frozen=True, kw_only=True)
class View:
    """A ticket, as the helpdesk itself shows it to somebody who may see it all."""

    id: str
    number: str
    title: str
    group: str
    state: State
    priority: str
    changed_at: datetime
    """By the helpdesk's own clock."""
    pending_until: datetime | None = None
    owner: str | None = None
    customer: str | None = None
    company: str | None = None
    """Of the ticket."""
    company_of_customer: str | None = None
    tags: frozenset[str] = frozenset()
    links: frozenset[tuple[LinkKind, str]] = frozenset()
    """What the other is to this one, and its id."""
    said: Sequence[Said] = ()
    memory: Mapping[str, str] = field(default_factory=dict)
    """What the ticket remembers of us; emptied keys are left out."""
    scribble: str = ""
    """What `Ground.scribble` wrote."""
    attribute: str = ""
    """The value of the field called `Ground.attribute`."""

    @property
    def notes(self) -> list[str]:
        """Give the internal notes, oldest first."""
        return [each.body for each in self.said if each.internal and each.channel is Channel.NOTE]


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that our host made the helpdesk send."""

    to: str
    sender: str
    """The bare address it was sent from."""
    subject: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A webhook as it came, header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


class Ground(Protocol):
    """A helpdesk with one group of each kind, a human agent, a webhook that reaches us, and the host under test."""

    host: Host
    """Under test."""
    leafing: Host
    """The same, but reading its lists two rows at a time."""
    auditor: Host | None
    """The same under an account that may read the log of failed deliveries; None where no account may."""
    groups: Groups
    address: str
    """From which mails of `inbox` and `second` leave; empty with Lack.MAIL_OUT."""
    agent: str
    """Id of the human agent."""
    priority: str
    """One of the helpdesk's priorities that a new ticket does not have."""
    attribute: str
    """A text field of the ticket that rules may set; empty with Lack.ATTRIBUTE."""
    contract: tuple[str, str]
    """A field of companies and the value that every company of the ground has in it."""
    lacks: frozenset[Lack]

    async def company(self, domain: str) -> str:
        """Make a company that claims a mail domain; give its id."""
        ...

    async def customer(self, company: str | None = None) -> Customer:
        """Make a customer, of a company or of none; his mail domain is nobody's."""
        ...

    async def phoned(self, customer: Customer) -> str:
        """Open a ticket in `inbox` as the human agent does who notes a call, and give its id."""
        ...

    async def receive(self, mail: bytes) -> str:
        """Hand a mail in as if it came by SMTP; give the id of its ticket, which a new one begins in `inbox`."""
        ...

    async def act(  # what an agent does at once
        self,
        ticket: str,
        *,
        group: str | None = None,
        state: State | None = None,
        owner: str | None = None,
        note: str | None = None,
        tag: str | None = None,
        untag: str | None = None,
        link: str | None = None,
    ) -> None:
        """Let the human agent change a ticket; `link` ties another ticket's id to it, as equals."""
        ...

    async def scribble(self, ticket: str, text: str) -> None:
        """Let another program write where our memory lies, under a name of its own."""
        ...

    async def delete(self, ticket: str) -> None:
        """Remove a ticket for good."""
        ...

    async def view(self, ticket: str) -> View:
        """Look at a ticket with the helpdesk's own eyes."""
        ...

    async def mails(self, ticket: str) -> Sequence[Mail]:
        """Give the mails of this ticket that left by our host's doing, after whatever is under way has left."""
        ...

    async def delivery(self, ticket: str) -> Delivery:
        """Wait for the next webhook that speaks of a ticket."""
        ...

    async def lose(self, ticket: str) -> None:
        """Let the human agent note something, and every try to tell us of it fail, until the helpdesk gives up."""
        ...

    def cut(self, write: int) -> AbstractContextManager[None]:
        """Hang up instead of answering the host's n-th write (from 0), which is carried out all the same."""
        ...
