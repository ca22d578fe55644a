"""Keep what was decided, and why."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from connector.store.columns import storable_json
from connector.store.database import Store
from connector.store.tables import audit

AT_ONCE = 500  # records forgotten in one transaction, so that pruning never keeps a delivery waiting


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """What one look found, decided and did; `id` sorts by time.

    `decisions` holds one object a rule, with at least `rule` and `outcome`. `seen_again` counts the later looks that
    found and decided the same, the latest of them at `last_at`; both are kept by the store.
    """

    id: str
    host: str
    ticket: str
    ticket_number: str
    at: datetime
    policy_revision: str
    facts: dict[str, Any]
    decisions: list[dict[str, Any]]
    plan: list[Any]
    results: list[Any]
    durations: dict[str, float]
    changed: bool
    dry_run: bool
    seen_again: int = 0
    last_at: datetime | None = None


async def append(store: Store, record: AuditRow) -> str:
    """Record a look; return the id under which it is found.

    A look that changed nothing and decided what the ticket's latest record says is counted there. A record may be
    appended twice and is kept once.
    """
    digest = digest_of(record)
    latest = (
        select(audit.c.id)
        .where(audit.c.host == record.host, audit.c.ticket == record.ticket)
        .order_by(audit.c.last_at.desc(), audit.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    repeat = (
        update(audit)
        .where(audit.c.id == latest, audit.c.digest == digest, audit.c.id != record.id)
        .values(seen_again=audit.c.seen_again + 1, last_at=record.at)
        .returning(audit.c.id)
    )
    values = asdict(replace(record, seen_again=0, last_at=record.at))
    insert = store.insert(audit).values(**values, digest=digest).on_conflict_do_nothing().returning(audit.c.id)

    async def work(connection: AsyncConnection) -> str:
        if not record.changed:
            counted: str | None = (await connection.execute(repeat)).scalar()
            if counted is not None:
                return counted
        await connection.execute(insert)
        return record.id

    return await store.transact(work)


async def find(
    store: Store,
    *,
    host: str | None = None,
    ticket: str | None = None,
    number: str | None = None,
    rule: str | None = None,
    outcome: str | None = None,
    company: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    changed: bool | None = None,
    limit: int = 100,
) -> list[AuditRow]:
    """Return the latest records, newest first; given both, those in which `rule` came to `outcome`."""
    wanted = select(*COLUMNS).order_by(audit.c.last_at.desc(), audit.c.id.desc()).limit(limit)
    if host is not None:
        wanted = wanted.where(audit.c.host == host)
    if ticket is not None:
        wanted = wanted.where(audit.c.ticket == ticket)
    if number is not None:
        wanted = wanted.where(audit.c.ticket_number == number)
    if company is not None:
        wanted = wanted.where(fact(store, "company") == company)
    if since is not None:
        wanted = wanted.where(audit.c.last_at >= since)
    if until is not None:
        wanted = wanted.where(audit.c.at <= until)
    if changed is not None:
        wanted = wanted.where(audit.c.changed == changed)
    if rule is not None or outcome is not None:
        wanted = wanted.where(decided(store, rule=rule, outcome=outcome))
    return [AuditRow(**row._mapping) for row in await store.read(wanted)]


async def get(store: Store, id_: str) -> AuditRow | None:
    """Return one record."""
    rows = await store.read(select(*COLUMNS).where(audit.c.id == id_))
    return AuditRow(**rows[0]._mapping) if rows else None


async def prune(store: Store, *, before: datetime) -> int:
    """Forget the records last seen before a moment; return how many they were."""
    some = select(audit.c.id).where(audit.c.last_at < before).order_by(audit.c.last_at).limit(AT_ONCE)
    forgotten = 0
    while gone := len(await store.write(delete(audit).where(audit.c.id.in_(some)).returning(audit.c.id))):
        forgotten += gone
    return forgotten


COLUMNS = tuple(column for column in audit.c if column.name != "digest")


def digest_of(record: AuditRow) -> str:
    """Sum up what makes two looks the same: all that was decided and tried, not when nor how long it took."""
    decided = [record.policy_revision, record.decisions, record.plan, record.results, record.changed, record.dry_run]
    return sha256(json.dumps(storable_json(decided), sort_keys=True).encode()).hexdigest()


def fact(store: Store, name: str) -> ColumnElement[str]:
    """Read one of the facts of a record."""
    if store.dialect == "sqlite":
        return func.json_extract(audit.c.facts, f"$.{name}")
    return func.json_extract_path_text(audit.c.facts, name)


def decided(store: Store, *, rule: str | None, outcome: str | None) -> ColumnElement[bool]:
    """Match records in which one decision has both this rule and this outcome."""
    if store.dialect == "sqlite":
        each = func.json_each(audit.c.decisions).table_valued("value")
        said = {key: func.json_extract(each.c.value, f"$.{key}") for key in ("rule", "outcome")}
    else:
        each = func.json_array_elements(audit.c.decisions).table_valued("value")
        said = {key: func.json_extract_path_text(each.c.value, key) for key in ("rule", "outcome")}
    wanted = {"rule": rule, "outcome": outcome}
    conditions = [said[key] == value for key, value in wanted.items() if value is not None]
    return select(literal(1)).select_from(each).where(*conditions).correlate(audit).exists()
