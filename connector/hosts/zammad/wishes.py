"""Say what Zammad shall hold for a policy to work: webhook, triggers, role, fields, groups, clocks; pure.

Whatever is made here carries a mark by which it is known again: a note where Zammad's kind of thing has one, else its
name or link. A thing of the same name without the mark belongs to somebody else, and is left as it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from connector.errors import Misconfigured
from connector.policy.helpdesk import DAYS, Calendar, Helpdesk, ServiceClass
from connector.policy.proposals import ACCEPT, PROPOSED
from connector.policy.rule import FieldKind

NAME = "helpdesk-policy"
NOTE = "Made by helpdesk-policy; to change it, change the policy file and run: helpdesk-policy setup apply"
SKIP = "policy:skip"
EVENTS = {
    f"{NAME} 1 ticket created": "create",
    f"{NAME} 2 ticket updated": "update",
    f"{NAME} 3 ticket merged into this one": "update.received_merge",  # `update` fires for the other one only, fact 12
}
"""Trigger to the action that it fires for; Zammad runs triggers by name, so ours come in this order."""


class Kind(StrEnum):
    """What can be made, by the path of Zammad's API; in this order, since later ones name earlier ones."""

    ATTRIBUTE = "object_manager_attributes"
    GROUP = "groups"
    TAG = "tag_list"
    ROLE = "roles"
    USER = "users"
    CALENDAR = "calendars"
    SLA = "slas"
    MACRO = "macros"
    OVERVIEW = "overviews"
    WEBHOOK = "webhooks"
    TRIGGER = "triggers"

    @property
    def word(self) -> str:
        """Name it for people."""
        return WORDS[self]


WORDS = {
    Kind.ATTRIBUTE: "field",
    Kind.GROUP: "group",
    Kind.TAG: "tag",
    Kind.ROLE: "role",
    Kind.USER: "user",
    Kind.CALENDAR: "calendar",
    Kind.SLA: "SLA",
    Kind.MACRO: "macro",
    Kind.OVERVIEW: "overview",
    Kind.WEBHOOK: "webhook",
    Kind.TRIGGER: "trigger",
}


