"""Say whether the daemon lives, whether it can work, and how much it has to do."""

import hmac
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import SecretStr

from connector.errors import HelpdeskPolicyError
from connector.metrics import Metrics
from connector.store.overview import Counts


def routes(counts: Callable[[], Awaitable[Counts]], *, metrics: Metrics, bearer: SecretStr | None) -> APIRouter:
    """Make the routes; `bearer`, if set, must come with a request for the metrics."""
    router = APIRouter()

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/health/ready")
    async def ready() -> JSONResponse:
        """Depend on the own database only: a host that is down must not stop the intake, just when it is needed."""
        try:
            now = await counts()
        except HelpdeskPolicyError:
            return JSONResponse({"status": "the database is away"}, status_code=503)
        return JSONResponse(
            {
                "status": "ready",
                "waiting": now.waiting,
                "parked": now.parked,
                "oldest_due_seconds": round(now.oldest_due.total_seconds(), 1),
            }
        )

    @router.get("/metrics")
    async def numbers(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if bearer is not None and not hmac.compare_digest(given, f"Bearer {bearer.get_secret_value()}".encode()):
            return JSONResponse({"error": "unverified"}, status_code=401)
        try:
            now = await counts()
        except HelpdeskPolicyError:
            now = None
        return Response(metrics.exposition(now), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
