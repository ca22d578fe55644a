"""Recognise messages that no person wrote."""

from collections.abc import Sequence
from typing import Final

from connector.reading.lexicon import Lexicons
from connector.reading.reading import Verdict, Where, Words
from connector.reading.text import fold

_ROBOTS: Final = (
    "mailer-daemon",
    "postmaster",
    "noreply",
    "no-reply",
    "donotreply",
    "do-not-reply",
    "no_reply",
    "bounce",
)
_HEADERS: Final = {
    "precedence": ("bulk", "junk", "list", "auto_reply"),
    "x-autoreply": ("",),
    "x-autorespond": ("",),
    "x-auto-response-suppress": ("all", "oof", "autoreply"),
    "list-id": ("",),
    "list-unsubscribe": ("",),
    "feedback-id": ("",),
    "x-failed-recipients": ("",),
    "return-path": ("<>",),
}


def find_automatic(
    *, subject: str, text: str, sender: str, headers: Sequence[tuple[str, str]], lexicons: Lexicons
) -> Verdict | None:
    """Give the reason to believe that a machine sent this (RFC 3834 headers, bounces, lists, out of office), if any."""
    for name, value in headers:
        reason = _header_reason(name.strip().lower(), value.strip().lower())
        if reason:
            return Verdict(label="automatic", score=1.0, reason=reason)
    address = fold(sender).rpartition("<")[2].strip("> ")
    mailbox = address.partition("@")[0]
    if any(mailbox.startswith(robot) for robot in _ROBOTS):
        return Verdict(label="automatic", score=1.0, reason=f"sent by {address}")
    phrases = lexicons.phrases["automatic"]
    subject_words = _first(fold(subject[:300]), subject, phrases, Where.SUBJECT)
    if subject_words:
        return Verdict(
            label="automatic", score=0.9, words=(subject_words,), reason="the subject of an automatic message"
        )
    long_enough = tuple(phrase for phrase in phrases if " " in phrase)
    body_words = _first(fold(text[:2000]), text, long_enough, Where.BODY)
    if body_words:
        return Verdict(label="automatic", score=0.8, words=(body_words,), reason="the words of an automatic message")
    return None


def _header_reason(name: str, value: str) -> str:
    if name == "auto-submitted":
        return f"Auto-Submitted: {value}" if value.partition(";")[0].strip() not in {"no", ""} else ""
    if name == "content-type" and value.startswith(("multipart/report", "message/delivery-status")):
        return f"Content-Type: {value[:60]}"
    signs = _HEADERS.get(name, ())
    return f"{name}: {value[:60]}" if any(sign in {"", value, *value.split(",")} for sign in signs) else ""


def _first(folded: str, text: str, phrases: Sequence[str], where: Where) -> Words | None:
    for phrase in phrases:
        at = folded.find(phrase)
        if at >= 0 and not folded[at - 1 : at].isalnum() and not folded[at + len(phrase) :][:1].isalnum():
            return Words(text=text[at : at + len(phrase)], start=at, end=at + len(phrase), where=where)
    return None
