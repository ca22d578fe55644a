"""Quote what a customer said, with his name and the day, so that another ticket can stand on it."""

from collections.abc import Sequence

from connector.model.case import Case
from connector.model.ticket import Article
from connector.reading.reading import PartKind, Reading, Topic, Where, Words

LONGEST_TITLE = 80
LONGEST = 20_000
"""Characters quoted; what was said is still in the first ticket."""


def title_of(text: str, otherwise: str) -> str:
    """Make a title of a text: its first words, on one line."""
    line = " ".join(text.split()).strip(" -*\u2022.,;:") or otherwise
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "\u2026"


def quoted(case: Case, article: Article, text: str) -> str:
    """Put the words of an article down with their author, moment and ticket.

    They stand above a signature mark, so that whoever reads the new ticket takes them for what the customer says there.
    """
    at = f"{article.at.astimezone(case.time_zone):%Y-%m-%d %H:%M %Z}"
    said = text.strip()[:LONGEST] or "\u2026"
    return f"{said}\n\n-- \n{article.from_}\n{at}, {case.ticket.number}"


def own_words(article: Article, reading: Reading | None) -> str:
    """Give what the sender wrote himself; the whole body where that is not known."""
    return (reading.own_text if reading else "").strip() or article.body.strip()


def words_of(reading: Reading, topics: Sequence[Topic], index: int) -> str:
    """Give the words of one topic: from where it begins to where the next one does, within the sender's own."""
    first = topics[index].words[0] if topics[index].words else None
    if first is None or first.where is Where.SUBJECT:
        return first.text if first else reading.own_text
    starts = sorted({begin.start for begin in map(_begin, topics) if begin is not None})
    end = next((start for start in starts if start > first.start), len(reading.text))
    own = [
        reading.text[max(part.start, first.start) : min(part.end, end)]
        for part in reading.parts
        if part.kind is PartKind.OWN and part.start < end and part.end > first.start
    ]
    return "\n".join(each.strip() for each in own if each.strip()) or first.text


def _begin(topic: Topic) -> Words | None:
    return next((words for words in topic.words if words.where is Where.BODY), None)
