"""Backfill as an admin runs it, against a sandbox helpdesk over real HTTP."""

import json
from pathlib import Path
from typing import Any

import pytest

from connector.hosts.sandbox import seed
from tests.desk import Commands, Desk

POLICY = """
version: 1
companies:
  public_domains: [freemail.example]
rules: {company: {mode: enforce}}
"""
PAGE, MANY = 20, 50
"""Rows of a page, and customers: more than two pages of them."""


@pytest.fixture
def run(place: Desk, command: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setattr("connector.backfill.SEARCHED", PAGE)
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return command.at(place, POLICY_FILE="policy.yaml")


def add(place: Desk, number: int, domain: str = "brandt.example", *, at: str | None = None) -> None:
    """Add customers without a company, all changed in one moment where one is given."""

    def work() -> None:
        world = place.box.world
        for index in range(number):
            user = seed.add_customer(world, f"c{index}@{domain}", "C", str(index))
            world.change("user", user, {"organization_id": None})
            user["updated_at"] = at or user["updated_at"]

    place.do(work)


def company_of(place: Desk, domain: str) -> list[Any]:
    """List the companies of a domain's users."""
    rows = place.do(lambda: place.box.world.rows("user"))
    return [row["organization_id"] for row in rows if row["email"].endswith(f"@{domain}")]


def test_a_plan_counts_and_changes_nothing(place: Desk, run: Commands) -> None:
    add(place, 3)
    place.box.requests.clear()

    ended = run("backfill", "companies", "--plan", "--json")

    found = json.loads(ended.out)
    assert (ended.code, found["attached"], found["companies"]) == (1, 3, {"Baeckerei Brandt": 3})
    assert found["why"]["is no customer"] == 5
    assert found["why"]["has a public mail address"] == 1
    assert not place.box.requests.count("POST|PUT|DELETE", r"^(?!.*search)")


@pytest.mark.parametrize("at", [None, "2026-01-01T00:00:00.000Z"], ids=["one after the other", "in one moment"])
def test_everybody_is_attached_once_over_many_pages(place: Desk, run: Commands, at: str | None) -> None:
    add(place, MANY, at=at)
    place.box.requests.clear()

    ended = run("backfill", "companies", "--apply", "--max-percent", "100", "--per-second", "0")
    again = run("backfill", "companies", "--plan")

    assert ended.code == 0, ended.err
    assert f"{MANY} of " in ended.out
    assert None not in company_of(place, "brandt.example")
    assert place.box.requests.count("PUT", "/users/") == MANY
    assert again.code == 0


def test_it_stops_before_the_first_write_where_too_many_would_change(place: Desk, run: Commands) -> None:
    add(place, 20)

    ended = run("backfill", "companies", "--apply")

    assert ended.code == 2
    assert "more than 20 %" in ended.err
    assert "--max-percent" in ended.err
    assert None in company_of(place, "brandt.example")


def test_it_goes_on_where_it_stopped(place: Desk, run: Commands) -> None:
    add(place, MANY)
    options = ("--apply", "--max-percent", "100", "--per-second", "0")

    def fail_at_the_thirtieth_write() -> None:
        seen = 0

        def hits(method: str, path: str) -> bool:
            nonlocal seen
            seen += method == "PUT"
            return seen == 30

        fault = place.box.fault("status", status=503)
        fault.hits = hits  # type: ignore[method-assign]  # counts, where patterns cannot

    place.do(fail_at_the_thirtieth_write)
    stopped = run("backfill", "companies", *options)
    place.box.faults.clear()
    place.box.requests.clear()
    ended = run("backfill", "companies", *options)

    assert stopped.code == 3
    assert "it goes on where it stopped" in stopped.err
    assert ended.code == 0
    assert "going on with users changed since" in ended.err
    assert place.box.requests.count("PUT", "/users/") == MANY - 29
    assert None not in company_of(place, "brandt.example")


def test_a_refused_write_is_named_and_the_others_go_on(place: Desk, run: Commands) -> None:
    add(place, 3)
    place.box.fault("status", method="PUT", path="/users/", status=422)

    ended = run("backfill", "companies", "--apply", "--max-percent", "100", "--per-second", "0")

    assert ended.code == 1
    assert "Zammad answered 422 to PUT /api/v1/users/" in ended.err
    assert company_of(place, "brandt.example").count(None) == 1


def test_two_claims_attach_nobody(place: Desk, run: Commands) -> None:
    add(place, 2)
    with place.admin() as admin:
        admin.send("POST", "organizations", {"name": "Rival", "domain": "brandt.example"})

    found = json.loads(run("backfill", "companies", "--plan", "--json").out)

    assert (found["attached"], found["why"]["several claim the domain"]) == (0, 2)


def test_open_tickets_follow_their_customer_and_closed_ones_stay(place: Desk, run: Commands) -> None:
    tickets = [place.mail("marc@dubois.example", subject=each).ticket_id for each in ("open", "closed")]
    with place.admin() as admin:
        admin.send("PUT", f"tickets/{tickets[1]}", {"state": "closed"})
    world = place.box.world
    rows = place.do(lambda: [world.one("ticket", each) for each in tickets])
    company = rows[0]["organization_id"]
    place.do(lambda: [world.change("ticket", row, {"organization_id": None}) for row in rows])

    ended = run("backfill", "companies", "--apply", "--max-percent", "100", "--per-second", "0")

    assert ended.code == 0
    assert "1 tickets followed" in ended.out
    assert [row["organization_id"] for row in rows] == [company, None]


def test_plan_or_apply_must_be_said(run: Commands) -> None:
    assert run("backfill", "companies").code == 2
