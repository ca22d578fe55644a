"""Turn sentences into the features that the trained model weighs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from connector.reading.lexicon import Language
from connector.reading.text import Sentence, Token, tokens

_WINDOW: Final = 7
"""How many concept-bearing words apart two concepts may stand and still belong together."""


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence, its tokens, and the concepts of its words in order."""

    sentence: Sentence
    tokens: tuple[Token, ...]
    concepts: tuple[tuple[str, ...], ...]
    """For each stretch of tokens that stands for something."""


def tag_sentence(sentence: Sentence, language: Language) -> TaggedSentence:
    """Look a sentence's words up in the lexicon of its language."""
    listed = tokens(sentence.text, sentence.start)
    found: list[tuple[str, ...]] = []
    for place, tagged in enumerate(language.matcher.tag(listed)):
        token = tagged.token
        concepts = tagged.concepts
        if token.kind != "word":
            concepts = (f"={token.kind}" if token.kind != "mark" else token.folded[:1],)
        elif not concepts and place and not language.capital_nouns:
            if sentence.text[token.start - sentence.start].isupper():
                concepts = ("=name",)
        if concepts:
            found.append(concepts)
    return TaggedSentence(sentence, tuple(listed), tuple(found))


def concept_features(concepts: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Name the concepts of a sentence, pairs of them in order, and neighbours three at a time."""
    for place, here in enumerate(concepts):
        for concept in here:
            yield f"c {concept}"
            for near in concepts[place + 1 : place + 1 + _WINDOW]:
                for other in near:
                    yield f"p {concept} {other}"


def neighbour_features(concepts: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Name what stands side by side."""
    for first, second, third in zip(concepts, concepts[1:], concepts[2:], strict=False):
        for one in first:
            for two in second:
                for three in third:
                    yield f"t {one} {two} {three}"


def word_features(listed: Sequence[Token]) -> Iterator[str]:
    """Name the words, pairs of words, and pieces of words that survive inflection and typing errors."""
    before = "^"
    for token in listed:
        word = token.folded if token.kind == "word" else f"={token.kind}"
        yield f"w {word}"
        yield f"b {before} {word}"
        if token.kind == "word" and len(word) > 3:
            padded = f" {word[:24]} "
            for size in (4, 5):
                for start in range(len(padded) - size + 1):
                    yield f"g {padded[start : start + size]}"
        before = word
