"""The table of looks does what a dict would do, in any order of events."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection

from connector.store import Store, looks, overview, tables
from connector.store.engine import make_engine
from connector.store.looks import Look, Settled
from connector.store.overview import Row, State

T = TypeVar("T")
START = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)
LEASE = timedelta(seconds=10)
TICKETS = st.sampled_from(["1", "2", "3"])
WORKERS = st.sampled_from(["w1", "w2"])
SOON = st.integers(0, 15).map(lambda seconds: timedelta(seconds=seconds))


@dataclass
class Waiting:
    """A ticket to look at, as told in words: `news` says that it was woken since it was last claimed."""

    due_at: datetime
    woken_at: datetime
    reason: str
    generation: int = 1
    attempts: int = 0
    news: bool = True
    error: str | None = None
    parked_at: datetime | None = None
    held_by: str | None = None
    held_until: datetime | None = None
    token: str | None = None

    def wake(self, at: datetime, due_at: datetime, reason: str) -> None:
        self.generation += 1
        if self.parked_at:
            self.attempts = 0
        if self.parked_at or (self.held_by and not self.news):
            self.due_at = due_at
        self.due_at = min(self.due_at, due_at)
        if not self.news:
            self.woken_at, self.reason = at, reason
        self.parked_at, self.news = None, True

    def free(self) -> None:
        self.held_by = self.held_until = self.token = None

    def may_be_claimed(self, now: datetime) -> bool:
        held = self.held_until is not None and self.held_until > now
        return not held and not self.parked_at and self.due_at <= now

    def shown(self, ticket: str, now: datetime) -> Row:
        held = self.held_until is not None and self.held_until > now
        return Row(
            host="zammad",
            ticket=ticket,
            state=State.PARKED if self.parked_at else State.LEASED if held else State.WAITING,
            due_at=self.due_at,
            generation=self.generation,
            attempts=self.attempts,
            woken_at=self.woken_at,
            reason=self.reason,
            worker=self.held_by,
            lease_until=self.held_until,
            last_error=self.error,
            parked_at=self.parked_at,
        )


def do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    if isinstance(connection, AsyncAdapt_aiosqlite_connection):
        connection.cursor().execute("PRAGMA synchronous = OFF")


class LooksMachine(RuleBasedStateMachine):
    """Do the same to the table and to the dict, then compare all of both."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = Store(make_engine(self.url))
        self.now = START
        self.rows: dict[str, Waiting] = {}
        self.claimed: list[Look] = []
        event.listen(self.store.engine.sync_engine, "connect", do_not_wait_for_the_disk)
        self.run(self.store.write(delete(tables.looks).returning(tables.looks.c.ticket)))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()

    def held(self, look: Look) -> Waiting | None:
        row = self.rows.get(look.ticket)
        return row if row is not None and row.token == look.lease else None

    def wake_in_model(self, ticket: str, due_at: datetime, reason: str) -> None:
        if ticket in self.rows:
            self.rows[ticket].wake(self.now, due_at, reason)
        else:
            self.rows[ticket] = Waiting(due_at=due_at, woken_at=self.now, reason=reason)

    @rule(by=SOON)
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule(ticket=TICKETS, delay=SOON)
    def a_ticket_is_woken(self, ticket: str, delay: timedelta) -> None:
        due_at = self.now + delay
        self.run(looks.wake(self.store, "zammad", ticket, now=self.now, due_at=due_at, reason="webhook"))
        self.wake_in_model(ticket, due_at, "webhook")

    @rule(tickets=st.lists(TICKETS))
    def a_sweep_wakes_tickets(self, tickets: list[str]) -> None:
        self.run(looks.wake_many(self.store, "zammad", tickets, now=self.now, reason="sweep"))
        for ticket in set(tickets):
            self.wake_in_model(ticket, self.now, "sweep")

    @rule(worker=WORKERS, limit=st.integers(1, 3))
    def a_worker_claims(self, worker: str, limit: int) -> None:
        due = {ticket: row.due_at for ticket, row in self.rows.items() if row.may_be_claimed(self.now)}
        taken = self.run(looks.claim(self.store, worker, now=self.now, lease=LEASE, limit=limit))

        assert [due[look.ticket] for look in taken] == sorted(due.values())[:limit]
        for look in taken:
            row = self.rows[look.ticket]
            if row.held_by:
                row.attempts, row.error = row.attempts + 1, f"the lease ran out on worker {row.held_by}"
            row.held_by, row.held_until, row.token, row.news = worker, self.now + LEASE, look.lease, False
            assert look == Look(
                host="zammad",
                ticket=look.ticket,
                generation=row.generation,
                attempts=row.attempts,
                woken_at=row.woken_at,
                reason=row.reason,
                lease=look.lease,
            )
        self.claimed += taken

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), again=st.none() | SOON)
    def a_look_is_done(self, data: st.DataObject, again: timedelta | None) -> None:
        look = data.draw(st.sampled_from(self.claimed))  # settled ones and lost ones too: everything may happen twice
        again_at = None if again is None else self.now + again
        settled = self.run(looks.done(self.store, look, again_at=again_at))

        row = self.held(look)
        if row is None:
            assert settled is Settled.LOST
        elif not row.news and again_at is None:
            assert settled is Settled.GONE
            del self.rows[look.ticket]
        else:
            assert settled is Settled.WAITS
            row.free()
            row.attempts, row.error = 0, None
            if again_at and not row.news:
                row.due_at = row.woken_at = again_at
                row.reason = "rule"
            elif again_at:
                row.due_at = min(row.due_at, again_at)

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), delay=SOON)
    def a_look_fails(self, data: st.DataObject, delay: timedelta) -> None:
        look = data.draw(st.sampled_from(self.claimed))
        due_at = self.now + delay
        settled = self.run(looks.retry(self.store, look, "host away", due_at=due_at))

        row = self.held(look)
        assert settled is (Settled.WAITS if row else Settled.LOST)
        if row:
            row.free()
            row.attempts, row.error = row.attempts + 1, "host away"
            row.due_at = min(row.due_at, due_at) if row.news else due_at

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def a_look_needs_a_person(self, data: st.DataObject) -> None:
        look = data.draw(st.sampled_from(self.claimed))
        settled = self.run(looks.park(self.store, look, "no such group", now=self.now))

        row = self.held(look)
        assert settled is (Settled.LOST if row is None else Settled.WAITS if row.news else Settled.PARKED)
        if row:
            row.free()
            row.attempts, row.error = 0 if row.news else row.attempts + 1, "no such group"
            row.parked_at = None if row.news else self.now

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def a_lease_is_extended(self, data: st.DataObject) -> None:
        look = data.draw(st.sampled_from(self.claimed))
        extended = self.run(looks.extend(self.store, look, now=self.now, lease=LEASE))

        row = self.held(look)
        assert extended is (row is not None)
        if row:
            row.held_until = self.now + LEASE

    @rule(worker=WORKERS)
    def a_worker_stops(self, worker: str) -> None:
        held = [row for row in self.rows.values() if row.held_by == worker]

        assert self.run(looks.release(self.store, worker)) == len(held)
        for row in held:
            row.free()

    @rule()
    def a_person_has_the_parked_tried_again(self) -> None:
        parked = [row for row in self.rows.values() if row.parked_at]

        assert self.run(overview.retry_parked(self.store, now=self.now)) == len(parked)
        for row in parked:
            row.wake(self.now, self.now, "manual")
            row.woken_at, row.reason = self.now, "manual"

    @rule(ticket=TICKETS, state=st.sampled_from([*State, None]))
    def a_person_discards(self, ticket: str, state: State | None) -> None:
        row = self.rows.get(ticket)
        gone = self.run(overview.discard(self.store, now=self.now, ticket=ticket, state=state, reason="a test"))

        if row is not None and state in (row.shown(ticket, self.now).state, None):
            del self.rows[ticket]
            assert gone == [row.shown(ticket, self.now)]
        else:
            assert gone == []

    @invariant()
    def the_table_says_what_the_dict_says(self) -> None:
        found = self.run(overview.list_looks(self.store, now=self.now))

        assert {row.ticket: row for row in found} == {
            ticket: row.shown(ticket, self.now) for ticket, row in self.rows.items()
        }


def test_the_table_does_what_a_dict_would_do(url: str) -> None:
    class Machine(LooksMachine):
        pass

    Machine.url = url
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
