"""Show a person the tickets to look at, and do with them what the person says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import CTE, ColumnElement, and_, case, delete, func, literal, null, select, update

from connector.store.database import Store
from connector.store.tables import looks

log = structlog.get_logger(__name__)


class State(StrEnum):
    """Where a ticket stands; one whose lease ran out waits again."""

    WAITING = "waiting"
    LEASED = "leased"
    PARKED = "parked"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A ticket to look at, as it lies in the table."""

    host: str
    ticket: str
    state: State
    due_at: datetime
    generation: int
    attempts: int
    woken_at: datetime
    reason: str
    worker: str | None
    lease_until: datetime | None
    last_error: str | None
    parked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much there is to do; `due` of the waiting may be claimed now, `oldest_due` is how long the first has been."""

    waiting: int
    due: int
    leased: int
    parked: int
    oldest_due: timedelta


async def list_looks(
    store: Store, *, now: datetime, state: State | None = None, host: str | None = None, limit: int = 100
) -> list[Row]:
    """Return the tickets to look at, the longest due first."""
    wanted = select(*COLUMNS).where(*matching(now=now, state=state, host=host, ticket=None))
    found = await store.read(wanted.order_by(looks.c.due_at, looks.c.host, looks.c.ticket).limit(limit))
    return [to_row(row, now) for row in found]


async def show(store: Store, host: str, ticket: str, *, now: datetime) -> Row | None:
    """Return what is known of a ticket that waits, is leased or is parked."""
    found = await store.read(select(*COLUMNS).where(*matching(now=now, state=None, host=host, ticket=ticket)))
    return to_row(found[0], now) if found else None


async def counts(store: Store, *, now: datetime) -> Counts:
    """Count the tickets by state."""
    state = state_at(now)
    due = and_(state == State.WAITING, looks.c.due_at <= now)
    (row,) = await store.read(
        select(
            func.count().filter(state == State.WAITING).label("waiting"),
            func.count().filter(due).label("due"),
            func.count().filter(state == State.LEASED).label("leased"),
            func.count().filter(state == State.PARKED).label("parked"),
            func.min(looks.c.due_at).filter(due).label("oldest"),
        )
    )
    return Counts(
        waiting=row.waiting,
        due=row.due,
        leased=row.leased,
        parked=row.parked,
        oldest_due=timedelta(0) if row.oldest is None else now - row.oldest,
    )


async def retry_parked(store: Store, *, now: datetime, host: str | None = None, ticket: str | None = None) -> int:
    """Wake the parked tickets that match, as if each were new; return how many they were."""
    chosen = locked(now=now, state=State.PARKED, host=host, ticket=ticket)
    freed = await store.write(
        update(looks)
        .where(looks.c.host == chosen.c.host, looks.c.ticket == chosen.c.ticket)
        .values(
            generation=looks.c.generation + 1,
            due_at=now,
            woken_at=now,
            reason="manual",
            attempts=0,
            parked_at=null(),
        )
        .returning(looks.c.ticket)
    )
    return len(freed)


async def discard(
    store: Store,
    *,
    now: datetime,
    reason: str,
    state: State | None = State.PARKED,
    host: str | None = None,
    ticket: str | None = None,
) -> list[Row]:
    """Forget the tickets that match; log why, and return what was forgotten.

    A look that is being taken just then finds its lease lost. The next delivery or sweep may wake the ticket again.
    """
    chosen = locked(now=now, state=state, host=host, ticket=ticket)
    gone = await store.write(
        delete(looks)
        .where(
            select(literal(1))
            .where(looks.c.host == chosen.c.host, looks.c.ticket == chosen.c.ticket)
            .correlate(looks)
            .exists()
        )
        .returning(*COLUMNS)
    )
    discarded = [to_row(row, now) for row in gone]
    for row in discarded:
        log.info("look_discarded", host=row.host, ticket=row.ticket, reason=reason, last_error=row.last_error)
    return discarded


COLUMNS = (
    looks.c.host,
    looks.c.ticket,
    looks.c.due_at,
    looks.c.generation,
    looks.c.attempts,
    looks.c.woken_at,
    looks.c.reason,
    looks.c.worker,
    looks.c.lease_until,
    looks.c.last_error,
    looks.c.parked_at,
)


def state_at(now: datetime) -> ColumnElement[str]:
    """Tell the state of a row by the columns that make it."""
    return case(
        (looks.c.parked_at.is_not(None), State.PARKED.value),
        (looks.c.lease_until > now, State.LEASED.value),
        else_=State.WAITING.value,
    )


def matching(*, now: datetime, state: State | None, host: str | None, ticket: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions that were asked for."""
    conditions: list[ColumnElement[bool]] = []
    if state is not None:
        conditions.append(state_at(now) == state.value)
    if host is not None:
        conditions.append(looks.c.host == host)
    if ticket is not None:
        conditions.append(looks.c.ticket == ticket)
    return conditions


def locked(*, now: datetime, state: State | None, host: str | None, ticket: str | None) -> CTE:
    """Choose rows and lock them in the order in which a sweep wakes them, so that the two cannot block each other."""
    return (
        select(looks.c.host, looks.c.ticket)
        .where(*matching(now=now, state=state, host=host, ticket=ticket))
        .order_by(looks.c.host, looks.c.ticket)
        .with_for_update()
        .cte("chosen")
    )


def to_row(row: Any, now: datetime) -> Row:
    """Make our value of a result.

    The state is told here and not in SQL, since SQLite 3.40 answers `NULL IS NOT NULL` with true in RETURNING.
    """
    leased = row.lease_until is not None and row.lease_until > now
    state = State.LEASED if leased else State.WAITING
    return Row(**row._mapping, state=State.PARKED if row.parked_at is not None else state)