@dataclass(frozen=True, slots=True)
class Ref:
    """Stand for the id of another thing, which may not exist yet."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"the {self.kind.word} {self.name!r}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One thing that Zammad shall hold."""

    kind: Kind
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What is written, and compared with what is there."""
    at_birth: Mapping[str, Any] = field(default_factory=dict)
    """What is written when it is made, and left to people afterwards."""
    shared: bool = False
    """Whether one of the same name that somebody else made does as well."""
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bot:
    """The user under whose name the daemon works."""

    login: str
    exists: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What policy and settings ask of Zammad."""

    endpoint: str
    """Where the helpdesk reaches the door, as in `https://policy.example.com/hooks/zammad`."""
    secret: SecretStr | None
    """What deliveries are to be signed with; None leaves an existing webhook's as it is."""
    accepted: tuple[SecretStr, ...] = ()
    """The secrets that the daemon accepts; a webhook that signs with one of them is left alone."""
    basic: SecretStr | None = None
    """`user:password` that deliveries must carry besides."""
    ssl_verify: bool = True
    groups: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Rule to the tags that it puts on tickets."""
    company_fields: Mapping[str, FieldKind] = field(default_factory=dict)
    helpdesk: Helpdesk = field(default_factory=Helpdesk)
    time_zone: str = "UTC"
    all_groups: tuple[int, ...] = ()
    """Ids of the groups that exist: the bot has to see the tickets of all of them."""
    agent_roles: tuple[int, ...] = ()
    """Ids of the roles of people who work on tickets: they see our overviews."""
    bot: Bot | None = None


def wishes(asked: Asked) -> tuple[Wish, ...]:
    """List everything in the order in which it can be made; raises Misconfigured."""
    return (
        *_fields(asked),
        *_groups(asked),
        *_tags(asked),
        *_bot(asked),
        *_clocks(asked),
        *_macros(),
        *_overviews(asked),
        *_deliveries(asked),
    )


def _fields(asked: Asked) -> Iterator[Wish]:
    classes = tuple(asked.helpdesk.service_classes)
    wanted = dict(asked.company_fields)
    if classes:
        wanted.setdefault(asked.helpdesk.service_attribute, "choice")
    for position, (name, kind) in enumerate(wanted.items(), start=1500):
        choices = classes if name == asked.helpdesk.service_attribute else ()
        yield Wish(
            kind=Kind.ATTRIBUTE,
            name=name,
            at_birth={
                "object": "Organization",
                "display": name.replace("_", " ").capitalize(),
                "active": True,
                "editable": True,
                "position": position,
                **_typed(kind, choices),
                "screens": {
                    "create": {"ticket.agent": {"shown": True, "required": False}},
                    "edit": {"ticket.agent": {"shown": True, "required": False}},
                    "view": {"ticket.agent": {"shown": True}, "ticket.customer": {"shown": False}},
                },
            },
            shared=True,
            why="the policy reads it from the company",
        )


def _typed(kind: FieldKind, choices: Iterable[str]) -> dict[str, Any]:
    """Give type and options; the note is our mark, and Zammad shows it beneath the field."""
    match kind:
        case "date":
            option: dict[str, Any] = {"diff": None, "default": None, "null": True}
            return {"data_type": "date", "data_option": {**option, "note": NOTE}}
        case "choice":
            options = {each: each for each in ("none", *choices)}
            option = {"options": options, "default": "", "null": True, "nulloption": True, "maxlength": 255}
            return {"data_type": "select", "data_option": {**option, "note": NOTE}}
        case _:
            option = {"type": "text", "maxlength": 500, "default": "", "null": True}
            return {"data_type": "input", "data_option": {**option, "note": NOTE}}


def _groups(asked: Asked) -> Iterator[Wish]:
    for name in dict.fromkeys((*asked.groups, *asked.helpdesk.groups)):
        yield Wish(
            kind=Kind.GROUP,
            name=name,
            at_birth={"note": NOTE, "active": True, "follow_up_possible": "yes", "follow_up_assignment": True},
            shared=True,
            why="the policy names it; give it a mail address in Zammad, or no mail can leave from it",
        )


def _tags(asked: Asked) -> Iterator[Wish]:
    ours = (PROPOSED, ACCEPT, SKIP)
    for name in dict.fromkeys((*ours, *(tag for tags in asked.tags.values() for tag in tags))):
        yield Wish(kind=Kind.TAG, name=name, shared=True, why="agents find it when they type")


def _bot(asked: Asked) -> Iterator[Wish]:
    named = (Ref(Kind.GROUP, name) for name in (*asked.groups, *asked.helpdesk.groups))
    access = {str(group): ["full"] for group in asked.all_groups} | {group: ["full"] for group in named}
    yield Wish(
        kind=Kind.ROLE,
        name=f"{NAME} bot",
        fields={"note": NOTE, "active": True, "group_ids": access},
        # To hold a token at all, a user must be allowed to have one.
        at_birth={"permissions": ["ticket.agent", "user_preferences.access_token"], "default_at_signup": False},
        why="the least that the daemon needs: tickets of every group, and nothing of administration",
    )
    if asked.bot is None:
        return
    at_birth = {"firstname": "Policy", "lastname": "Bot", "email": asked.bot.login, "note": NOTE, "active": True}
    yield Wish(
        kind=Kind.USER,
        name=asked.bot.login,
        fields={"role_ids": [Ref(Kind.ROLE, f"{NAME} bot")]},
        at_birth=at_birth,
        shared=True,
        why="the daemon works under this name",
    )


def _clocks(asked: Asked) -> Iterator[Wish]:
    for name, calendar in asked.helpdesk.calendars.items():
        yield Wish(
            kind=Kind.CALENDAR, name=f"{NAME} {name}", fields=_calendar(calendar, asked.time_zone), why="SLAs run by it"
        )
    for level, promised in asked.helpdesk.service_classes.items():
        yield Wish(
            kind=Kind.SLA,
            name=f"{NAME} {level}",
            fields=_promise(promised, asked.helpdesk.service_attribute, level),
            why=f"companies whose {asked.helpdesk.service_attribute} is {level!r} were promised this",
        )


def _calendar(calendar: Calendar, time_zone: str) -> dict[str, Any]:
    closed = [["09:00", "17:00"]]  # Zammad wants spans for closed days too
    hours = {
        day: {
            "active": day in calendar.hours,
            "timeframes": [s.split("-") for s in calendar.hours.get(day, ())] or closed,
        }
        for day in DAYS
    }
    holidays = {day.isoformat(): {"active": True, "summary": name} for day, name in calendar.holidays.items()}
    zone = calendar.time_zone or time_zone
    return {"timezone": zone, "business_hours": hours, "public_holidays": holidays, "ical_url": calendar.ical}


def _promise(promised: ServiceClass, attribute: str, level: str) -> dict[str, Any]:
    return {
        "calendar_id": Ref(Kind.CALENDAR, f"{NAME} {promised.calendar}"),
        "first_response_time": promised.first_response,
        "update_time": promised.update,
        "solution_time": promised.solution,
        "condition": {f"organization.{attribute}": {"operator": "is", "value": [level]}},
    }


def _macros() -> Iterator[Wish]:
    for name, tag in (("Policy: accept the proposal", ACCEPT), ("Policy: leave this ticket alone", SKIP)):
        perform = {"ticket.tags": {"operator": "add", "value": tag}}
        yield Wish(
            kind=Kind.MACRO,
            name=name,
            fields={"perform": perform, "ux_flow_next_up": "none", "note": NOTE, "active": True},
            why=f"one click puts {tag!r} on",
        )


def _overviews(asked: Asked) -> Iterator[Wish]:
    for prio, (rule, tags) in enumerate({"proposals": (PROPOSED,), **asked.tags}.items(), start=1900):
        if tags:
            yield Wish(
                kind=Kind.OVERVIEW, name=f"Policy: {rule.replace('_', ' ')}", fields=_overview(rule, tags, prio, asked)
            )


def _overview(rule: str, tags: tuple[str, ...], prio: int, asked: Asked) -> dict[str, Any]:
    columns = ["title", "customer", "organization", "group", "state", "updated_at"]
    return {
        "link": f"helpdesk_policy_{rule}",
        "prio": prio,
        "role_ids": list(asked.agent_roles),
        "condition": {"ticket.tags": {"operator": "contains one", "value": ", ".join(tags)}},
        "order": {"by": "updated_at", "direction": "DESC"},
        "view": {"d": columns, "s": columns, "m": columns, "view_mode_default": "s"},
        "active": True,
    }


def _deliveries(asked: Asked) -> Iterator[Wish]:
    if not asked.endpoint.startswith(("http://", "https://")):
        raise Misconfigured(
            f"{asked.endpoint!r} is no address for deliveries: give one as in https://policy.example.com"
        )
    user, _, password = asked.basic.get_secret_value().partition(":") if asked.basic else ("", "", "")
    credentials = {"basic_auth_username": user, "basic_auth_password": password} if user else {}
    signed = {"signature_token": asked.secret.get_secret_value()} if asked.secret else {}
    yield Wish(
        kind=Kind.WEBHOOK,
        name=NAME,
        fields={
            "endpoint": asked.endpoint,
            "ssl_verify": asked.ssl_verify,
            "customized_payload": False,
            "note": NOTE,
            "active": True,
            **credentials,
            **signed,
        },
        why="it tells the daemon which ticket changed",
    )
    for name, action in EVENTS.items():
        yield Wish(
            kind=Kind.TRIGGER,
            name=name,
            fields={
                "activator": "action",
                "execution_condition_mode": "always",  # `selective` stays silent when only a field changes, fact 1
                "condition": {"ticket.action": {"operator": "is", "value": action}},
                "perform": {"notification.webhook": {"webhook_id": Ref(Kind.WEBHOOK, NAME)}},
                "disable_notification": True,
                "note": NOTE,
                "active": True,
            },
            why="without it the daemon hears of tickets only by its sweep",
        )
