"""The mails of ours that left for an address."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from connector.store import Store, mails
from connector.store.tables import mails as table

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def test_mails_to_an_address_are_counted_since_a_moment_however_it_is_written(store: Store) -> None:
    await mails.record(store, "a1", "anna@example.org", now=NOW)
    await mails.record(store, "a2", "Anna@Example.org ", now=NOW + MINUTE)
    await mails.record(store, "b1", "ben@example.org", now=NOW + MINUTE)

    assert await mails.count(store, "anna@example.org", since=NOW - MINUTE) == 2
    assert await mails.count(store, "anna@example.org", since=NOW) == 1


async def test_a_mail_recorded_twice_counts_once(store: Store) -> None:
    await mails.record(store, "a1", "anna@example.org", now=NOW)
    await mails.record(store, "a1", "anna@example.org", now=NOW)

    assert await mails.count(store, "anna@example.org", since=NOW - MINUTE) == 1


async def test_no_address_lies_in_the_database(store: Store) -> None:
    await mails.record(store, "a1", "anna@example.org", now=NOW)

    assert "anna" not in str(await store.read(select(table)))


async def test_old_mails_are_forgotten(store: Store) -> None:
    await mails.record(store, "a1", "anna@example.org", now=NOW)
    await mails.record(store, "a2", "anna@example.org", now=NOW + MINUTE)

    assert await mails.prune(store, before=NOW + MINUTE) == 1
    assert await mails.count(store, "anna@example.org", since=NOW - MINUTE) == 1
