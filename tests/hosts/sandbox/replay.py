"""Do to the sandbox what was done to the real Zammad, in the same order, and compare what comes back.

The recordings do not hold everything that was done: what happened in between is in `between.py`, what caused deliveries
in `causes.py`. Before each request the clock and the counters of ids are set to the recorded ones, so that later
requests meet the rows that they name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import HeaderParser
from typing import Any

import httpx

from connector.hosts.sandbox import Sandbox
from tests.hosts.sandbox import between, causes
from tests.hosts.sandbox.receiver import Delivery, Receiver
from tests.hosts.sandbox.recordings import exchanges, order
from tests.hosts.sandbox.shape import differences
from tests.hosts.sandbox.values import agreement

HOOKS, DEAD = "127.0.0.1:9471", "127.0.0.1:9472"  # where the recorder listened, and where nobody did
NOBODY = "127.0.0.1:1"
TABLES = {
    "tickets": "ticket", "ticket_articles": "article", "users": "user", "organizations": "organization",
    "groups": "group", "ticket_states": "state", "ticket_priorities": "priority", "calendars": "calendar",
    "slas": "sla", "macros": "macro", "overviews": "overview", "signatures": "signature", "roles": "role",
    "links/add": "link", "webhooks": "webhook", "triggers": "trigger", "checklists": "checklist",
    "checklist_items": "checklist_item", "object_manager_attributes": "object_attribute",
}  # fmt: skip


@dataclass(kw_only=True)
class Replay:
    """Keep one sandbox, the clients of its people, and what was found out."""

    box: Sandbox
    url: str
    client: httpx.AsyncClient
    hook: Receiver
    time: list[datetime]
    found: dict[str, list[str]] = field(default_factory=dict)
    caught: dict[str, list[Delivery]] = field(default_factory=dict)
    equal: int = 0
    values: int = 0

    def now(self, text: str) -> None:
        """Set the clock."""
        self.time[0] = datetime.fromisoformat(text.replace("Z", "+00:00"))

    async def run(self) -> None:
        """Go through all recordings."""
        for time, name in order():
            self.now(time)
            await between.before(self, name)
            if name in self.found:
                continue
            if "deliveries" in exchanges()[name]:
                await self.cause(name)
            else:
                await self.exchange(name)
                await self.collect(name)

    # requests

    async def send(self, who: str | None, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request of our own, for what was not recorded."""
        headers = {"Authorization": f"Token token={who}"} if who else {}
        return await self.client.request(method, f"{self.url}/api/v1/{path}", json=body, headers=headers)

    async def exchange(self, name: str) -> Any:
        """Send a recorded request and compare its answer."""
        entry = exchanges()[name]
        request, theirs = entry["request"], entry["response"]
        self._set_ids(request, theirs["body"])
        answer = await self.client.request(
            request["method"],
            self.url + self._local(request["path"]).replace("<monitoring token>", "sandbox-monitoring"),
            content=self._content(request["body"]),
            headers=await self._headers(name, request),
        )
        self.found[name] = self._compare(answer, theirs)
        return answer

    def _local(self, text: str) -> str:
        return text.replace(HOOKS, self.hook.url.removeprefix("http://")).replace(DEAD, NOBODY)

    def _content(self, body: Any) -> str | None:
        if body is None:
            return None
        return self._local(body if isinstance(body, str) else json.dumps(body))

    async def _headers(self, name: str, request: Any) -> dict[str, str]:
        headers = {key: value for key, value in request["headers"].items() if key != "Authorization"}
        redacted = request["headers"].get("Authorization")
        if redacted:
            token = "bot" if name == "01-users-me-bearer-scheme" else request["as"]
            headers["Authorization"] = f"Bearer {token}" if "bearer" in name else f"Token token={token}"
        if "If-None-Match" in headers:
            headers["If-None-Match"] = (await self.client.get(self.url + request["path"], headers=headers)).headers[
                "etag"
            ]
        return headers

    def _set_ids(self, request: Any, body: Any) -> None:
        """Let what is made now get the id that it had then."""
        path = request["path"].split("?")[0].removeprefix("/api/v1/")
        if request["method"] != "POST" or not isinstance(body, dict) or not body.get("id"):
            return
        counters = self.box.world.next_id
        if path in TABLES:
            counters[TABLES[path]] = body["id"]
        if path == "tickets":
            self.box.world.next_number = int(body["number"])
            counters["article"] = min(body["article_ids"], default=counters["article"])
            if self.box.world.get("user", body["customer_id"]) is None:
                counters["user"] = body["customer_id"]
        for file in body.get("attachments", ()):
            counters["file"] = counters["store"] = file["id"]

    def _compare(self, answer: httpx.Response, theirs: Any) -> list[str]:
        if answer.status_code != theirs["status"]:
            return [f"status {answer.status_code} instead of {theirs['status']}: {answer.text[:200]}"]
        if isinstance(theirs["body"], str):
            return [] if bool(answer.text) == bool(theirs["body"]) else [f"body {answer.text[:80]!r}"]
        equal, every = agreement(answer.json(), theirs["body"])
        self.equal, self.values = self.equal + equal, self.values + every
        return differences(answer.json(), theirs["body"])

    # deliveries

    async def collect(self, name: str) -> list[Delivery]:
        """Wait for all jobs and take what arrived."""
        await self.box.settle(within=20)
        self.caught[name], self.hook.got = self.hook.got, []
        return self.caught[name]

    async def cause(self, name: str) -> None:
        """Do what caused recorded deliveries and compare what arrives."""
        sent = len(self.box.outbox)
        mine = await causes.cause(self, name)
        if mine is not None:
            entry = exchanges()[name]
            mails = compare_mails(self.box.outbox[sent:], entry.get("mails_sent") or [])
            self.found[name] = compare_deliveries(mine, entry["deliveries"]) + mails


def compare_deliveries(mine: list[Delivery], theirs: list[Any]) -> list[str]:
    """Compare the names of the triggers in their order, and each payload's shape."""
    theirs = [one for one in theirs if not one["path"].startswith("/slow")]
    mine = [one for one in mine if not one.path.startswith("/slow")]
    wanted = [_ascii(one["headers"]["X-Zammad-Trigger"]) for one in theirs]
    got = [_ascii(one.trigger) for one in mine]
    if got != wanted:
        return [f"{len(got)} deliveries {got} instead of {len(wanted)} {wanted}"]
    return [
        f"{name}: {line}"
        for name, one, other in zip(wanted, mine, theirs, strict=True)
        for line in [*_headers(one, other), *differences(one.body, other["body"])]
    ]


def compare_mails(mine: list[bytes], theirs: list[Any]) -> list[str]:
    """Compare whom was written to about what; Zammad's notifications to agents are left out, we send none."""
    wanted = [_about(one["raw_head"]) for one in theirs if "noreply@" not in one["from"]]
    got = [_about(raw.decode()) for raw in mine]
    return [] if got == wanted else [f"sent the mails {got} instead of {wanted}"]


def _about(raw: str) -> tuple[str, str, str]:
    heads = HeaderParser().parsestr(raw)
    return str(heads["From"]), str(heads["To"]), str(heads["Subject"])


def _ascii(name: str) -> str:
    """Drop what the recorder's HTTP server made of non-ASCII bytes."""
    return re.sub(r"[^ -~]", "", name)


def _headers(mine: Delivery, theirs: Any) -> list[str]:
    less = {key.lower() for key in theirs["headers"]} - mine.headers.keys()
    return [f"lacks the headers {sorted(less)}"] if less else []
