"""Say actions in words that an agent and an admin understand."""

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


def action(wish: Action) -> str:
    """Describe an action as an instruction."""
    match wish:
        case AddTag(name=name):
            return f"add the tag {name!r}"
        case RemoveTag(name=name):
            return f"take off the tag {name!r}"
        case AddNote(text=text):
            return f"write the note {_short(text)!r}"
        case SendReply(to=to, subject=subject):
            return f"mail {to}: {_short(subject)!r}"
        case SetCompany(company=company, name=name, is_secondary=True):
            return f"add {name or company!r} to the customer's further companies"
        case SetCompany(company=company, name=name):
            return f"attach the customer to {name or company!r}" if company else "detach the customer from his company"
        case MoveTo(group=group):
            return f"move the ticket to {group!r}"
        case SetState(state=state, until=until):
            return f"set the state to {state}" + (f" until {until:%Y-%m-%d %H:%M %Z}" if until else "")
        case SetPriority(priority=priority):
            return f"set the priority to {priority!r}"
        case SetAttribute(name=name, value=value):
            return f"set {name} to {value!r}"
        case AddLink(ticket=ticket, kind=kind):
            return f"link ticket {ticket} as {kind}"
        case CreateTicket(title=title, group=group, kind=kind):
            return f"open the {kind} ticket {_short(title)!r} in {group!r}"
        case Remember(key=key, value=value):
            return f"remember {key} = {value!r}" if value else f"forget {key}"
        case LookAgain(at=at):
            return f"look again at {at:%Y-%m-%d %H:%M %Z}"
        case LookAt(ticket=ticket):
            return f"look at ticket {ticket} too"
        case _:
            assert_never(wish)


def note(texts: list[str], *, decision: str, number: str) -> str:
    """Fold the notes of one plan into one article, with the way to ask why."""
    return "\n\n".join([*texts, f"-- \nhelpdesk-policy {decision}\nWhy: helpdesk-policy explain {number}"])


def _short(text: str, length: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
