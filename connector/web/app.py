"""Put the routes of the daemon together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from pydantic import SecretStr

from connector.intake import Receipt
from connector.metrics import Metrics
from connector.store.overview import Counts
from connector.web import health, hooks

Receive = Callable[[Mapping[str, str], bytes], Awaitable[Receipt]]


@dataclass(frozen=True, kw_only=True)
class Door:
    """What the routes call; built in `wiring`."""

    receivers: Mapping[str, Receive]
    """By the host's name, as it stands in the hook's address."""
    counts: Callable[[], Awaitable[Counts]]
    """Ask the table; raises Transient where the database is away."""
    metrics: Metrics
    metrics_bearer: SecretStr | None
    body_limit: int


def make_app(door: Door) -> FastAPI:
    """Make the web application; it has no pages of documentation, for it serves machines."""
    app = FastAPI(title="helpdesk-policy", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(hooks.routes(door.receivers, metrics=door.metrics, body_limit=door.body_limit))
    app.include_router(health.routes(door.counts, metrics=door.metrics, bearer=door.metrics_bearer))
    return app
