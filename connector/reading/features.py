"""Turn sentences into the features that the trained model weighs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final
from zlib import crc32

from connector.reading.lexicon import Language
from connector.reading.text import Sentence, Token, tokens

BUCKETS: Final = 1 << 16
"""Features are hashed into so many buckets a space; twice as many scored no better."""
_WINDOW: Final = 7
"""How many concept-bearing words apart two concepts may stand and still belong together."""
_UNIT: Final = 8
_VALUES: Final = tuple(round(_UNIT * (1 + log(max(1, count)))) for count in range(256))


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence, its tokens, and the concepts of its words in order."""

    sentence: Sentence
    tokens: tuple[Token, ...]
    concepts: tuple[tuple[str, ...], ...]
    """For each stretch of tokens that stands for something."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Hashed features with whole-number values, and their length."""

    values: tuple[tuple[int, int], ...]
    total: int
    norm: float


@dataclass(frozen=True, slots=True)
class Features:
    """What the model sees of a text: its words and its concepts, each a space of its own."""

    words: Vector
    concepts: Vector


def tag_sentence(sentence: Sentence, language: Language) -> TaggedSentence:
    """Look a sentence's words up in the lexicon of its language."""
    listed = tokens(sentence.text, sentence.start)
    shown = sentence.text
    found: list[tuple[str, ...]] = []
    for place, tagged in enumerate(language.matcher.tag(listed)):
        token = tagged.token
        concepts = tagged.concepts
        if token.kind != "word":
            concepts = (f"={token.kind}" if token.kind != "mark" else token.folded[:1],)
        elif not concepts and place and not language.capital_nouns and shown[token.start - sentence.start].isupper():
            concepts = ("=name",)
        if concepts:
            found.append(concepts)
    return TaggedSentence(sentence, tuple(listed), tuple(found))


def message_features(body: Sequence[TaggedSentence], subject: TaggedSentence, circumstances: Sequence[str]) -> Features:
    """Gather what a whole message holds; `circumstances` are its channel, its parts and the like."""
    words: Counter[int] = Counter()
    concepts: Counter[int] = Counter()
    for tagged in body:
        words.update(_word_buckets(tagged.tokens))
        concepts.update(map(_bucket, _concept_names(tagged.concepts)))
    words.update(_word_buckets(subject.tokens))
    named = list(_concept_names(subject.concepts))
    concepts.update(map(_bucket, named))
    concepts.update(_bucket(f"s{name}") for name in named if name[0] != "t")
    concepts.update(map(_bucket, circumstances))
    return Features(_vector(words), _vector(concepts))


def sentence_features(tagged: TaggedSentence) -> Features:
    """Gather what one sentence holds."""
    words = Counter(dict.fromkeys(_word_buckets(tagged.tokens), 1))
    concepts = Counter(dict.fromkeys(map(_bucket, _concept_names(tagged.concepts)), 1))
    return Features(_vector(words), _vector(concepts))


def subject_features(subject: TaggedSentence, body: Sequence[TaggedSentence]) -> Features:
    """Gather what tells a subject that says something from one that does not."""
    words = Counter(dict.fromkeys(_word_buckets(subject.tokens), 1))
    own = {token.folded[:5] for tagged in body for token in tagged.tokens if len(token.folded) > 3}
    shared = sum(token.folded[:5] in own for token in subject.tokens if len(token.folded) > 3)
    names = {*_concept_names(subject.concepts), f"length {min(8, len(subject.tokens))}", f"shared {min(3, shared)}"}
    return Features(_vector(words), _vector(Counter(map(_bucket, names))))


def _vector(counts: Counter[int]) -> Vector:
    values = tuple((bucket, _VALUES[min(count, 255)]) for bucket, count in counts.items())
    return Vector(values, sum(value for _, value in values), sqrt(sum(value * value for _, value in values)) or 1.0)


def _bucket(name: str) -> int:
    return crc32(name.encode()) & (BUCKETS - 1)


def _concept_names(concepts: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Name the concepts of a sentence, pairs of them in order, and neighbours three at a time."""
    for place, here in enumerate(concepts):
        for concept in here:
            yield f"c {concept}"
            for near in concepts[place + 1 : place + 1 + _WINDOW]:
                for other in near:
                    yield f"p {concept} {other}"
    for first, second, third in zip(concepts, concepts[1:], concepts[2:], strict=False):
        for one in first:
            for two in second:
                for three in third:
                    yield f"t {one} {two} {three}"


def _word_buckets(listed: Sequence[Token]) -> Iterator[int]:
    """Hash the words, pairs of words, and pieces of words that survive inflection and typing errors."""
    mask = BUCKETS - 1
    before = b"^"
    for token in listed:
        word = token.folded[:40].encode() if token.kind == "word" else token.kind.encode()
        yield crc32(b"w " + word) & mask
        yield crc32(b"b " + before + b" " + word) & mask
        if token.kind == "word" and len(token.folded) > 3:
            padded = f" {token.folded[:24]} "
            for size in (4, 5):
                for start in range(len(padded) - size + 1):
                    yield crc32(padded[start : start + size].encode()) & mask
        before = word
