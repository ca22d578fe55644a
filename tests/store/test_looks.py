"""The table of tickets to look at."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.store import Store, looks, overview
from connector.store.looks import Look, Settled
from connector.store.overview import Counts, Row, State

NOW = datetime(2024, 5, 6, 9, 30, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def woken(store: Store, ticket: str = "1", *, at: datetime = NOW, due_at: datetime | None = None) -> None:
    await looks.wake(store, "zammad", ticket, now=at, due_at=due_at, reason="webhook")


async def claimed(store: Store, worker: str = "w1", *, at: datetime = NOW, limit: int = 10) -> list[Look]:
    return await looks.claim(store, worker, now=at, lease=MINUTE, limit=limit)


async def tickets(store: Store, worker: str = "w1", *, at: datetime = NOW, limit: int = 10) -> list[str]:
    return [look.ticket for look in await claimed(store, worker, at=at, limit=limit)]


async def shown(store: Store, ticket: str = "1", *, at: datetime = NOW) -> Row:
    row = await overview.show(store, "zammad", ticket, now=at)
    assert row is not None
    return row


async def test_many_wakes_of_one_ticket_are_one_look(store: Store) -> None:
    for seconds in range(5):
        await woken(store, at=NOW + seconds * SECOND)

    (look,) = await claimed(store, at=NOW + MINUTE)

    assert look == Look(
        host="zammad",
        ticket="1",
        generation=5,
        attempts=0,
        woken_at=NOW,
        reason="webhook",
        lease=look.lease,
    )


async def test_the_same_number_on_two_hosts_is_two_tickets(store: Store) -> None:
    await looks.wake(store, "zammad", "1", now=NOW, reason="webhook")
    await looks.wake(store, "znuny", "1", now=NOW, reason="webhook")

    assert sorted(look.host for look in await claimed(store)) == ["zammad", "znuny"]


async def test_the_longest_due_is_claimed_first(store: Store) -> None:
    for ticket, age in (("new", 1), ("oldest", 3), ("older", 2)):
        await woken(store, ticket, at=NOW - age * MINUTE)

    assert [await tickets(store, limit=2), await tickets(store, limit=2)] == [["oldest", "older"], ["new"]]


async def test_a_ticket_is_not_claimed_before_it_is_due(store: Store) -> None:
    await woken(store, due_at=NOW + SECOND)

    assert [await tickets(store, at=NOW), await tickets(store, at=NOW + SECOND)] == [[], ["1"]]


async def test_a_ticket_done_is_gone(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)

    assert await looks.done(store, look) is Settled.GONE
    assert await overview.show(store, "zammad", "1", now=NOW) is None


async def test_a_ticket_woken_while_leased_is_looked_at_again(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await woken(store, at=NOW + SECOND)

    assert await tickets(store, "w2", at=NOW + SECOND) == []
    assert await looks.done(store, look) is Settled.WAITS
    (again,) = await claimed(store, "w2", at=NOW + SECOND)
    assert (again.generation, again.woken_at) == (2, NOW + SECOND)
    assert await looks.done(store, again) is Settled.GONE


async def test_a_wake_while_leased_does_not_become_due_before_it_asks_to_be(store: Store) -> None:
    await woken(store, at=NOW - MINUTE)
    (look,) = await claimed(store)
    await woken(store, due_at=NOW + SECOND)
    await looks.done(store, look)

    assert [await tickets(store, at=NOW), await tickets(store, at=NOW + SECOND)] == [[], ["1"]]


async def test_eight_claimers_share_the_tickets_and_take_none_twice(store: Store) -> None:
    await looks.wake_many(store, "zammad", map(str, range(200)), now=NOW, reason="sweep")

    async def work(worker: str) -> list[str]:
        taken = []
        while some := await claimed(store, worker, limit=3):
            for look in some:
                taken.append(look.ticket)
                await looks.done(store, look)
        return taken

    shares = await asyncio.gather(*(work(f"w{number}") for number in range(8)))

    assert sorted(ticket for share in shares for ticket in share) == sorted(map(str, range(200)))


async def test_a_ticket_woken_all_the_time_is_held_by_one_worker_at_a_time(store: Store) -> None:
    holders: list[str] = []

    async def look_often(worker: str) -> int:
        taken = 0
        for _ in range(10):
            await woken(store)
            for look in await claimed(store, worker):
                holders.append(worker)
                await overview.counts(store, now=NOW)  # others try to claim meanwhile
                assert holders == [worker]
                holders.clear()
                taken += 1
                await looks.done(store, look)
        return taken

    assert any(await asyncio.gather(*(look_often(f"w{number}") for number in range(8))))


async def test_a_lease_that_ran_out_is_taken_over_and_the_old_owner_has_no_say(store: Store) -> None:
    await woken(store)
    (lost,) = await claimed(store, "w1")
    assert await tickets(store, "w2", at=NOW + MINUTE - SECOND) == []
    later = NOW + MINUTE
    (taken,) = await claimed(store, "w2", at=later)

    assert (taken.attempts, (await shown(store)).last_error) == (1, "the lease ran out on worker w1")
    assert await looks.extend(store, lost, now=later, lease=MINUTE) is False
    assert await looks.retry(store, lost, "late", due_at=later) is Settled.LOST
    assert await looks.park(store, lost, "late", now=later) is Settled.LOST
    assert await looks.done(store, lost) is Settled.LOST
    assert await looks.done(store, lost, again_at=later) is Settled.LOST
    assert (await shown(store, at=later)).worker == "w2"
    assert await looks.done(store, taken) is Settled.GONE


async def test_the_same_worker_that_lost_its_lease_and_claimed_anew_does_not_settle_the_new_look(store: Store) -> None:
    await woken(store)
    (lost,) = await claimed(store, "w1")
    (again,) = await claimed(store, "w1", at=NOW + MINUTE)

    assert await looks.done(store, lost) is Settled.LOST
    assert await looks.done(store, again) is Settled.GONE


async def test_a_late_worker_whose_ticket_nobody_took_still_settles_it(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)

    assert await looks.done(store, look) is Settled.GONE


async def test_an_extended_lease_is_not_taken_over(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)

    assert await looks.extend(store, look, now=NOW + 30 * SECOND, lease=MINUTE) is True
    assert await tickets(store, "w2", at=NOW + MINUTE) == []
    assert await tickets(store, "w2", at=NOW + 90 * SECOND) == ["1"]


async def test_a_failed_look_is_taken_again_when_it_is_due_and_counts_its_attempts(store: Store) -> None:
    await woken(store)
    for attempt in range(3):
        at = NOW + attempt * MINUTE
        (look,) = await claimed(store, at=at)
        assert look.attempts == attempt
        assert await looks.retry(store, look, f"host away {attempt}", due_at=at + MINUTE) is Settled.WAITS
        assert await tickets(store, at=at + MINUTE - SECOND) == []

    row = await shown(store)
    assert (row.attempts, row.last_error, row.woken_at) == (3, "host away 2", NOW)


async def test_a_wake_makes_a_ticket_that_waits_for_its_retry_due_and_keeps_its_attempts(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await looks.retry(store, look, "host away", due_at=NOW + 9 * MINUTE)
    await woken(store, at=NOW + SECOND)

    (again,) = await claimed(store, at=NOW + SECOND)
    assert (again.attempts, again.woken_at) == (1, NOW + SECOND)


async def test_a_wake_just_before_the_failure_counts_like_one_just_after(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await woken(store, at=NOW + SECOND)
    await looks.retry(store, look, "host away", due_at=NOW + 9 * MINUTE)

    assert await tickets(store, at=NOW + SECOND) == ["1"]


async def test_a_success_forgets_the_failures(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await looks.retry(store, look, "host away", due_at=NOW)
    (look,) = await claimed(store)
    await looks.done(store, look, again_at=NOW + MINUTE)

    row = await shown(store)
    assert (row.attempts, row.last_error) == (0, None)


async def test_a_rule_may_ask_for_a_look_at_a_later_time(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)

    assert await looks.done(store, look, again_at=NOW + MINUTE) is Settled.WAITS
    assert await tickets(store, at=NOW + MINUTE - SECOND) == []
    (again,) = await claimed(store, at=NOW + MINUTE)
    assert (again.woken_at, again.reason) == (NOW + MINUTE, "rule")


async def test_a_wake_does_not_wait_for_the_later_look_a_rule_asked_for(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await woken(store, at=NOW + SECOND)
    await looks.done(store, look, again_at=NOW + MINUTE)

    (again,) = await claimed(store, at=NOW + SECOND)
    assert (again.woken_at, again.reason) == (NOW + SECOND, "webhook")


async def test_a_parked_ticket_stays_in_sight_and_is_not_claimed(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)

    assert await looks.park(store, look, "403: token lacks ticket.agent", now=NOW) is Settled.PARKED
    assert await tickets(store, at=NOW + 99 * MINUTE) == []
    assert await shown(store) == Row(
        host="zammad",
        ticket="1",
        state=State.PARKED,
        due_at=NOW,
        generation=1,
        attempts=1,
        woken_at=NOW,
        reason="webhook",
        worker=None,
        lease_until=None,
        last_error="403: token lacks ticket.agent",
        parked_at=NOW,
    )


async def test_a_wake_frees_a_parked_ticket_since_something_changed(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await looks.park(store, look, "unknown group", now=NOW)
    await woken(store, at=NOW + MINUTE)

    (again,) = await claimed(store, at=NOW + MINUTE)
    assert (again.attempts, again.woken_at, again.generation) == (0, NOW + MINUTE, 2)


async def test_a_ticket_woken_while_it_failed_for_good_is_looked_at_again_and_not_parked(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await woken(store, at=NOW + SECOND)

    assert await looks.park(store, look, "unknown group", now=NOW) is Settled.WAITS
    (again,) = await claimed(store, at=NOW + SECOND)
    assert again.attempts == 0


async def test_a_person_may_have_parked_tickets_tried_again(store: Store) -> None:
    for ticket in ("1", "2", "3"):
        await woken(store, ticket)
    for look in await claimed(store):
        if look.ticket != "3":
            await looks.park(store, look, "unknown group", now=NOW)

    assert await overview.retry_parked(store, now=NOW + MINUTE, ticket="1") == 1
    assert await overview.retry_parked(store, now=NOW + MINUTE, host="znuny") == 0
    assert await overview.retry_parked(store, now=NOW + MINUTE) == 1
    again = await claimed(store, "w2", at=NOW + MINUTE)
    assert sorted((look.ticket, look.attempts, look.reason) for look in again if look.ticket != "3") == [
        ("1", 0, "manual"),
        ("2", 0, "manual"),
    ]


async def test_discarding_forgets_the_parked_and_nothing_else_unless_told(store: Store) -> None:
    for ticket in ("parked", "waiting"):
        await woken(store, ticket, at=NOW - (ticket == "parked") * SECOND)
    (look,) = await claimed(store, limit=1)
    await looks.park(store, look, "unknown group", now=NOW)

    gone = await overview.discard(store, now=NOW, reason="test tickets")

    assert [(row.ticket, row.state) for row in gone] == [("parked", State.PARKED)]
    assert await tickets(store) == ["waiting"]


async def test_a_discarded_ticket_is_told_in_the_state_it_had(store: Store) -> None:
    await woken(store)

    (gone,) = await overview.discard(store, now=NOW, state=State.WAITING, reason="test ticket")
    assert gone.state is State.WAITING


async def test_the_look_at_a_discarded_ticket_is_lost(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await overview.discard(store, now=NOW, state=None, ticket="1", reason="test ticket")

    assert await looks.retry(store, look, "host away", due_at=NOW) is Settled.LOST


async def test_a_worker_that_stops_gives_back_what_it_holds_and_no_more(store: Store) -> None:
    for ticket in ("1", "2", "3"):
        await woken(store, ticket)
    await claimed(store, "w1", limit=2)
    (other,) = await claimed(store, "w2")

    assert await looks.release(store, "w1") == 2
    again = await claimed(store, "w3")
    assert sorted(look.ticket for look in again) == sorted({"1", "2", "3"} - {other.ticket})
    assert {look.attempts for look in again} == {0}


async def test_a_sweep_wakes_each_ticket_once(store: Store) -> None:
    await woken(store, "7")

    count = await looks.wake_many(store, "zammad", [*map(str, range(1200)), "7"], now=NOW + SECOND, reason="sweep")

    assert count == 1200
    assert (await overview.counts(store, now=NOW + SECOND)).waiting == 1200
    row = await shown(store, "7")
    assert (row.generation, row.reason, row.due_at) == (2, "webhook", NOW)


async def test_the_states_are_counted(store: Store) -> None:
    for ticket in ("parked", "leased", "due"):
        await woken(store, ticket, at=NOW - (ticket == "parked") * 9 * MINUTE - (ticket == "leased") * 5 * MINUTE)
    await woken(store, "later", due_at=NOW + MINUTE)
    parked, _leased = await claimed(store, limit=2)
    await looks.park(store, parked, "unknown group", now=NOW)

    assert await overview.counts(store, now=NOW) == Counts(
        waiting=2, due=1, leased=1, parked=1, oldest_due=timedelta(0)
    )
    assert await overview.counts(store, now=NOW + MINUTE) == Counts(
        waiting=3, due=3, leased=0, parked=1, oldest_due=6 * MINUTE
    )


async def test_looks_are_listed_by_state_and_host(store: Store) -> None:
    await woken(store, "leased", at=NOW - MINUTE)
    await woken(store, "waiting")
    await looks.wake(store, "znuny", "other", now=NOW + MINUTE, reason="manual")
    await claimed(store, limit=1)

    async def listed(**wanted: object) -> list[str]:
        return [row.ticket for row in await overview.list_looks(store, now=NOW, **wanted)]  # type: ignore[arg-type]  # kwargs of a test

    assert await listed() == ["leased", "waiting", "other"]
    assert await listed(state=State.WAITING) == ["waiting", "other"]
    assert await listed(state=State.LEASED) == ["leased"]
    assert await listed(host="znuny") == ["other"]
    assert await listed(limit=1) == ["leased"]


async def test_errors_with_what_no_database_keeps_are_kept_readable(store: Store) -> None:
    await woken(store)
    (look,) = await claimed(store)
    await looks.retry(store, look, "bad\0byte \udcff " + "x" * 5000, due_at=NOW)

    error = (await shown(store)).last_error
    assert error is not None
    assert error.startswith("bad\ufffdbyte \ufffd xxx")
    assert len(error) == looks.LONGEST_ERROR


async def test_a_moment_without_a_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="expected a moment with a time zone"):
        await woken(store, at=NOW.replace(tzinfo=None))


async def test_moments_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    vienna = NOW.astimezone(tz=None)
    await woken(store, at=vienna)

    (look,) = await claimed(store)
    assert look == replace(look, woken_at=NOW)
    assert look.woken_at.tzinfo is UTC
