"""The asynchronous HTTP client that all hosts share: timeouts, retried reads, and status codes as our errors."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from connector.errors import Permanent, Transient

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
PAUSE = 0.2
"""Seconds to wait before a read is tried again, at most; then twice as long."""
OVERLOADED = {408, 425, 429, 500, 502, 503, 504}


@dataclass(slots=True)
class Cost:
    """What a piece of work cost the host."""

    requests: list[str] = field(default_factory=list)
    """Method and path, in the order in which they were answered."""
    seconds: float = 0.0
    """Time the host took, added up over requests that ran side by side."""


_meter: ContextVar[Cost | None] = ContextVar("meter", default=None)


@contextmanager
def metered() -> Iterator[Cost]:
    """Count what the requests inside cost the host."""
    cost = Cost()
    token = _meter.set(cost)
    try:
        yield cost
    finally:
        _meter.reset(token)


class Client:
    """Talk JSON with one host; reads are tried again for seconds, writes never are: the next look decides anew."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        host: str,
        parallel: int = 8,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare the client; `parallel` bounds the requests under way at once, for the host's sake."""
        self._host = host
        self._slots = asyncio.Semaphore(parallel)
        base, own = base_url.rstrip("/"), dict(headers)
        self._reader = self._writer = httpx.AsyncClient(
            base_url=base, headers=own, timeout=TIMEOUT, transport=transport or reading_transport()
        )
        if transport is None:
            self._writer = httpx.AsyncClient(base_url=base, headers=own, timeout=TIMEOUT, transport=writing_transport())

    async def read(self, path: str, *, method: str = "GET", json: Any = None) -> httpx.Response:
        """Send a request that changes nothing; tried three times within seconds before it is Transient."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(Transient),
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=PAUSE, max=10 * PAUSE),
            reraise=True,
        ):
            with attempt:
                return await self._send(self._reader, method, path, json)
        raise AssertionError("unreachable")

    async def write(self, method: str, path: str, json: Any) -> httpx.Response:
        """Send a request that changes something, once."""
        return await self._send(self._writer, method, path, json)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.aclose()
        await self._writer.aclose()

    async def _send(self, client: httpx.AsyncClient, method: str, path: str, json: Any) -> httpx.Response:
        async with self._slots:
            started = time.monotonic()
            try:
                response = await client.request(method, path, json=json)
            except httpx.HTTPError as exc:
                why = str(exc) or type(exc).__name__
                raise Transient(f"{self._host} did not answer {method} {path}: {why}; is it up and reachable?") from exc
            finally:
                cost = _meter.get()
                if cost is not None:
                    cost.requests.append(f"{method} {path}")
                    cost.seconds += time.monotonic() - started
        if response.status_code in OVERLOADED:
            raise Transient(f"{self._host} answered {response.status_code} to {method} {path}: {said(response)}")
        return response


def said(response: httpx.Response) -> str:
    """Give the host's own words on an error, shortened."""
    try:
        content = response.json()
        text = content.get("error_human") or content.get("error") if isinstance(content, dict) else content
    except ValueError:
        text = response.text
    return " ".join(str(text or response.reason_phrase).split())[:200]


def content_of(response: httpx.Response, *, host: str) -> Any:
    """Read JSON from a successful answer; raises Permanent for anything else."""
    where = f"{response.request.method} {response.request.url.path}"
    if not response.is_success:
        raise Permanent(f"{host} answered {response.status_code} to {where}: {said(response)}")
    try:
        return response.json()
    except ValueError as exc:
        raise Permanent(f"{host} answered {where} without JSON: is the URL that of the helpdesk itself?") from exc


class _Aiohttp(httpx.AsyncBaseTransport):
    """Let aiohttp carry requests under httpx's API; raises ImportError where it is not installed."""

    def __init__(self) -> None:
        from aiohttp import ClientError  # noqa: PLC0415 - an optional dependency
        from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415 - an optional dependency

        self._inner, self._error = AiohttpTransport(), ClientError

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`; what no HTTP is answered with, aiohttp tells by an error of its own."""
        try:
            return await self._inner.handle_async_request(request)
        except self._error as exc:
            raise httpx.RemoteProtocolError(str(exc)) from exc

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`."""
        await self._inner.aclose()


def reading_transport() -> httpx.AsyncBaseTransport:
    """Choose how reads travel: by aiohttp under httpx's API where it is installed, which is several times as fast."""
    try:
        return _Aiohttp()
    except ImportError:
        return writing_transport()


def writing_transport() -> httpx.AsyncBaseTransport:
    """Choose how writes travel: by what never sends one twice.

    aiohttp sends a PUT or DELETE once more, unasked, when a connection in use before is closed without an answer; a PUT
    that carries a mail was carried out by then, and the mail would leave twice.
    """
    return httpx.AsyncHTTPTransport()
