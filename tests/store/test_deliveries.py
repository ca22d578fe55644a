"""The deliveries that came to the door."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.store import Store, deliveries, looks, overview
from connector.store.deliveries import Delivery

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WOKEN = Delivery(
    id="3fa8",
    host="zammad",
    ticket="1",
    received_at=NOW,
    outcome="woken",
    size=4321,
    sha256="ab" * 32,
    trigger="helpdesk-policy",
)
UNREADABLE = replace(WOKEN, id="77c1", ticket=None, outcome="unreadable", why="no ticket.id in 12 keys")


async def wake(store: Store, delivery: Delivery) -> None:
    await looks.wake(store, "zammad", "1", now=delivery.received_at, reason="webhook", delivery=delivery)


async def test_a_delivery_is_recorded_with_the_wake_it_causes(store: Store) -> None:
    await wake(store, WOKEN)

    assert await deliveries.list_deliveries(store) == [replace(WOKEN, last_at=NOW)]
    assert (await overview.counts(store, now=NOW)).waiting == 1


async def test_a_delivery_whose_wake_fails_is_not_recorded(store: Store) -> None:
    with pytest.raises(Exception, match="time zone"):
        await looks.wake(store, "zammad", "1", now=NOW.replace(tzinfo=None), reason="webhook", delivery=WOKEN)

    assert await deliveries.list_deliveries(store) == []


async def test_a_delivery_that_comes_twice_is_counted_and_wakes_again(store: Store) -> None:
    await wake(store, WOKEN)
    await wake(store, replace(WOKEN, received_at=NOW + MINUTE))

    assert await deliveries.list_deliveries(store) == [replace(WOKEN, times=2, last_at=NOW + MINUTE)]
    row = await overview.show(store, "zammad", "1", now=NOW)
    assert row is not None
    assert row.generation == 2


async def test_the_same_id_from_two_hosts_is_two_deliveries(store: Store) -> None:
    await deliveries.record(store, WOKEN)
    await deliveries.record(store, replace(WOKEN, host="znuny"))

    assert [delivery.times for delivery in await deliveries.list_deliveries(store)] == [1, 1]


async def test_an_unreadable_delivery_is_recorded_and_wakes_nothing(store: Store) -> None:
    await deliveries.record(store, UNREADABLE)

    assert await deliveries.list_deliveries(store, outcome="unreadable") == [replace(UNREADABLE, last_at=NOW)]
    assert (await overview.counts(store, now=NOW)).waiting == 0


async def test_deliveries_are_listed_newest_first_and_by_what_is_asked(store: Store) -> None:
    await wake(store, WOKEN)
    await deliveries.record(store, replace(UNREADABLE, received_at=NOW + MINUTE))
    await deliveries.record(store, replace(WOKEN, id="z", host="znuny", ticket="9", received_at=NOW + 2 * MINUTE))

    async def listed(**wanted: object) -> list[str]:
        found = await deliveries.list_deliveries(store, **wanted)  # type: ignore[arg-type]  # each test names its own
        return [delivery.id for delivery in found]

    assert await listed() == ["z", "77c1", "3fa8"]
    assert await listed(limit=1) == ["z"]
    assert await listed(host="zammad") == ["77c1", "3fa8"]
    assert await listed(outcome="woken") == ["z", "3fa8"]
    assert await listed(ticket="9") == ["z"]


async def test_old_deliveries_are_forgotten_and_recent_ones_kept(store: Store) -> None:
    await wake(store, WOKEN)
    await wake(store, replace(WOKEN, received_at=NOW + MINUTE))
    await deliveries.record(store, UNREADABLE)

    assert await deliveries.prune(store, before=NOW + MINUTE) == 1
    assert [delivery.id for delivery in await deliveries.list_deliveries(store)] == ["3fa8"]
