"""Set a Zammad up for a policy, change it when the policy changes, and take all of it away again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import Permanent
from connector.hosts.zammad.admin import Admin, wait_for_restart
from connector.hosts.zammad.changes import Change, Seen, Verb, differences, find, is_ours, name_of, resolve
from connector.hosts.zammad.wishes import NAME, Kind, Wish

GRACE = 8.0
"""Seconds that Zammad has to stop itself for new fields; it took five (fact 34)."""
CHANNELS = {"email": False, "online": False}
NOBODY = dict.fromkeys(("owned_by_me", "owned_by_nobody", "subscribed", "no"), False)
QUIET = {
    "matrix": {
        event: {"criteria": NOBODY, "channel": CHANNELS}
        for event in ("create", "update", "reminder_reached", "escalation")
    }
}
"""No mail to the bot for any ticket: it is an agent, and would get one for each (fact 46)."""

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """One thing of ours, and whether it is taken away."""

    kind: Kind
    name: str
    id: int
    goes: bool
    why: str = ""


def look(admin: Admin, *, bot: str = "", kinds: Iterable[Kind] = Kind) -> dict[Kind, list[Any]]:
    """Read what is there; of the users only the bot.

    Raises Forbidden where the token is not an administrator's.
    """
    seen: dict[Kind, list[Any]] = {}
    for kind in kinds:
        match kind:
            case Kind.USER:
                seen[kind] = [user] if bot and (user := user_named(admin, bot)) else []
            case Kind.TAG | Kind.ATTRIBUTE:  # these two lists have no pages
                rows = admin.get(kind)
                seen[kind] = [row for row in rows if kind is Kind.TAG or row["object"] == "Organization"]
            case _:
                seen[kind] = list(admin.list(kind))
    return seen


def user_named(admin: Admin, login: str) -> Any | None:
    """Find a user by login or address."""
    found = admin.get("users/search", method="POST", json={"query": login, "per_page": 50})
    wanted = login.casefold()
    return next((each for each in found if wanted in (each["login"].casefold(), each["email"].casefold())), None)


def plan(
    wishes: Sequence[Wish], seen: Seen, *, accepted: Sequence[str] = (), adopt: bool = False
) -> tuple[Change, ...]:
    """Say what has to be done so that every wish holds."""
    return differences(wishes, seen, accepted=accepted, adopt=adopt)


def apply(admin: Admin, changes: Sequence[Change], seen: dict[Kind, list[Any]], *, tell: Tell) -> None:
    """Do it, in order; what was done stays done where a later request fails, and a second run goes on from there.

    Raises Permanent before anything is changed where a thing of the same name is somebody else's.
    """
    clashes = [change for change in changes if change.verb is Verb.CLASH]
    if clashes:
        raise Permanent("\n".join(f"{each.kind.word} {each.name!r}: {each.why}" for each in clashes))
    new_fields = False
    for change in changes:
        if new_fields and change.kind is not Kind.ATTRIBUTE:
            _migrate(admin, tell)
            new_fields = False
        if change.verb is not Verb.KEEP:
            _carry_out(admin, change, seen)
            tell(f"{change.verb} {change.kind.word} {change.name}")
        new_fields |= change.kind is Kind.ATTRIBUTE and change.verb is Verb.CREATE
    if new_fields:
        _migrate(admin, tell)


def is_quiet(user: Any) -> bool:
    """Tell whether Zammad sends this user no mail for tickets."""
    matrix = ((user.get("preferences") or {}).get("notification_config") or {}).get("matrix") or {}
    return not any((event.get("channel") or {}).get("email") for event in matrix.values())


def quieten(admin: Admin, login: str) -> None:
    """Switch a user's notifications off."""
    admin.send("PUT", "users/preferences", {"notification_config": QUIET}, on_behalf=login)


def make_token(admin: Admin, login: str) -> str:
    """Make an access token of the bot's, and give it; Zammad shows it this once."""
    asked = {"name": NAME, "permission": ["ticket.agent"]}
    return str(admin.send("POST", "user_access_token", asked, on_behalf=login)["token"])


