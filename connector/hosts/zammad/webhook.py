"""Prove and read a delivery of Zammad's webhook; no I/O."""

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

SIGNATURE = "x-hub-signature"
ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What a delivery must show; without a secret none passes."""

    secrets: Sequence[SecretStr]
    """All that are valid now; two while one is being rotated out."""
    require_sha256: bool = False
    """Refuse `sha1=`; Zammad 6.5 can only make that one."""
    basic: SecretStr | None = None
    """`user:password` that must come besides, if set."""
    bearer: SecretStr | None = None
    """Token that must come besides, if set."""


def verify(headers: Mapping[str, str], body: bytes, proof: Proof, *, host: str) -> Event:
    """Check signature and credentials over the raw bytes, then read what can be read.

    Zammad signs the body alone (HMAC, header `X-Hub-Signature: sha1=<hex>`): neither delivery id nor trigger name are
    covered and there is no time stamp, which is why a delivery only wakes and never decides.
    Raises Unverified.
    """
    _check_signature(headers.get(SIGNATURE, ""), body, proof)
    _check_credentials(headers.get("authorization", ""), proof)
    return read(headers, body, host=host)


def read(headers: Mapping[str, str], body: bytes, *, host: str) -> Event:
    """Read ticket and version out of a body that is known to be authentic; custom payloads may hold anything."""
    delivery = headers.get("x-zammad-delivery") or hashlib.sha256(body).hexdigest()
    # Zammad sends the name as raw UTF-8, which HTTP servers hand on as latin-1.
    trigger = headers.get("x-zammad-trigger", "").encode("latin-1", "replace").decode("utf-8", "replace")
    ticket, version, why = _ticket_of(body)
    return Event(host=host, ticket=ticket, delivery=delivery, trigger=trigger, version=version, unreadable=why)


def _ticket_of(body: bytes) -> tuple[str | None, str | None, str | None]:
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError) as exc:
        return None, None, f"the body is no JSON ({type(exc).__name__})"
    ticket = content.get("ticket") if isinstance(content, dict) else None
    if not isinstance(ticket, dict):
        return None, None, "the body has no object `ticket`; the webhook needs Zammad's default payload"
    number = ticket.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return None, None, "`ticket.id` is no ticket id"
    version = ticket.get("updated_at")
    return str(number), version if isinstance(version, str) else None, None


def _check_signature(given: str, body: bytes, proof: Proof) -> None:
    if not proof.secrets:
        raise Unverified("no webhook secret is set, so no delivery can be proven: set HELPDESK_POLICY_WEBHOOK_SECRETS")
    algorithm, _, digest = given.partition("=")
    if algorithm not in ALGORITHMS or not digest:
        raise Unverified("the delivery carries no X-Hub-Signature: set the webhook's signature token in Zammad")
    if proof.require_sha256 and algorithm != "sha256":
        raise Unverified(f"the delivery is signed with {algorithm}, and sha256 is required by the settings")
    digests = [
        hmac.new(secret.get_secret_value().encode(), body, ALGORITHMS[algorithm]).hexdigest().encode()
        for secret in proof.secrets
        if secret.get_secret_value()
    ]
    # Every secret is compared, so that the time taken tells nothing of which one matched.
    if not sum(hmac.compare_digest(digest.strip().lower().encode(), known) for known in digests):
        raise Unverified("the delivery's signature does not match: is the webhook's token one of our secrets?")


def _check_credentials(authorization: str, proof: Proof) -> None:
    scheme, _, value = authorization.partition(" ")
    if proof.basic is not None and not _equal(_decoded(value) if scheme.lower() == "basic" else b"", proof.basic):
        raise Unverified("the delivery lacks the right Basic credentials: set them in Zammad's webhook")
    if proof.bearer is not None and not _equal(value.encode() if scheme.lower() == "bearer" else b"", proof.bearer):
        raise Unverified("the delivery lacks the right bearer token: set it in Zammad's webhook")


def _equal(given: bytes, secret: SecretStr) -> bool:
    return hmac.compare_digest(given, secret.get_secret_value().encode())


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
