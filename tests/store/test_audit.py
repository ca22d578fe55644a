"""The record of decisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.store import Store, audit
from connector.store.audit import AuditRow

NOW = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def decision(rule: str, outcome: str = "skip", reason: str = "ticket is closed, not open") -> dict[str, Any]:
    return {"rule": rule, "mode": "enforce", "outcome": outcome, "reason": reason, "actions": []}


def record(id_: str = "01", *decisions: dict[str, Any], at: datetime = NOW, changed: bool = False) -> AuditRow:
    return AuditRow(
        id=id_,
        host="zammad",
        ticket="1",
        ticket_number="64001",
        at=at,
        policy_revision="7c0ffee",
        facts={"state": "open", "tags": ["vip"], "company": None},
        decisions=list(decisions) or [decision("remind")],
        plan=[],
        results=[],
        durations={"fetch": 0.25},
        changed=changed,
        dry_run=False,
    )


async def ids(store: Store, **wanted: Any) -> list[str]:
    return [row.id for row in await audit.find(store, **wanted)]


async def test_a_record_comes_back_as_it_was_given(store: Store) -> None:
    given = replace(record(changed=True), plan=[{"tag": "vip"}], results=[{"status": 200}])

    assert await audit.append(store, given) == "01"
    assert await audit.get(store, "01") == replace(given, last_at=NOW)
    assert await audit.get(store, "02") is None


async def test_a_look_that_repeats_the_latest_is_counted_there(store: Store) -> None:
    await audit.append(store, record("01"))
    again = replace(record("02", at=NOW + MINUTE), durations={"fetch": 0.5}, facts={"state": "open"})

    assert await audit.append(store, again) == "01"
    assert await audit.append(store, replace(again, id="03", at=NOW + 2 * MINUTE)) == "01"
    assert await audit.find(store) == [replace(record("01"), seen_again=2, last_at=NOW + 2 * MINUTE)]


async def test_a_look_that_decides_otherwise_is_a_new_record(store: Store) -> None:
    await audit.append(store, record("01"))
    await audit.append(store, record("02", decision("remind", reason="customer waited 9:00:00"), at=NOW + MINUTE))
    await audit.append(store, record("03", at=NOW + 2 * MINUTE))

    assert await ids(store) == ["03", "02", "01"]


async def test_a_look_under_another_policy_is_a_new_record(store: Store) -> None:
    await audit.append(store, record("01"))
    await audit.append(store, replace(record("02"), policy_revision="beef"))

    assert await ids(store) == ["02", "01"]


async def test_two_looks_that_changed_something_are_two_records(store: Store) -> None:
    await audit.append(store, record("01", changed=True))
    await audit.append(store, record("02", changed=True))

    assert await ids(store) == ["02", "01"]


async def test_the_same_decision_on_another_ticket_is_a_new_record(store: Store) -> None:
    await audit.append(store, record("01"))
    await audit.append(store, replace(record("02"), ticket="2"))
    await audit.append(store, replace(record("03"), host="znuny"))

    assert await ids(store) == ["03", "02", "01"]


async def test_a_record_appended_twice_is_kept_once(store: Store) -> None:
    for changed in (False, True):
        await audit.append(store, record(f"0{changed:d}", changed=changed))
        await audit.append(store, record(f"0{changed:d}", changed=changed))

    assert [(row.id, row.seen_again) for row in await audit.find(store)] == [("01", 0), ("00", 0)]


async def test_records_are_found_by_what_one_rule_came_to(store: Store) -> None:
    await audit.append(store, record("01", decision("remind", "act"), decision("sales", "skip")))
    await audit.append(store, record("02", decision("remind", "skip"), decision("sales", "act")))
    await audit.append(store, record("03", decision("split", "error")))

    assert await ids(store, rule="remind") == ["02", "01"]
    assert await ids(store, outcome="act") == ["02", "01"]
    assert await ids(store, rule="remind", outcome="act") == ["01"]
    assert await ids(store, rule="sales", outcome="error") == []
    assert await ids(store, outcome="error") == ["03"]


async def test_records_are_found_by_ticket_and_time(store: Store) -> None:
    await audit.append(store, record("01"))
    await audit.append(store, replace(record("02", at=NOW + MINUTE), ticket="2"))
    await audit.append(store, replace(record("03", at=NOW + 2 * MINUTE), host="znuny"))

    assert await ids(store, ticket="1") == ["03", "01"]
    assert await ids(store, host="zammad") == ["02", "01"]
    assert await ids(store, since=NOW + MINUTE) == ["03", "02"]
    assert await ids(store, limit=1) == ["03"]


async def test_a_record_with_what_no_database_keeps_is_kept_and_found(store: Store) -> None:
    await audit.append(store, record("01", decision("remind", "act", reason="subject is \0 \ud800")))
    again = record("02", decision("remind", "act", reason="subject is \0 \ud800"))

    assert await audit.append(store, again) == "01"
    (found,) = await audit.find(store, rule="remind")
    assert found.decisions[0]["reason"] == "subject is \ufffd \ufffd"


async def test_old_records_are_forgotten_and_those_seen_lately_kept(store: Store) -> None:
    await audit.append(store, record("01"))
    await audit.append(store, record("02", at=NOW + MINUTE))
    for number in range(10, 15):
        await audit.append(store, replace(record(str(number)), ticket=str(number)))

    assert await audit.prune(store, before=NOW + MINUTE) == 5
    assert await ids(store) == ["01"]
