"""Take a delivery in: prove it, write its wake-up down, and only then say so."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from connector.echo import Echoes
from connector.hosts.host import Host
from connector.store import Store, deliveries, looks

Outcome = Literal["woken", "echo", "unreadable", "test"]
TEST = "helpdesk-policy test"
"""Trigger by which set-up and doctor ask whether a secret is accepted; it wakes nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What became of an authentic delivery."""

    outcome: Outcome
    delivery: str
    ticket: str | None


async def receive(
    headers: Mapping[str, str],
    body: bytes,
    host: Host,
    store: Store,
    echoes: Echoes,
    *,
    now: datetime,
    settle: timedelta,
) -> Receipt:
    """Verify a delivery and wake its ticket; when this returns, the wake-up is on disk.

    `settle` is how long a burst of deliveries may gather into one look. Raises Unverified where the delivery cannot be
    proven, Transient where the database is away: the host tries again.
    """
    event = host.verify(headers, body)
    outcome: Outcome = "woken"
    if event.ticket is None:
        outcome = "test" if event.trigger == TEST else "unreadable"
    elif echoes.knows(host.name, event.ticket, event.version):
        outcome = "echo"
    delivery = deliveries.Delivery(
        id=event.delivery,
        host=host.name,
        ticket=event.ticket,
        received_at=now,
        outcome=outcome,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        trigger=event.trigger or None,
        why=event.unreadable,
    )
    if event.ticket is None or outcome == "echo":
        await deliveries.record(store, delivery)
    else:
        await looks.wake(
            store, host.name, event.ticket, now=now, due_at=now + settle, reason="webhook", delivery=delivery
        )
    return Receipt(outcome=outcome, delivery=event.delivery, ticket=event.ticket)
