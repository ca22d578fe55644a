"""Give a Zammad the fields that the contract needs, where it does not have them yet."""

import asyncio
import secrets
import time
from typing import Any, Protocol

import httpx

CONTRACT = ("support_contract", "premium")
TICKET_FIELD = "project_code"
SCREENS = {
    "create": {"ticket.agent": {"shown": True, "required": False}},
    "edit": {"ticket.agent": {"shown": True, "required": False}},
    "view": {"ticket.agent": {"shown": True}, "ticket.customer": {"shown": False}},
}
WANTED: tuple[dict[str, Any], ...] = (
    {
        "name": "support_contract",
        "object": "Organization",
        "display": "Support contract",
        "position": 1500,
        "data_type": "select",
        "data_option": {
            "options": {"none": "none", "standard": "standard", "premium": "premium"},
            "default": "none",
            "null": True,
            "nulloption": True,
            "multiple": False,
            "maxlength": 255,
            "relation": "",
        },
        "screens": SCREENS,
    },
    {
        "name": "contract_valid_until",
        "object": "Organization",
        "display": "Contract valid until",
        "position": 1510,
        "data_type": "date",
        "data_option": {"diff": None, "default": None, "null": True, "options": {}, "relation": ""},
        "screens": SCREENS,
    },
    {
        "name": TICKET_FIELD,
        "object": "Ticket",
        "display": "Project code",
        "position": 1540,
        "data_type": "input",
        "data_option": {"type": "text", "maxlength": 120, "default": "", "null": True},
        "screens": {"create_middle": SCREENS["create"], "edit": SCREENS["edit"]},
    },
)
STOPS = 20.0
"""Seconds after a migration within which Zammad stops itself, for its process manager to start it anew."""
BACK = 600.0
"""Seconds within which it is back."""
PAUSE = 0.5
"""Seconds between two questions whether it is."""


class Ask(Protocol):
    """Ask the API; see `Api`."""

    async def __call__(self, method: str, path: str, json: Any = None) -> Any:
        """Send one request that must succeed."""
        ...

    async def status(self, method: str, path: str, json: Any = None) -> int:
        """Send one request; give its status."""
        ...


async def ensure_attributes(admin: Ask) -> str:
    """Make and migrate what is missing, and wait for the server to be back; give the ticket's text field."""
    there = {(each["object"], each["name"]) for each in await admin("GET", "object_manager_attributes")}
    missing = [each for each in WANTED if (each["object"], each["name"]) not in there]
    for each in missing:
        await admin("POST", "object_manager_attributes", each | {"active": True, "editable": True})
    if missing:
        await admin("POST", "object_manager_attributes_execute_migrations", {})
        await _restarted(admin)
    return TICKET_FIELD


async def _restarted(admin: Ask) -> None:
    """Wait until it was down, or has had the time to be, and a write to the new field stays (facts 24, 34)."""
    begun = time.monotonic()
    deadline = begun + STOPS
    while time.monotonic() < deadline:
        if not await _works(admin):
            deadline = begun + BACK
            break
        await asyncio.sleep(PAUSE)
    while not await _works(admin):
        assert time.monotonic() < deadline, "Zammad is not back after the migration: who starts it anew?"
        await asyncio.sleep(4 * PAUSE)


async def _works(admin: Ask) -> bool:
    """Tell whether the new field is kept; the company made for it goes at once."""
    name, value = CONTRACT
    try:
        made = await admin("POST", "organizations", {"name": f"try {secrets.token_hex(6)}", name: value})
        kept = (await admin("GET", f"organizations/{made['id']}")).get(name) == value
        await admin.status("DELETE", f"organizations/{made['id']}")
    except (httpx.HTTPError, AssertionError):
        return False
    return bool(kept)
