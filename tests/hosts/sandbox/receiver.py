"""Receive webhooks on a loopback port, byte for byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Be one request as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def trigger(self) -> str:
        return self.headers["x-zammad-trigger"].encode("latin-1").decode()


@dataclass(kw_only=True)
class Receiver:
    """Collect deliveries; `answer` chooses the status by path, None hangs up; `hangs` makes it late."""

    url: str = ""
    got: list[Delivery] = field(default_factory=list)
    answer: Callable[[str], int | None] = lambda _path: 200
    hangs: Callable[[str], float] = lambda _path: 0.0

    def __post_init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._answer(reader, writer)
        except (asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
            writer.transport.abort()
        finally:
            writer.close()
            self._open.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        path = head[0].split(" ")[1]
        self.got.append(Delivery(path=path, headers=headers, raw=raw))
        await asyncio.sleep(self.hangs(path))
        status = self.answer(path)
        if status is not None:
            location = "location: /elsewhere\r\n" if status == 302 else ""
            writer.write(f"HTTP/1.1 {status} X\r\n{location}content-length: 2\r\nconnection: close\r\n\r\nok".encode())
            await writer.drain()

    async def close(self) -> None:
        """End what still hangs."""
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Listen until the block ends."""
    hook = Receiver()
    server = await asyncio.start_server(hook.take, "127.0.0.1", 0)
    hook.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield hook
    finally:
        server.close()
        await hook.close()
        await server.wait_closed()
