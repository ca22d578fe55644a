"""Tell the sender's own words from quotes, forwards, signature and disclaimer.

Kept libraries were weighed for this: `mail-parser-reply` and `quotequail` know neither Hungarian nor Russian mail, find
replies only, and give no places in the text. Here the words are data, each line is looked at a fixed number of times.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.reading.lexicon import Lexicons
from connector.reading.reading import Part, PartKind
from connector.reading.text import fold

_SEPARATOR: Final = re.compile(r"^[-_=*]{2,}\s{0,3}(?P<title>[^-_=*\s][^-_=*]{3,60})[-_=*]{0,80}$")
_RULE: Final = re.compile(r"^[_-]{10,}$")
_HEADER: Final = re.compile(r"^\*{0,2}(?P<label>[^\W\d_][^:\n]{0,22}?)\s{0,2}\*{0,2}:\*{0,2}(?:\s|$)")
_ADDRESS: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.")
_DATED: Final = re.compile(r"\d{1,4}[./-]\s?\d{1,2}|\d{1,2}:\d{2}|\b(?:19|20)\d\d\b")
_PHONE: Final = re.compile(r"\d(?:[\s()/.-]{0,2}\d){6,14}")
_SENTENCE: Final = re.compile(r"[^\W\d_]{4,}[.!?]\s{1,3}\S+\s{1,3}\S+\s{1,3}\S+")
_WORD: Final = re.compile(r"[^\W\d_]+")
_HEADER_REACH: Final = 5
_MAX_SIGNATURE: Final = 10
_MAX_DISCLAIMER: Final = 20
_MAX_LINE: Final = 300

Phrases = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line, its place, and its text folded and stripped."""

    start: int
    end: int
    text: str
    folded: str


def split_parts(text: str, subject: str, lexicons: Lexicons, sender: str = "") -> tuple[Part, ...]:
    """Cut a plain-text body into its parts, in order."""
    names = frozenset(word for word in _WORD.findall(fold(sender[:200])) if len(word) > 2)
    lines = list(_lines(text))
    kinds = _mark_older(
        lines, lexicons.phrases, PartKind.FORWARDED if is_forward(subject, lexicons) else PartKind.QUOTED
    )
    own = [index for index, kind in enumerate(kinds) if kind is PartKind.OWN and lines[index].folded]
    _mark_disclaimers(lines, own, kinds, lexicons.phrases)
    own = [index for index in own if kinds[index] is PartKind.OWN]
    if own and is_greeting(lines[own[0]].folded, lexicons.phrases):
        kinds[own[0]] = PartKind.GREETING
        own = own[1:]
    begin = _signature_start(lines, own, lexicons.phrases, names)
    for index in own[begin:]:
        kinds[index] = PartKind.SIGNATURE
    return tuple(_joined(lines, kinds))


def is_forward(subject: str, lexicons: Lexicons) -> bool:
    """Tell by its subject whether a mail was forwarded."""
    prefix, colon, _ = fold(subject[:40]).strip().partition(":")
    return bool(colon) and prefix.strip(" .") in lexicons.phrases["forward_prefixes"]


def find_original_sender(older: str, lexicons: Lexicons) -> str | None:
    """Give the sender that the first header inside quoted or forwarded text names."""
    for line in older[:20_000].split("\n"):
        bare = line.lstrip("> \t")
        if _label(fold(bare[:_MAX_LINE]).strip()) in lexicons.phrases["header_from"]:
            return bare.partition(":")[2].strip(" *") or None
        if _ADDRESS.search(bare) and any(f" {verb}" in fold(bare) for verb in lexicons.phrases["wrote"]):
            return bare.strip(" :")
    return None


def is_greeting(folded: str, phrases: Phrases) -> bool:
    """Tell whether a line greets and says no more."""
    words = _WORD.findall(folded[:80])
    return len(folded) < 60 and 0 < len(words) <= 5 and "?" not in folded and _starts(folded, phrases["greetings"])


def _lines(text: str) -> Iterator[Line]:
    start = 0
    for line in text.split("\n"):
        yield Line(start, start + len(line), line, fold(line[:_MAX_LINE]).strip())
        start += len(line) + 1


def _starts(folded: str, phrases: tuple[str, ...]) -> bool:
    """Tell whether a line begins with one of the phrases, at a word's end."""
    if not folded.startswith(phrases):
        return False
    return any(folded.startswith(phrase) and not folded[len(phrase) :][:1].isalnum() for phrase in phrases)


