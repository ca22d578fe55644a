"""Intake: a delivery is proven, its wake-up is on disk, and only then is anything said."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.echo import Echoes
from connector.errors import Unverified
from connector.hosts.zammad.client import ZammadClient
from connector.hosts.zammad.webhook import Proof
from connector.hosts.zammad.zammad import Zammad
from connector.intake import Receipt, receive
from connector.store import Store, deliveries, open_store, overview, sqlite_url
from tests.wire import body_about, sign

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=2)
BODY = body_about(7)
VERSION = json.loads(BODY)["ticket"]["updated_at"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(sqlite_url(tmp_path / "looks.sqlite3")) as store:
        yield store


@pytest.fixture
async def host() -> AsyncIterator[Zammad]:
    host = Zammad(ZammadClient("http://127.0.0.1:9", SecretStr("t")), Proof(secrets=[SecretStr("s")]))
    yield host
    await host.aclose()


async def taken_in(
    store: Store,
    host: Zammad,
    body: bytes = BODY,
    *,
    now: datetime = NOW,
    delivery: str = "d1",
    secret: str = "s",
    echoes: Echoes | None = None,
) -> Receipt:
    headers = {"x-hub-signature": sign(body, secret), "x-zammad-delivery": delivery, "x-zammad-trigger": "new"}
    return await receive(headers, body, host, store, echoes or Echoes(), now=now, settle=SETTLE)


async def waiting(store: Store) -> list[tuple[str, datetime, int]]:
    return [(row.ticket, row.due_at, row.generation) for row in await overview.list_looks(store, now=NOW)]


async def test_a_proven_delivery_wakes_its_ticket_and_is_recorded_without_its_body(store: Store, host: Zammad) -> None:
    receipt = await taken_in(store, host)
    (delivery,) = await deliveries.list_deliveries(store)

    assert receipt == Receipt(outcome="woken", delivery="d1", ticket="7")
    assert await waiting(store) == [("7", NOW + SETTLE, 1)]
    assert (delivery.size, len(delivery.sha256), delivery.trigger) == (len(BODY), 64, "new")


async def test_a_burst_gathers_into_one_look_due_when_the_first_has_settled(store: Store, host: Zammad) -> None:
    for number in range(5):
        await taken_in(store, host, now=NOW + number * SETTLE / 10, delivery=f"d{number}")

    assert await waiting(store) == [("7", NOW + SETTLE, 5)]


async def test_an_unproven_delivery_leaves_no_trace(store: Store, host: Zammad) -> None:
    with pytest.raises(Unverified):
        await taken_in(store, host, secret="another")

    assert (await waiting(store), await deliveries.list_deliveries(store)) == ([], [])


async def test_the_echo_of_our_own_write_is_recorded_and_wakes_nobody(store: Store, host: Zammad) -> None:
    echoes = Echoes()
    echoes.leave("zammad", "7", VERSION)
    receipt = await taken_in(store, host, echoes=echoes)

    assert (receipt.outcome, await waiting(store)) == ("echo", [])
    assert [each.outcome for each in await deliveries.list_deliveries(store)] == ["echo"]


@pytest.mark.parametrize(
    ("ticket", "version"), [("8", VERSION), ("7", "2026-03-10T12:00:00.001Z")], ids=["of another", "changed since"]
)
async def test_what_only_resembles_our_echo_wakes(store: Store, host: Zammad, ticket: str, version: str) -> None:
    echoes = Echoes()
    echoes.leave("zammad", ticket, version)

    assert (await taken_in(store, host, echoes=echoes)).outcome == "woken"


def test_a_delivery_without_a_version_is_no_echo_and_the_oldest_are_forgotten() -> None:
    echoes = Echoes(most=2)
    for ticket in ("1", "2", "1", "3"):
        echoes.leave("zammad", ticket, "v")

    assert [echoes.knows("zammad", ticket, "v") for ticket in ("1", "2", "3")] == [True, False, True]
    assert not echoes.knows("zammad", "1", None)


async def test_a_body_that_cannot_be_read_is_recorded_and_wakes_nobody(store: Store, host: Zammad) -> None:
    receipt = await taken_in(store, host, b"{}")

    assert (receipt.outcome, receipt.ticket, await waiting(store)) == ("unreadable", None, [])
