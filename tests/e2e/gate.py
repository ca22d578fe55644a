"""Stand between the daemon and the helpdesk, and let nothing through from a chosen step on."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Any]
Send = Callable[[MutableMapping[str, Any]], Any]
App = Callable[[Scope, Receive, Send], Any]


@dataclass(kw_only=True)
class Stop:
    """Hold the requests about a ticket: the `before`-th is not carried out, or the answer to the `after`-th is kept."""

    keys: frozenset[str]
    before: int = 0
    after: int = 0
    seen: list[str] = field(default_factory=list)
    held: bool = False


@dataclass(kw_only=True)
class Gate:
    """An ASGI application around the helpdesk's own, for the requests that carry the bot's token."""

    app: App
    token: str
    stops: list[Stop] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if self.token not in headers.get(b"authorization", b"").decode("latin-1"):
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        stop = self._stop_for(about(scope["method"], scope["path"], scope["query_string"].decode(), body))
        if stop is None:
            await self.app(scope, _again(body), send)
            return
        stop.seen.append(f"{scope['method']} {scope['path']}")
        if len(stop.seen) == stop.before:
            await self._hold(stop)
        answers: list[MutableMapping[str, Any]] = []
        keeps = len(stop.seen) == stop.after
        await self.app(scope, _again(body), _collecting(answers) if keeps else send)
        if keeps:
            await self._hold(stop)

    def _stop_for(self, keys: frozenset[str]) -> Stop | None:
        return next((stop for stop in self.stops if stop.keys & keys), None)

    async def _hold(self, stop: Stop) -> None:
        """Never come back; a killed client is not missed."""
        stop.held = True
        await asyncio.Event().wait()


def about(method: str, path: str, query: str, body: bytes) -> frozenset[str]:
    """Name the tickets and users that a request is about, as `ticket 7` and `user 12`."""
    found = re.search(r"/api/v1/(tickets|users|ticket_articles/by_ticket)/(\d+)", path)
    keys = {f"{'user' if found[1] == 'users' else 'ticket'} {found[2]}"} if found else set()
    asked = parse_qs(query)
    keys |= {f"ticket {value}" for name in ("o_id", "link_object_value") for value in asked.get(name, [])}
    content = json.loads(body) if body and method != "GET" else {}
    keys |= {f"ticket {content[name]}" for name in ("o_id", "link_object_target_value") if name in content}
    tied: Iterable[list[int]] = (content.get("links") or {}).get("Ticket", {}).values()
    return frozenset(keys | {f"ticket {other}" for others in tied for other in others})


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes) -> Receive:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _collecting(answers: list[MutableMapping[str, Any]]) -> Send:
    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    return send
