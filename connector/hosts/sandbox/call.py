"""Carry one API request to its handler, and the answer back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from connector.hosts.sandbox.access import Actor
from connector.hosts.sandbox.refusal import Refusal, unprocessable
from connector.hosts.sandbox.world import Row, World


@dataclass(frozen=True, kw_only=True)
class Call:
    """Be one request of a known person; `params` are query and JSON body in one, as in Rails."""

    world: World
    actor: Actor
    args: tuple[str, ...] = ()
    params: Row = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        """Tell whether a switch like expand=true is set."""
        return self.params.get(name) in (True, "true", "1", 1)

    def number(self, name: str, default: int) -> int:
        """Read a number as Ruby's to_i does: "abc" is 0."""
        value = self.params.get(name)
        if value is None or value == "":
            return default
        found = re.match(r"\s*-?\d+", str(value))
        return int(found[0]) if found else 0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Be an answer: JSON by default, bytes for files and mails; `late` is asked for the JSON after the triggers ran."""

    status: int = 200
    body: Any = None
    late: Callable[[], Any] | None = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def page(call: Call, rows: list[Row], *, default: int, most: int) -> list[Row]:
    """Cut one page out of a list; too large a page is cut silently, page 0 is an SQL error."""
    per_page = min(call.number("per_page", call.number("limit", default)), most)
    offset = (call.number("page", 1) - 1) * per_page
    if offset < 0 or per_page < 0:
        raise unprocessable("OFFSET must not be negative", hidden=True)
    return rows[offset : offset + per_page]


def ordered(call: Call, rows: list[Row], *, by: str, direction: str) -> list[Row]:
    """Sort by sort_by and order_by (each a name or a list of names); an unknown column is a 500."""
    columns, directions = _names(call, "sort_by") or [by], _names(call, "order_by") or []
    directions += [direction if not directions else "asc"] * (len(columns) - len(directions))
    for column, way in reversed(list(zip(columns, directions, strict=False))):
        if rows and column not in rows[0]:
            raise Refusal(500, f"Found invalid column '{column}' for sorting.", hidden=True)
        rows = sorted(rows, key=lambda row: _sortable(row[column]), reverse=way.lower() == "desc")
    return rows


def _names(call: Call, param: str) -> list[str]:
    value = call.params.get(param)
    if not value:
        return []
    return [str(part) for part in value] if isinstance(value, list) else str(value).split(",")


def _sortable(value: Any) -> tuple[bool, Any]:
    if value is None or isinstance(value, dict | list):
        return (True, "")
    return (False, value.lower() if isinstance(value, str) else value)


def contains(query: str, *texts: object) -> bool:
    """Match as Zammad does without Elasticsearch: a plain substring in any text, in any case of letters."""
    wanted = query.strip().lower()
    return wanted in ("", "*") or any(wanted in str(text).lower() for text in texts if text)


def read_query(text: str) -> Row:
    """Read a query string with Rails' brackets: a[b][c]=1 nests, a[]=1 lists."""
    params: Row = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = [name.split("[", 1)[0], *re.findall(r"\[(.*?)\]", name)]
        _put(params, path, value)
    return params


def _put(into: Row, path: list[str], value: str) -> None:
    head, *rest = path
    if not rest:
        into[head] = value
    elif rest == [""]:
        into.setdefault(head, []).append(value)
    else:
        inner = into.setdefault(head, {})
        if isinstance(inner, dict):
            _put(inner, rest, value)
