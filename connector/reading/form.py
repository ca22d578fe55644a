"""Check the form of a message: subject, body, contact details."""

from collections.abc import Iterator, Sequence

from connector.reading.lexicon import Lexicons
from connector.reading.parts import is_forward
from connector.reading.reading import Contact, Part, PartKind, Verdict


def check_form(
    *, subject: str, own_text: str, parts: Sequence[Part], contact: Contact, lexicons: Lexicons
) -> Iterator[Verdict]:
    """Give the flags that need no understanding of the matter."""
    if not subject.strip():
        yield Verdict(label="empty_subject", score=1.0, reason="the subject is empty")
    if not own_text.strip():
        forwarded = any(part.kind is PartKind.FORWARDED for part in parts)
        quoted = any(part.kind is PartKind.QUOTED for part in parts)
        if forwarded or (quoted and is_forward(subject, lexicons)):
            yield Verdict(
                label="forward_without_text", score=1.0, reason="a forward without a word of the sender's own"
            )
        else:
            yield Verdict(label="empty_body", score=1.0, reason="nothing beyond greeting, signature and quoted text")
    missing = [what for what, known in (("name", contact.name), ("phone number", contact.phones)) if not known]
    if missing:
        yield Verdict(
            label="no_contact_details", score=0.9, reason=f"no {' and no '.join(missing)} in text or signature"
        )
