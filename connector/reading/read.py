"""Read a message: the one face of this room."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from connector.model.message import Message
from connector.reading.automatic import find_automatic
from connector.reading.confidential import find_secrets
from connector.reading.contact import find_contact
from connector.reading.form import check_form
from connector.reading.html import html_to_text
from connector.reading.language import tell_language
from connector.reading.lexicon import Lexicons, builtin_lexicons
from connector.reading.model import Model, builtin_model
from connector.reading.parts import find_original_sender, split_parts
from connector.reading.reading import Contact, Part, PartKind, Reading, Secret, Where
from connector.reading.references import find_references
from connector.reading.text import fold
from connector.reading.understand import Tagging, tag_message, weigh
from connector.reading.verdicts import Understanding, conclude

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_MAX_TEXT: Final = 200_000
"""Characters of a body that are looked at; the rest is older text or an attack."""
_MAX_SEARCH: Final = 50_000
_OLDER: Final = frozenset({PartKind.QUOTED, PartKind.FORWARDED})
_LABEL_ORDER: Final = (
    "empty_subject", "generic_subject", "empty_body", "forward_without_text", "no_contact_details",
    "availability_without_task", "vague", "missing_reference",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A message taken apart, before anyone asks what it wants."""

    message: Message
    subject: str
    text: str
    parts: tuple[Part, ...]
    language: str
    contact: Contact
    secrets: tuple[Secret, ...]
    tagging: Tagging

    def of(self, *kinds: PartKind) -> str:
        """Give the text of all parts of these kinds."""
        return "\n".join(self.text[part.start : part.end] for part in self.parts if part.kind in kinds)


def read(message: Message, lexicons: Lexicons | None = None, model: Model | None = None) -> Reading:
    """Say what a message asks for, in which form, and on which words that rests."""
    known = lexicons or builtin_lexicons()
    trained = model or builtin_model()
    prepared = prepare(message, known)
    evidence = weigh(prepared.tagging, message.channel, trained)
    own = prepared.of(PartKind.OWN)
    forwarded_only = not own.strip() and bool(prepared.of(PartKind.FORWARDED))
    understanding = conclude(prepared.tagging, evidence, trained, forwarded_only=forwarded_only)
    return assemble(prepared, understanding, known)


def prepare(message: Message, lexicons: Lexicons) -> Prepared:
    """Take a message apart: plain text, parts, language, contact, secrets, sentences."""
    subject = _clean(message.subject)[:1000].replace("\n", " ")
    body = message.body[: 4 * _MAX_TEXT] if message.is_html else message.body[:_MAX_TEXT]
    text = _clean(html_to_text(body) if message.is_html else body)[:_MAX_TEXT]
    parts = split_parts(text, subject, lexicons, message.sender)
    own = _joined(text, parts, (PartKind.OWN,))
    code = tell_language((own, subject, text), lexicons)
    signed = tuple(part for part in parts if part.kind in {PartKind.OWN, PartKind.SIGNATURE, PartKind.GREETING})
    searched = _blanked(text[:_MAX_SEARCH], signed)
    secrets = (*find_secrets(searched, lexicons), *find_secrets(subject, lexicons, where=Where.SUBJECT))
    language = lexicons.languages.get(code) or next(iter(lexicons.languages.values()))
    return Prepared(
        message=message,
        subject=subject,
        text=text,
        parts=parts,
        language=code,
        contact=find_contact(searched, message.sender, lexicons),
        secrets=secrets,
        tagging=tag_message(
            text=text,
            subject=subject,
            parts=parts,
            channel=message.channel,
            language=language,
            points=_points(own, lexicons) and any(part.kind in _OLDER for part in parts),
        ),
    )


def assemble(prepared: Prepared, understanding: Understanding, lexicons: Lexicons) -> Reading:
    """Put the verdicts of rules and model into one reading."""
    own = prepared.of(PartKind.OWN)
    checked = check_form(
        subject=prepared.subject,
        own_text=own,
        parts=prepared.parts,
        contact=prepared.contact,
        lexicons=lexicons,
    )
    flags = {verdict.label: verdict for verdict in (*understanding.form, *checked)}
    if "empty_subject" in flags:
        flags.pop("generic_subject", None)
    message = prepared.message
    searched = _blanked(prepared.text[:_MAX_SEARCH], [part for part in prepared.parts if part.kind is PartKind.OWN])
    older = prepared.of(PartKind.QUOTED, PartKind.FORWARDED)
    return Reading(
        language=prepared.language,
        text=prepared.text,
        own_text=own,
        parts=prepared.parts,
        automatic=find_automatic(
            subject=prepared.subject, text=own, sender=message.sender, headers=message.headers, lexicons=lexicons
        ),
        original_sender=find_original_sender(older, lexicons),
        points_at_quoted=bool(older) and _points(own, lexicons),
        contact=prepared.contact,
        requests=understanding.requests,
        critical=understanding.critical,
        scope=understanding.scope,
        topics=understanding.topics,
        form=tuple(flags[label] for label in _LABEL_ORDER if label in flags),
        abusive=understanding.abusive,
        secrets=prepared.secrets,
        references=find_references(searched, prepared.subject, lexicons),
    )


def _clean(text: str) -> str:
    """Unify line ends and spaces, and take away what cannot be seen."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\xa0", " ")
    return _CONTROL.sub("", unified.encode("utf-8", "replace").decode("utf-8"))


def _joined(text: str, parts: Iterable[Part], kinds: tuple[PartKind, ...]) -> str:
    return "\n".join(text[part.start : part.end] for part in parts if part.kind in kinds)


def _blanked(text: str, kept: Iterable[Part]) -> str:
    """Blank out everything but some parts, so that places stay places in the text."""
    pieces: list[str] = []
    position = 0
    for part in kept:
        if part.start >= len(text):
            break
        pieces.append("\n" * (part.start - position))
        pieces.append(text[part.start : part.end])
        position = min(part.end, len(text))
    return "".join(pieces)


def _points(own: str, lexicons: Lexicons) -> bool:
    """Tell whether the own text points at the older text ("see below")."""
    folded = f" {fold(own[:4000])} "
    stems = lexicons.phrases["pointing"]
    return any(f" {stem.rstrip('*')}" in folded for stem in stems)
