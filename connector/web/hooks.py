"""Answer the deliveries of the hosts.

202 once the wake-up is on disk, 401 for what cannot be proven, 408 for what does not come to its end, 413 for what is
too large, 503 while the database is away, so that the host tries again. The answer is short and fixed: a host may act
on what it is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from connector.errors import HelpdeskPolicyError, Unverified
from connector.intake import Receipt
from connector.metrics import Metrics

READ = 30.0
"""Seconds that a delivery has to come in; Zammad itself gives up after 60."""

log = structlog.get_logger()


class _TooLarge(Exception):
    pass


def routes(
    receivers: Mapping[str, Callable[[Mapping[str, str], bytes], Awaitable[Receipt]]],
    *,
    metrics: Metrics,
    body_limit: int,
) -> APIRouter:
    """Make the hooks, one address a host."""
    router = APIRouter()

    @router.post("/hooks/{host}")
    async def hook(host: str, request: Request) -> JSONResponse:
        receive = receivers.get(host)
        if receive is None:
            return _answer(404, error=f"no host of this name is set up; set up: {', '.join(receivers) or 'none'}")
        try:
            async with asyncio.timeout(READ):
                body = await _body(request, body_limit)
        except _TooLarge:
            return _hang_up(_refuse(metrics, host, "too_large", 413, f"a delivery may have {body_limit} bytes"))
        except (TimeoutError, ClientDisconnect):
            why = f"the body did not come to its end within {READ:.0f} s"
            return _hang_up(_refuse(metrics, host, "unfinished", 408, why))
        try:
            receipt = await receive(_headers(request), body)
        except Unverified as exc:
            return _refuse(metrics, host, "unverified", 401, str(exc))
        except HelpdeskPolicyError as exc:  # the database is away, or broken until a person mends it
            return _refuse(metrics, host, "unavailable", 503, str(exc))
        metrics.deliveries.labels(host, receipt.outcome).inc()
        log.info("delivery", host=host, outcome=receipt.outcome, ticket=receipt.ticket, delivery=receipt.delivery)
        return _answer(202, outcome=receipt.outcome)

    return router


def _refuse(metrics: Metrics, host: str, outcome: str, status: int, why: str) -> JSONResponse:
    metrics.deliveries.labels(host, outcome).inc()
    log.warning("delivery_refused", host=host, outcome=outcome, status=status, why=why)
    return _answer(status, error=outcome)


def _hang_up(answer: JSONResponse) -> JSONResponse:
    """Read no more of a body that was not read to its end."""
    answer.headers["connection"] = "close"
    return answer


def _answer(status: int, **content: str) -> JSONResponse:
    return JSONResponse(content, status_code=status)


def _headers(request: Request) -> dict[str, str]:
    """Give the headers by lower-case name; of one that came twice the first, so that nothing can be slipped behind."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), value)
    return headers


async def _body(request: Request, limit: int) -> bytes:
    """Read the body as it comes, and no more of it than may be."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _TooLarge
    return bytes(body)
