"""Gather from tagged sentences the numbers that the verdicts are decided on."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

from connector.model.message import Channel
from connector.reading.features import (
    TaggedSentence,
    message_features,
    sentence_features,
    subject_features,
    tag_sentence,
)
from connector.reading.lexicon import Language
from connector.reading.model import Model
from connector.reading.reading import Part, PartKind
from connector.reading.references import names_a_thing
from connector.reading.text import Sentence, sentences

REQUESTS: Final = (
    "permission_change", "equipment_order", "quote", "project", "complaint", "account_sensitive",
)  # fmt: skip
SENTENCE_HEADS: Final = (*REQUESTS, "critical", "abusive")
MESSAGE_HEADS: Final = (
    *REQUESTS, "critical", "abusive", "nothing", "several", "user", "system", "infrastructure", "fault",
    "vague", "availability_without_task", "missing_reference",
)  # fmt: skip
SUBJECT_HEAD: Final = "generic_subject"
YES_OR_NO: Final = (
    *REQUESTS, "critical", "abusive", "vague", "availability_without_task", "generic_subject", "missing_reference",
)  # fmt: skip
FACTS: Final = (
    "notice", "wait", "withdrawn", "thanks", "done", "question", "how", "leave", "follow_up", "condition", "besides",
    "error", "broken", "since", "before", "whole", "stopped", "victims", "attack", "loss", "leak", "over", "server",
    "me", "department", "others_fine", "urgent", "vague", "visit", "price", "building", "generic",
)  # fmt: skip
"""Concepts whose mere presence the second model looks at."""
FACTS_BEGIN: Final = len(MESSAGE_HEADS) + 1 + 2 * len(SENTENCE_HEADS) + 1
"""Where the facts begin in what the second model looks at."""
FACT_QUESTIONS: Final = ("critical", "vague", "missing_reference")
"""Questions to which the facts helped on held-back messages; the others answer better without them."""
_ITEM: Final = re.compile(r"^[ \t]{0,6}(?:[-•*–·]\s|\(?\d{1,2}[.)]\s|[a-hа-д][.)]\s)", re.MULTILINE | re.IGNORECASE)
SCOPES: Final = ("none", "user", "system", "infrastructure")
TOPICS: Final = ("0", "1", "2")
MAX_READ: Final = 8_000
"""Characters of own text that are understood; what a customer asks stands before that, hostile mails have no end."""

MAX_OLDER: Final = 2_000
"""Characters of quoted or forwarded text that are understood where the sender points at them."""
MAX_POINTING: Final = 6
"""Own sentences in which somebody only points; who writes more says himself what he wants."""
_WISHING: Final = frozenset({"ask", "approved", "grant", "revoke", "let", "can_you", "want", "should", "leave"})
_NOT_WISHING: Final = frozenset({"hold", "withdrawn", "wait", "done", "broken", "error", "vague"})


@dataclass(frozen=True, slots=True)
class Tagging:
    """The sentences of a message's own text, and its subject, looked up in the lexicon."""

    body: tuple[TaggedSentence, ...]
    subject: TaggedSentence
    circumstances: tuple[str, ...]
    facts: tuple[float, ...]
    items: int
    """Lines of the own text that a bullet, a number or a letter opens."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the model makes of a message: by head for the whole, and for each sentence."""

    message: Mapping[str, float]
    subject: Mapping[str, float]
    sentences: tuple[Mapping[str, float], ...]
    """In the order of the body; the subject comes last."""
    inputs: tuple[float, ...]


def tag_message(
    *, text: str, subject: str, parts: Sequence[Part], channel: Channel, language: Language, points: bool = False
) -> Tagging:
    """Cut the own text into sentences and look them up; older text counts where the sender asks for what it says."""
    body = _tagged(text, parts, (PartKind.OWN,), language, MAX_READ)
    if points and _asks_for_older(body):
        body.extend(_tagged(text, parts, (PartKind.QUOTED, PartKind.FORWARDED), language, MAX_OLDER))
    shown = subject[:300]
    kinds = sorted({part.kind for part in parts})
    circumstances = (f"channel {channel}", f"sentences {min(6, len(body))}", *(f"part {kind}" for kind in kinds))
    titled = tag_sentence(Sentence(shown, 0, len(shown)), language)
    counts = Counter(concept for tagged in (*body, titled) for found in tagged.concepts for concept in found)
    own = "\n".join((shown, *(tagged.sentence.text for tagged in body)))
    facts = (
        float(names_a_thing(own)),
        float(not body),
        *(float(kind in kinds) for kind in (PartKind.QUOTED, PartKind.FORWARDED)),
        *(float(min(2, counts[concept])) for concept in FACTS),
    )
    items = sum(len(_ITEM.findall(text, part.start, part.end)) for part in parts if part.kind is PartKind.OWN)
    return Tagging(tuple(body), titled, circumstances, facts, items)


def _tagged(
    text: str, parts: Sequence[Part], kinds: Sequence[PartKind], language: Language, room: int
) -> list[TaggedSentence]:
    found: list[TaggedSentence] = []
    for part in parts:
        if part.kind not in kinds or room <= 0:
            continue
        end = min(part.end, part.start + room)
        room -= end - part.start
        found.extend(tag_sentence(sentence, language) for sentence in sentences(text, part.start, end))
    return found


def _asks_for_older(body: Sequence[TaggedSentence]) -> bool:
    """Tell own words that ask to do what older text says from those that only mention it."""
    concepts = {concept for tagged in body for found in tagged.concepts for concept in found}
    return len(body) <= MAX_POINTING and bool(concepts & _WISHING) and not concepts & _NOT_WISHING


def weigh(tagging: Tagging, channel: Channel, model: Model) -> Evidence:
    """Let the model look at the message, its subject and each sentence."""
    whole = model.score(message_features(tagging.body, tagging.subject, tagging.circumstances))
    subject = model.score(subject_features(tagging.subject, tagging.body))
    each = tuple(model.score(sentence_features(tagged)) for tagged in (*tagging.body, tagging.subject))
    return Evidence(whole, subject, each, stack_inputs(whole, subject, each, tagging.facts, channel))


def stack_inputs(
    whole: Mapping[str, float],
    subject: Mapping[str, float],
    each: Sequence[Mapping[str, float]],
    facts: Sequence[float],
    channel: Channel,
) -> tuple[float, ...]:
    """Line up what the second model looks at; training and reading both come through here."""
    values = [whole[f"m {head}"] for head in MESSAGE_HEADS]
    values.append(subject[f"g {SUBJECT_HEAD}"])
    for head in SENTENCE_HEADS:
        scores = [scored[f"s {head}"] for scored in each]
        values.append(max(scores))
        values.append(log(0.05 + sum(1 / (1 + exp(-max(-15.0, min(15.0, 2 * score)))) for score in scores)))
    values.append(log(len(each)))
    values.extend(facts)
    values.extend(float(channel is kind) for kind in (Channel.PHONE, Channel.CHAT, Channel.WEB))
    return tuple(values)
