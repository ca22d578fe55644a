"""Read and write the dynamic fields that stand in for what Znuny lacks: a ticket's memory and its tags."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from connector.errors import Permanent

MEMORY = "HelpdeskPolicy"
TAGS = "HelpdeskPolicyTags"
DECISION = "HelpdeskPolicyDecision"
OURS = frozenset({MEMORY, TAGS, DECISION})

LIMIT = 3800
"""Characters that a dynamic field of text can hold: `value_text VARCHAR(3800)`."""
PACKED = "zlib:"
MOST = 1_000_000
"""Bytes that a packed memory may unpack to; anything larger was not written by us."""

FIRST = "sending:"
"""A mark made before its mail: `sending:2` holds once the ticket shows two mails of ours. Only without the add-on."""

SEPARATORS = re.compile(r"[,;\n]+")


def memory_of(written: Any) -> Mapping[str, str]:
    """Read what a ticket remembers of us; what is not ours or was emptied is left out."""
    text = written if isinstance(written, str) else ""
    try:
        kept = json.loads(_unpacked(text)) if text else {}
    except (ValueError, zlib.error, binascii.Error):
        kept = {}
    if not isinstance(kept, dict):
        return MappingProxyType({})
    return MappingProxyType({str(key): value for key, value in kept.items() if isinstance(value, str) and value})


def written_memory(memory: Mapping[str, str]) -> str:
    """Write a memory into one field, packed where it is long; raises Permanent where even that does not fit."""
    if not memory:
        return ""
    plain = json.dumps(dict(memory), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if len(plain) <= LIMIT:
        return plain
    packed = PACKED + base64.b85encode(zlib.compress(plain.encode(), 9)).decode("ascii")
    if len(packed) > LIMIT:
        raise Permanent(
            f"the ticket's memory has {len(packed)} characters, and the field {MEMORY} holds {LIMIT}: "
            "tag the ticket policy:skip, or let a person close it"
        )
    return packed


def settled(memory: Mapping[str, str], mails: int | None) -> Mapping[str, str]:
    """Tell mails that left from mails that a crash kept from leaving, by the number of ours the ticket shows.

    Where the number is not known, a mark made before its mail counts as sent: better no mail than two.
    """
    known: dict[str, str] = {}
    for key, value in memory.items():
        if not value.startswith(FIRST):
            known[key] = value
            continue
        awaited = value.removeprefix(FIRST)
        if mails is None or not awaited.isdecimal() or mails >= int(awaited):
            known[key] = "done"
    return MappingProxyType(known)


def tags_of(written: Any) -> frozenset[str]:
    """Read the tags that people and we wrote, separated by commas."""
    return frozenset(tag for each in SEPARATORS.split(str(written or "")) if (tag := " ".join(each.split())))


def written_tags(tags: Iterable[str]) -> str:
    """Write tags as people write them; raises Permanent for one that would be read as two."""
    tags = sorted(tags)
    for tag in tags:
        if tags_of(tag) != {tag}:
            raise Permanent(f"the tag {tag!r} holds a comma, a semicolon or odd spaces: name it otherwise")
    text = ", ".join(tags)
    if len(text) > LIMIT:
        raise Permanent(f"the ticket's tags have {len(text)} characters, and the field {TAGS} holds {LIMIT}")
    return text


def _unpacked(text: str) -> str:
    if not text.startswith(PACKED):
        return text
    unpacking = zlib.decompressobj()
    return unpacking.decompress(base64.b85decode(text.removeprefix(PACKED)), MOST).decode()
