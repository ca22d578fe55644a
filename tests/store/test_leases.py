"""Jobs that run in one daemon at a time."""

import asyncio
from datetime import UTC, datetime, timedelta

from connector.store import Store, leases

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def taken(store: Store, holder: str, *, at: datetime = NOW) -> bool:
    return await leases.take(store, "sweep", holder, now=at, lease=MINUTE)


async def test_a_lease_is_held_by_one_until_it_runs_out(store: Store) -> None:
    assert [await taken(store, "a"), await taken(store, "b")] == [True, False]
    assert [await taken(store, "b", at=NOW + MINUTE), await taken(store, "a", at=NOW + MINUTE)] == [True, False]


async def test_the_holder_may_hold_it_for_longer(store: Store) -> None:
    await taken(store, "a")

    assert await taken(store, "a", at=NOW + MINUTE / 2)
    assert not await taken(store, "b", at=NOW + MINUTE)


async def test_a_lease_given_back_is_free_and_another_s_is_not_given_back(store: Store) -> None:
    await taken(store, "a")

    assert not await leases.give_back(store, "sweep", "b")
    assert await leases.give_back(store, "sweep", "a")
    assert await taken(store, "b")


async def test_leases_of_other_names_do_not_matter(store: Store) -> None:
    await taken(store, "a")

    assert await leases.take(store, "reports", "b", now=NOW, lease=MINUTE)


async def test_of_eight_who_ask_at_once_one_gets_it(store: Store) -> None:
    answers = await asyncio.gather(*(taken(store, f"d{number}") for number in range(8)))

    assert sorted(answers) == [False] * 7 + [True]
