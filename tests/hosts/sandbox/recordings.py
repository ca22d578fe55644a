"""Read the exchanges that were recorded with a real Zammad 6.5."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "data" / "zammad"


def _lines(name: str) -> list[str]:
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        return [line for line in file.read().split("\n") if line]


@cache
def exchanges() -> dict[str, Any]:
    """Give all exchanges by name; those with `deliveries` are webhooks that arrived after something was done."""
    return {entry["name"]: entry for entry in map(json.loads, _lines("exchanges.jsonl.gz"))}


@cache
def raw_deliveries() -> list[Any]:
    """Give webhook deliveries byte by byte, with the token that signed them."""
    return [json.loads(line) for line in _lines("raw-deliveries.jsonl.gz")]


@cache
def order() -> list[tuple[str, str]]:
    """Give (time, name) of all exchanges in the order in which they happened, as far as their contents tell."""
    text = (DATA / "order.txt").read_text(encoding="utf-8")
    return [(time, name) for time, name in (line.split(" ", 1) for line in text.splitlines() if line)]


@cache
def uncovered() -> dict[str, str]:
    """Give the exchanges that the sandbox does not follow, each with the reason."""
    text = (DATA / "uncovered.txt").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines() if line and not line.startswith("#"))
