"""Rule out requests that the sender's own words exclude, whatever the model weighs."""

from collections.abc import Collection, Sequence
from typing import Final

from connector.reading.features import TaggedSentence

_RIGHTS: Final = frozenset({
    "rights", "account", "group", "mailbox", "folder", "role", "admin", "remote", "joiner", "leaver", "mover", "system",
})  # fmt: skip
"""One of these stands in a request for rights; or else what somebody shall be able to do."""
_ALLOWED: Final = frozenset({"use", "licence", "=address"})
_THIRD: Final = frozenset({"should", "let", "able", "no_more", "only", "need", "grant", "revoke"})
_DIGITAL: Final = frozenset({
    "folder", "mailbox", "group", "role", "account", "admin", "remote", "system", "leaver", "joiner",
})  # fmt: skip
_OTHERS: Final = frozenset({"folder", "mailbox", "group", "role", "joiner", "leaver", "mover", "remote"})
"""Beside the reset of somebody's own password these speak of rights as well."""
_GIVING: Final = frozenset({"grant", "revoke", "extend"})
_STATES: Final = frozenset({"use", "joiner", "leaver", "mover", "rights"})
_ASKING: Final = frozenset({"ask", "want", "need", "can_you", "let", "should", "no_more"})
_OBJECTS: Final = _RIGHTS | {"use", "someone"}
_HOLDING: Final = frozenset({"hold", "wait", "not"})
_NOT_YET: Final = frozenset({"announced", "wait", "withdrawn", "condition"})
_DISPUTE: Final = frozenset({"complain", "unhappy", "redress"})
_SHORT: Final = 8
"""Sentences of a mail that one "please nothing yet" speaks for; in a longer one it speaks of a single point."""


def ruled_out(
    body: Sequence[TaggedSentence], subject: TaggedSentence, asked: Collection[str], *, held: bool
) -> frozenset[str]:
    """Give those of the labels asked for that the words exclude; `held` tells that all is held off."""
    sentences = [concepts_of(tagged) for tagged in (*body, subject)]
    everything = frozenset().union(*sentences)
    out: set[str] = set()
    if held or not _speaks_of_rights(everything) or _is_own_reset(everything, asked):
        out.add("permission_change")
    if "quote" in asked and "bill" in everything and everything & _DISPUTE and "offer" not in everything:
        out.add("quote")
    if {"quote", "equipment_order"} <= set(asked) and not any(map(_orders, (*body, subject))):
        out.add("equipment_order")
    return frozenset(out)


def is_held_off(body: Sequence[TaggedSentence], subject: TaggedSentence) -> bool:
    """Tell whether all that could be granted is held off, expected from somebody else only, or taken back."""
    held = asked = announced = waits = False
    for tagged in (subject, *body):
        concepts = concepts_of(tagged)
        announced = announced or "announced" in concepts
        waits = waits or bool(_HOLDING & concepts)
        if "hold" in concepts:
            # it stops what was spoken of before, not what follows
            held, asked = True, _asks_afterwards(tagged.concepts)
        elif not concepts & _NOT_YET:
            asked = asked or _asks(tagged.concepts, concepts)
    return (held or (announced and waits)) and not asked and len(body) <= _SHORT


def asked_beside(body: Sequence[TaggedSentence]) -> tuple[int, ...]:
    """Give the sentences that ask for something where another one holds something off."""
    concepts = [concepts_of(tagged) for tagged in body]
    if not any("hold" in found for found in concepts):
        return ()
    return tuple(
        place
        for place, found in enumerate(concepts)
        if not found & (_NOT_YET | {"hold"})
        and found & _DIGITAL
        and "ask" in found
        and _asks(body[place].concepts, found)
    )


def concepts_of(tagged: TaggedSentence) -> frozenset[str]:
    """Give what the words of a sentence stand for, each once."""
    return frozenset(concept for found in tagged.concepts for concept in found)


def _speaks_of_rights(concepts: frozenset[str]) -> bool:
    if "building" in concepts and not concepts & _DIGITAL:
        return False
    return bool(concepts & _RIGHTS or (concepts & _ALLOWED and concepts & _THIRD))


def _is_own_reset(concepts: frozenset[str], asked: Collection[str]) -> bool:
    resets = concepts & {"password", "mfa"} and concepts & {"reset", "forgot"}
    return "account_sensitive" in asked and bool(resets) and not concepts & _OTHERS


def _orders(tagged: TaggedSentence) -> bool:
    """Tell words of ordering; some that ask politely could mean either."""
    return any({"order", "lend"}.intersection(found) and "ask" not in found for found in tagged.concepts)


def _asks_afterwards(listed: Sequence[tuple[str, ...]]) -> bool:
    """Tell a request that follows the holding off on the same line."""
    last = max(place for place, found in enumerate(listed) if "hold" in found)
    rest = listed[last + 1 :]
    concepts = frozenset(concept for found in rest for concept in found)
    return not concepts & _NOT_YET and "until" not in concepts and "ask" in concepts and _asks(rest, concepts)


def _asks(listed: Sequence[tuple[str, ...]], concepts: frozenset[str]) -> bool:
    """Tell a sentence that asks for something to be given or taken."""
    if not concepts & _OBJECTS:
        return False
    if concepts & _GIVING:
        return bool(concepts & _ASKING) or any(_GIVING.intersection(found) for found in listed[:2])
    return bool(concepts & _STATES and concepts & _ASKING)
