"""Lease one ticket at once, for a person who asks."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, update

from connector.store import tables
from connector.store.database import Store
from connector.store.looks import Look, wake


async def claim_one(
    store: Store, worker: str, host: str, ticket: str, *, now: datetime, lease: timedelta
) -> Look | None:
    """Wake a ticket and lease it; None where a worker is looking at it, which looks again because of the wake."""
    await wake(store, host, ticket, now=now, reason="manual")
    looks = tables.looks.c
    rows = await store.write(
        update(tables.looks)
        .where(looks.host == host, looks.ticket == ticket, or_(looks.lease_until.is_(None), looks.lease_until <= now))
        .values(worker=worker, lease=secrets.token_hex(8), lease_until=now + lease, claimed=looks.generation)
        .returning(
            looks.host, looks.ticket, looks.generation, looks.attempts, looks.woken_at, looks.reason, looks.lease
        )
    )
    return Look(**rows[0]._mapping) if rows else None
