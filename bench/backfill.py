"""Measure memory and time of `backfill companies` over many users: `python -m bench.backfill [users]`.

The helpdesk is the sandbox in a process of its own; its users are written as they are asked for, in the shape in which
the sandbox writes a user, so that a million of them need no memory there either. A tenth has no company, and of these
nine in ten have a public mail address. What is measured is the command's own process; the peak must not grow with the
number of users.
"""

import bisect
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connector.backfill import Cursor, Tally, Way, count, go
from connector.hosts.sandbox import BOT_TOKEN, Sandbox, seed
from connector.hosts.sandbox.world import stamp
from connector.hosts.zammad.admin import Admin
from connector.model.company import Company, Directory

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
COMPANY = "2"


class ManyUsers:
    """Answer searches for users by writing as many as are asked for; all else is the sandbox's."""

    def __init__(self, box: Sandbox, number: int) -> None:
        template = seed.add_customer(box.world, "template@freemail.example", "T", "T")
        self._row = {key: value for key, value in template.items() if not key.startswith("_")}
        self._app: ASGIApp = box.app
        self._times = range(number)
        self._number = number

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if scope["type"] == "http" and request.url.path == "/api/v1/users/search":
            answer: Any = self._search(json.loads(await request.body()))
        elif scope["type"] == "http" and request.method == "PUT" and request.url.path.startswith("/api/v1/users/"):
            answer = self._user(int(request.url.path.rpartition("/")[2]) - 1000) | {"organization_id": int(COMPANY)}
        else:
            await self._app(scope, receive, send)
            return
        await Response(json.dumps(answer), media_type="application/json")(scope, receive, send)

    def _search(self, asked: dict[str, Any]) -> Any:
        if asked.get("only_total_count"):
            return {"total_count": self._number}
        since = datetime.fromisoformat(asked["condition"]["user.updated_at"]["value"])
        first = bisect.bisect_left(self._times, max(0, int((since - BEGAN) / timedelta(seconds=1))))
        first += (asked["page"] - 1) * asked["per_page"]
        return [self._user(number) for number in range(first, min(first + asked["per_page"], self._number))]

    def _user(self, number: int) -> dict[str, Any]:
        kind = number % 100
        domain = "brandt.example" if kind == 0 else "freemail.example" if kind < 10 else "cordis.example"
        address = f"user{number}@{domain}"
        company = 3 if kind >= 10 else None
        at = stamp(BEGAN + timedelta(seconds=number))
        return self._row | {
            "id": number + 1000,
            "login": address,
            "email": address,
            "organization_id": company,
            "updated_at": at,
        }


def serve(port: int, number: int) -> None:
    """Be the helpdesk."""
    box = Sandbox(clock=lambda: BEGAN, pace=0.001)
    box.seed_demo()
    uvicorn.run(ManyUsers(box, number), host="127.0.0.1", port=port, log_level="error", lifespan="off")


def run(port: int, *, writes: bool) -> tuple[float, Tally]:
    """Go through all users once; give seconds and what was found."""
    company = Company(id=COMPANY, name="Baeckerei Brandt", domains=("brandt.example",))
    directory = Directory.of([company], public=frozenset({"freemail.example"}))
    with Admin(f"http://127.0.0.1:{port}", SecretStr(BOT_TOKEN)) as admin:
        while not admin.is_up():
            time.sleep(0.1)
        count(admin, "users")
        tally, started = Tally(), time.monotonic()
        go(Way(admin=admin, directory=directory, writes=writes), Cursor(), tally)
        return time.monotonic() - started, tally


def measure(number: int, *, writes: bool) -> dict[str, Any]:
    """Measure one size; the peak of memory is this process's own, so each size has a process of its own."""
    port = 20_000 + os.getpid() % 20_000
    helpdesk = multiprocessing.get_context("spawn").Process(target=serve, args=(port, number), daemon=True)
    helpdesk.start()
    try:
        seconds, tally = run(port, writes=writes)
    finally:
        helpdesk.terminate()
        helpdesk.join()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "users": tally.seen,
        "attach": tally.users,
        "writes": writes,
        "seconds": round(seconds, 1),
        "users per second": round(tally.seen / seconds),
        "peak MB": round(peak, 1),
    }


def main(argv: list[str]) -> None:
    """Measure a hundredth and the whole, each in a process of its own, then a hundredth with writes."""
    number = int(argv[1]) if len(argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as place:
        for size, writes in ((number // 100, False), (number, False), (number // 100, True)):
            out = Path(place) / "out"
            context = multiprocessing.get_context("spawn")
            process = context.Process(target=_measure_into, args=(size, writes, str(out)))
            process.start()
            process.join()
            print(out.read_text("utf-8"), flush=True)


def _measure_into(number: int, writes: bool, out: str) -> None:
    Path(out).write_text(json.dumps(measure(number, writes=writes)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv)
