"""Keep the table of tickets to look at.

One row a ticket. A wake inserts it or raises its generation; a claim leases it to one worker; when the look is done the
row goes, unless the generation has moved on meanwhile. A wake while leased has the effect of one just after.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, Text, and_, bindparam, case, delete, literal, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connector.store.columns import Instant
from connector.store.database import INSERT, Store
from connector.store.deliveries import Delivery, received, receiving
from connector.store.tables import looks

Reason = Literal["webhook", "sweep", "manual", "rule"]

LONGEST_ERROR = 2000  # characters; an error may quote a whole page of the host

AT_ONCE = 500  # tickets woken in one transaction, so that a sweep never keeps a delivery waiting


@dataclass(frozen=True, kw_only=True)
class Look:
    """A ticket leased to us, to be looked at once."""

    host: str
    ticket: str
    generation: int
    attempts: int
    woken_at: datetime
    reason: str
    lease: str


class Settled(StrEnum):
    """What became of a look."""

    GONE = "gone"  # nothing is left to do for the ticket
    WAITS = "waits"  # another look will be taken
    PARKED = "parked"
    LOST = "lost"  # the lease had gone to another worker, so nothing was changed


async def wake(
    store: Store,
    host: str,
    ticket: str,
    *,
    now: datetime,
    reason: Reason,
    due_at: datetime | None = None,
    delivery: Delivery | None = None,
) -> None:
    """Ask for a look at a ticket; return once that is on disk.

    A parked row is freed, since something changed; one that waits becomes due at `due_at` (now, if not told) unless due
    earlier. The delivery that woke it is recorded in the same transaction.
    """
    row = {"host": host, "ticket": ticket, "due_at": due_at or now, "woken_at": now, "reason": reason}

    async def work(connection: AsyncConnection) -> None:
        if delivery is not None:
            await connection.execute(receiving(store.dialect), received(delivery))
        await connection.execute(waking(store.dialect), row)

    await store.transact(work)


async def wake_many(
    store: Store, host: str, tickets: Iterable[str], *, now: datetime, reason: Reason, due_at: datetime | None = None
) -> int:
    """Ask for a look at each of these tickets; return how many they are."""
    # Sorted, so that two daemons that wake the same tickets lock them in the same order.
    rows = [
        {"host": host, "ticket": ticket, "due_at": due_at or now, "woken_at": now, "reason": reason}
        for ticket in sorted(set(tickets))
    ]
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]

        async def work(connection: AsyncConnection, some: list[dict[str, Any]] = some) -> None:
            await connection.execute(waking(store.dialect), some)

        await store.transact(work)
    return len(rows)


@cache  # building a statement takes longer than running it
def waking(dialect: str) -> Any:
    """Return the INSERT … ON CONFLICT that wakes a ticket."""
    insert = INSERT[dialect](looks)
    new = insert.excluded
    parked = looks.c.parked_at.is_not(None)
    first = looks.c.generation == looks.c.claimed
    first_while_leased = and_(looks.c.worker.is_not(None), first)
    return insert.values(generation=1, attempts=0).on_conflict_do_update(
        index_elements=[looks.c.host, looks.c.ticket],
        set_={
            "generation": looks.c.generation + 1,
            "due_at": case(
                (or_(parked, first_while_leased), new.due_at),
                (looks.c.due_at < new.due_at, looks.c.due_at),
                else_=new.due_at,
            ),
            "woken_at": case((or_(parked, first), new.woken_at), else_=looks.c.woken_at),
            "reason": case((or_(parked, first), new.reason), else_=looks.c.reason),
            "attempts": case((parked, 0), else_=looks.c.attempts),
            "parked_at": null(),
        },
    )


async def claim(store: Store, worker: str, *, now: datetime, lease: timedelta, limit: int = 1) -> list[Look]:
    """Lease up to `limit` due tickets to a worker, the longest due first.

    A lease that ran out counts as a failed attempt: a ticket that kills its worker must not be tried for ever.
    """
    rows = await store.write(
        CLAIM,
        {"now": now, "by": worker, "token": secrets.token_hex(8), "until": now + lease, "most": limit},
    )
    return [
        Look(
            host=row.host,
            ticket=row.ticket,
            generation=row.generation,
            attempts=row.attempts,
            woken_at=row.woken_at,
            reason=row.reason,
            lease=row.lease,
        )
        for row in sorted(rows, key=lambda row: row.due_at)  # RETURNING keeps no order
    ]


def claiming() -> Any:
    """Return the UPDATE that leases what is due; whoever claims at the same time skips the rows locked here."""
    now = bindparam("now", type_=Instant)
    ran_out = looks.c.lease_until.is_not(None)
    due = (
        select(looks.c.host, looks.c.ticket)
        .where(
            looks.c.parked_at.is_(None),
            looks.c.due_at <= now,
            or_(looks.c.lease_until.is_(None), looks.c.lease_until <= now),
        )
        .order_by(looks.c.due_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(looks)
        .where(looks.c.host == due.c.host, looks.c.ticket == due.c.ticket)
        .values(
            worker=bindparam("by"),
            lease=bindparam("token"),
            lease_until=bindparam("until"),
            claimed=looks.c.generation,
            attempts=case((ran_out, looks.c.attempts + 1), else_=looks.c.attempts),
            last_error=case(
                (ran_out, literal("the lease ran out on worker ", Text).concat(looks.c.worker)),
                else_=looks.c.last_error,
            ),
        )
        .returning(
            looks.c.host,
            looks.c.ticket,
            looks.c.generation,
            looks.c.attempts,
            looks.c.woken_at,
            looks.c.reason,
            looks.c.lease,
            looks.c.due_at,
        )
    )


CLAIM = claiming()


async def extend(store: Store, look: Look, *, now: datetime, lease: timedelta) -> bool:
    """Hold the ticket for longer; False says that it is another's by now."""
    return bool(
        await store.write(
            update(looks).where(*held(look)).values(lease_until=now + lease).returning(looks.c.ticket),
        )
    )


