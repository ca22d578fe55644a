"""Read, compare and write lists of support contracts: CSV, YAML, and JSON behind an address."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from connector.errors import Misconfigured
from connector.model.contract import Contract, folded

COLUMNS = (
    "company",
    "level",
    "valid_from",
    "valid_until",
    "services",
    "on_call",
    "hours",
    "hours_used",
    "time_zone",
)
YES = frozenset({"true", "yes", "1"})
NO = frozenset({"", "false", "no", "0"})
USUAL = 5
"""Companies that one import may change however short the list is."""
SHARE = 0.2
"""Share of the listed companies that one import may change."""


def contract_of(row: Mapping[str, Any], at: str) -> Contract:
    """Read one row; raises Misconfigured with its place, what was expected and what was found."""
    values = {name: _text(value) for name, value in row.items()}
    if unknown := [name for name in values if name not in COLUMNS]:
        raise Misconfigured(f"{at}: unknown {unknown[0]!r}; known are {', '.join(COLUMNS)}")
    if not values.get("company"):
        raise Misconfigured(f"{at}: 'company' is empty")
    begins, ends = (_day(values.get(name, ""), at) for name in ("valid_from", "valid_until"))
    if begins and ends and ends < begins:
        raise Misconfigured(f"{at}: it ends on {ends}, before it begins on {begins}")
    return Contract(
        company=values["company"],
        level=values.get("level", ""),
        valid_from=begins,
        valid_until=ends,
        services=tuple(each.strip() for each in values.get("services", "").split(";") if each.strip()),
        on_call=_truth(values.get("on_call", ""), at),
        hours=_number(values.get("hours", ""), at),
        hours_used=_number(values.get("hours_used", ""), at) or 0,
        time_zone=_zone(values.get("time_zone", ""), at),
    )


def contracts_of(content: Any, name: str) -> tuple[Contract, ...]:
    """Read a list of rows, or one under `contracts`, as JSON and YAML give it; raises Misconfigured."""
    rows = content.get("contracts") if isinstance(content, Mapping) else content
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise Misconfigured(f"{name}: expected a list of contracts, found a {type(rows).__name__}")
    found = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise Misconfigured(f"{name}: contract {number}: expected keys such as `company`, found {row!r}")
        found.append(contract_of(row, f"{name}: contract {number}"))
    return tuple(found)


def read_yaml(path: Path) -> tuple[Contract, ...]:
    """Read contracts from a YAML file; raises Misconfigured."""
    try:
        return contracts_of(yaml.safe_load(path.read_text(encoding="utf-8")) or [], str(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise Misconfigured(f"{path} cannot be read: {exc}") from exc


def written(contracts: Iterable[Contract]) -> str:
    """Write contracts as CSV."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    for each in contracts:
        hours = ("", "") if each.hours is None else (f"{each.hours:g}", f"{each.hours_used:g}")
        days = (each.valid_from or "", each.valid_until or "")
        duty = "yes" if each.on_call else ""
        out.writerow((each.company, each.level, *days, "; ".join(each.services), duty, *hours, each.time_zone))
    return text.getvalue()


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What a new list says otherwise than the old one about one company."""

    company: str
    before: tuple[Contract, ...]
    after: tuple[Contract, ...]

    @property
    def kind(self) -> str:
        """Name what happens to the company."""
        return "change" if self.before and self.after else "add" if self.after else "remove"


def differences(before: Iterable[Contract], after: Iterable[Contract]) -> tuple[Difference, ...]:
    """Compare two lists, company by company."""
    old, new = _by_company(before), _by_company(after)
    return tuple(
        Difference(
            company=(new.get(key) or old[key])[0].company, before=tuple(old.get(key, ())), after=tuple(new.get(key, ()))
        )
        for key in sorted(old | new)
        if sorted(map(repr, old.get(key, ()))) != sorted(map(repr, new.get(key, ())))
    )


def why_braked(before: Sequence[Contract], changes: Sequence[Difference]) -> str | None:
    """Say that an import changes far more than usual; None where it does not. A first import is no change."""
    listed = len(_by_company(before))
    most = max(USUAL, int(listed * SHARE))
    if listed and len(changes) > most:
        return f"{len(changes)} of {listed} companies would change, usual are at most {most}"
    return None


def findings(contracts: Iterable[Contract], *, today: date, companies: Iterable[str] | None) -> list[str]:
    """Tell what is odd about a list; `companies` is what the host's companies go by, None where it was not asked."""
    known = None if companies is None else {folded(each) for each in companies}
    found = []
    for key, rows in _by_company(contracts).items():
        name = rows[0].company
        if known is not None and key not in known:
            found.append(f"{name}: no company of the helpdesk goes by this name, id or domain")
        last = max((row.valid_until or date.max) for row in rows)
        if last < today:
            found.append(f"{name}: its last contract ended on {last}")
        dated = sorted(rows, key=lambda row: row.valid_from or date.min)
        for earlier, later in pairwise(dated):
            if (later.valid_from or date.min) <= (earlier.valid_until or date.max):
                found.append(f"{name}: {earlier.level or 'contract'} and {later.level or 'contract'} overlap")
    return found


def _by_company(contracts: Iterable[Contract]) -> dict[str, list[Contract]]:
    rows: dict[str, list[Contract]] = {}
    for each in contracts:
        rows.setdefault(folded(each.company), []).append(each)
    return rows


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else str(value).strip()


def _day(text: str, at: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as exc:
        raise Misconfigured(f"{at}: expected a day as 2026-12-31, found {text!r}") from exc


def _number(text: str, at: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as exc:
        raise Misconfigured(f"{at}: expected a number of hours, found {text!r}") from exc


def _truth(text: str, at: str) -> bool:
    if text.casefold() not in YES | NO:
        raise Misconfigured(f"{at}: expected yes or no, found {text!r}")
    return text.casefold() in YES


def _zone(text: str, at: str) -> str:
    try:
        return text and ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise Misconfigured(f"{at}: {text!r} is no time zone; write it as in Europe/Warsaw") from exc
