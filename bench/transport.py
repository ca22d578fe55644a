"""Compare the transports under httpx's API: read-and-write pairs a second, against a server in another process.

    python -m bench.transport [PAIRS]

What counts is the ratio. Writes stay with httpx's own transport in the product whatever this says: see
`connector.hosts.http.writing_transport`.
"""

import asyncio
import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import httpx
from httpx_aiohttp import AiohttpTransport

PAIRS = 1500
SIDE_BY_SIDE = 8
ROUNDS = 3
TICKET = json.dumps({"id": 1, "title": "Printer", "assets": {str(number): "x" * 100 for number in range(150)}}).encode()
"""As large as a ticket with its customer and company: 18 kB."""

Transport = Callable[[], httpx.AsyncBaseTransport]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request on a connection with the same ticket."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(TICKET)
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            lines = (line.partition(b":") for line in request.lower().split(b"\r\n"))
            length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
            await reader.readexactly(length)
            writer.write(head + TICKET)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def serve(ready: Connection) -> None:
    """Be the helpdesk, in a process of its own."""

    async def listen() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listen())


async def pairs_a_second(url: str, reading: Transport, writing: Transport, pairs: int) -> float:
    """Read a ticket and write it, some side by side, each over the transport it is given."""
    async with (
        httpx.AsyncClient(base_url=url, transport=reading()) as reader,
        httpx.AsyncClient(base_url=url, transport=writing()) as writer,
    ):

        async def work(count: int) -> None:
            for _ in range(count):
                (await reader.get("/api/v1/tickets/1?full=true")).json()
                (await writer.put("/api/v1/tickets/1", json={"title": "Printer"})).json()

        await work(SIDE_BY_SIDE)
        begun = time.perf_counter()
        await asyncio.gather(*(work(pairs // SIDE_BY_SIDE) for _ in range(SIDE_BY_SIDE)))
        return pairs // SIDE_BY_SIDE * SIDE_BY_SIDE / (time.perf_counter() - begun)


async def compare(url: str, pairs: int) -> None:
    """Print a line for each way, best of some rounds taken in turn."""
    own, aiohttp = httpx.AsyncHTTPTransport, AiohttpTransport
    ways: dict[str, tuple[Transport, Transport]] = {
        "httpx": (own, own),
        "aiohttp for reads, httpx for writes": (aiohttp, own),
        "aiohttp": (aiohttp, aiohttp),
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for name, (reading, writing) in ways.items():
            best[name] = max(best[name], await pairs_a_second(url, reading, writing, pairs))
    print(f"{'transport':<38} {'pairs/s':>8}   ratio")
    for name, speed in best.items():
        print(f"{name:<38} {speed:>8.0f}   {speed / best['httpx']:.2f}")


def main(pairs: int) -> None:
    """Start the server, measure, end it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        asyncio.run(compare(f"http://127.0.0.1:{ours.recv()}", pairs))
    finally:
        server.kill()
        server.join()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
