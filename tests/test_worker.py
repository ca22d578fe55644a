"""The worker: one look at a time for each ticket, a bounded number at once, and a word for every way a look can end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from connector import worker as module
from connector.errors import Gone, Permanent, Transient
from connector.store import Store, looks, open_store, overview, sqlite_url, tables
from connector.store.looks import Look
from connector.store.overview import State
from connector.worker import BACKOFF, GIVE_UP, LEASE, Worker, next_try
from tests.stand import POLL, until

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Stands still until told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Looker:
    """Takes looks as told, and remembers how many were under way."""

    answer: Callable[[Look], Awaitable[datetime | None]]
    taken: list[str] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    most_of_one: int = 0
    most_at_once: int = 0

    async def __call__(self, look: Look) -> datetime | None:
        self.taken.append(look.ticket)
        self.under_way[look.ticket] += 1
        self.most_of_one = max(self.most_of_one, self.under_way[look.ticket])
        self.most_at_once = max(self.most_at_once, self.under_way.total())
        try:
            return await self.answer(look)
        finally:
            self.under_way[look.ticket] -= 1


def failing(error: Exception) -> Looker:
    async def answer(_: Look) -> None:
        raise error

    return Looker(answer)


def hanging() -> Looker:
    async def answer(_: Look) -> None:
        await asyncio.Event().wait()

    return Looker(answer)


def willing(again_at: datetime | None = None) -> Looker:
    async def answer(_: Look) -> datetime | None:
        await asyncio.sleep(0)
        return again_at

    return Looker(answer)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(sqlite_url(tmp_path / "looks.sqlite3")) as store:
        yield store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def working(store: Store, looker: Looker, clock: Callable[[], datetime], at_once: int = 4) -> AsyncIterator[None]:
    worker = Worker(store, looker, name="me", clock=clock, at_once=at_once, poll=POLL)
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await task


async def row(store: Store, ticket: str = "1") -> overview.Row | None:
    return await overview.show(store, "zammad", ticket, now=NOW)


async def ended(store: Store, looker: Looker, clock: Callable[[], datetime]) -> overview.Row | None:
    """Wake one ticket, let it be looked at once, and give what stands in the table."""
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    async with working(store, looker, clock):
        await until(lambda: bool(looker.taken))
    return await row(store)


async def test_tickets_are_looked_at_side_by_side_and_each_by_one_at_a_time(store: Store, clock: Clock) -> None:
    async def answer(_: Look) -> None:
        await asyncio.sleep(0.002)

    looker = Looker(answer)
    tickets = [str(number) for number in range(10)]
    async with working(store, looker, clock):
        for _times in range(20):
            await looks.wake_many(store, "zammad", tickets, now=clock(), reason="webhook")
        await until(lambda: _nothing_waits(store))

    assert (looker.most_of_one, looker.most_at_once) == (1, 4)
    assert set(looker.taken) == set(tickets)
    assert len(looker.taken) < 20 * len(tickets)


async def _nothing_waits(store: Store) -> bool:
    return not await overview.list_looks(store, now=NOW)


async def test_a_ticket_woken_while_looked_at_is_looked_at_once_more(store: Store, clock: Clock) -> None:
    async def answer(_: Look) -> None:
        if len(looker.taken) == 1:
            for _times in range(3):
                await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")

    looker = Looker(answer)
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    async with working(store, looker, clock):
        await until(lambda: _nothing_waits(store))

    assert looker.taken == ["1", "1"]


async def test_a_look_that_went_well_leaves_nothing_behind(store: Store) -> None:
    assert await ended(store, willing(), Clock()) is None


async def test_a_look_that_a_rule_wants_again_waits_until_then(store: Store) -> None:
    left = await ended(store, willing(again_at=NOW + timedelta(hours=3)), Clock())

    assert left is not None
    assert (left.state, left.due_at, left.reason) == (State.WAITING, NOW + timedelta(hours=3), "rule")


async def test_a_failure_that_heals_is_tried_again_after_a_while(store: Store) -> None:
    left = await ended(store, failing(Transient("Zammad did not answer")), Clock())

    assert left is not None
    assert (left.state, left.attempts, left.last_error) == (State.WAITING, 1, "Zammad did not answer")
    assert left.due_at == NOW + BACKOFF[0]


def test_waits_grow_from_seconds_to_hours_and_end_with_a_person_after_more_than_a_day() -> None:
    waits = [next_try(attempts, NOW) for attempts in range(GIVE_UP)]

    assert waits[-1] is None
    lengths = [at - NOW for at in waits if at is not None]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (timedelta(seconds=15), timedelta(hours=4))
    assert sum(lengths, timedelta()) > timedelta(days=1)


async def test_a_failure_that_does_not_heal_in_time_is_parked_with_its_last_error(store: Store, clock: Clock) -> None:
    looker = failing(Transient("Zammad did not answer"))
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    async with working(store, looker, clock):
        for attempt in range(1, GIVE_UP + 1):
            await until(lambda attempt=attempt: len(looker.taken) == attempt)  # type: ignore[misc]  # bound at once
            clock.now += timedelta(hours=5)
    left = await row(store)

    assert left is not None
    assert (left.state, left.last_error) == (State.PARKED, f"failed {GIVE_UP} times, last: Zammad did not answer")


async def test_a_failure_that_needs_a_person_is_parked_in_sight(store: Store) -> None:
    left = await ended(store, failing(Permanent("the token lacks ticket.agent")), Clock())

    assert left is not None
    assert (left.state, left.last_error) == (State.PARKED, "the token lacks ticket.agent")


async def test_a_fault_of_ours_is_parked_and_stops_nobody_else(store: Store, clock: Clock) -> None:
    async def answer(look: Look) -> None:
        if look.ticket == "1":
            raise KeyError("state_id")

    looker = Looker(answer)
    await looks.wake_many(store, "zammad", ["1", "2"], now=clock(), reason="webhook")
    async with working(store, looker, clock, at_once=1):
        await until(lambda: len(looker.taken) == 2)
    left = await row(store)

    assert left is not None
    assert (left.state, left.last_error) == (State.PARKED, "a fault of ours, KeyError: 'state_id'")
    assert await row(store, "2") is None


async def test_a_ticket_that_is_gone_needs_no_look_any_more(store: Store) -> None:
    assert await ended(store, failing(Gone("Zammad has no ticket 1: it was deleted")), Clock()) is None


async def test_a_look_whose_worker_died_is_taken_over_when_its_lease_has_run_out(store: Store, clock: Clock) -> None:
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    await looks.claim(store, "dead", now=clock(), lease=LEASE)
    looker = willing()
    async with working(store, looker, clock):
        await asyncio.sleep(5 * POLL)
        before = list(looker.taken)
        clock.now += LEASE
        await until(lambda: bool(looker.taken))

    assert before == []
    assert looker.taken == ["1"]


async def test_a_ticket_that_kills_every_worker_is_parked_without_another_look(store: Store, clock: Clock) -> None:
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    for _ in range(GIVE_UP):
        assert await looks.claim(store, "dead", now=clock(), lease=LEASE)
        clock.now += LEASE
    looker = willing()
    async with working(store, looker, clock):
        await until(lambda: _is_parked(store))

    assert looker.taken == []


async def _is_parked(store: Store) -> bool:
    left = await row(store)
    return left is not None and left.state is State.PARKED


async def test_a_stop_waits_for_a_look_under_way_for_a_grace_and_then_gives_it_back(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE", 0.05)
    left = await ended(store, hanging(), clock)

    assert left is not None
    assert (left.state, left.worker, left.attempts) == (State.WAITING, None, 0)
    assert left.due_at <= clock()


async def test_a_stop_lets_a_quick_look_end(store: Store, clock: Clock) -> None:
    async def answer(_: Look) -> None:
        await asyncio.sleep(0.1)

    assert await ended(store, Looker(answer), clock) is None


async def test_what_was_claimed_while_stopping_is_given_back_unlooked(store: Store) -> None:
    def stopping_clock() -> datetime:
        worker.stop()
        return NOW

    await looks.wake(store, "zammad", "1", now=NOW, reason="webhook")
    looker = willing()
    worker = Worker(store, looker, name="me", clock=stopping_clock, poll=POLL)
    await worker.run()
    left = await row(store)

    assert looker.taken == []
    assert left is not None
    assert (left.state, left.worker) == (State.WAITING, None)


async def test_a_look_ends_when_its_lease_is_anothers(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXTEND_EVERY", 0.02)
    looker = hanging()
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    async with working(store, looker, clock):
        await until(lambda: bool(looker.taken))
        taken = {"worker": "another", "lease": "another's", "lease_until": NOW + LEASE}
        await store.write(update(tables.looks).values(**taken).returning(tables.looks.c.ticket))
        await until(lambda: not looker.under_way.total())
    left = await row(store)

    assert left is not None
    assert (left.worker, left.attempts, left.state) == ("another", 0, State.LEASED)


async def test_a_look_is_held_for_longer_than_one_lease(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXTEND_EVERY", 0.02)
    monkeypatch.setattr(module, "HOLD", 0.1)
    release = asyncio.Event()

    async def answer(_: Look) -> None:
        await release.wait()

    looker = Looker(answer)
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    async with working(store, looker, clock):
        await until(lambda: bool(looker.taken))
        await asyncio.sleep(0.25)
        clock.now += LEASE / 2
        await until(lambda: _is_leased_until(store, clock.now + LEASE))
        release.set()
        await until(lambda: _nothing_waits(store))

    assert looker.taken == ["1"]


async def _is_leased_until(store: Store, moment: datetime) -> bool:
    left = await row(store)
    return left is not None and left.lease_until == moment


async def test_a_look_ends_before_its_lease_does_where_the_database_is_away(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> bool:
        raise Transient("the database is away")

    monkeypatch.setattr(module, "EXTEND_EVERY", 0.02)
    monkeypatch.setattr(module, "HOLD", 0.1)
    monkeypatch.setattr(looks, "extend", away)
    looker = hanging()
    await looks.wake(store, "zammad", "1", now=clock(), reason="webhook")
    async with working(store, looker, clock):
        await until(lambda: bool(looker.taken))
        await until(lambda: not looker.under_way.total())
    left = await row(store)

    assert left is not None
    assert (left.state, left.last_error) == (State.WAITING, "took longer than 300 s, or its lease could not be held")
