"""Keep the state of one pretended helpdesk in memory, with undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector.hosts.sandbox.refusal import no_lookup, not_found

Row = dict[str, Any]

SYSTEM = 1  # the user "-", in whose name Zammad itself writes

# What an error message calls the rows of a table.
KINDS = {
    "ticket": "Ticket",
    "article": "Ticket::Article",
    "user": "User",
    "organization": "Organization",
    "group": "Group",
    "state": "Ticket::State",
    "priority": "Ticket::Priority",
    "webhook": "Webhook",
    "trigger": "Trigger",
    "role": "Role",
    "macro": "Macro",
    "overview": "Overview",
    "calendar": "Calendar",
    "sla": "Sla",
    "setting": "Setting",
    "checklist": "Checklist",
    "checklist_item": "Checklist::Item",
    "time_accounting": "Ticket::TimeAccounting",
    "object_attribute": "ObjectManager::Attribute",
    "template": "Template",
    "signature": "Signature",
    "email_address": "EmailAddress",
    "text_module": "TextModule",
    "token": "Token",
}


# Columns that are asked for often; everything else is found by looking at each row.
INDEXED = {
    "article": ("ticket_id", "message_id_md5"),
    "tag": ("o_id",),
    "time_accounting": ("ticket_id",),
    "raw_mail": ("article_id",),
    "file": ("o_id",),
    "history": ("o_id",),
    "ticket": ("number", "customer_id"),
    "user": ("organization_id",),
    "link": ("link_object_source_value", "link_object_target_value"),
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Tell the triggers what happened to one ticket in one transaction."""

    kind: str  # create, update, update.merged_into, update.received_merge
    ticket_id: int
    article_id: int | None = None
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    by: int = SYSTEM


@dataclass(kw_only=True)
class Job:
    """Be one piece of work for the background worker; webhooks are rendered when it runs, not before."""

    kind: str  # webhook, mail
    delay: float  # seconds of Zammad's time, before `pace`
    payload: Row
    attempts: int = 0


def stamp(at: datetime) -> str:
    """Write a time as Zammad's JSON does: UTC with milliseconds."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def moment(text: str) -> datetime:
    """Read a time that this sandbox wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class World:
    """Hold tables of rows; every write goes through here, so that a failed request leaves no trace."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.tables: dict[str, dict[int, Row]] = {}
        self.next_id: dict[str, int] = {}
        self.next_number = 69001
        self.custom: dict[str, dict[str, Any]] = {"Ticket": {}, "User": {}, "Organization": {}, "Group": {}}
        self.events: list[Event] = []
        self.jobs: list[Job] = []
        self.wake: Callable[[], None] = lambda: None
        self._undo: list[Callable[[], object]] | None = None
        self._index: dict[tuple[str, str, Any], dict[int, Row]] = {}

    def now(self) -> str:
        """Tell the time in Zammad's notation."""
        return stamp(self.clock())

    # reading

    def rows(self, table: str) -> list[Row]:
        """List a table by ascending id."""
        return [row for _, row in sorted(self.tables.get(table, {}).items())]

    def where(self, table: str, **wanted: object) -> list[Row]:
        """List the rows whose columns have these values, by ascending id."""
        indexed = next((column for column in INDEXED.get(table, ()) if column in wanted), None)
        if indexed is None:
            rows = self.rows(table)
        else:
            rows = [row for _, row in sorted(self._index.get((table, indexed, wanted[indexed]), {}).items())]
        return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]

    def _enter(self, table: str, row: Row) -> None:
        for column in INDEXED.get(table, ()):
            self._index.setdefault((table, column, row.get(column)), {})[row["id"]] = row

    def _leave(self, table: str, row: Row) -> None:
        for column in INDEXED.get(table, ()):
            self._index[(table, column, row.get(column))].pop(row["id"])

    def get(self, table: str, id_: object) -> Row | None:
        """Find a row by id, whatever type the id came in."""
        try:
            return self.tables.get(table, {}).get(int(str(id_)))
        except ValueError:
            return None

    def one(self, table: str, id_: object) -> Row:
        """Find a row by id or answer 404."""
        row = self.get(table, id_)
        if row is None:
            raise not_found(KINDS.get(table, table), id_)
        return row

    def by_name(self, table: str, name: object, *, field: str) -> Row:
        """Find a row by its name or answer 422 as Zammad's association lookup does."""
        for row in self.rows(table):
            if row["name"] == name:
                return row
        raise no_lookup(field, name)

    def setting(self, name: str) -> Any:
        """Read a setting's current value."""
        for row in self.where("setting", name=name):
            return row["state_current"]["value"]
        return None

    # writing

    def insert(self, table: str, values: Row, *, by: int = SYSTEM) -> Row:
        """Add a row with the next id, its author and its times."""
        id_, taken = self.next_id.get(table, 1), self.tables.get(table, {})
        while id_ in taken:
            id_ += 1
        now = self.now()
        row: Row = {"id": id_, **values}
        row.setdefault("updated_by_id", by)
        row.setdefault("created_by_id", by)
        row.setdefault("created_at", now)
        row.setdefault("updated_at", now)
        self.next_id[table] = id_ + 1
        self.tables.setdefault(table, {})[id_] = row
        self._enter(table, row)

        def back() -> None:
            self._leave(table, self.tables[table].pop(id_))

        self.undoable(back)
        return row

    def change(self, table: str, row: Row, values: Row, *, by: int | None = None) -> dict[str, tuple[Any, Any]]:
        """Set columns; tell what really changed, and touch the row only if something did."""
        changes = {key: (row.get(key), value) for key, value in values.items() if row.get(key) != value}
        if not changes:
            return {}
        before = dict(row)
        self._leave(table, row)
        row.update({key: value for key, (_, value) in changes.items()})
        row["updated_at"] = self.now()
        if by is not None:
            row["updated_by_id"] = by
        self._enter(table, row)

        def back() -> None:
            self._leave(table, row)
            row.clear()
            row.update(before)
            self._enter(table, row)

        self.undoable(back)
        return changes

    def touch(self, row: Row) -> None:
        """Move a row's updated_at without any other change, as tags and links do."""
        before = row["updated_at"]
        row["updated_at"] = self.now()
        self.undoable(lambda: row.__setitem__("updated_at", before))

    def delete(self, table: str, id_: int) -> None:
        """Remove a row."""
        row = self.tables[table].pop(id_)
        self._leave(table, row)

        def back() -> None:
            self.tables[table][id_] = row
            self._enter(table, row)

        self.undoable(back)

    def undoable(self, back: Callable[[], object]) -> None:
        """Remember how to take the last write back."""
        if self._undo is not None:
            self._undo.append(back)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all writes of the block or none; its events and jobs live and die with it."""
        if self._undo is not None:  # a part of a larger transaction
            yield
            return
        self._undo, events, jobs = [], list(self.events), list(self.jobs)
        try:
            yield
        except BaseException:
            for back in reversed(self._undo):
                back()
            self.events, self.jobs = events, jobs
            raise
        finally:
            self._undo = None

    def enqueue(self, job: Job) -> None:
        """Hand work to the background worker."""
        self.jobs.append(job)
        self.wake()

    def record(self, object_: str, o_id: int, type_: str, *, by: int, **extra: Any) -> None:
        """Write one line of history."""
        self.insert("history", {"object": object_, "o_id": o_id, "type": type_, **extra}, by=by)