def removals(admin: Admin, seen: Seen, *, with_data: bool) -> tuple[Removal, ...]:
    """List what of ours there is, in the order in which it can go."""
    found = []
    for kind in reversed(Kind):
        for row in seen.get(kind, ()):
            if is_ours(kind, row):
                why = _stays(admin, kind, row, with_data=with_data)
                found.append(
                    Removal(kind=kind, name=name_of(kind, row), id=row["id"], goes=not why, why=why or "made by us")
                )
    return tuple(found)


def remove(admin: Admin, going: Iterable[Removal], *, tell: Tell) -> None:
    """Take it away."""
    fields_went = False
    for each in going:
        if not each.goes:
            continue
        if each.kind is Kind.ROLE:
            _take_off_users(admin, each.id)
        try:
            admin.send("DELETE", f"{each.kind}/{each.id}")
        except Permanent as exc:  # something that this token does not see still refers to it
            tell(f"left {each.kind.word} {each.name}: {exc}")
            continue
        fields_went |= each.kind is Kind.ATTRIBUTE
        tell(f"deleted {each.kind.word} {each.name}")
    if fields_went:
        _migrate(admin, tell)


def _carry_out(admin: Admin, change: Change, seen: dict[Kind, list[Any]]) -> None:
    rows = seen.setdefault(change.kind, [])
    if change.verb is Verb.DELETE:
        admin.send("DELETE", f"{change.kind}/{change.id}")
        rows[:] = [row for row in rows if row["id"] != change.id]
        return
    values = {name: resolve(new, seen) for name, (_, new) in change.fields.items()}
    if change.verb is Verb.UPDATE:
        row = admin.send("PUT", f"{change.kind}/{change.id}", values)
        rows[:] = [row if each["id"] == change.id else each for each in rows]
        return
    named = {"login": change.name} if change.kind is Kind.USER else {"name": change.name}
    made = admin.send("POST", change.kind, named | values)
    rows.append(made if "id" in made else {"id": 0, **named})  # a tag is answered with nothing


def _migrate(admin: Admin, tell: Tell) -> None:
    admin.send("POST", "object_manager_attributes_execute_migrations", {})
    wait_for_restart(admin, tell=tell, grace=GRACE)
    left = [row["name"] for row in admin.get(Kind.ATTRIBUTE) if row.get("to_migrate")]
    if left:
        raise Permanent(
            f"Zammad has not put the fields {', '.join(left)} into its database: restart it, then run this again"
        )


def _stays(admin: Admin, kind: Kind, row: Any, *, with_data: bool) -> str:
    """Say why a thing of ours is left where it is; empty where it goes."""
    if kind is Kind.TAG and row.get("count"):
        return f"{row['count']} tickets carry it"
    if kind is Kind.GROUP and (tickets := _tickets(admin, "ticket.group_id", row["id"])):
        return f"{tickets} tickets lie in it: move them, or set the group inactive"
    if kind is Kind.USER and (tickets := _tickets(admin, "ticket.created_by_id", row["id"])):
        return f"it made {tickets} tickets: set it inactive"
    if kind is Kind.ATTRIBUTE and not with_data:
        return "what was entered would be lost: say --with-data"
    return ""


def _tickets(admin: Admin, field: str, value: int) -> int:
    condition = {field: {"operator": "is", "pre_condition": "specific", "value": [str(value)]}}
    asked = {"condition": condition, "only_total_count": True}
    return int(admin.get("tickets/search", method="POST", json=asked)["total_count"])


def _take_off_users(admin: Admin, role: int) -> None:
    for user in admin.get("users/search", method="POST", json={"query": "*", "role_ids": [role], "per_page": 200}):
        roles = [each for each in user["role_ids"] if each != role]
        admin.send("PUT", f"users/{user['id']}", {"role_ids": roles})


def webhook_of(seen: Seen) -> Any | None:
    """Give our webhook."""
    return find(Kind.WEBHOOK, NAME, seen)
