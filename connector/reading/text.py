"""Cut text into folded tokens and sentences that keep their place."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

_SPECIAL: Final = {"ł": "l", "Ł": "l", "ß": "s", "ø": "o", "Ø": "o", "đ": "d", "ı": "i", "’": "'", "ʼ": "'", "æ": "a"}


class _Folding(dict[int, str]):
    """One character for one, so that places in folded text are places in the text."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = _SPECIAL.get(char) or unicodedata.normalize("NFKD", char)[:1].lower()[:1] or char
        if len(self) < 70_000:
            self[code] = folded
        return folded


_FOLDING: Final = _Folding()

# Every alternative is bounded or a single run of one class, so that a search is linear in the text.
_TOKEN: Final = re.compile(
    r"(?P<path>\b[a-z]:\\[^\s,;\"]{0,200}|\\\\[^\s,;\"]{1,200})"
    r"|(?P<address>[^\W_][\w.+-]{0,63}@[\w.-]{0,80})"
    r"|(?P<number>\d+(?:[.,:/-]\d+){0,6})"
    r"|(?P<word>[^\W_]+(?:'[a-z]{1,2}\b)?)"
    r"|(?P<mark>[?!]+)"
)
_BREAK: Final = re.compile(r"[.!?…;]+[\"”»')\]]{0,3}(?=\s|$)|\n")
_TERMINAL: Final = frozenset(".!?:;…")
MAX_SENTENCE: Final = 1000


class Token(NamedTuple):
    """A word, number, address or path with its place in the text; a tuple, since every mail makes hundreds."""

    folded: str
    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of text that one verdict can rest on."""

    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Take case and diacritics away, one character for one."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


def tokens(text: str, offset: int = 0) -> list[Token]:
    """List the tokens of a text."""
    return [
        Token(match.group(), match.start() + offset, match.end() + offset, match.lastgroup or "word")
        for match in _TOKEN.finditer(fold(text))
    ]


def sentences(text: str, start: int, end: int) -> Iterator[Sentence]:
    """Cut text[start:end] at full stops and line ends, joining lines that a mail program wrapped."""
    begin = start
    for match in _BREAK.finditer(text, start, end):
        if match.start() - begin < MAX_SENTENCE and _goes_on(text, begin, match, end):
            continue
        yield from _stripped(text, begin, match.end())
        begin = match.end()
    yield from _stripped(text, begin, end)


def _goes_on(text: str, begin: int, match: "re.Match[str]", end: int) -> bool:
    """Tell a break inside a sentence (an abbreviation, a wrapped line) from the end of one."""
    following = text[match.end() : min(end, match.end() + 12)]
    if match.group() == "\n":
        line_start = max(begin, text.rfind("\n", begin, match.start()) + 1)
        wrapped = match.start() - line_start >= 60 and following[:1].islower()
        return wrapped and text[match.start() - 1] not in _TERMINAL
    if match.group() == ".":
        if following.lstrip()[:1].islower():
            return True
        word_start = match.start()
        while word_start > begin and match.start() - word_start < 5 and text[word_start - 1].isalnum():
            word_start -= 1
        word = text[word_start : match.start()]
        # "p.", "Hr.", "dr.", "15." and the like end no sentence when something follows on the line
        return 0 < len(word) <= 3 and following.strip(" ") != "" and following[:1] != "\n" and not word.isupper()
    return False


def _stripped(text: str, start: int, end: int) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    for begin in range(start, end, MAX_SENTENCE):
        stop = min(end, begin + MAX_SENTENCE)
        yield Sentence(text[begin:stop], begin, stop)
