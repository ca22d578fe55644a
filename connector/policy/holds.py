"""Tell whether what an action asks for is already so, or was undone since."""

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
from connector.policy.memory import ORIGIN, Wish, kept, once_key, origin, sets, wish_of


def holds(case: Case, rule: str, action: Action) -> bool:
    """Tell whether nothing is left to do for this action."""
    wish = wish_of(case, action)
    if wish is not None:
        return wish.wanted == wish.found
    if isinstance(action, Remember):
        return case.memory.get(action.key, "") == action.value
    if isinstance(action, LookAgain | LookAt):
        return True
    return once_key(rule, action) in case.memory or _is_opened(case, rule, action)


def undone(case: Case, rule: str, action: Action) -> str | None:
    """Say what was changed after us, where that stands against the action; None where nothing was.

    We remember what each rule set a thing to. A value that was ours and is no longer found was changed by somebody, and
    a human has the last word; where another rule of ours changed it, its word stands too, else the two would take
    turns for ever. A value that was never ours is a new wish.
    """
    wish = wish_of(case, action)
    if wish is None or wish.wanted == wish.found:
        return None
    ours = sets(case.memory, wish.thing)
    latest = next(iter(ours), None)
    if latest is None:
        return None
    by_person = ours[latest] != kept(wish.found)
    if ours.get(rule) == kept(wish.wanted) or (by_person and kept(wish.wanted) in ours.values()):
        return _story(action, wish, who="somebody" if by_person else f"the rule {latest}")
    return None


def insists(action: Action) -> bool:
    """Tell whether the action may be set once more against a person: an enforcement."""
    return isinstance(action, MoveTo | SetState | SetPriority | SetAttribute) and action.insist


def _is_opened(case: Case, rule: str, action: Action) -> bool:
    """Tell whether a ticket of ours is there although this one does not remember it: a crash came between."""
    return isinstance(action, CreateTicket) and any(
        link.memory.get(ORIGIN) == origin(case, rule, action.once) for link in case.links
    )


def _story(action: Action, wish: Wish, *, who: str) -> str:
    match action:
        case AddTag(name=name):
            return f"{who} took the tag {name!r} off after us"
        case RemoveTag(name=name):
            return f"{who} put the tag {name!r} on again after us"
        case AddLink(ticket=ticket):
            return f"{who} removed the link to ticket {ticket} after us"
        case SetCompany(company=company, name=name):
            return f"{who} detached the customer from {name or company!r} after us"
        case MoveTo() | SetState() | SetPriority() | SetAttribute():
            thing = wish.thing.removeprefix("field.")
            return f"{who} changed the {thing} from {wish.wanted!r} to {wish.found!r} after us"
        case AddNote() | SendReply() | CreateTicket() | Remember() | LookAgain() | LookAt():
            raise AssertionError(f"{action!r} sets nothing that could be undone")
        case _:
            assert_never(action)
