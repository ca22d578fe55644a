"""Tell whether what an action asks for is already so, or was undone by a person."""

from typing import assert_never

from connector.model.action import (
    Action,
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    LookAgain,
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

ORIGIN = "origin"
"""Memory key of a ticket that we opened: which ticket, rule and `once` it came from."""


def origin(case: Case, rule: str, once: str) -> str:
    """Name where a ticket of ours comes from, so that a crash after its creation does not make a second one."""
    return f"{case.ticket.id} {rule} {once}"


def mark(rule: str, action: Action) -> tuple[str, str] | None:
    """Give the memory entry that says we did this; None for what leaves no trace."""
    match action:
        case AddNote(once=once):
            return f"note.{rule}.{once}", "written"
        case SendReply(once=once):
            return f"mail.{rule}.{once}", "sent"
        case CreateTicket(once=once):
            return f"ticket.{rule}.{once}", "made"
        case AddTag(name=name):
            return f"tag.{name}", "set"
        case AddLink(ticket=ticket, kind=kind):
            return f"link.{kind}.{ticket}", "set"
        case MoveTo(group=group):
            return "set.group", group
        case SetState(state=state):
            return "set.state", str(state)
        case SetPriority(priority=priority):
            return "set.priority", priority
        case SetAttribute(name=name, value=value):
            return f"set.{name}", value
        case SetCompany(company=company):
            return "set.company", company
        case Remember(key=key, value=value):
            return key, value
        case RemoveTag() | LookAgain():
            return None
        case _:
            assert_never(action)


def holds(case: Case, rule: str, action: Action) -> bool:
    """Tell whether nothing is left to do for this action."""
    ticket = case.ticket
    match action:
        case AddTag(name=name):
            return name in ticket.tags
        case RemoveTag(name=name):
            return name not in ticket.tags
        case AddNote() | SendReply():
            return _remembered(case, rule, action)
        case CreateTicket(once=once):
            ours = origin(case, rule, once)
            return _remembered(case, rule, action) or any(link.memory.get(ORIGIN) == ours for link in case.links)
        case AddLink(ticket=other, kind=kind):
            return any(link.ticket == other and link.kind is kind for link in case.links)
        case MoveTo(group=group):
            return ticket.group == group
        case SetState(state=state):
            return ticket.state is state
        case SetPriority(priority=priority):
            return ticket.priority == priority
        case SetAttribute(name=name, value=value):
            return str(ticket.attributes.get(name) or "") == value
        case SetCompany(company=company):
            return case.customer is not None and case.customer.company == company
        case Remember(key=key, value=value):
            return case.memory.get(key, "") == value
        case LookAgain():
            return True
        case _:
            assert_never(action)


def undone_by_person(case: Case, rule: str, action: Action) -> str | None:
    """Say what a person changed after us, where that stands against the action; None where nobody did.

    We remember each value we set. Where it is still the one wanted and no longer the one found, somebody else
    changed it, and a human has the last word.
    """
    match action:
        case AddTag(name=name) if _remembered(case, rule, action):
            return f"somebody took the tag {name!r} off after us"
        case AddLink(ticket=ticket) if _remembered(case, rule, action):
            return f"somebody removed the link to ticket {ticket} after us"
        case MoveTo(group=group) if _remembered(case, rule, action):
            return f"somebody moved it from {group!r} to {case.ticket.group!r} after us"
        case SetState(state=state) if _remembered(case, rule, action):
            return f"somebody set the state from {state} to {case.ticket.state} after us"
        case SetPriority(priority=priority) if _remembered(case, rule, action):
            return f"somebody set the priority from {priority!r} to {case.ticket.priority!r} after us"
        case SetAttribute(name=name, value=value) if _remembered(case, rule, action):
            return f"somebody set {name} from {value!r} to {case.ticket.attributes.get(name)!r} after us"
        case SetCompany(name=name) if _remembered(case, rule, action):
            return f"somebody detached the customer from {name!r} after us"
        case _:
            return None


def insists(action: Action) -> bool:
    """Tell whether the action may be set once more against a person: an enforcement."""
    return isinstance(action, MoveTo | SetState | SetPriority | SetAttribute) and action.insist


def _remembered(case: Case, rule: str, action: Action) -> bool:
    entry = mark(rule, action)
    return entry is not None and case.memory.get(entry[0]) == entry[1]
