"""Run a sandbox as a real HTTP server on the loopback address."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from connector.hosts.sandbox import Sandbox


def _protocol(box: Sandbox) -> type[asyncio.Protocol]:
    class Remembering(H11Protocol):
        """Remember each client's connection, so that a fault can cut it."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
            super().connection_made(transport)
            peer = transport.get_extra_info("peername")
            if peer:
                box.connections[(peer[0], peer[1])] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client:
                box.connections.pop((self.client[0], self.client[1]), None)
            super().connection_lost(exc)

    return Remembering


@asynccontextmanager
async def serve(box: Sandbox, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve until the block ends, inside the running loop; gives the base URL. Port 0 takes a free one.

    Uvicorn is started and ended by hand: its own main loop owns the process's signals, and takes 0.2 s to leave.
    """
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    config = uvicorn.Config(
        box.app, http=_protocol(box), log_level="error", lifespan="off", access_log=False, ws="none"
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listening])
    await box.start()
    try:
        address = listening.getsockname()
        yield f"http://{address[0]}:{address[1]}"
    finally:
        await box.stop()
        for listener in server.servers:
            listener.close()
        for transport in list(box.connections.values()):
            transport.abort()
        for task in list(server.server_state.tasks):
            task.cancel()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets the aborted connections close
        listening.close()
