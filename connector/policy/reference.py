"""Name a request so that a mail about it is known wherever it comes in."""

import hashlib
import re
from collections.abc import Iterable

from connector.model.case import Case
from connector.model.ticket import State

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Read out over the phone without i, l, o and u."""
PATTERN = re.compile(r"(?<![\w-])HP-([0-9A-Za-z]{1,32})-([0-9A-Za-z]{4})(?![\w-])", re.IGNORECASE)


def reference_to(host: str, *, ticket: str, number: str, article: str, rule: str) -> str:
    """Make the reference of a request: the same whenever it is made, and of no other request."""
    digest = hashlib.sha256(f"{host}\n{ticket}\n{article}\n{rule}".encode()).digest()
    bits = int.from_bytes(digest[:3], "big")
    return f"HP-{number}-" + "".join(ALPHABET[(bits >> shift) & 31] for shift in (15, 10, 5, 0))


def references_to(case: Case, article: str, rule: str) -> tuple[str, ...]:
    """Give the reference of a request on this ticket, and those it may have been given on a ticket merged into it."""
    here = case.ticket
    merged = [(link.ticket, link.number) for link in case.links if link.state is State.MERGED and link.number]
    return tuple(
        reference_to(case.host, ticket=ticket, number=number, article=article, rule=rule)
        for ticket, number in [(here.id, here.number), *merged]
    )


def references_in(texts: Iterable[str]) -> dict[str, str]:
    """Find references and the ticket number in each; case does not count."""
    found = (match for text in texts for match in PATTERN.finditer(text))
    return {match.group().upper(): match.group(1) for match in found}
