"""Compare what Zammad shall hold with what it holds; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connector.hosts.zammad.wishes import NAME, Kind, Ref, Wish

Row = Mapping[str, Any]
Seen = Mapping[Kind, Sequence[Row]]
"""What the host holds, by kind."""

MADE = f"Made by {NAME}"
EXACT = {"condition", "perform"}
"""Fields in which anything more would mean something else: one clause more, and a trigger fires less often."""
SECRET = {"signature_token", "basic_auth_password"}
DROPPED = (Kind.TRIGGER, Kind.OVERVIEW, Kind.MACRO, Kind.SLA, Kind.CALENDAR)
"""What is taken away when nobody wishes it any more; the rest may hold data of people."""


class Verb(StrEnum):
    """What is to be done about one thing."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    DELETE = "delete"
    CLASH = "clash"
    """Somebody else made a thing of this name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing, and what is to be done about it."""

    verb: Verb
    kind: Kind
    name: str
    id: int | None = None
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Field to what it holds and what it shall hold."""
    wish: Wish | None = None
    why: str = ""


def differences(
    wanted: Iterable[Wish], seen: Seen, *, accepted: Sequence[str] = (), adopt: bool = False
) -> tuple[Change, ...]:
    """List what is to be done for every wish, then what of ours nobody wishes any more.

    `accepted` are the secrets that the daemon takes: a webhook that signs with one of them is left alone. With `adopt`
    a thing of the same name that somebody else made becomes ours.
    """
    wishes = tuple(wanted)
    found = tuple(_change(wish, seen, accepted, adopt) for wish in wishes)
    kept = {(wish.kind, wish.name) for wish in wishes}
    gone = tuple(
        Change(verb=Verb.DELETE, kind=kind, name=name_of(kind, row), id=row["id"], why="nobody wishes it any more")
        for kind in DROPPED
        for row in seen.get(kind, ())
        if is_ours(kind, row) and (kind, name_of(kind, row)) not in kept
    )
    return found + gone


def resolve(value: Any, seen: Seen) -> Any:
    """Put ids in the place of references; one to a thing that is still to be made stays as it is."""
    if isinstance(value, Ref):
        row = find(value.kind, value.name, seen)
        return value if row is None else row["id"]
    if isinstance(value, Mapping):
        return {_key(key, seen): resolve(each, seen) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(each, seen) for each in value]
    return value


def _key(key: Any, seen: Seen) -> Any:
    """Give the id as text where a key is a reference: JSON has no other keys."""
    found = resolve(key, seen) if isinstance(key, Ref) else key
    return str(found) if isinstance(found, int) else found


def find(kind: Kind, name: str, seen: Seen) -> Row | None:
    """Find a thing by its name, in any case of letters, as Zammad compares names."""
    wanted = name.casefold()
    return next((row for row in seen.get(kind, ()) if name_of(kind, row).casefold() == wanted), None)


def name_of(kind: Kind, row: Row) -> str:
    """Give the name by which a thing is known."""
    return str(row["login"] if kind is Kind.USER else row["name"])


def is_ours(kind: Kind, row: Row) -> bool:
    """Tell by its mark whether we made a thing."""
    match kind:
        case Kind.ATTRIBUTE:
            return MADE in str((row.get("data_option") or {}).get("note") or "")
        case Kind.OVERVIEW:
            return str(row.get("link") or "").startswith("helpdesk_policy_")
        case Kind.CALENDAR | Kind.SLA:
            return str(row["name"]).startswith(f"{NAME} ")
        case Kind.TAG:
            return str(row["name"]).startswith("policy:")
        case _:
            return MADE in str(row.get("note") or "")


def shown(name: str, value: Any) -> str:
    """Write a field's value for people; secrets are not shown."""
    if name in SECRET:
        return "***" if value else "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {shown(key, each)}" for key, each in value.items()) or "{}"
    if isinstance(value, list | tuple):
        return ", ".join(shown(name, each) for each in value) or "nothing"
    return "nothing" if value in (None, "") else str(value)


def _change(wish: Wish, seen: Seen, accepted: Sequence[str], adopt: bool) -> Change:
    row = find(wish.kind, wish.name, seen)
    if row is None:
        new = {name: (None, resolve(value, seen)) for name, value in {**wish.at_birth, **wish.fields}.items()}
        return Change(verb=Verb.CREATE, kind=wish.kind, name=wish.name, fields=new, wish=wish, why=wish.why)
    if not (wish.shared or adopt or is_ours(wish.kind, row)):
        why = "somebody else made it: rename it in Zammad, or let it become ours with --adopt"
        return Change(verb=Verb.CLASH, kind=wish.kind, name=wish.name, id=row["id"], wish=wish, why=why)
    fields = {}
    for name, value in wish.fields.items():
        want, have = resolve(value, seen), row.get(name)
        if name == "role_ids" and wish.kind is Kind.USER:
            want = [*(have or []), *(each for each in want if each not in (have or []))]  # nobody loses a role by us
        if not _same(name, have, want, accepted):
            fields[name] = (have, want)
    verb = Verb.UPDATE if fields else Verb.KEEP
    return Change(verb=verb, kind=wish.kind, name=wish.name, id=row["id"], fields=fields, wish=wish, why=wish.why)


def _same(name: str, have: Any, want: Any, accepted: Sequence[str]) -> bool:
    if name in SECRET and have:
        is_masked = not str(have).strip("*")  # newer versions do not tell a secret any more
        return is_masked or have in accepted or have == want
    return _covers(have, want, exact=name in EXACT)


def _covers(have: Any, want: Any, *, exact: bool = False) -> bool:
    """Tell whether what is there says all that was wished; Zammad adds keys of its own, and turns numbers into text."""
    if isinstance(want, Mapping):
        if not isinstance(have, Mapping) or (exact and have.keys() != want.keys()):
            return False
        return all(key in have and _covers(have[key], value, exact=False) for key, value in want.items())
    if isinstance(want, list | tuple):
        return isinstance(have, list | tuple) and sorted(map(_text, have)) == sorted(map(_text, want))
    return _text(have) == _text(want)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
