"""Find which concepts the words of a text stand for.

Entries are stems, not lemmas from a dictionary: customers write without diacritics and with slips in the ending, which
no dictionary holds, and an admin sees in the list itself what an entry covers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from connector.reading.text import Token, fold

_PIECE: Final = re.compile(r"\*?[^\W_]+(?:'[a-z]{1,2}\b)?\*?")
_MIN_AFFIX: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of an entry: whole, a stem (`dost*`), an ending (`*ordner`) or a middle (`*passwor*`)."""

    text: str
    starts: bool
    ends: bool

    def fits(self, word: str) -> bool:
        """Tell whether a folded word is one this stands for."""
        if self.starts and self.ends:
            return word == self.text
        if self.starts:
            return word.startswith(self.text)
        return word.endswith(self.text) if self.ends else self.text in word


@dataclass(frozen=True, slots=True)
class Phrase:
    """An entry of several words, by what follows its first word."""

    rest: tuple[Piece, ...]
    concept: str


class Tagged(NamedTuple):
    """A stretch of tokens with the concepts that it stands for."""

    token: Token
    concepts: tuple[str, ...]
    last: int
    """Index of the last token that the stretch covers."""


class Hit(NamedTuple):
    """What one word can be: concepts by itself, and beginnings of phrases."""

    concepts: tuple[str, ...] = ()
    phrases: Mapping[str, tuple[Phrase, ...]] = MappingProxyType({})
    """By the first letter of their second word; those whose second word may begin with any letter under ""."""
    common: bool = False
    """The word tells its language."""


_NOTHING: Final = Hit()


@dataclass(frozen=True, slots=True)
class Matcher:
    """The compiled entries of one language."""

    whole: Mapping[str, Hit]
    stems: Mapping[str, Hit]
    endings: Mapping[str, Hit]
    middles: Sequence[tuple[str, Hit]]
    digraphs: Mapping[str, str]
    longest: int
    common: frozenset[str] = frozenset()
    _seen: dict[str, Hit] = field(default_factory=dict, compare=False, repr=False)

    def spell(self, folded: str) -> str:
        """Read two spellings of one sound as one."""
        if self.digraphs:
            for written, read in self.digraphs.items():
                folded = folded.replace(written, read)
        return folded

    def hit(self, folded: str) -> Hit:
        """Look one folded token up."""
        known = self._seen.get(folded)
        if known is None:
            known = self._look_up(self.spell(folded[:60]))
            if len(self._seen) > 20_000:  # texts of strangers must not fill the memory
                self._seen.clear()
            self._seen[folded] = known
        return known

    def _look_up(self, word: str) -> Hit:
        hits = [self.whole[word]] if word in self.whole else []
        for cut in range(_MIN_AFFIX, min(len(word), self.longest) + 1):
            if (stem := self.stems.get(word[:cut])) is not None:
                hits.append(stem)
            if (ending := self.endings.get(word[-cut:])) is not None:
                hits.append(ending)
        hits.extend(hit for middle, hit in self.middles if middle in word)
        common = word in self.common
        if not hits:
            return Hit(common=True) if common else _NOTHING
        concepts = tuple(dict.fromkeys(concept for hit in hits for concept in hit.concepts))
        phrases: dict[str, tuple[Phrase, ...]] = {}
        for hit in hits:
            for letter, listed in hit.phrases.items():
                phrases[letter] = (*phrases.get(letter, ()), *listed)
        return Hit(concepts, phrases, common)

    def tag(self, tokens: Sequence[Token]) -> Iterator[Tagged]:
        """Give each stretch of tokens its concepts; a longer phrase takes its words from shorter ones."""
        position = 0
        while position < len(tokens):
            token = tokens[position]
            hit = self.hit(token.folded) if token.kind == "word" else _NOTHING
            length, concepts = 0, hit.concepts
            if hit.phrases and position + 1 < len(tokens):
                length, concepts = self._longest_phrase(hit, tokens, position)
            last = position + length
            yield Tagged(token, concepts, last)
            position = last + 1

    def _longest_phrase(self, hit: Hit, tokens: Sequence[Token], position: int) -> tuple[int, tuple[str, ...]]:
        length = 0
        concepts = hit.concepts
        following = self.spell(tokens[position + 1].folded)
        for phrase in (*hit.phrases.get(following[:1], ()), *hit.phrases.get("", ())):
            size = len(phrase.rest)
            if size < length or not phrase.rest[0].fits(following) or position + size >= len(tokens):
                continue
            others = tokens[position + 2 : position + 1 + size]
            if all(piece.fits(self.spell(token.folded)) for piece, token in zip(phrase.rest[1:], others, strict=True)):
                concepts = (*concepts, phrase.concept) if size == length else (phrase.concept,)
                length = size
        return length, concepts


def words_of(entry: str) -> list[str]:
    """Cut an entry of a word list into its words, stars kept."""
    return _PIECE.findall(fold(entry))


def compile_matcher(
    entries: Mapping[str, Sequence[str]], digraphs: Mapping[str, str], common: Sequence[str] = ()
) -> Matcher:
    """Build the look-up tables for entries by concept."""
    blank = Matcher({}, {}, {}, (), digraphs, 0)
    tables: dict[str, dict[str, tuple[list[str], list[Phrase]]]] = {
        "whole": {},
        "stems": {},
        "endings": {},
        "middles": {},
    }
    for concept, listed in entries.items():
        for entry in listed:
            first, *rest = (_piece(word, blank) for word in words_of(entry))
            concepts, phrases = tables[_table(first)].setdefault(first.text, ([], []))
            if rest:
                phrases.append(Phrase(tuple(rest), concept))
            elif concept not in concepts:
                concepts.append(concept)
    hits = {
        name: {text: Hit(tuple(concepts), _by_letter(phrases)) for text, (concepts, phrases) in table.items()}
        for name, table in tables.items()
    }
    affixes = [*hits["stems"], *hits["endings"]]
    return Matcher(
        hits["whole"],
        hits["stems"],
        hits["endings"],
        tuple(hits["middles"].items()),
        digraphs,
        max(map(len, affixes), default=0),
        frozenset(blank.spell(word) for entry in common for word in words_of(entry)),
    )


def _by_letter(phrases: Sequence[Phrase]) -> dict[str, tuple[Phrase, ...]]:
    letters: dict[str, tuple[Phrase, ...]] = {}
    for phrase in phrases:
        letter = phrase.rest[0].text[:1] if phrase.rest[0].starts else ""
        letters[letter] = (*letters.get(letter, ()), phrase)
    return letters


def _piece(word: str, matcher: Matcher) -> Piece:
    return Piece(matcher.spell(word.strip("*")), starts=not word.startswith("*"), ends=not word.endswith("*"))


def _table(piece: Piece) -> str:
    if piece.starts:
        return "whole" if piece.ends else "stems"
    return "endings" if piece.ends else "middles"
