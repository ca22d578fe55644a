"""Bring a Zammad to what policy and settings ask of it."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import requests
from pydantic import SecretStr

from connector.errors import Misconfigured
from connector.hosts.zammad import provision
from connector.hosts.zammad.admin import Admin, Forbidden
from connector.hosts.zammad.changes import Change, Verb, is_ours
from connector.hosts.zammad.wishes import Asked, Bot, Kind, wishes
from connector.intake import TEST
from connector.policy.rule import FieldKind
from connector.rulebook import Rulebook
from connector.settings import Settings

TICKET_AGENT = "ticket.agent"
ALONE = frozenset({Kind.WEBHOOK, Kind.TRIGGER})
"""What can be made without reading anything else of the host."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What set-up would do."""

    changes: tuple[Change, ...]
    seen: dict[Kind, list[Any]]
    secret: SecretStr | None
    """A secret for the webhook that was made just now; None where one is known, or is left as it is."""
    bot: str
    quiet: bool
    """Whether the bot gets no mails for tickets already."""

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is left to do."""
        return self.quiet and all(change.verb is Verb.KEEP for change in self.changes)


def endpoint_of(settings: Settings, host: str = "zammad") -> str:
    """Give the address at which the helpdesk reaches the door."""
    base = settings.public_url or f"http://{settings.listen_host}:{settings.listen_port}"
    return f"{base.rstrip('/')}/hooks/{host}"


def plan(
    admin: Admin,
    settings: Settings,
    rulebook: Rulebook,
    *,
    bot: str = "",
    endpoint: str = "",
    only: Iterable[Kind] = Kind,
    adopt: bool = False,
) -> Planned:
    """Compare what is there with what policy and settings ask for; only these kinds.

    Raises Forbidden where the token is not an administrator's, Misconfigured where nothing says who the bot is.
    """
    kinds = frozenset(only)
    if kinds & {Kind.USER, Kind.ROLE} and not bot:
        bot = bot_of(settings)
    seen = provision.look(admin, bot=bot, kinds=_read_for(kinds))
    accepted = settings.zammad.webhook_secrets
    webhook = provision.webhook_of(seen)
    made = None
    if not accepted and not (webhook and webhook.get("signature_token")):
        made = SecretStr(secrets.token_urlsafe(32))
    asked = replace(
        _asked_by_policy(rulebook),
        endpoint=endpoint or endpoint_of(settings),
        secret=accepted[0] if accepted else made,
        basic=settings.zammad.webhook_basic,
    )
    if not kinds <= ALONE:
        user = next(iter(seen.get(Kind.USER, [])), None)
        asked = replace(
            asked,
            all_groups=tuple(sorted(row["id"] for row in seen.get(Kind.GROUP, []) if row["active"])),
            agent_roles=_agent_roles(admin, seen),
            bot=Bot(login=user["login"] if user else bot, exists=user is not None) if bot else None,
        )
    wanted = tuple(wish for wish in wishes(asked) if wish.kind in kinds)
    found = provision.plan(wanted, seen, accepted=[each.get_secret_value() for each in accepted], adopt=adopt)
    changes = tuple(change for change in found if change.kind in kinds)
    users = seen.get(Kind.USER, [])
    quiet = Kind.USER not in kinds or (bool(users) and provision.is_quiet(users[0]))
    return Planned(changes=changes, seen=seen, secret=made, bot=asked.bot.login if asked.bot else "", quiet=quiet)


def carry_out(admin: Admin, planned: Planned, *, tell: provision.Tell) -> None:
    """Do what was planned."""
    provision.apply(admin, planned.changes, planned.seen, tell=tell)
    if planned.bot and not planned.quiet:
        provision.quieten(admin, planned.bot)
        tell(f"switched off mails to {planned.bot} about tickets")


def bot_of(settings: Settings) -> str:
    """Ask Zammad whose token is in the settings; raises Misconfigured where there is none."""
    if not settings.zammad.token.get_secret_value():
        raise Misconfigured(
            "nothing says who the daemon is in Zammad: name a mail address for it with --bot, and set-up makes the "
            "user and its token; or set HELPDESK_POLICY_ZAMMAD__TOKEN to a token of a user that exists"
        )
    with Admin(settings.zammad.url, settings.zammad.token) as client:
        return str(client.get("users/me")["login"])


def is_accepted(endpoint: str, secret: SecretStr, *, basic: SecretStr | None = None) -> bool:
    """Ask the running daemon, as a foreign client would, whether it takes deliveries signed with this secret.

    Raises requests.RequestException where nobody answers there.
    """
    body = b"{}"
    headers = {
        "Content-Type": "application/json",
        "X-Hub-Signature": "sha1=" + hmac.new(secret.get_secret_value().encode(), body, hashlib.sha1).hexdigest(),
        "X-Zammad-Trigger": TEST,
    }
    if basic is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(basic.get_secret_value().encode()).decode()
    answer = requests.post(endpoint, data=body, headers=headers, timeout=10, allow_redirects=False)
    return answer.status_code == 202


def _read_for(kinds: frozenset[Kind]) -> frozenset[Kind]:
    """Give the kinds that must be read so that these can be planned: those that they refer to."""
    more = {
        Kind.TRIGGER: {Kind.WEBHOOK},
        Kind.SLA: {Kind.CALENDAR},
        Kind.USER: {Kind.ROLE},
        Kind.ROLE: {Kind.GROUP},
        Kind.OVERVIEW: {Kind.ROLE},
    }
    return kinds.union(*(more.get(kind, set()) for kind in kinds), {Kind.WEBHOOK})


def _asked_by_policy(rulebook: Rulebook) -> Asked:
    active = rulebook.policy.active
    fields: dict[str, FieldKind] = {}
    if any(bound.rule.name == "company" for bound in active):
        fields[rulebook.content.companies.attribute] = "text"
    for bound in active:
        fields |= bound.options.company_fields()
    return Asked(
        endpoint="",
        secret=None,
        groups=tuple(dict.fromkeys(group for bound in active for group in bound.options.groups())),
        tags={bound.rule.name: bound.options.tags() for bound in active if bound.options.tags()},
        company_fields=fields,
        helpdesk=rulebook.content.helpdesk,
        time_zone=rulebook.content.time_zone,
    )


def _agent_roles(admin: Admin, seen: dict[Kind, list[Any]]) -> tuple[int, ...]:
    """Give the roles that make somebody an agent: those whose permissions hold `ticket.agent`, without our own."""
    others = [row for row in seen.get(Kind.ROLE, []) if not is_ours(Kind.ROLE, row)]
    try:
        permissions = admin.get("user_access_token")["permissions"]
    except Forbidden:  # the names of permissions are told to those only who may have tokens
        return tuple(row["id"] for row in others if row["name"] == "Agent")
    agent = {each["id"] for each in permissions if each["name"] in (TICKET_AGENT, "ticket")}
    return tuple(row["id"] for row in others if agent & set(row["permission_ids"]))
