"""Find who wrote and where they can be called."""

import functools
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from connector.reading.lexicon import Lexicons
from connector.reading.reading import Contact, Words
from connector.reading.text import fold

_PHONE: Final = re.compile(r"(?<![\w#/.:-])(?:\+|\(|00)?\d(?:[ ()/.–-]{0,3}\d){6,14}(?!\w|[.-]\d)")
_DATE: Final = re.compile(
    r"(?:\d{1,2}[./-]\s?){2}(?:\d\d)?\d\d|(?:19|20)\d\d[./-]\s?\d{1,2}[./-]\s?\d{1,2}|\d{1,3}(?:\.\d{1,3}){3}"
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_TITLE: Final = frozenset(
    [
        "dr",
        "mgr",
        "inz",
        "prof",
        "dipl",
        "ing",
        "hr",
        "fr",
        "herr",
        "frau",
        "pan",
        "pani",
        "p",
        "mr",
        "mrs",
        "ms",
        "miss",
        "sir",
        "ifj",
        "id",
        "ozv",
    ]
)


def find_contact(text: str, sender: str, lexicons: Lexicons) -> Contact:
    """Find the sender's name and phone numbers in the own text and signature."""
    return Contact(name=_name(text, sender), phones=tuple(_phones(text, lexicons)))


def _phones(text: str, lexicons: Lexicons) -> Iterator[Words]:
    for match in _PHONE.finditer(text):
        written = match.group()
        digits = sum(char.isdigit() for char in written)
        if not 7 <= digits <= 15 or _DATE.fullmatch(written.strip("+(")):
            continue
        if written.isdigit() and digits > 12:
            continue
        yield Words(text=written, start=match.start(), end=match.end())
    folded = fold(text)
    for match in _extension((*lexicons.phrases["extensions"], *lexicons.phrases["phones"])).finditer(folded):
        yield Words(text=text[match.start() : match.end()], start=match.start(), end=match.end())


@functools.lru_cache(maxsize=8)
def _extension(labels: tuple[str, ...]) -> "re.Pattern[str]":
    listed = "|".join(map(re.escape, sorted(set(labels), key=len, reverse=True)))
    return re.compile(rf"(?<![^\W_])(?:{listed})[.:\s]{{0,3}}-?\d(?:-?\d){{1,4}}(?![\d:/]|[.,-]\d)")


def _name(text: str, sender: str) -> str | None:
    """Give the sender's name as far as the text repeats it, else two capitalised words at its end, else the From's."""
    shown, _, address = sender.rpartition("<")
    mailbox = (address or sender).partition("@")[0]
    known = {fold(word) for word in _WORD.findall(f"{shown} {mailbox}") if len(word) > 2}
    own = list(_WORD.finditer(text))
    repeated = [match.group() for match in own if match.group()[0].isupper() and _is_known(fold(match.group()), known)]
    if repeated:
        return " ".join(dict.fromkeys(repeated))
    for first, second in reversed(list(pairwise(own))[-40:]):
        between = text[first.end() : second.start()]
        if first.group()[0].isupper() and second.group()[0].isupper() and between in {" ", ". ", ".", "-"}:
            return f"{first.group()} {second.group()}"
    return shown.strip(' "') or None


def _is_known(word: str, known: "set[str]") -> bool:
    return word not in _TITLE and any(word == name or (len(word) > 3 and name.endswith(word)) for name in known)
