"""Compare readings with the labels that careful people gave."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.model.message import Channel, Message
from connector.reading.understand import REQUESTS

FORM: Final = (
    "empty_subject", "generic_subject", "empty_body", "forward_without_text", "no_contact_details",
    "availability_without_task", "vague", "missing_reference",
)  # fmt: skip
SECRETS: Final = ("password", "card_number", "pesel", "taj", "iban", "private_key", "api_token")
LABELS: Final = (*REQUESTS, "critical", "abusive", *FORM, *SECRETS)
Labels = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How often a label was found rightly, wrongly, and not at all."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of the found that was there."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of what was there that was found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A labelled message and what was read."""

    id: str
    language: str
    given: Labels
    found: Labels
    found_language: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Miss:
    """One label on which a reading and a person disagree."""

    label: str
    id: str
    what: str
    text: str


def message_of(line: Mapping[str, Any]) -> Message:
    """Build the message of a line in the corpus's form."""
    channel = str(line.get("channel", "email"))
    return Message(
        subject=str(line.get("subject") or ""),
        body=str(line.get("body") or ""),
        is_html=bool(line.get("html", False)),
        sender=str(line.get("from") or ""),
        channel=Channel(channel) if channel in set(Channel) else Channel.OTHER,
    )


def has(labels: Labels, label: str) -> bool:
    """Tell whether labels in the guide's form hold one label."""
    if label in {"critical", "abusive"}:
        return bool(labels[label])
    return any(label in labels[group] for group in ("request", "form", "secrets"))


def count(pairs: Sequence[Pair], label: str) -> Counts:
    """Count one label over all pairs."""
    right = sum(has(pair.given, label) and has(pair.found, label) for pair in pairs)
    found = sum(has(pair.found, label) for pair in pairs)
    given = sum(has(pair.given, label) for pair in pairs)
    return Counts(right=right, wrong=found - right, missed=given - right)


def share(pairs: Sequence[Pair], key: str) -> float:
    """Give the share of messages on which `scope`, `topics` or `language` are exactly right."""
    if key == "language":
        right = [pair.language == pair.found_language for pair in pairs]
    else:
        right = [bool(pair.given[key] == pair.found[key]) for pair in pairs]
    return sum(right) / max(1, len(right))


def fault_share(pairs: Sequence[Pair]) -> float:
    """Give the share of right scopes among the messages that a person gave a scope."""
    faults = [pair for pair in pairs if pair.given["scope"] is not None]
    return share(faults, "scope") if faults else 1.0


def misses(pairs: Iterable[Pair]) -> Iterator[Miss]:
    """List every disagreement with its text."""
    for pair in pairs:
        for label in LABELS:
            given, found = has(pair.given, label), has(pair.found, label)
            if given != found:
                yield Miss(label=label, id=pair.id, what="missed" if given else "invented", text=pair.text)
        for key in ("scope", "topics"):
            if pair.given[key] != pair.found[key]:
                what = f"{pair.found[key]} instead of {pair.given[key]}"
                yield Miss(label=key, id=pair.id, what=what, text=pair.text)
        if pair.language != pair.found_language:
            what = f"{pair.found_language} instead of {pair.language}"
            yield Miss(label="language", id=pair.id, what=what, text=pair.text)


def table(pairs: Sequence[Pair]) -> Iterator[tuple[str, ...]]:
    """Give the rows of a score table: label, all, then each language."""
    languages = sorted({pair.language for pair in pairs})
    groups = [pairs, *([pair for pair in pairs if pair.language == code] for code in languages)]
    yield ("label", "all: precision", "recall", "F1", *(f"{code} F1" for code in languages))
    for label in LABELS:
        counts = [count(group, label) for group in groups]
        if counts[0].right + counts[0].wrong + counts[0].missed == 0:
            continue
        first = counts[0]
        numbers = (first.precision, first.recall, *(each.f1 for each in counts))
        yield (label, *(f"{number:.2f}" for number in numbers))
    for key in ("scope", "topics", "language"):
        yield (f"{key} (exact)", "", "", *(f"{share(group, key):.3f}" for group in groups))
    yield ("scope (faults only)", "", "", *(f"{fault_share(group):.3f}" for group in groups))
