"""Tell the language of a text from its words and letters."""

from collections.abc import Mapping, Sequence
from typing import Final

from connector.reading.lexicon import Language, Lexicons
from connector.reading.text import Token, tokens

_REACH: Final = 6000
_COMMON: Final = 2.0
_KNOWN: Final = 1.0
_LETTER: Final = 0.7


def tell_language(texts: Sequence[str], lexicons: Lexicons, default: str = "en") -> str:
    """Name the language of the first of the texts that shows one; the rest breaks ties."""
    total: dict[str, float] = {}
    for weight, text in zip((1.0, 0.6, 0.3, 0.1), texts, strict=False):
        for code, points in score_languages(text, lexicons.languages).items():
            total[code] = total.get(code, 0.0) + weight * points
    best = max(total, key=lambda code: total[code], default=default)
    return best if total.get(best, 0.0) > 0 else default


def score_languages(text: str, languages: Mapping[str, Language]) -> dict[str, float]:
    """Count for each language the common words, the known words and the letters of its own."""
    head = text[:_REACH]
    words = [token for token in tokens(head) if token.kind == "word"]
    letters = head.lower()
    shared = {letter: sum(letter in lang.letters for lang in languages.values()) for letter in set(letters)}
    return {code: _points(language, words, letters, shared) for code, language in languages.items()}


def _points(language: Language, words: Sequence[Token], letters: str, shared: Mapping[str, int]) -> float:
    matcher = language.matcher
    points = 0.0
    for token in words:
        if matcher.spell(token.folded) in language.common:
            points += _COMMON
        elif matcher.hit(token.folded).concepts:
            points += _KNOWN
    own = sum(letters.count(letter) / shared[letter] for letter in language.letters if letter in shared)
    return points + _LETTER * own
