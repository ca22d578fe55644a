"""Keep the contracts behind an address at hand."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog

from connector.contracts import contracts_of
from connector.errors import Misconfigured, Transient
from connector.model.contract import Contract

TIMEOUT = 20.0
KEPT = timedelta(hours=24)
"""How long the last good answer counts while there is no new one; a night's outage must not send anybody to Sales."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Answer:
    url: str
    contracts: tuple[Contract, ...]
    read_at: datetime
    tried_at: datetime


class Endpoint:
    """An address that answers with a JSON list of contracts."""

    def __init__(self, *, every: timedelta = timedelta(minutes=5), transport: httpx.AsyncBaseTransport | None = None):
        """Read nothing yet."""
        self._every = every
        self._transport = transport
        self._last: _Answer | None = None
        self._reading = asyncio.Lock()

    async def contracts(self, url: str, token: str, *, now: datetime) -> tuple[Contract, ...]:
        """Give the contracts, read again where they are older than they may be.

        Raises Transient where they cannot be read and none are known: without them everybody's contract would be
        unknown, or none.
        """
        async with self._reading:
            last = self._last if self._last is not None and self._last.url == url else None
            if last is not None and now - last.tried_at < self._every:
                return last.contracts
            try:
                found = await self._read(url, token)
                self._last = _Answer(url, found, now, now)
            except Transient as exc:
                if last is None or now - last.read_at > KEPT:
                    raise
                log.warning("contracts kept", url=url, read_at=last.read_at.isoformat(), error=str(exc))
                self._last = _Answer(url, last.contracts, last.read_at, now)
            return self._last.contracts

    async def _read(self, url: str, token: str) -> tuple[Contract, ...]:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, transport=self._transport) as client:
                answer = await client.get(url, headers=headers)
            if not answer.is_success:
                raise Transient(f"the contracts at {url} were answered with {answer.status_code}: is the token right?")
            return contracts_of(answer.json(), url)
        except httpx.HTTPError as exc:
            raise Transient(f"the contracts at {url} cannot be read: {str(exc) or type(exc).__name__}") from exc
        except (ValueError, Misconfigured) as exc:
            raise Transient(f"the contracts at {url} cannot be understood: {exc}") from exc
