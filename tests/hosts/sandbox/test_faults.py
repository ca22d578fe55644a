"""What a sandbox does when it is told to misbehave."""

from __future__ import annotations

import httpx
import pytest

from tests.hosts.sandbox.conftest import Desk


async def test_a_connection_closed_after_the_write_keeps_the_write(desk: Desk) -> None:
    ticket = await desk.ticket()
    desk.box.fault("close_after", method="PUT", path=r"/tickets/\d+")

    with pytest.raises(httpx.RemoteProtocolError):
        await desk.bot.put(f"tickets/{ticket['id']}", json={"title": "written"})

    assert (await desk.bot.get(f"tickets/{ticket['id']}")).json()["title"] == "written"


async def test_a_connection_closed_before_the_write_leaves_no_trace(desk: Desk) -> None:
    ticket = await desk.ticket()
    desk.box.fault("close_before", method="PUT")

    with pytest.raises(httpx.RemoteProtocolError):
        await desk.bot.put(f"tickets/{ticket['id']}", json={"title": "lost"})

    assert (await desk.bot.get(f"tickets/{ticket['id']}")).json()["title"] == "Help"


async def test_a_status_fault_is_used_up(desk: Desk) -> None:
    desk.box.fault("status", path="/users/me", status=502, times=2)

    answers = [(await desk.bot.get("users/me")).status_code for _ in range(3)]

    assert answers == [502, 502, 200]


async def test_a_hanging_request_is_answered_late(desk: Desk) -> None:
    desk.box.fault("hang", path="/users/me", seconds=0.2)

    with pytest.raises(httpx.ReadTimeout):
        await desk.bot.get("users/me", timeout=0.05)


async def test_requests_are_counted_by_endpoint(desk: Desk) -> None:
    ticket = await desk.ticket()
    desk.box.requests.clear()

    await desk.bot.get(f"tickets/{ticket['id']}")
    await desk.bot.get(f"ticket_articles/by_ticket/{ticket['id']}")

    assert dict(desk.box.requests.by_endpoint()) == {
        ("GET", "/api/v1/tickets/N"): 1,
        ("GET", "/api/v1/ticket_articles/by_ticket/N"): 1,
    }


async def test_the_back_doors_are_closed_unless_opened(desk: Desk) -> None:
    desk.box.back_doors = False

    async with httpx.AsyncClient(trust_env=False) as client:
        answers = [
            (await client.post(f"{desk.url}/sandbox/mail", content=b"Subject: x\r\n\r\nx")).status_code,
            (await client.get(f"{desk.url}/sandbox/outbox")).status_code,
        ]

    assert answers == [404, 404]
