"""Read what stands about companies outside the host: CSV files beside the policy."""

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from connector.contracts import COLUMNS, contract_of, read_yaml
from connector.errors import Misconfigured
from connector.model.contract import Contract, Registry
from connector.model.people import ACCOUNT, ORDERS, PERMISSIONS, Authority, People
from connector.policy.address import address_of, fold_domain


def read_contracts(path: Path) -> tuple[Contract, ...]:
    """Read contracts from CSV, or from YAML by the file's name; raises Misconfigured with file and line."""
    if path.suffix.lower() in {".yaml", ".yml"}:
        return read_yaml(path)
    rows = _rows(path, needed=("company",), known=COLUMNS)
    return tuple(contract_of(row, f"{path}:{line}") for line, row in rows)


def read_registry(path: Path, *, is_complete: bool) -> Registry:
    """Read the contracts of a file; raises Misconfigured with file and line."""
    return Registry.of(read_contracts(path), is_complete=is_complete)


def read_domains(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Read more domains of companies from `company,domain`; raises Misconfigured with file and line."""
    domains: dict[str, tuple[str, ...]] = {}
    for line, row in _rows(path, needed=("company", "domain"), known=("company", "domain")):
        folded = fold_domain(row["domain"])
        if not folded:
            raise Misconfigured(f"{path}:{line}: expected a mail domain such as acme.example, found {row['domain']!r}")
        domains[row["company"]] = (*domains.get(row["company"], ()), folded)
    return domains


def read_people(path: Path) -> People:
    """Read who may ask for and approve what; raises Misconfigured with file and line.

    The columns are `company,address,name,phone,matters,language,valid_from,valid_until`; `matters` are words out of
    permissions, orders and account, separated by spaces, and empty means all of them.
    """
    every = {PERMISSIONS, ORDERS, ACCOUNT}
    columns = ("company", "address", "name", "phone", "matters", "language", "valid_from", "valid_until")
    authorities = []
    for line, row in _rows(path, needed=("company", "address"), known=columns):
        address, matters = address_of(row["address"]), set(row.get("matters", "").split()) or every
        begins, ends = _span(row, path, line)
        if not address:
            raise Misconfigured(f"{path}:{line}: expected a mail address, found {row['address']!r}")
        if matters - every:
            raise Misconfigured(f"{path}:{line}: expected {', '.join(sorted(every))}, found {row['matters']!r}")
        authorities.append(
            Authority(
                company=row["company"],
                address=address,
                name=row.get("name", ""),
                phone=row.get("phone", ""),
                matters=frozenset(matters),
                language=row.get("language", ""),
                valid_from=begins,
                valid_until=ends,
            )
        )
    return People.of(authorities)


def read_texts(folder: Path) -> Mapping[str, str]:
    """Read the message files of a folder by language; raises Misconfigured."""
    try:
        return {each.stem: each.read_text(encoding="utf-8") for each in sorted(folder.glob("*.toml"))}
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"the messages in {folder} cannot be read: {exc}") from exc


def _rows(path: Path, *, needed: tuple[str, ...], known: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"{path} cannot be read: {exc}") from exc
    reader = csv.DictReader(text.splitlines(), delimiter=";" if ";" in text.partition("\n")[0] else ",")
    columns = [name.strip() for name in reader.fieldnames or ()]
    if unknown := [name for name in columns if name not in known] or [name for name in needed if name not in columns]:
        raise Misconfigured(
            f"{path}:1: expected the columns {','.join(known)}, found {','.join(columns)} ({unknown[0]!r})"
        )
    reader.fieldnames = columns
    rows = []
    for values in reader:
        if extra := values.pop(None, []):  # where csv puts what has no column
            raise Misconfigured(
                f"{path}:{reader.line_num}: expected {len(columns)} values, found {len(columns) + len(extra)}; "
                "a value that holds the separator stands in quotes"
            )
        rows.append((reader.line_num, {key: (value or "").strip() for key, value in values.items()}))
    for line, row in rows:
        if missing := [name for name in needed if not row[name]]:
            raise Misconfigured(f"{path}:{line}: {missing[0]!r} is empty")
    return rows


def _span(row: Mapping[str, str], path: Path, line: int) -> tuple[date | None, date | None]:
    begins, ends = (_day(row.get(name, ""), path, line) for name in ("valid_from", "valid_until"))
    if begins and ends and ends < begins:
        raise Misconfigured(f"{path}:{line}: it ends on {ends}, before it begins on {begins}")
    return begins, ends


def _day(text: str, path: Path, line: int) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as exc:
        raise Misconfigured(f"{path}:{line}: expected a day as 2026-12-31, found {text!r}") from exc
