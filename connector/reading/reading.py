"""What a message says, as frozen values that each name the words they rest on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Where(StrEnum):
    """The field of a message that words stand in."""

    SUBJECT = "subject"
    BODY = "body"


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Words of a message and their place: characters `start` to `end` of the subject or of `Reading.text`."""

    text: str
    start: int
    end: int
    where: Where = Where.BODY


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One thing that a message says, how sure we are (0 to 1), and on which words that rests."""

    label: str
    score: float
    words: tuple[Words, ...] = ()
    reason: str = ""


class PartKind(StrEnum):
    """What a stretch of a mail is."""

    GREETING = "greeting"
    OWN = "own"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    QUOTED = "quoted"
    FORWARDED = "forwarded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A stretch of `Reading.text` and what it is."""

    kind: PartKind
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """One independent request of a message: one ticket."""

    words: tuple[Words, ...]
    score: float = 1.0
    """How sure the reader is that the message holds as many topics as it names."""


class SecretKind(StrEnum):
    """A kind of confidential matter that does not belong into a mail."""

    PASSWORD = "password"  # noqa: S105, a kind and no password
    CARD_NUMBER = "card_number"
    PESEL = "pesel"
    TAJ = "taj"
    IBAN = "iban"
    PRIVATE_KEY = "private_key"
    API_TOKEN = "api_token"  # noqa: S105, a kind and no token
    REMOTE_ACCESS = "remote_access"


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """Confidential matter and its place."""

    kind: SecretKind
    words: Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """Who can be reached how, as far as the sender's own words tell."""

    name: str | None = None
    phones: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class References:
    """What an outage report points at."""

    addresses: tuple[Words, ...] = ()
    orders: tuple[Words, ...] = ()
    tickets: tuple[Words, ...] = ()
    services: tuple[Words, ...] = ()
    started: Words | None = None
    zone: str = "CET/CEST"
    """As said in the message; CET/CEST when it says none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Everything that we understood of one message."""

    language: str
    text: str
    """The body as plain text; `Words` of the body are places in it."""
    own_text: str
    """The sender's own words: no quotes, no forwards, no signature, no disclaimer."""
    parts: tuple[Part, ...] = ()
    automatic: Verdict | None = None
    original_sender: str | None = None
    points_at_quoted: bool = False
    """The sender asks for what the quoted or forwarded text says."""
    contact: Contact = Contact()
    requests: tuple[Verdict, ...] = ()
    critical: Verdict | None = None
    scope: Verdict | None = None
    topics: tuple[Topic, ...] = ()
    form: tuple[Verdict, ...] = ()
    abusive: Verdict | None = None
    secrets: tuple[Secret, ...] = ()
    references: References = References()

    def asks_for(self, label: str) -> bool:
        """Tell whether the message asks for this."""
        return any(verdict.label == label for verdict in self.requests)

    def labels(self) -> dict[str, Any]:
        """Put the verdicts into the form of the labelling guide."""
        kinds = {secret.kind for secret in self.secrets} - {SecretKind.REMOTE_ACCESS}
        return {
            "request": [verdict.label for verdict in self.requests],
            "critical": self.critical is not None,
            "scope": self.scope.label if self.scope else None,
            "topics": len(self.topics),
            "form": [verdict.label for verdict in self.form],
            "abusive": self.abusive is not None,
            "secrets": sorted(kind.value for kind in kinds),
        }
