"""Read what a real Znuny 6.5.1 sent and answered when it was recorded."""

import gzip
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "data" / "znuny"


def deliveries() -> list[dict[str, Any]]:
    """Give the recorded deliveries: name, headers, body."""
    return _rows("deliveries")


def exchanges() -> dict[str, dict[str, Any]]:
    """Give the recorded exchanges by name: request and response."""
    return {row["name"]: row for row in _rows("exchanges")}


def _rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
