"""Decide who is asking, and what they may see and do."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from connector.hosts.sandbox.refusal import Refusal, not_authorized
from connector.hosts.sandbox.world import Row, World


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Be the person of one request; a token narrows what the person's roles allow."""

    user: Row
    roles: frozenset[str]  # permission names from the user's roles
    token: frozenset[str] | None = None  # permission names of the token, None with a password
    held: tuple[Row, ...] = ()  # the roles themselves, which may open groups

    @property
    def id(self) -> int:
        """Name the person for created_by and updated_by."""
        return int(self.user["id"])

    def may(self, *names: str) -> bool:
        """Hold any of the permissions, by role and by token alike."""
        return any(_holds(self.roles, name) and (self.token is None or _holds(self.token, name)) for name in names)

    @property
    def is_admin(self) -> bool:
        """See the real text of an error."""
        return self.may("admin")

    @property
    def is_agent(self) -> bool:
        """Work on tickets of other people."""
        return self.may("ticket.agent")

    def groups(self, *levels: str) -> set[int]:
        """List the groups in which the agent holds one of these levels; `full` includes all."""
        if not self.is_agent:
            return set()
        return groups_of(self.user, *levels, roles=self.held)


def groups_of(user: Row, *levels: str, roles: tuple[Row, ...] = ()) -> set[int]:
    """List the groups in which a user holds one of these levels, himself or by a role."""
    wanted = {*levels, "full"}
    return {
        int(id_)
        for opener in (user, *roles)
        for id_, held in opener["group_ids"].items()
        if wanted & {*([held] if isinstance(held, str) else held)}
    }


def roles_of(world: World, user: Row) -> tuple[Row, ...]:
    """List a user's active roles."""
    found = (world.get("role", role_id) for role_id in user["role_ids"])
    return tuple(role for role in found if role is not None and role["active"])


def _holds(held: frozenset[str], name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[: i + 1]) in held for i in range(len(parts)))


def permissions_of(world: World, user: Row) -> frozenset[str]:
    """Collect the permissions of all roles of a user."""
    names = set()
    for role_id in user["role_ids"]:
        role = world.get("role", role_id)
        for permission_id in role["permission_ids"] if role else ():
            permission = world.get("permission", permission_id)
            if permission:
                names.add(str(permission["name"]))
    return frozenset(names)


def authenticate(world: World, headers: Mapping[str, str]) -> Actor | None:
    """Find who sent the request: `Token token=`, `Bearer` (the same tokens) or basic auth; None for nobody."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "":
            return None
        case "token" | "bearer":
            return _by_token(world, rest.strip().removeprefix("token=").strip('"'))
        case "basic":
            return _by_password(world, rest)
        case _:
            return None


def _by_token(world: World, secret: str) -> Actor:
    for token in world.rows("token"):
        if hmac.compare_digest(token["_secret"].encode(), secret.encode()):
            user = world.one("user", token["user_id"])
            token["last_used_at"] = world.now()
            granted = frozenset(token["preferences"]["permission"])
            return Actor(user=user, roles=permissions_of(world, user), token=granted, held=roles_of(world, user))
    raise Refusal(401, "Can't find User for Token")


def _by_password(world: World, encoded: str) -> Actor:
    try:
        login, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        login = password = ""
    user = find_user(world, login)
    if user is None or not user.get("_password") or not hmac.compare_digest(user["_password"], password):
        raise Refusal(401, "Invalid BasicAuth credentials")
    return Actor(user=user, roles=permissions_of(world, user), held=roles_of(world, user))


def on_behalf(world: World, actor: Actor, who: str) -> Actor:
    """Act as another person (header From or X-On-Behalf-Of); needs admin.user."""
    if not actor.may("admin.user"):
        raise Refusal(403, "Current user has no permission to use 'From'/'X-On-Behalf-Of'!")
    user = find_user(world, who) or world.get("user", who)
    if user is None:
        raise Refusal(403, f"No such user '{who}'")
    return Actor(user=user, roles=permissions_of(world, user), held=roles_of(world, user))


def find_user(world: World, login: str) -> Row | None:
    """Find a user by login or address, in any case of letters."""
    wanted = login.strip().lower()
    if not wanted:
        return None
    for user in world.rows("user"):
        if wanted in (user["login"].lower(), user["email"].lower()):
            return user
    return None


def require(actor: Actor | None, *names: str) -> Actor:
    """Insist on a person with one of the permissions; without names any person will do."""
    if actor is None:
        raise Refusal(403, "Authentication required")
    if names and not actor.may(*names):
        raise Refusal(403, "Token authorization failed." if actor.token is not None else "User authorization failed.")
    return actor


def may_ticket(world: World, actor: Actor, ticket: Row, level: str) -> bool:
    """Tell whether a person may `read` or `change` a ticket: by group, as its customer, or by a shared company."""
    if ticket["group_id"] in actor.groups(level):
        return True
    if not actor.may("ticket.customer"):
        return False
    if ticket["customer_id"] == actor.id:
        return True
    company = world.get("organization", ticket["organization_id"])
    mine = {actor.user["organization_id"], *actor.user["organization_ids"]}
    return bool(company and company["shared"] and company["id"] in mine)


def ticket_for(world: World, actor: Actor, id_: object, level: str = "read") -> Row:
    """Find a ticket that the person may use; 404 for none, 403 for no access."""
    ticket = world.one("ticket", id_)
    if not may_ticket(world, actor, ticket, level):
        raise not_authorized()
    return ticket


def may_own(world: World, user_id: int, group_id: int) -> bool:
    """Tell whether a user can own tickets of a group: an active agent with full access."""
    user = world.get("user", user_id)
    if user is None or not user["active"] or not _holds(permissions_of(world, user), "ticket.agent"):
        return False
    return group_id in groups_of(user, roles=roles_of(world, user))
