"""Compare JSON by shape: the same keys, the same types, at every depth."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from tests.hosts.sandbox.recordings import exchanges

# Their keys are data, not shape: settings of an attribute, somebody's preferences, clauses of a condition.
MAPS = {
    "preferences", "data_option", "data_option_new", "screens", "condition", "perform", "options", "view", "order",
    "group_ids", "groups", "business_hours", "public_holidays", "form_meta", "state_current", "state_initial", "data",
    "channel_driver", "config",
}  # fmt: skip
CUT = re.compile(r"\.\.\. \d+ more entries cut by the recorder")
ERROR_ID = re.compile(r"Error ID [\w-]+:")


def differences(mine: Any, theirs: Any, where: str = "", kind: str = "") -> list[str]:
    """List where `mine` has another shape than the recorded `theirs`."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        return _dicts(mine, theirs, where)
    if isinstance(theirs, list) and isinstance(mine, list):
        return _lists(mine, theirs, where, kind)
    if _type(mine) == _type(theirs):
        return _texts(mine, theirs, where)
    seen = nullable().get((kind, where.rpartition(".")[2]), set())
    if "null" in (_type(mine), _type(theirs)) and {_type(mine), _type(theirs)} <= seen:
        return []
    return [f"{where or 'body'}: {_type(mine)} {mine!r:.60} instead of {_type(theirs)} {theirs!r:.60}"]


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else type(value).__name__


def _texts(mine: Any, theirs: Any, where: str) -> list[str]:
    """Compare the words of errors, but for the ids in them."""
    if where.rpartition(".")[2] not in ("error", "error_human", "message") or not isinstance(theirs, str):
        return []
    if ERROR_ID.sub("Error ID", mine) == ERROR_ID.sub("Error ID", theirs):
        return []
    return [f"{where}: {mine!r} instead of {theirs!r}"]


def _dicts(mine: Any, theirs: Any, where: str) -> list[str]:
    name = where.rpartition(".")[2]
    if name in MAPS:
        return []
    if theirs and all(key.isdigit() for key in theirs):  # assets by id
        if not mine or not all(key.isdigit() for key in mine):
            return [f"{where}: no rows by id"]
        return _elements(list(mine.values()), list(theirs.values()), where)
    if mine.keys() != theirs.keys():
        less, more = sorted(theirs.keys() - mine.keys()), sorted(mine.keys() - theirs.keys())
        return [f"{where or 'body'}: lacks {less}, has {more} besides"]
    kind = kind_of(theirs)
    return [line for key in theirs for line in differences(mine[key], theirs[key], f"{where}.{key}", kind)]


def _lists(mine: Any, theirs: Any, where: str, kind: str) -> list[str]:
    theirs = [entry for entry in theirs if not (isinstance(entry, str) and CUT.fullmatch(entry))]
    if any(isinstance(entry, dict | list) for entry in theirs):
        if not mine:
            return [f"{where or 'body'}: empty instead of {len(theirs)} entries"]
        return _elements(mine, theirs, where)
    if where == "" and bool(mine) != bool(theirs):
        return [f"body: {len(mine)} entries instead of {len(theirs)}"]
    wanted = {_type(entry) for entry in theirs}
    return [] if not theirs or {_type(entry) for entry in mine} <= wanted else [f"{where}: other entries, {mine!r:.60}"]


def _elements(mine: list[Any], theirs: list[Any], where: str) -> list[str]:
    """Ask of each entry that it has the shape of some recorded entry."""
    found = []
    for index, entry in enumerate(mine):
        best = min((differences(entry, other, f"{where}[]") for other in theirs), key=len)
        if best:
            found.append(f"[{index}] " + "; ".join(best))
    return found


def kind_of(row: dict[str, Any]) -> str:
    """Tell what a row is by the keys that only such rows have."""
    for kind, keys in KINDS.items():
        if keys <= row.keys():
            return kind
    return ",".join(sorted(row))


KINDS: dict[str, set[str]] = {
    "ticket": {"priority_id", "customer_id", "number"},
    "article": {"ticket_id", "sender_id", "body"},
    "user": {"login", "firstname", "lastname"},
    "organization": {"shared", "domain_assignment"},
    "group": {"follow_up_possible", "name_last"},
    "state": {"state_type_id", "ignore_escalation"},
    "priority": {"ui_icon", "default_create"},
    "trigger": {"execution_condition_mode"},
    "webhook": {"endpoint", "signature_token"},
    "history": {"o_id", "object", "sourceable_type"},
    "link": {"link_type_id", "link_object_source_value"},
    "http log": {"facility", "direction"},
    "overview": {"prio", "view"},
}


@cache
def nullable() -> dict[tuple[str, str], set[str]]:
    """Tell for each column which types it had anywhere in the recordings."""
    seen: dict[tuple[str, str], set[str]] = {}
    for entry in exchanges().values():
        for body in _bodies(entry):
            _collect(body, seen)
    return seen


def _bodies(entry: Any) -> Iterable[Any]:
    if "response" in entry:
        yield entry["response"]["body"]
    for delivery in entry.get("deliveries", ()):
        yield delivery["body"]


def _collect(value: Any, seen: dict[tuple[str, str], set[str]]) -> None:
    if isinstance(value, dict):
        kind = kind_of(value)
        for key, inner in value.items():
            seen.setdefault((kind, key), set()).add(_type(inner))
            _collect(inner, seen)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, seen)
