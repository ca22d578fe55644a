"""Find what an outage report points at: server, order, ticket, service, start."""

import functools
import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Final

from connector.reading.lexicon import Lexicons
from connector.reading.reading import References, Words
from connector.reading.text import fold

_IP: Final = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d)|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}:?[0-9a-fA-F]{1,4}(?![\w:])"
)
_HOST: Final = re.compile(
    r"(?<![\w@./-])[A-Za-z]{2,12}[-_]?[A-Za-z]{0,12}[-_]?\d{1,3}(?:[-_.][A-Za-z0-9]{1,20}){0,3}(?![\w@-])"
)
_SITE: Final = re.compile(r"(?<![\w@.-])(?:[\w-]{1,63}\.){1,4}(?:[a-z]{2,10})(?![\w@-])", re.IGNORECASE)
_HASH: Final = re.compile(r"(?<![\w#&])#\s?\d{4,9}\b")
_TICKET: Final = re.compile(
    r"\[?\b(?:ticket|inc|t|zgl|req|case|sr)[#-]{1,2}\s?\d{3,9}\b\]?|\[#\d{3,9}\]|\[[\w -]{0,20}#\s?\d{3,9}\]",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(
    r"(?<![\d.:])(?:[01]?\d|2[0-3])[:.][0-5]\d(?!\d|[.:]\d)|\b(?:[01]?\d|2[0-3])\s?(?:h|uhr|ora|час)\b"
)
_ZONE: Final = re.compile(
    r"\b(?:CES?T|UTC(?:\s?[+-]\d{1,2})?|GMT(?:\s?[+-]\d{1,2})?|MESZ|MEZ|BST|EES?T|MSK|МСК|WES?T)\b"
)
_NUMBER_AFTER: Final = re.compile(
    r"[\s:.#№]{0,4}(?:nr|no|number|numer|szama|szam|номер|nummer)?[\s:.#№]{0,4}(\d{4,10})\b"
)


def find_references(text: str, subject: str, lexicons: Lexicons) -> References:
    """Collect the references of the own text; numbers in square brackets also of the subject."""
    folded = fold(text)
    phrases = lexicons.phrases
    orders = [*_all(_HASH, text), *_numbered(text, folded, phrases["order"])]
    tickets = [*_all(_TICKET, text), *_numbered(text, folded, phrases["ticket"])]
    spans = {(words.start, words.end) for words in tickets}
    orders = [words for words in orders if not any(start <= words.start < end for start, end in spans)]
    zone = _ZONE.search(text)
    return References(
        addresses=(*_addresses(text), *_all(_HOST, text)),
        orders=tuple(orders),
        tickets=tuple(tickets),
        services=(*_all(_SITE, text), *_named(text, folded, phrases["service"])),
        started=_started(text, folded, phrases["since"]),
        zone=zone.group() if zone else "CET/CEST",
    )


def names_a_thing(text: str) -> bool:
    """Tell whether a text names a server, an address, a site or an order, so that one knows where to look."""
    return any(pattern.search(text) for pattern in (_IP, _HOST, _SITE, _HASH))


def _all(pattern: "re.Pattern[str]", text: str) -> Iterator[Words]:
    for match in pattern.finditer(text):
        yield Words(text=match.group(), start=match.start(), end=match.end())


def _addresses(text: str) -> Iterator[Words]:
    for words in _all(_IP, text):
        try:
            ip_address(words.text)
        except ValueError:
            continue
        yield words


def _numbered(text: str, folded: str, labels: tuple[str, ...]) -> Iterator[Words]:
    """Give the numbers that follow one of the labels."""
    pattern = _any_of(labels)
    for match in pattern.finditer(folded):
        number = _NUMBER_AFTER.match(folded, match.end())
        if number:
            yield Words(text=text[match.start() : number.end()], start=match.start(), end=number.end())


def _named(text: str, folded: str, labels: tuple[str, ...]) -> Iterator[Words]:
    for match in _any_of(labels).finditer(folded):
        yield Words(text=text[match.start() : match.end()], start=match.start(), end=match.end())


@functools.lru_cache(maxsize=64)
def _any_of(labels: tuple[str, ...]) -> "re.Pattern[str]":
    alternatives = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])")


def _started(text: str, folded: str, since: Sequence[str]) -> Words | None:
    """Give the first clock time, best one that a word such as "since" stands before."""
    first: Words | None = None
    for match in _CLOCK.finditer(folded):
        words = Words(text=text[match.start() : match.end()], start=match.start(), end=match.end())
        before = folded[max(0, match.start() - 14) : match.start()].split()
        after = folded[match.end() : match.end() + 12].strip(" -").split()[:1]
        if any(word in since for word in before[-2:]) or any(word in since for word in after):
            return words
        first = first or words
    return first
