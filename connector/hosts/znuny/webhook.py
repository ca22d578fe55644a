"""Prove and read a delivery of Znuny's invokers `Ticket::Generic` and `Generic::Tunnel`; no I/O.

Znuny cannot sign: a delivery is proven by a static header, by Basic credentials, or by both, and whoever reads one
delivery can repeat it. That is why it only wakes, and why the way between the two must be TLS or loopback.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from connector.errors import Unverified
from connector.model.event import Event

TOKEN_HEADER = "X-Helpdesk-Policy-Token"  # noqa: S105 - the name of a header
MAX_ID = 19
"""Digits of the largest BIGINT."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What a delivery must show: everything that is set here; where nothing is, none passes."""

    tokens: Sequence[SecretStr] = ()
    """All that are valid now in the header; two while one is being rotated out."""
    basic: SecretStr | None = None
    """`user:password`."""
    header: str = TOKEN_HEADER


def verify(headers: Mapping[str, str], body: bytes, proof: Proof, *, host: str) -> Event:
    """Check the credentials, then read what can be read.

    Raises Unverified.
    """
    tokens = [token for token in proof.tokens if token.get_secret_value()]
    basic = proof.basic if proof.basic is not None and proof.basic.get_secret_value() else None
    if not tokens and basic is None:
        raise Unverified(
            "neither token nor Basic credentials are set, so no delivery can be proven: "
            "set HELPDESK_POLICY_ZNUNY__WEBHOOK_TOKENS"
        )
    if basic is not None and not _equal(_basic_of(headers.get("authorization", "")), basic):
        raise Unverified("the delivery lacks the right Basic credentials: set them in the web service's transport")
    # Every token is compared, so that the time taken tells nothing of which one matched.
    given = headers.get(proof.header.lower(), "").encode("latin-1", "replace")
    if tokens and not sum(_equal(given, token) for token in tokens):
        raise Unverified(f"the delivery lacks the right {proof.header}: set it in the web service's transport")
    return read(body, host=host)


def read(body: bytes, *, host: str) -> Event:
    """Read the ticket out of a body that is known to be authentic.

    There is no id of a delivery, and each retry renders the body anew. There is no version either: times are to the
    second, so two equal ones may be two states of the ticket.
    """
    delivery = hashlib.sha256(body).hexdigest()
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError) as exc:
        return _unreadable(host, delivery, f"the body is no JSON ({type(exc).__name__})")
    event = content.get("Event") if isinstance(content, dict) else None
    if isinstance(event, str):
        event = content  # Generic::Tunnel sends the event alone
    if not isinstance(event, dict):
        return _unreadable(host, delivery, "the body tells of no `Event`; the invoker must be of type Ticket::Generic")
    trigger = event.get("Event")
    is_link = event.get("SourceObject") == "Ticket"  # an event of LinkObject names the ticket so
    ticket = _id(event.get("SourceKey") if is_link else event.get("TicketID"))
    if ticket is None:
        return _unreadable(host, delivery, "the event names no ticket by its id")
    return Event(host=host, ticket=ticket, delivery=delivery, trigger=trigger[:200] if isinstance(trigger, str) else "")


def _id(value: Any) -> str | None:
    """Read an id, which is a number after a creation and a string after an update (fact 10)."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    is_id = text.isascii() and text.isdecimal() and len(text) <= MAX_ID and int(text) > 0
    return str(int(text)) if is_id else None


def _unreadable(host: str, delivery: str, why: str) -> Event:
    return Event(host=host, ticket=None, delivery=delivery, unreadable=why)


def _equal(given: bytes, secret: SecretStr) -> bool:
    return hmac.compare_digest(given, secret.get_secret_value().encode())


def _basic_of(authorization: str) -> bytes:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
