"""Tell the language of a text from its words and letters."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from connector.reading.lexicon import Language, Lexicons
from connector.reading.text import tokens

_REACH: Final = 800
_ENOUGH: Final = 25
"""Words from which a text shows its language by itself."""
_COMMON: Final = 2.0
_KNOWN: Final = 1.0
_LETTER: Final = 0.7


def tell_language(texts: Sequence[str], lexicons: Lexicons, default: str = "en") -> str:
    """Name the language of the first text that is long enough to show one, else of all together."""
    total: dict[str, float] = {}
    seen = 0
    for weight, text in zip((1.0, 0.6, 0.3, 0.1), texts, strict=False):
        points, count = score_languages(text[:_REACH], lexicons.languages)
        for code, value in points.items():
            total[code] = total.get(code, 0.0) + weight * value
        seen += count
        if seen >= _ENOUGH:
            break
    best = max(total, key=lambda code: total[code], default=default)
    return best if total.get(best, 0.0) > 0 else default


def score_languages(text: str, languages: Mapping[str, Language]) -> tuple[dict[str, float], int]:
    """Count for each language the common words, the known words and the letters of its own; and the words."""
    words = list(islice((token.folded for token in tokens(text) if token.kind == "word"), 60))
    shown = text.lower()
    letters = set(shown)
    shared = {letter: sum(letter in lang.letters for lang in languages.values()) for letter in letters}
    return {code: _points(language, words, shown, shared) for code, language in languages.items()}, len(words)


def _points(language: Language, words: Sequence[str], shown: str, shared: Mapping[str, int]) -> float:
    points = 0.0
    for word in words:
        hit = language.matcher.hit(word)
        if hit.common:
            points += _COMMON
        elif hit.concepts:
            points += _KNOWN
    own = sum(shown.count(letter) / shared[letter] for letter in language.letters if letter in shared)
    return points + _LETTER * own
