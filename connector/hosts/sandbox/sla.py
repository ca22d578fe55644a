"""Set the escalation clocks of a ticket by the SLA that selects it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connector.hosts.sandbox.conditions import Subject, holds
from connector.hosts.sandbox.world import Row, World, moment, stamp

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def escalate(world: World, ticket: Row, *, new: bool = False) -> dict[str, tuple[Any, Any]]:
    """Compute a ticket's escalation times anew; tell what changed. Waiting and closed tickets have none."""
    state = world.one("state", ticket["state_id"])
    sla = None if state["ignore_escalation"] else _select(world, ticket)
    calculation = ticket["preferences"].get("escalation_calculation")
    if state["ignore_escalation"] and (calculation or new):
        values = {"escalation_calculation": {"escalation_disabled": True}}
        return _write(world, ticket, first=None, solution=None, preferences=values)
    if sla is None:
        had = calculation and "sla_id" in calculation
        return _write(world, ticket, first=None, solution=None, preferences={}) if had else {}
    calendar = world.one("calendar", sla["calendar_id"])
    start = moment(ticket["created_at"])
    first = _add(calendar, start, sla["first_response_time"])
    if ticket["first_response_at"]:
        first = None
    details: Row = {
        "sla_id": sla["id"],
        "sla_updated_at": sla["updated_at"],
        "calendar_id": calendar["id"],
        "calendar_updated_at": calendar["updated_at"],
        "escalation_disabled": False,
    }
    if ticket["last_contact_at"]:
        details |= {"last_update_at": ticket["last_contact_at"], "last_contact_at": ticket["last_contact_at"]}
    solution = _add(calendar, start, sla["solution_time"])
    return _write(world, ticket, first=first, solution=solution, preferences={"escalation_calculation": details})


def _select(world: World, ticket: Row) -> Row | None:
    for sla in sorted(world.rows("sla"), key=lambda row: row["name"]):
        if holds(world, sla["condition"], Subject(ticket=ticket)):
            return sla
    return None


def _write(
    world: World, ticket: Row, *, first: str | None, solution: str | None, preferences: Row
) -> dict[str, tuple[Any, Any]]:
    kept = {key: value for key, value in ticket["preferences"].items() if key != "escalation_calculation"}
    values = {
        "first_response_escalation_at": first,
        "close_escalation_at": solution,
        "escalation_at": min((at for at in (first, solution) if at), default=None),
        "preferences": {**kept, **preferences},
    }
    return world.change("ticket", ticket, values)


def _add(calendar: Row, start: datetime, minutes: int | None) -> str | None:
    """Add working minutes to a time; at the end of a working day the next day's begin is meant."""
    if not minutes:
        return None
    zone, left = ZoneInfo(calendar["timezone"]), timedelta(minutes=minutes)
    day = start.astimezone(zone).date()
    for _ in range(400):
        for begin, end in _frames(calendar, DAYS[day.weekday()]):
            opens = max(datetime.combine(day, begin, zone).astimezone(UTC), start)
            closes = datetime.combine(day, end, zone).astimezone(UTC)
            if closes <= opens:
                continue
            if left < closes - opens:
                return stamp(opens + left)
            left -= closes - opens
        day += timedelta(days=1)
    return None


def _frames(calendar: Row, day: str) -> list[tuple[time, time]]:
    hours = calendar["business_hours"].get(day, {})
    if not hours.get("active") or hours.get("active") == "false":
        return []
    return [(time.fromisoformat(begin), _end(end)) for begin, end in hours["timeframes"]]


def _end(text: str) -> time:
    return time(23, 59, 59) if text == "24:00" else time.fromisoformat(text)
