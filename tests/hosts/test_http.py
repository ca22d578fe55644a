"""What a host answers becomes an error of the right family, and no write is ever sent twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from connector.errors import Permanent, Transient
from connector.hosts.http import OVERLOADED, Client, content_of, metered, said


@dataclass
class Server:
    """Answer over real TCP with what is in `answers`, the last again and again; an empty one hangs up."""

    answers: list[bytes] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    url: str = ""
    under_way: int = 0
    most_at_once: int = 0
    pause: float = 0.0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = next((int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)
        await reader.readexactly(length)
        self.got.append(head.partition(" HTTP")[0])
        self.under_way += 1
        self.most_at_once = max(self.under_way, self.most_at_once)
        await asyncio.sleep(self.pause)
        self.under_way -= 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise ConnectionResetError
        writer.write(answer)
        await writer.drain()
        if b"connection: close" in answer:
            raise ConnectionResetError


def reply(status: int = 200, body: bytes = b"{}") -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
        status,
        len(body),
        body,
    )


@asynccontextmanager
async def talking(*answers: bytes, parallel: int = 8) -> AsyncIterator[tuple[Client, Server]]:
    server = Server(answers=list(answers))
    listening = await asyncio.start_server(server.take, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    client = Client(server.url, {"Authorization": "Token token=t0p"}, host="Helpdesk", parallel=parallel)
    try:
        yield client, server
    finally:
        await client.aclose()
        listening.close()
        await listening.wait_closed()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the pauses between two tries of a read."""
    monkeypatch.setattr("connector.hosts.http.PAUSE", 0.001)


@pytest.mark.parametrize("status", sorted(OVERLOADED))
async def test_a_read_of_an_overloaded_host_is_tried_three_times_and_then_heals_by_waiting(status: int) -> None:
    async with talking(reply(status, b'{"error":"busy"}')) as (client, server):
        with pytest.raises(Transient, match=f"Helpdesk answered {status} to GET /x: busy"):
            await client.read("/x")

    assert server.got == ["GET /x"] * 3


async def test_a_read_that_succeeds_at_last_succeeds() -> None:
    async with talking(reply(503), b"", reply(200, b'{"a":1}')) as (client, server):
        answer = await client.read("/x")

    assert (answer.json(), len(server.got)) == ({"a": 1}, 3)


async def test_a_search_is_a_read_although_it_is_a_post() -> None:
    async with talking(reply(503), reply()) as (client, server):
        await client.read("/search", method="POST", json={"query": "x"})

    assert server.got == ["POST /search"] * 2


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("answer", [b"", reply(500), reply(503), reply(429)])
async def test_a_write_is_sent_once_whatever_becomes_of_it(method: str, answer: bytes) -> None:
    async with talking(answer) as (client, server):
        with pytest.raises(Transient):
            await client.write(method, "/x", {"a": 1})

    assert server.got == [f"{method} /x"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_is_sent_once_also_where_the_connection_was_in_use_before(method: str) -> None:
    async with talking(reply(), reply(), b"") as (client, server):
        await client.read("/warm")
        await client.write(method, "/warm", {})
        with pytest.raises(Transient):
            await client.write(method, "/x", {"a": 1})

    assert server.got == ["GET /warm", f"{method} /warm", f"{method} /x"]


async def test_a_host_that_is_down_heals_by_waiting_and_the_error_asks_whether_it_is_up() -> None:
    async with talking(reply()) as (client, server):
        url = server.url
    client = Client(url, {}, host="Helpdesk")
    try:
        with pytest.raises(Transient, match=r"Helpdesk did not answer PUT /x: .+; is it up and reachable\?"):
            await client.write("PUT", "/x", {})
    finally:
        await client.aclose()


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 banana\r\n\r\n", b"\x00\xff\r\n\r\n"])
async def test_a_server_that_speaks_no_http_heals_by_waiting(garbage: bytes) -> None:
    async with talking(garbage) as (client, _):
        with pytest.raises(Transient):
            await client.read("/x")


async def test_a_body_cut_short_heals_by_waiting() -> None:
    async with talking(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{") as (client, _):
        with pytest.raises(Transient):
            await client.read("/x")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 302])
async def test_a_refusal_is_for_a_person_and_says_what_the_host_said(status: int) -> None:
    async with talking(reply(status, b'{"error":"E","error_human":"no such group"}')) as (client, server):
        with pytest.raises(Permanent, match=f"Helpdesk answered {status} to GET /x: no such group"):
            content_of(await client.read("/x"), host="Helpdesk")

    assert len(server.got) == 1


async def test_a_page_in_place_of_json_asks_whether_the_url_is_right() -> None:
    async with talking(reply(200, b"<!DOCTYPE html>")) as (client, _):
        with pytest.raises(Permanent, match="is the URL that of the helpdesk itself"):
            content_of(await client.read("/x"), host="Helpdesk")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":"plain","error_human":"for people"}', "for people"),
        (b'{"error":"plain"}', "plain"),
        (b'{"error":null}', "X"),
        (b"[1]", "[1]"),
        (b"<p>\n  no   page </p>", "<p> no page </p>"),
        (b"", "X"),
        (b'{"error":"' + b"a" * 5000 + b'"}', "a" * 200),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
async def test_the_hosts_own_words_are_given_in_one_short_line(body: bytes, words: str) -> None:
    response = httpx.Response(422, content=body, extensions={"reason_phrase": b"X"})

    assert said(response) == words


async def test_no_secret_is_in_an_error() -> None:
    async with talking(reply(500, b"{}")) as (client, _):
        with pytest.raises(Transient) as raised:
            await client.write("PUT", "/x", {"password": "hunter2"})

    assert "t0p" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


async def test_no_more_requests_are_under_way_at_once_than_the_host_is_to_bear() -> None:
    async with talking(reply(), parallel=2) as (client, server):
        server.pause = 0.01
        await asyncio.gather(*(client.read(f"/{nth}") for nth in range(8)))

    assert server.most_at_once == 2


async def test_what_a_piece_of_work_cost_is_counted_side_by_side_too() -> None:
    async with talking(reply()) as (client, server):
        server.pause = 0.01
        with metered() as cost:
            await asyncio.gather(client.read("/a"), client.read("/b"))
            await client.write("PUT", "/c", {})
        await client.read("/not counted")

    assert sorted(cost.requests) == ["GET /a", "GET /b", "PUT /c"]
    assert cost.seconds >= 0.03
