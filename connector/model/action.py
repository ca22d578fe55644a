"""What a rule may ask for: a closed union, so that a new action cannot be forgotten anywhere."""

from dataclasses import dataclass
from datetime import datetime

from connector.model.ticket import LinkKind, State


@dataclass(frozen=True, slots=True)
class AddTag:
    """Put a tag on the ticket."""

    name: str


@dataclass(frozen=True, slots=True)
class RemoveTag:
    """Take a tag off the ticket."""

    name: str


@dataclass(frozen=True, slots=True)
class AddNote:
    """Write an internal note, once for each `once` of the rule."""

    text: str
    once: str = "note"
    is_record: bool = False
    """Whether it tells of what happened already: then it is written where the rule only proposes, too."""


@dataclass(frozen=True, slots=True)
class SendReply:
    """Mail the customer, once for each `once` of the rule."""

    subject: str
    text: str
    to: str
    once: str = "reply"


@dataclass(frozen=True, slots=True)
class SetCompany:
    """Make this company (id) the customer's primary one, or detach him with an empty one; `name` is for people."""

    company: str
    name: str = ""
    is_secondary: bool = False
    """Whether it is added to his companies, and neither his primary one nor the ticket's changes."""


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Move the ticket into a group; `insist` overrides a person who moved it away since."""

    group: str
    insist: bool = False


@dataclass(frozen=True, slots=True)
class SetState:
    """Set the state; PENDING needs `until`. `gently` gives way to any other rule that wants another state."""

    state: State
    until: datetime | None = None
    insist: bool = False
    gently: bool = False


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Set the priority by the host's name for it."""

    priority: str
    insist: bool = False


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """Set one of the host's own ticket fields."""

    name: str
    value: str
    insist: bool = False


@dataclass(frozen=True, slots=True)
class AddLink:
    """Tie another ticket to this one; `kind` says what the OTHER is to this."""

    ticket: str
    number: str
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class CreateTicket:
    """Open a ticket tied to this one, once for each `once` of the rule; `kind` says what the NEW one is to this."""

    title: str
    group: str
    text: str
    once: str
    kind: LinkKind = LinkKind.CHILD
    tags: tuple[str, ...] = ()
    is_said: bool = False
    """Whether the text stands there as the customer's own words, which he sees; else as an internal note."""
    carry: tuple[str, ...] = ()
    """Ids of articles of this ticket whose attachments go along."""

    @property
    def place(self) -> str:
        """Give the words that stand for the new ticket's number in notes and mails of the same plan."""
        return f"[new ticket {self.once}]"


@dataclass(frozen=True, slots=True)
class Remember:
    """Write a fact into the ticket's memory; an empty value forgets it."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Look at the ticket again at a moment when something may have come due; touches nothing."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LookAt:
    """Look at another ticket once this look is done, since that one may have something to do now; touches nothing."""

    ticket: str


Action = (
    AddTag
    | RemoveTag
    | AddNote
    | SendReply
    | SetCompany
    | MoveTo
    | SetState
    | SetPriority
    | SetAttribute
    | AddLink
    | CreateTicket
    | Remember
    | LookAgain
    | LookAt
)
