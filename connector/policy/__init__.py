"""All that a rule's author needs, on one page."""

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
from connector.model.case import Case, Need
from connector.model.decision import Decision, Mode
from connector.model.message import Channel
from connector.model.ticket import LinkKind, Sender, State
from connector.policy.memory import is_our_tag
from connector.policy.rule import Options, Rule, rule

__all__ = [
    "Action",
    "AddLink",
    "AddNote",
    "AddTag",
    "Case",
    "Channel",
    "CreateTicket",
    "Decision",
    "LinkKind",
    "LookAgain",
    "LookAt",
    "Mode",
    "MoveTo",
    "Need",
    "Options",
    "Remember",
    "RemoveTag",
    "Rule",
    "SendReply",
    "Sender",
    "SetAttribute",
    "SetCompany",
    "SetPriority",
    "SetState",
    "State",
    "is_our_tag",
    "rule",
]