async def done(store: Store, look: Look, *, again_at: datetime | None = None) -> Settled:
    """Settle a look that went well.

    The row goes, unless the ticket was woken meanwhile or a rule asks for another look at `again_at`.
    """
    here = {"of_host": look.host, "of_ticket": look.ticket, "token": look.lease, "seen": look.generation}
    moved = looks.c.generation != look.generation
    asked = {} if again_at is None else later(moved, again_at)
    # Two statements without a transaction: a generation never comes back, so what kept the row keeps it.
    if again_at is None and await store.write(REMOVE, here):
        return Settled.GONE
    kept = await store.write(
        update(looks)
        .where(*held(look))
        .values(**FREED, attempts=0, last_error=null(), **asked)
        .returning(looks.c.ticket)
    )
    return Settled.WAITS if kept else Settled.LOST


REMOVE = (
    delete(looks)
    .where(
        looks.c.host == bindparam("of_host"),
        looks.c.ticket == bindparam("of_ticket"),
        looks.c.lease == bindparam("token"),
        looks.c.generation == bindparam("seen"),
    )
    .returning(looks.c.ticket)
)


async def retry(store: Store, look: Look, error: str, *, due_at: datetime) -> Settled:
    """Settle a look that failed and may heal: another is due at `due_at`, at once if the ticket was woken meanwhile."""
    moved = looks.c.generation != look.generation
    rows = await store.write(
        update(looks)
        .where(*held(look))
        .values(
            **FREED,
            attempts=looks.c.attempts + 1,
            last_error=error[:LONGEST_ERROR],
            due_at=earliest(moved, due_at),
        )
        .returning(looks.c.ticket)
    )
    return Settled.WAITS if rows else Settled.LOST


async def park(store: Store, look: Look, error: str, *, now: datetime) -> Settled:
    """Settle a look that needs a person: the row stays in sight, unless the ticket was woken meanwhile."""
    moved = looks.c.generation != look.generation
    rows = await store.write(
        update(looks)
        .where(*held(look))
        .values(
            **FREED,
            attempts=case((moved, 0), else_=looks.c.attempts + 1),
            last_error=error[:LONGEST_ERROR],
            parked_at=case((moved, null()), else_=literal(now, looks.c.parked_at.type)),
        )
        .returning(looks.c.parked_at)
    )
    if not rows:
        return Settled.LOST
    return Settled.WAITS if rows[0].parked_at is None else Settled.PARKED


async def release(store: Store, worker: str) -> int:
    """Give back all that a worker holds, at a clean shutdown; return how many tickets that were."""
    return len(
        await store.write(
            update(looks).where(looks.c.worker == worker).values(**FREED).returning(looks.c.ticket),
        )
    )


FREED = {"worker": null(), "lease": null(), "lease_until": null()}


def held(look: Look) -> Sequence[ColumnElement[bool]]:
    """Match the row of a look for as long as nobody else has claimed it."""
    return looks.c.host == look.host, looks.c.ticket == look.ticket, looks.c.lease == look.lease


def earliest(moved: ColumnElement[bool], due_at: datetime) -> ColumnElement[datetime]:
    """Return when the next look is due: as told, or when the wake that came meanwhile wants it, if that is earlier."""
    told = literal(due_at, looks.c.due_at.type)
    return case((and_(moved, looks.c.due_at < told), looks.c.due_at), else_=told)


def later(moved: ColumnElement[bool], again_at: datetime) -> dict[str, Any]:
    """Return what a look asked for by a rule changes; it starts to wait when it is due."""
    told = literal(again_at, looks.c.woken_at.type)
    return {
        "due_at": earliest(moved, again_at),
        "woken_at": case((moved, looks.c.woken_at), else_=told),
        "reason": case((moved, looks.c.reason), else_="rule"),
    }
