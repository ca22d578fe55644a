"""Tell what the ticket remembers of us, and what it shall remember.

note.RULE.ONCE      was written; so `mail.` was sent, `ticket.` was opened
set.THING           what rules set a thing to: a line `rule=value` each, the latest first
insist.RULE.THING   a person was overruled once
proposed.RULE       digests of what people were shown as a proposal
RULE.KEY            what a rule remembers itself
origin              of a ticket that we opened: ticket, rule and `once` it came from
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from connector.model.action import (
    Action,
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    LookAgain,
    LookAt,
    MoveTo,
    Remember,
    RemoveTag,
    SendReply,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case
from connector.model.decision import Plan, Step
from connector.policy import describe

ORIGIN = "origin"
"""Memory key of a ticket that we opened."""
RESERVED = frozenset({"insist", "mail", "note", "origin", "plan", "proposed", "set", "ticket"})
"""Names that no rule may have: its memory would be mistaken for ours."""
PLAN = "plan"
"""The rule name under which the plan itself writes: proposals, contradictions, mails held back."""
ON, OFF = "on", "off"
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """A thing of the ticket, the value an action wants it to have, and the one it has."""

    thing: str
    wanted: str
    found: str


def wish_of(case: Case, action: Action) -> Wish | None:
    """See an action as a thing with a wanted and a found value; None for what sets nothing."""
    ticket, customer = case.ticket, case.customer
    match action:
        case AddTag(name=name):
            return Wish(f"tag.{name}", ON, ON if name in ticket.tags else OFF)
        case RemoveTag(name=name):
            return Wish(f"tag.{name}", OFF, ON if name in ticket.tags else OFF)
        case MoveTo(group=group):
            return Wish("group", group, ticket.group)
        case SetState(state=state):
            return Wish("state", str(state), str(ticket.state))
        case SetPriority(priority=priority):
            return Wish("priority", priority, ticket.priority)
        case SetAttribute(name=name, value=value):
            return Wish(f"field.{name}", value, as_text(ticket.attributes.get(name)))
        case SetCompany(company=company, is_secondary=True):
            has = customer is not None and company in customer.other_companies
            return Wish(f"secondary.{customer.id if customer else ''}.{company}", ON, ON if has else OFF)
        case SetCompany(company=company):
            attached = customer.company or "" if customer and ticket.company else ""
            return Wish(f"company.{customer.id if customer else ''}", company, attached)
        case AddLink(ticket=other, kind=kind):
            is_tied = any(link.ticket == other and link.kind is kind for link in case.links)
            return Wish(f"link.{kind}.{other}", ON, ON if is_tied else OFF)
        case AddNote() | SendReply() | CreateTicket() | Remember() | LookAgain() | LookAt():
            return None
        case _:
            assert_never(action)


def as_text(value: str | int | float | bool | None) -> str:
    """Write a field's value as rules and hosts write it: `true`, not `True`; nothing is empty."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def once_key(rule: str, action: Action) -> str | None:
    """Give the key that says this was written, sent or opened; None for what may be done again."""
    match action:
        case AddNote(once=once):
            return f"note.{rule}.{once}"
        case SendReply(once=once):
            return f"mail.{rule}.{once}"
        case CreateTicket(once=once):
            return f"ticket.{rule}.{once}"
        case _:
            return None


def origin(case: Case, rule: str, once: str) -> str:
    """Name where a ticket of ours comes from, so that a crash after its creation does not make a second one."""
    return f"{case.ticket.id} {rule} {once}"


def identity(case: Case, rule: str, action: Action) -> str:
    """Name what an action comes to, whatever its words: two that have one identity are done once."""
    wish = wish_of(case, action)
    return once_key(rule, action) or (f"{wish.thing}={wish.wanted}" if wish else describe.action(action))


def sets(memory: Mapping[str, str], thing: str) -> dict[str, str]:
    """Give what each rule last set a thing to, the latest first."""
    lines = (line.partition("=") for line in memory.get(f"set.{thing}", "").splitlines())
    return {rule: value for rule, _, value in lines}


def after_set(memory: Mapping[str, str], thing: str, rule: str, value: str) -> tuple[str, str]:
    """Give the memory entry after a rule set a thing."""
    ours = {rule: kept(value)} | {other: was for other, was in sets(memory, thing).items() if other != rule}
    return f"set.{thing}", "\n".join(f"{name}={was}" for name, was in ours.items())


def kept(value: str) -> str:
    """Shorten a value to what memory holds of it: one line, else a digest."""
    return value if len(value) <= LONGEST and len(value.splitlines()) <= 1 else f"#{digest(value)}"


def memory_until(case: Case, plan: Plan, coming: Iterable[Step]) -> dict[str, str]:
    """Give the memory to write with one request while these steps come with later ones.

    What they will be remembered by stays as it was: else a stop in between would make us believe that they were done.
    """
    steps = list(coming)
    keys = {once_key(step.rule, step.action) for step in steps}
    keys |= {f"set.tag.{step.action.name}" for step in steps if isinstance(step.action, RemoveTag)}
    if any(step.rule == PLAN and isinstance(step.action, AddNote) for step in steps):
        keys |= {key for key in plan.memory if key.startswith("proposed.")}
    written = {key: value for key, value in plan.memory.items() if key not in keys}
    return written | {key: value for key, value in case.memory.items() if key in keys}


def taken_last(case: Case, plan: Plan) -> tuple[Step, ...]:
    """Give the steps that take off tags of people's: a host does them after all else, for the plan may rest on them.

    Where the plan shows a new proposal, an answer goes first: it was none to that, and must not be found beside it.
    """
    shows = any(step.rule == PLAN and _is_proposal(step.action) for step in plan.steps)
    return tuple(
        step
        for step in plan.steps
        if isinstance(step.action, RemoveTag)
        and not is_our_tag(case, step.action.name)
        and not (step.rule == PLAN and shows)
    )


def _is_proposal(action: Action) -> bool:
    return isinstance(action, AddNote) and action.once.startswith("proposal.")


def is_our_tag(case: Case, name: str) -> bool:
    """Tell whether a rule put this tag on, and none of ours took it off again."""
    return next(iter(sets(case.memory, f"tag.{name}").values()), OFF) == ON


def digest(text: str) -> str:
    """Name a text shortly."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