def _mark_older(lines: Sequence[Line], phrases: Phrases, older: PartKind) -> list[PartKind]:
    kinds = [PartKind.OWN] * len(lines)
    rest: PartKind | None = None
    for index, line in enumerate(lines):
        if rest is not None:
            kinds[index] = rest
        elif line.folded.startswith((">", "|>")):
            kinds[index] = PartKind.QUOTED
        elif (rest := _opens(lines, index, phrases, older)) is not None:
            kinds[index] = rest
            if _quote_marks_follow(lines, index):  # such a quote shows its end by itself, own words may stand below
                rest = None
    return kinds


def _opens(lines: Sequence[Line], index: int, phrases: Phrases, older: PartKind) -> PartKind | None:
    """Tell which kind of older text begins at a line, if any."""
    folded = lines[index].folded
    if not folded or len(folded) >= _MAX_LINE:
        return None
    if separator := _SEPARATOR.match(folded):
        if any(phrase in separator["title"] for phrase in phrases["forwarded"]):
            return PartKind.FORWARDED
        if any(phrase in separator["title"] for phrase in phrases["original"]):
            return older
    if folded.endswith(":") and _starts(folded, phrases["forwarded"]):
        return PartKind.FORWARDED
    if _RULE.match(folded):
        following = next((at for at in range(index + 1, min(index + 4, len(lines))) if lines[at].folded), None)
        return older if following is not None and _is_header_block(lines, following, phrases) else None
    if _is_header_block(lines, index, phrases):
        return older
    return PartKind.QUOTED if _is_attribution(lines, index, phrases) else None


def _is_header_block(lines: Sequence[Line], index: int, phrases: Phrases) -> bool:
    first = _label(lines[index].folded)
    if first not in phrases["header_from"]:
        return False
    near = (_label(line.folded) for line in lines[index + 1 : index + 1 + _HEADER_REACH])
    followed = sum(label in phrases["header_other"] for label in near if label)
    return followed >= 2 or (followed == 1 and (bool(_ADDRESS.search(lines[index].folded)) or len(lines) > index + 2))


def _label(folded: str) -> str:
    match = _HEADER.match(folded)
    return match["label"].strip(" *") if match else ""


def _is_attribution(lines: Sequence[Line], index: int, phrases: Phrases) -> bool:
    """Know "On … X wrote:" in every language, also when a mail program broke it over two lines."""
    folded = lines[index].folded
    if not folded.endswith(":"):
        following = lines[index + 1].folded if index + 1 < len(lines) else ""
        if not (following.endswith(":") and len(following) < 100 and _DATED.search(folded)):
            return False
        folded = f"{folded} {following}"
    stem = folded.rstrip(": ")
    known = any(f" {verb} " in f" {stem} " for verb in phrases["wrote"] if verb in stem)
    if not known:
        return False
    return bool(_DATED.search(folded) or _ADDRESS.search(folded)) or _quote_marks_follow(lines, index)


def _quote_marks_follow(lines: Sequence[Line], index: int) -> bool:
    following = [line.folded for line in lines[index + 1 : index + 5] if line.folded]
    return any(folded.startswith(">") for folded in following[:2])


def _mark_disclaimers(lines: Sequence[Line], own: Sequence[int], kinds: list[PartKind], phrases: Phrases) -> None:
    """Mark a last paragraph of legal words; never the only one, or a whole request could vanish."""
    stems = tuple(phrase.rstrip("*") for phrase in phrases["disclaimer"])
    for index in reversed(own[1:][-_MAX_DISCLAIMER:]):
        folded = fold(lines[index].text[:2000])
        cues = sum(stem in folded for stem in stems)
        if "?" in folded:
            break
        if cues >= 3 or (cues == 2 and len(folded) > 40):
            kinds[index] = PartKind.DISCLAIMER
        elif len(folded) > 70 or kinds[index] is not PartKind.OWN:
            break


