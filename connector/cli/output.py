"""Print for people and for machines: tables on a terminal, JSON for `--json`, errors on standard error."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

OK = 0
FINDINGS = 1
USAGE = 2
UNREACHABLE = 3
WIDE = 160
"""Columns where there is no terminal to ask."""

COLOURS = {
    "act": "green",
    "done": "green",
    "ready": "green",
    "error": "red",
    "failed": "red",
    "ignored": "red",
    "stopped": "red",
    "parked": "red",
    "drop": "yellow",
    "would": "cyan",
    "observe": "cyan",
}


def console(*, stderr: bool = False) -> Console:
    """Make a console; rich leaves colours out without a terminal and with NO_COLOR."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False, soft_wrap=False)


def say(text: str = "") -> None:
    """Print a line as it is."""
    console().print(Text(text))


def complain(text: str) -> None:
    """Print an error, on standard error."""
    console(stderr=True).print(Text.assemble(("error: ", "bold red"), text))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table; words with a meaning have its colour."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(_cell(value), style=COLOURS.get(str(value), "")) for value in row))
    console().print(made)


def print_json(content: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(plain(content), ensure_ascii=False, indent=2) + "\n")


def plain(content: Any) -> Any:
    """Turn our values into JSON's."""
    if is_dataclass(content) and not isinstance(content, type):
        return plain(asdict(content))
    if isinstance(content, Mapping):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple | set | frozenset):
        return [plain(value) for value in content]
    if isinstance(content, datetime):
        return content.isoformat()
    if isinstance(content, timedelta):
        return content.total_seconds()
    return content


def moment(at: datetime | None) -> str:
    """Write a time for people, to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z" if at else "-"


def span(length: timedelta) -> str:
    """Write a duration for people."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return moment(value) if isinstance(value, datetime) else str(value)
