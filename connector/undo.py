"""Put back what a decision changed, where nobody has touched it since."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connector.apply import Applied, apply
from connector.errors import Gone, Transient
from connector.hosts.host import Host
from connector.model.action import (
    Action,
    AddNote,
    AddTag,
    MoveTo,
    RemoveTag,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case, Need
from connector.model.decision import Plan, Step
from connector.model.ticket import State
from connector.policy.memory import ON, kept, wish_of
from connector.store import audit, looks
from connector.store.asked import claim_one
from connector.store.audit import AuditRow
from connector.wiring import LEASE, House, clock, new_id

RULE = "undo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A step that stays as it is, and why."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Back:
    """The way back from a decision."""

    case: Case
    plan: Plan
    kept: tuple[Kept, ...]


async def find_way_back(house: House, row: AuditRow, *, reason: str) -> Back:
    """Read the ticket as it is now, and plan what can be put back; raises Gone where the decision changed nothing."""
    if not row.changed:
        raise Gone(f"decision {row.id} changed nothing, so there is nothing to undo")
    now = clock()
    case = await house.host(row.host).fetch(row.ticket, Need.ARTICLES | Need.LINKS, now=now)
    return way_back(case, row, decision=new_id(now), reason=reason)


def way_back(case: Case, row: AuditRow, *, decision: str, reason: str) -> Back:
    """Plan what can be put back; pure.

    The memory stays: it says that the rule had set these values and does not find them, and so the rule takes the undo
    as a person's word, and leaves them alone.
    """
    steps: list[Step] = []
    left: list[Kept] = []
    done = {what for result in row.results if result["fate"] == "done" for what in result["does"]}
    for entry in row.plan:
        if entry["fate"] != "do" or entry["what"] not in done:
            continue
        found = _inverse(case, entry)
        if isinstance(found, Kept):
            left.append(found)
        elif found is not None:
            steps.append(Step(rule=RULE, action=found))
    if steps:
        text = f"Decision {row.id} was undone{f': {reason}' if reason else '.'}"
        steps.append(Step(rule=RULE, action=AddNote(text, once=row.id)))
    return Back(case=case, plan=Plan(decision=decision, steps=tuple(steps), memory=case.memory), kept=tuple(left))


async def go_back(house: House, back: Back, row: AuditRow, *, reason: str) -> Applied:
    """Write it, and record it as a decision of its own; never beside a worker that looks at the ticket.

    Raises Transient where a worker is at it.
    """
    host, now = house.host(row.host), clock()
    claimed = await claim_one(house.store, house.name, row.host, row.ticket, now=now, lease=LEASE)
    if claimed is None:
        raise Transient(f"the daemon is looking at ticket {row.ticket_number} right now; ask again in a moment")
    applied = await apply(back.plan, back.case, host, dry_run=house.settings.dry_run)
    await audit.append(house.store, _record(back, applied, row, house, reason=reason, now=now))
    await looks.done(house.store, claimed)
    return applied


def would(host: Host, back: Back) -> list[Mapping[str, Any]]:
    """Give the exact requests."""
    return [
        {"method": write.method, "path": write.path, "body": write.body} for write in host.writes(back.case, back.plan)
    ]


def _inverse(case: Case, entry: Mapping[str, Any]) -> Action | Kept | None:
    what, thing = str(entry["what"]), entry.get("thing")
    if thing is None:
        return Kept(what=what, why="what was said cannot be taken back") if _is_said(what) else None
    was, now = str(entry["was"]), str(entry["now"])
    kind, _, name = str(thing).partition(".")
    action = _setting(case, kind, name, was)
    if action is None:
        return Kept(what=what, why="take it back by hand")
    wish = wish_of(case, action)
    if wish is None or wish.thing != thing:
        return Kept(what=what, why="the ticket has another customer now")
    if wish.found == was:
        return Kept(what=what, why=f"it is {was or 'nothing'!r} again already")
    if kept(wish.found) != kept(now):
        return Kept(what=what, why=f"somebody changed it since: we set {now!r}, it is {wish.found!r}")
    return action


def _setting(case: Case, kind: str, name: str, value: str) -> Action | None:
    """Give the action that sets a thing to a value; None for links, which people take off themselves."""
    match kind:
        case "tag":
            return AddTag(name) if value == ON else RemoveTag(name)
        case "group":
            return MoveTo(value)
        case "state":
            return _state(case, State(value))
        case "priority":
            return SetPriority(value)
        case "field":
            return SetAttribute(name, value)
        case "company":
            return SetCompany(value)
        case _:
            return None


def _state(case: Case, state: State) -> Action | None:
    """Set a state back; one that waited needs a time, which is still there where it has not come yet."""
    until: datetime | None = case.ticket.pending_until
    return SetState(state, until=until) if state is not State.PENDING or until is not None else None


def _is_said(what: str) -> bool:
    return what.startswith(("mail ", "write the note ", "open the "))


def _record(back: Back, applied: Applied, row: AuditRow, house: House, *, reason: str, now: datetime) -> AuditRow:
    results = [
        {
            "request": f"{result.write.method} {result.write.path}",
            "does": [],
            "fate": str(result.fate),
            "detail": result.detail,
        }
        for result in applied.results
    ]
    why = f"decision {row.id} was undone" + (f": {reason}" if reason else "")
    verdict = {"rule": RULE, "mode": "enforce", "outcome": "act", "reason": why, "actions": []}
    return replace(
        row,
        id=back.plan.decision,
        at=now,
        last_at=now,
        seen_again=0,
        policy_revision=house.rulebook.policy.revision,
        decisions=[verdict],
        plan=[],
        results=results,
        durations={},
        changed=applied.changed,
        dry_run=house.settings.dry_run,
    )