def _signature_start(lines: Sequence[Line], own: Sequence[int], phrases: Phrases, names: frozenset[str]) -> int:
    """Find where in the own lines the signature begins: "-- ", a closing, or lines that only name and number."""
    for position, index in enumerate(own):
        if lines[index].text.rstrip() in {"--", "—", "–"}:
            return position
    if own and len(own) <= 6 and _signs(lines[own[0]], names) and all(_is_caption(lines[i], phrases) for i in own[1:]):
        return 0  # name, title, firm and number, and nothing else
    earliest = max(0, len(own) - _MAX_SIGNATURE)
    for position in range(earliest, len(own)):
        closes = _is_closing(lines[own[position]].folded, phrases, alone=position == 0)
        if closes and all(len(lines[index].folded) < 90 for index in own[position + 1 :]):
            return position
    position = len(own)
    while position > earliest and (
        _names_or_numbers(lines[own[position - 1]], phrases) or _signs(lines[own[position - 1]], names)
    ):
        position -= 1
    if position == 0 and own and not _opens_signature(lines[own[0]], phrases, names):
        return 1  # the first line of a mail is its matter, however short
    return position


def _opens_signature(line: Line, phrases: Phrases, names: frozenset[str]) -> bool:
    return (
        _is_closing(line.folded, phrases, alone=True)
        or _starts(line.folded, phrases["sent_from"])
        or _signs(line, names)
        or (_is_name(line.text) and not names)
    )


def _signs(line: Line, names: frozenset[str]) -> bool:
    """Tell a line that is the sender's name, perhaps with title and number behind it."""
    words = _WORD.findall(line.folded)
    if not words or len(line.folded) > 90 or line.folded.endswith(("?", "!", ":")):
        return False
    if ":" in line.folded and not _PHONE.search(line.folded):
        return False
    named = [place for place, word in enumerate(words) if word in names]
    return bool(named) and named[0] <= 2 and len(words) <= len(named) + 7 and not _SENTENCE.search(line.text)


def _is_caption(line: Line, phrases: Phrases) -> bool:
    """Tell a line that can stand under a name: a title, a firm, a number."""
    if _names_or_numbers(line, phrases):
        return True
    return (
        len(line.folded) <= 50
        and ":" not in line.folded
        and not line.folded.endswith((".", "?", "!", ","))
        and len(_WORD.findall(line.text)) <= 6
    )


def _is_closing(folded: str, phrases: Phrases, *, alone: bool = False) -> bool:
    """Tell a closing; `alone` asks for nothing but the closing, since "Thanks, works now" can be a whole mail."""
    if len(folded) >= 60 or "?" in folded or len(_WORD.findall(folded)) > 7:
        return False
    if alone:
        return (
            _starts(folded, phrases["closings"]) and not folded.endswith((".", "!")) and len(_WORD.findall(folded)) <= 5
        )
    return _starts(folded, phrases["closings"])


def _names_or_numbers(line: Line, phrases: Phrases) -> bool:
    """Tell a line that only says who and where: a name, a title, a number, an address, "sent from my phone"."""
    if _starts(line.folded, phrases["sent_from"]) or _is_closing(line.folded, phrases) or _is_name(line.text):
        return True
    if len(line.folded) > 90 or line.folded.endswith(("?", "!")):
        return False
    words = _WORD.findall(line.text)
    numbered = bool(_PHONE.search(line.text)) or bool(_ADDRESS.search(line.text)) or "www." in line.folded
    if numbered:
        return len(words) <= 9 and not _SENTENCE.search(line.text)
    extension = any(word in phrases["extensions"] for word in _WORD.findall(line.folded)) and any(
        map(str.isdigit, line.text)
    )
    return extension and len(words) <= 6


def _is_name(text: str) -> bool:
    """Tell a line of one to four capitalised words: a name, perhaps with a title or a firm."""
    stripped = text.strip(" ,.*")
    words = stripped.split()
    if not 1 <= len(words) <= 5 or len(stripped) > 50 or any(char in stripped for char in ":?!;"):
        return False
    if stripped != text.strip(" ,*") and len(words[-1].strip(".,")) > 2 and text.rstrip().endswith("."):
        return False  # a full stop after a word ends a sentence, after "J." a name
    capitals = sum(word[0].isupper() for word in words)
    return capitals == len(words) and all(char.isalpha() or char in " .-'’&,|/()\"„”" for char in stripped)


def _joined(lines: Sequence[Line], kinds: Sequence[PartKind]) -> Iterator[Part]:
    """Join neighbours of one kind; blank lines between them belong to them, those around them to nobody."""
    written = [index for index, line in enumerate(lines) if line.folded]
    begin = 0
    for place in range(1, len(written) + 1):
        if place < len(written) and kinds[written[place]] is kinds[written[begin]]:
            continue
        first, last = lines[written[begin]], lines[written[place - 1]]
        yield Part(kind=kinds[written[begin]], start=first.start, end=last.end)
        begin = place
