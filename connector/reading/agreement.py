"""Tell whether somebody agrees, refuses, or asks for himself, by his own words."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import islice
from types import MappingProxyType

from connector.reading.text import Token, fold, sentences, tokens

FIRST = 4
"""Sentences in which a yes counts; further down a long mail it speaks of something else."""
KINDS = ("agree", "refuse", "not", "doubt", "self")
ENDS = frozenset(",.!;:-–—")

Entry = tuple[str, ...]


class Answer(StrEnum):
    """What a person says to a question that has a yes and a no."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Agreement:
    """An answer, and the words it rests on."""

    answer: Answer
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's entries by their first word, the longest first; a star stands for any ending."""

    whole: Mapping[str, tuple[tuple[Entry, str], ...]]
    stems: tuple[tuple[Entry, str], ...]
    """Entries whose first word is a stem."""


def agreement_of(own_text: str, languages: Iterable[str]) -> Agreement:
    """Read an answer by the words of the first of these languages that understands any; unclear where none does.

    Only a plain yes is a yes: with a no, a condition or a doubt beside it a person must read it.
    """
    known = phrases()
    for language in dict.fromkeys([*languages, "en"]):
        found = _found(own_text, known[language], ("agree", "refuse", "not", "doubt")) if language in known else {}
        if found.keys() == {"agree"}:
            return Agreement(Answer.YES, found["agree"])
        if "refuse" in found and "agree" not in found:
            return Agreement(Answer.NO, found["refuse"])
        if found:
            return Agreement(Answer.UNCLEAR, tuple(word for words in found.values() for word in words))
    return Agreement(Answer.UNCLEAR)


def asks_for_himself(own_text: str, language: str) -> tuple[str, ...]:
    """Give the words by which a person asks for himself; none where he asks for somebody else."""
    known = phrases()
    return _found(own_text, known[language], ("self",), within=None).get("self", ()) if language in known else ()


@cache
def phrases() -> Mapping[str, Phrases]:
    """Load the entries of all languages, once."""
    raw = tomllib.loads((resources.files("connector.reading") / "agreement.toml").read_text(encoding="utf-8"))
    return MappingProxyType({language: _indexed(lists) for language, lists in raw.items()})


def _indexed(lists: Mapping[str, Sequence[str]]) -> Phrases:
    entries = [(tuple(fold(entry).split()), kind) for kind in KINDS for entry in lists[kind]]
    entries.sort(key=lambda each: (len(each[0]), sum(map(len, each[0]))), reverse=True)
    whole: dict[str, list[tuple[Entry, str]]] = {}
    for entry, kind in entries:
        if not entry[0].endswith("*"):
            whole.setdefault(entry[0], []).append((entry, kind))
    stems = tuple(each for each in entries if each[0][0].endswith("*"))
    return Phrases(MappingProxyType({first: tuple(found) for first, found in whole.items()}), stems)


def _found(
    text: str, known: Phrases, kinds: Sequence[str], *, within: int | None = FIRST
) -> dict[str, tuple[str, ...]]:
    """Give the entries that stand in the text, by kind: in a question nothing is agreed or refused, it is a doubt."""
    found: dict[str, tuple[str, ...]] = {}
    for number, sentence in enumerate(islice(sentences(text, 0, len(text)), within)):
        words = [each for each in tokens(sentence.text) if each.kind == "word"]
        is_question = sentence.text.rstrip("\"')» ").endswith("?")
        at = 0
        while at < len(words):
            entry, kind = _longest(words[at:], known, kinds)
            if kind == "not" and number == at == 0 and _ends_with(words[len(entry) - 1], sentence.text):
                kind = "refuse"
            if kind:
                kept = "doubt" if is_question and kind in {"agree", "refuse"} else kind
                found[kept] = (*found.get(kept, ()), " ".join(each.folded for each in words[at : at + len(entry)]))
            at += len(entry) or 1
    return found


def _ends_with(word: Token, sentence: str) -> bool:
    """Tell a word that stands for itself, as in "No, thank you"."""
    rest = sentence[word.end :].lstrip()
    return not rest or rest[0] in ENDS


def _longest(words: Sequence[Token], known: Phrases, kinds: Sequence[str]) -> tuple[Entry, str]:
    fitting = [
        (entry, kind)
        for entry, kind in (*known.whole.get(words[0].folded, ()), *known.stems)
        if kind in kinds and len(entry) <= len(words) and all(map(_fits, entry, words))
    ]
    return max(fitting, key=lambda each: len(each[0]), default=((), ""))


def _fits(wanted: str, word: Token) -> bool:
    return word.folded.startswith(wanted[:-1]) if wanted.endswith("*") else word.folded == wanted
