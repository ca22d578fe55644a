"""Change a test ticket in the helpdesk, and wait until the daemon has heard of it."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from connector.doctor.facts import Trip
from connector.errors import HelpdeskPolicyError
from connector.hosts.host import FailedDelivery
from connector.hosts.zammad.admin import Admin
from connector.policy.plan import SKIP
from connector.settings import Settings
from connector.store import deliveries, open_store
from connector.wiring import clock, database_url

TITLE = "helpdesk-policy doctor: test ticket, please leave it here"
PATIENCE = 20.0
"""Seconds that a delivery may take: Zammad sends it within 5, behind whatever waits before it."""
MARK = "helpdesk_policy_doctor"


def travel(
    settings: Settings,
    *,
    reason: str,
    failed: Callable[[], Sequence[FailedDelivery] | None],
    patience: float | None = None,
) -> Trip:
    """Make the trip; `reason` says why it cannot be made, if it cannot.

    The ticket is made once, closed, with the tag that switches the policy off, and is the bot's own: nobody is told of
    it, and no rule touches it. What is changed is a word among its preferences, which nobody sees.
    """
    if reason:
        return Trip(error=f"no delivery was sent round: {reason}")
    try:
        with Admin(settings.zammad.url, settings.zammad.token) as client:
            ticket = _test_ticket(client)
            began, started = clock(), time.monotonic()
            client.send("PUT", f"tickets/{ticket}", {"preferences": {MARK: secrets.token_hex(4)}})
    except HelpdeskPolicyError as exc:
        return Trip(error=f"no delivery was sent round: the test ticket cannot be made or changed: {exc}")
    came = asyncio.run(_wait(settings, str(ticket), began, PATIENCE))
    if came:
        return Trip(ticket=str(ticket), seconds=time.monotonic() - started)
    log = [each for each in failed() or () if each.ticket == str(ticket) and each.last_at >= began]
    return Trip(ticket=str(ticket), failed=max(log, key=lambda each: each.last_at, default=None))


def _test_ticket(client: Admin) -> int:
    me = client.get("users/me")
    found = client.get("tickets/search", method="POST", json={"query": TITLE, "per_page": 50})
    mine = [row for row in found if row["title"] == TITLE and row["created_by_id"] == me["id"]]
    if mine:
        return int(mine[0]["id"])
    return int(client.send("POST", "tickets", _new(client, me))["id"])


def _new(client: Admin, me: Any) -> dict[str, Any]:
    roles = [row for row in client.list("roles") if row["id"] in me["role_ids"]]
    held = [me.get("group_ids") or {}, *(row.get("group_ids") or {} for row in roles)]
    open_to_us = {int(group) for each in held for group, levels in each.items() if "full" in levels}
    groups = [row for row in client.list("groups") if row["active"] and row["id"] in open_to_us]
    quiet = sorted(groups, key=lambda row: row["email_address_id"] is not None)  # rather one that cannot mail
    body = f"Made by helpdesk-policy doctor to see whether deliveries arrive. The tag {SKIP} keeps every rule away."
    return {
        "title": TITLE,
        "group": quiet[0]["name"] if quiet else "",
        "customer_id": me["id"],
        "state": "closed",
        "tags": SKIP,
        "article": {"type": "note", "internal": True, "body": body, "content_type": "text/plain"},
    }


async def _wait(settings: Settings, ticket: str, began: datetime, patience: float) -> bool:
    deadline = time.monotonic() + patience
    async with open_store(database_url(settings)) as store:
        while time.monotonic() < deadline:
            found = await deliveries.list_deliveries(store, ticket=ticket, limit=1)
            if found and (found[0].last_at or found[0].received_at) >= began - timedelta(milliseconds=1):
                return True
            await asyncio.sleep(0.2)
    return False
