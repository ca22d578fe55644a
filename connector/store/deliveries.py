"""Record the deliveries that came to the door, never their bodies."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import delete, select

from connector.store.database import INSERT, Store
from connector.store.tables import deliveries

Outcome = Literal["woken", "echo", "unreadable", "test"]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One authentic delivery; `id` is the host's own or, where it sends none, a hash of the body."""

    id: str
    host: str
    ticket: str | None
    received_at: datetime
    outcome: Outcome
    size: int  # bytes
    sha256: str
    trigger: str | None = None
    why: str | None = None  # what could not be read; without a word of the body
    times: int = 1
    last_at: datetime | None = None


def received(delivery: Delivery) -> dict[str, Any]:
    """Return the row of a delivery that came just now."""
    return {**asdict(delivery), "last_at": delivery.received_at, "times": 1}


@cache  # building a statement takes longer than running it
def receiving(dialect: str) -> Any:
    """Return the INSERT … ON CONFLICT that records a delivery, or counts it when its id was seen before."""
    insert = INSERT[dialect](deliveries)
    return insert.on_conflict_do_update(
        index_elements=[deliveries.c.host, deliveries.c.id],
        set_={
            "times": deliveries.c.times + 1,
            "last_at": insert.excluded.last_at,
            "ticket": insert.excluded.ticket,
            "outcome": insert.excluded.outcome,
            "why": insert.excluded.why,
        },
    )


async def record(store: Store, delivery: Delivery) -> None:
    """Record a delivery that wakes no ticket; one that does goes with its wake, see `looks.wake`."""

    await store.write(receiving(store.dialect).returning(deliveries.c.id), received(delivery))


async def list_deliveries(
    store: Store,
    *,
    host: str | None = None,
    outcome: Outcome | None = None,
    ticket: str | None = None,
    limit: int = 100,
) -> list[Delivery]:
    """Return the latest deliveries, newest first."""
    wanted = select(*COLUMNS).order_by(deliveries.c.last_at.desc(), deliveries.c.id).limit(limit)
    if host is not None:
        wanted = wanted.where(deliveries.c.host == host)
    if outcome is not None:
        wanted = wanted.where(deliveries.c.outcome == outcome)
    if ticket is not None:
        wanted = wanted.where(deliveries.c.ticket == ticket)
    return [Delivery(**row._mapping) for row in await store.read(wanted)]


async def prune(store: Store, *, before: datetime) -> int:
    """Forget the deliveries last seen before a moment; return how many they were."""
    return len(await store.write(delete(deliveries).where(deliveries.c.last_at < before).returning(deliveries.c.id)))


COLUMNS = (
    deliveries.c.id,
    deliveries.c.host,
    deliveries.c.ticket,
    deliveries.c.received_at,
    deliveries.c.outcome,
    deliveries.c.size,
    deliveries.c.sha256,
    deliveries.c.trigger,
    deliveries.c.why,
    deliveries.c.times,
    deliveries.c.last_at,
)
