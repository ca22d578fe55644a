"""Commands that mend what went wrong, as an admin runs them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Commands, Desk

POLICY = """
version: 1
mode: enforce
companies:
  domains:
    Alpenglas GmbH: [alpenglas-werk.example]
rules:
  company: {accepted_reassignment: true}
  contract: {}
"""


@pytest.fixture
def run(place: Desk, command: Commands, tmp_path: Path) -> Commands:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return command.at(place, POLICY_FILE="policy.yaml", ZAMMAD__WEBHOOK_SECRETS="secret")


def shown(place: Desk, ticket: int) -> dict[str, Any]:
    """Read what rules may have changed."""
    with place.admin() as admin:
        row = admin.get(f"tickets/{ticket}?expand=true")
        tags = admin.get(f"tags?object=Ticket&o_id={ticket}")["tags"]
        user = admin.get(f"users/{row['customer_id']}")
    return {
        "group": row["group"],
        "tags": sorted(tags),
        "company": row.get("organization"),
        "customer of": user["organization_id"],
    }


def looked(run: Commands, number: str) -> str:
    """Look at a ticket, and give the decision's id."""
    return str(json.loads(run("look", number, "--json").out)["id"])


def test_undo_puts_back_what_a_decision_changed_and_the_rule_leaves_it(place: Desk, run: Commands) -> None:
    ticket = place.mail("marc@dubois.example")
    before = shown(place, ticket.ticket_id)
    decision = looked(run, str(ticket.number))
    moved = shown(place, ticket.ticket_id)

    ended = run("undo", decision, "--reason", "he pays by the hour", "--yes")

    assert (moved["group"], moved["tags"]) == ("Sales", ["no-contract"])
    assert ended.code == 0
    assert shown(place, ticket.ticket_id) == before
    again = json.loads(run("look", str(ticket.number), "--json").out)
    assert shown(place, ticket.ticket_id) == before
    assert any("after us" in step["why"] for step in again["plan"])
    rows = json.loads(run("decisions", "list", "--rule", "undo", "--json").out)
    assert [row["decisions"][0]["reason"] for row in rows] == [f"decision {decision} was undone: he pays by the hour"]


def test_undo_detaches_a_customer_who_was_attached_wrongly(place: Desk, run: Commands) -> None:
    ticket = place.mail("otto@alpenglas-werk.example")
    before = shown(place, ticket.ticket_id)
    decision = looked(run, str(ticket.number))
    attached = shown(place, ticket.ticket_id)

    ended = run("undo", decision, "--yes")

    assert attached["company"] == "Alpenglas GmbH"
    assert ended.code == 0, ended.err
    assert shown(place, ticket.ticket_id) == before


def test_undo_shows_the_writes_first_and_sends_none_in_a_dry_run(place: Desk, run: Commands) -> None:
    ticket = place.mail("marc@dubois.example")
    decision = looked(run, str(ticket.number))
    place.box.requests.clear()

    ended = run("undo", decision, "--dry-run")

    assert "PUT /api/v1/tickets/" in ended.out
    assert '"group": "Support"' in ended.out
    assert "stays: write the note" in ended.out
    assert not place.box.requests.count("POST|PUT|DELETE", r"^(?!.*search)")


def test_undo_leaves_what_somebody_has_touched_since(place: Desk, run: Commands) -> None:
    ticket = place.mail("marc@dubois.example")
    decision = looked(run, str(ticket.number))
    with place.admin() as admin:
        admin.send("PUT", f"tickets/{ticket.ticket_id}", {"group": "Billing"})

    ended = run("undo", decision, "--yes")

    assert "somebody changed it since: we set 'Sales', it is 'Billing'" in ended.out
    assert shown(place, ticket.ticket_id)["group"] == "Billing"
    assert shown(place, ticket.ticket_id)["tags"] == []


def test_a_decision_that_changed_nothing_cannot_be_undone(place: Desk, run: Commands) -> None:
    ticket = place.mail("carla.moser@alpenglas.example")
    decision = looked(run, str(ticket.number))

    ended = run("undo", decision, "--yes")

    assert ended.code == 1
    assert "changed nothing" in ended.err


def test_lost_deliveries_are_listed_with_what_became_of_their_tickets(place: Desk, run: Commands) -> None:
    run.set("HELPDESK_POLICY_PUBLIC_URL", "http://127.0.0.1:9")
    run("setup", "apply", "--yes", "--only", "webhook,trigger")
    first, second = place.mail("it@alpenglas.example"), place.mail("bernd@brandt.example")
    while place.do(lambda: place.box.worker.pending):
        pass
    looked(run, str(first.number))

    before = run("lost", "--json")
    replayed = run("replay", "--lost")
    waiting = run("lost")

    rows = {row["ticket"]: row for row in json.loads(before.out)}
    assert before.code == 1
    assert rows[f"id:{first.ticket_id}"]["since_then"].startswith("looked at ")
    assert rows[f"id:{second.ticket_id}"]["since_then"] == "not looked at since"
    assert (rows[f"id:{second.ticket_id}"]["tries"], rows[f"id:{second.ticket_id}"]["status"]) == (5, "0")
    assert replayed.out.startswith("1 tickets are woken")
    assert "waiting: manual" in waiting.out


def test_the_log_of_deliveries_needs_a_token_that_may(run: Commands) -> None:
    run.set("ZAMMAD_ADMIN_TOKEN", "")

    ended = run("lost")

    assert ended.code == 3
    assert "`admin.webhook`" in ended.err


def test_tickets_are_looked_at_again_by_what_was_decided(place: Desk, run: Commands) -> None:
    for sender in ("marc@dubois.example", "bernd@brandt.example"):
        looked(run, str(place.mail(sender).number))

    acted = run("replay", "--rule", "contract", "--outcome", "act")
    company = json.loads(run("decisions", "list", "--company", "Baeckerei Brandt", "--json").out)
    nothing = run("replay")

    assert acted.out.startswith("1 tickets are woken")
    assert [row["facts"]["company"] for row in company] == ["Baeckerei Brandt"]
    assert len(json.loads(run("decisions", "list", "--changed", "--json").out)) == 1
    assert json.loads(run("decisions", "list", "--until", "1h", "--json").out) == []
    assert nothing.code == 2
