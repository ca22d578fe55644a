"""Count how many recorded values come out the same, beyond their shape."""

from __future__ import annotations

from typing import Any

# Times, random names, and what the recorder's own address was.
CHANCE = {
    "message_id", "message_id_md5", "token", "store_file_id", "endpoint", "url", "content", "error", "request",
    "response", "form_meta", "history", "total_count",
}  # fmt: skip


def agreement(mine: Any, theirs: Any, key: str = "") -> tuple[int, int]:
    """Count (equal, all) single values; times count by their minute."""
    if key in CHANCE:
        return 0, 0
    if isinstance(theirs, dict):
        inner = [agreement(mine.get(name), theirs[name], name) for name in theirs if isinstance(mine, dict)]
        return _sum(inner)
    if isinstance(theirs, list):
        rows = [entry for entry in theirs if isinstance(entry, dict)]
        found = mine if isinstance(mine, list) else []
        if rows:
            return _sum([agreement(one, other) for one, other in zip(found, rows, strict=False)])
        return int(sorted(map(str, found)) == sorted(map(str, theirs))), 1
    if key.endswith("_at") and isinstance(theirs, str) and isinstance(mine, str):
        return int(mine[:16] == theirs[:16]), 1
    return int(mine == theirs), 1


def _sum(counts: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(equal for equal, _ in counts), sum(every for _, every in counts)
