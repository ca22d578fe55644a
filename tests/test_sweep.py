"""The sweep: it finds what no webhook told of, once, and leaves no stretch of time out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.hosts.host import Touched
from connector.store import looks
from connector.sweep import OVERLAP, Swept, sweep
from tests.stand import Stand, stand

MORNING = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
EVERY = timedelta(minutes=5)
FIRST = timedelta(hours=24)


class Clock:
    """The helpdesk's time: moves a millisecond with each question, and further when told."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING - timedelta(days=2))


@pytest.fixture
async def made(tmp_path: Path, clock: Clock) -> AsyncIterator[Stand]:
    """Give a helpdesk with tickets 1, 2 (two days old) and 3 (of this morning), and a house that does not run."""
    async with stand(tmp_path, run=False, clock=clock) as made:
        made.mail("Marc <marc@dubois.example>")
        clock.at = MORNING
        made.mail("Otto <otto@alpenglas.example>")
        yield made


async def swept(
    made: Stand,
    now: datetime,
    *,
    holder: str = "me",
    since: datetime | None = None,
    seen: frozenset[Touched] = frozenset(),
) -> Swept | None:
    return await sweep(
        made.host, made.house.store, now=now, holder=holder, every=EVERY, first=FIRST, since=since, seen=seen
    )


async def woken(made: Stand) -> set[str]:
    """Give the tickets that wait, and forget them."""
    rows = await made.looks()
    for look in await looks.claim(
        made.house.store, "test", now=MORNING + timedelta(days=9), lease=EVERY, limit=len(rows) or 1
    ):
        await looks.done(made.house.store, look)
    return {row.ticket for row in rows}


async def test_the_first_sweep_reaches_back_as_far_as_it_is_told(made: Stand) -> None:
    found = await swept(made, MORNING + timedelta(hours=1))

    assert found is not None
    assert (found.since, found.changed) == (MORNING - timedelta(hours=23), 1)
    assert await woken(made) == {"3"}


async def test_a_later_sweep_starts_a_little_before_the_last_change_seen(made: Stand, clock: Clock) -> None:
    first = await swept(made, MORNING + timedelta(minutes=1))
    assert first is not None
    clock.at = MORNING + timedelta(hours=3)
    received = made.mail("Ewan <office@esker.example>")
    again = await swept(made, MORNING + timedelta(hours=4))

    assert again is not None
    assert again.since == first.until - OVERLAP
    assert await woken(made) == {"3", str(received.ticket_id)}


async def test_what_was_committed_late_but_just_before_the_watermark_is_found(made: Stand, clock: Clock) -> None:
    clock.at = MORNING + timedelta(hours=2)
    late = made.mail("Ewan <office@esker.example>")
    clock.at = MORNING + timedelta(hours=2, seconds=90)
    made.mail("Lea <empfang@cordis.example>")
    await made.box.settle()
    hidden = made.box.world.tables["ticket"].pop(late.ticket_id)
    await swept(made, MORNING + timedelta(hours=2, minutes=2))
    await woken(made)
    made.box.world.tables["ticket"][late.ticket_id] = hidden
    await swept(made, MORNING + timedelta(hours=2, minutes=8))

    assert str(late.ticket_id) in await woken(made)


CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a tag": ("POST", "tags/add", {"object": "Ticket", "o_id": 2, "item": "policy:skip"}),
    "a link": (
        "POST",
        "links/add",
        {
            "link_type": "normal",
            "link_object_target": "Ticket",
            "link_object_target_value": 2,
            "link_object_source": "Ticket",
            "link_object_source_number": "",
        },
    ),
    "an article made internal": ("PUT", "ticket_articles/", {"internal": True}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_no_webhook_ever_tells_of_is_found(made: Stand, clock: Clock, change: str) -> None:
    await swept(made, MORNING + timedelta(minutes=1))
    await woken(made)
    clock.at = MORNING + timedelta(hours=3)
    method, path, content = CHANGES[change]
    if change == "a link":
        content = content | {"link_object_source_number": (await made.ticket(3))["number"]}
    if path == "ticket_articles/":
        path += str((await made.articles(2))[0]["id"])
    await made.ask(path, method=method, json=content, by=made.anna)
    await swept(made, MORNING + timedelta(hours=4))

    assert "2" in await woken(made)


async def test_a_change_that_the_sweep_before_saw_wakes_nobody_again_and_the_next_change_does(
    made: Stand, clock: Clock
) -> None:
    first = await swept(made, MORNING + timedelta(minutes=1))
    assert first is not None
    at_first = await woken(made)
    second = await swept(made, MORNING + timedelta(minutes=6), seen=first.seen)
    assert second is not None
    at_second = await woken(made)
    clock.at = MORNING + timedelta(minutes=8)
    tag = {"object": "Ticket", "o_id": 3, "item": "policy:skip"}
    await made.ask("tags/add", method="POST", json=tag, by=made.anna)
    await swept(made, MORNING + timedelta(minutes=12), seen=second.seen)

    assert (at_first, at_second, await woken(made)) == ({"3"}, set(), {"3"})


async def test_only_one_of_two_daemons_sweeps_and_the_other_when_its_turn_has_come(made: Stand) -> None:
    results = [
        await swept(made, MORNING, holder="one"),
        await swept(made, MORNING + timedelta(minutes=1), holder="two"),
        await swept(made, MORNING + EVERY, holder="two"),
        await swept(made, MORNING + EVERY, holder="one"),
    ]

    assert [result is not None for result in results] == [True, False, True, False]


async def test_a_person_sweeps_whenever_he_wants(made: Stand) -> None:
    await swept(made, MORNING, holder="one")
    found = await swept(made, MORNING, holder="two", since=MORNING - timedelta(days=3))

    assert found is not None
    assert await woken(made) == {"1", "2", "3"}


async def test_a_short_sweep_by_hand_leaves_no_stretch_of_time_unswept(made: Stand, clock: Clock) -> None:
    await swept(made, MORNING + timedelta(minutes=1))
    clock.at = MORNING + timedelta(hours=1)
    forgotten = made.mail("Ewan <office@esker.example>")
    clock.at = MORNING + timedelta(hours=5)
    made.mail("Lea <empfang@cordis.example>")
    await swept(made, MORNING + timedelta(hours=5), since=MORNING + timedelta(hours=4))
    before = await woken(made)
    await swept(made, MORNING + timedelta(hours=5))

    assert str(forgotten.ticket_id) not in before
    assert str(forgotten.ticket_id) in await woken(made)


async def test_a_sweep_that_breaks_off_starts_where_the_last_whole_one_ended(made: Stand, clock: Clock) -> None:
    first = await swept(made, MORNING + timedelta(minutes=1))
    assert first is not None
    clock.at = MORNING + timedelta(hours=1)
    received = made.mail("Ewan <office@esker.example>")
    made.box.fault("status", path="/tickets/search", times=3, status=502)
    with pytest.raises(Exception, match="502"):
        await swept(made, MORNING + timedelta(hours=1))
    again = await swept(made, MORNING + timedelta(hours=1, minutes=10))

    assert again is not None
    assert again.since == first.until - OVERLAP
    assert str(received.ticket_id) in await woken(made)


@pytest.fixture
async def may_read_the_log(tmp_path: Path, clock: Clock) -> AsyncIterator[Stand]:
    """Give a house whose token may read the host's delivery log, and a webhook that nobody answers."""
    async with stand(tmp_path, run=False, clock=clock, zammad={"token": "sandbox-admin"}) as made:
        await made.hook("http://127.0.0.1:9")
        clock.at = MORNING
        yield made


async def test_deliveries_that_the_helpdesk_gave_up_are_found_in_its_own_log_and_counted_once(
    may_read_the_log: Stand,
) -> None:
    made = may_read_the_log
    received = made.mail("Ewan <office@esker.example>")
    await made.box.settle()
    rows = await made.ask("http_logs/webhook")
    results = [
        await swept(made, MORNING + timedelta(days=30) + number * EVERY, since=MORNING + timedelta(days=29))
        for number in range(2)
    ]

    assert len(rows) == 5  # tries of one delivery
    assert [result and result.lost for result in results] == [1, 0]
    assert await woken(made) == {str(received.ticket_id)}


async def test_a_delivery_that_came_through_in_the_end_is_not_lost(may_read_the_log: Stand) -> None:
    made = may_read_the_log
    made.mail("Ewan <office@esker.example>")
    await made.box.settle()
    made.box.world.tables["http_log"][max(made.box.world.tables["http_log"])]["status"] = "202"
    found = await swept(made, MORNING + timedelta(days=30), since=MORNING + timedelta(days=29))

    assert found is not None
    assert found.lost == 0


async def test_a_log_that_the_token_may_not_read_is_no_reason_to_fail(made: Stand) -> None:
    found = await swept(made, MORNING)

    assert found is not None
    assert found.lost is None
