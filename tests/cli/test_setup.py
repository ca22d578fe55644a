"""Set-up as an admin runs it, against a sandbox helpdesk over real HTTP."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from connector.cli.secretfile import keep
from connector.hosts.zammad import provision
from connector.hosts.zammad.wishes import Kind
from tests.desk import Commands, Desk

POLICY = """
version: 1
mode: enforce
time_zone: Europe/Warsaw
rules: {company: {accepted_reassignment: true}, contract: {group: Vertrieb}}
helpdesk:
  groups: [Projects]
  calendars:
    office:
      hours: {mon: [08:00-12:00, 13:00-17:00], tue: [08:00-16:00]}
      holidays: {2026-12-25: Christmas}
  service_classes:
    premium: {calendar: office, first_response: 4h, solution: 24h}
    basic: {calendar: office, first_response: 1h30m}
"""
SECRETS = "HELPDESK_POLICY_ZAMMAD__WEBHOOK_SECRETS"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provision, "GRACE", 0.0)


@pytest.fixture
def run(place: Desk, command: Commands, tmp_path: Path) -> Commands:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return command.at(place, POLICY_FILE="policy.yaml", PUBLIC_URL="http://127.0.0.1:9/door")


def everything(place: Desk) -> dict[str, Any]:
    """Read all that set-up may touch, without the times of the last change."""
    with place.admin() as admin:
        seen = provision.look(admin, bot="policy-bot@msp.example")
    for row in seen[Kind.USER]:
        row.pop("preferences")
    return {
        kind.word: [{key: row[key] for key in row if key not in ("updated_at", "updated_by_id")} for row in rows]
        for kind, rows in seen.items()
    }


def test_a_plan_shows_what_is_missing_and_changes_nothing(place: Desk, run: Commands) -> None:
    before = everything(place)

    ended = run("setup", "plan")

    assert ended.code == 1
    assert "+ webhook helpdesk-policy: it tells the daemon which ticket changed" in ended.out
    assert "      endpoint: http://127.0.0.1:9/door/hooks/zammad" in ended.out
    assert "      signature_token: ***" in ended.out
    assert "+ group Vertrieb" in ended.out
    assert "New fields make Zammad restart itself" in ended.out
    assert re.fullmatch(r"\d+ to create, 1 to update, 3 to keep", ended.out.splitlines()[-1])
    assert everything(place) == before


def test_a_second_apply_changes_nothing(place: Desk, run: Commands) -> None:
    first = run("setup", "apply", "--yes", "--store", "config.env")
    place.box.requests.clear()

    second = run("setup", "apply", "--yes")

    assert first.code == second.code == 0
    assert re.fullmatch(r"\d+ to keep", second.out.splitlines()[-1])
    assert not place.box.requests.count("POST|PUT|DELETE", r"^(?!.*search)")


def test_what_was_made_is_what_zammad_needs(place: Desk, run: Commands) -> None:
    run("setup", "apply", "--yes", "--store", "config.env")

    found = everything(place)
    triggers = {row["name"]: row for row in found["trigger"]}
    trigger = triggers["helpdesk-policy 2 ticket updated"]
    sla = next(row for row in found["SLA"] if row["name"] == "helpdesk-policy basic")
    role = next(row for row in found["role"] if row["name"] == "helpdesk-policy bot")
    webhook = next(row for row in found["webhook"] if row["name"] == "helpdesk-policy")
    calendar = next(row for row in found["calendar"] if row["name"] == "helpdesk-policy office")
    assert (trigger["execution_condition_mode"], trigger["disable_notification"]) == ("always", True)
    assert trigger["perform"] == {"notification.webhook": {"webhook_id": webhook["id"]}}
    assert (sla["first_response_time"], sla["calendar_id"]) == (90, calendar["id"])
    assert sla["condition"] == {"organization.support_contract": {"operator": "is", "value": ["basic"]}}
    assert calendar["business_hours"]["mon"] == {"active": True, "timeframes": [["08:00", "12:00"], ["13:00", "17:00"]]}
    assert not calendar["business_hours"]["sat"]["active"]
    assert role["group_ids"] == {str(row["id"]): ["full"] for row in found["group"]}
    assert webhook["signature_token"] == Path("config.env").read_text("utf-8").strip().removeprefix(f"{SECRETS}=")
    assert role["id"] in found["user"][0]["role_ids"]


def test_the_bot_gets_no_mails_about_tickets(place: Desk, run: Commands) -> None:
    ended = run("setup", "apply", "--yes")

    with place.admin() as admin:
        bot = provision.user_named(admin, "policy-bot@msp.example")
    assert provision.is_quiet(bot)
    assert "switched off mails to policy-bot@msp.example" in ended.out


@pytest.mark.parametrize("data", [True, False])
def test_destroy_leaves_the_helpdesk_as_it_was_but_for_what_holds_data(place: Desk, run: Commands, data: bool) -> None:
    before = everything(place)
    run("setup", "apply", "--yes", "--store", "config.env")

    ended = run("setup", "destroy", "--yes", *(["--with-data"] if data else []))

    after = everything(place)
    if not data:
        assert "field domains: what was entered would be lost: say --with-data" in ended.out
        left = [row for row in after["field"] if row["name"] == "domains"]
        assert len(left) == 1
        after["field"].remove(left[0])
    after["tag"] = [tag for tag in after["tag"] if "contract" not in tag["name"]]  # no mark fits on a rule's tag
    assert ended.code == 0
    assert after == before


def test_destroy_keeps_what_somebody_else_made_and_what_holds_tickets(place: Desk, run: Commands) -> None:
    run("setup", "apply", "--yes", "--store", "config.env")
    with place.admin() as admin:
        admin.send("POST", "triggers", {
            "name": "theirs", "condition": {"ticket.action": {"operator": "is", "value": "create"}},
            "perform": {"ticket.tags": {"operator": "add", "value": "x"}},
        })  # fmt: skip
        ticket = {"title": "t", "group": "Vertrieb", "customer_id": "guess:a@b.example", "article": {"body": "b"}}
        admin.send("POST", "tickets", ticket, on_behalf="policy-bot@msp.example")

    ended = run("setup", "destroy", "--yes")

    names = {kind: [row["name"] for row in rows] for kind, rows in everything(place).items() if kind != "user"}
    assert "theirs" in names["trigger"]
    assert "Vertrieb" in names["group"]
    assert "left group Vertrieb: Zammad answered 422" in ended.out


def test_a_ticket_fires_the_triggers_that_were_made(place: Desk, run: Commands) -> None:
    run("setup", "apply", "--yes", "--store", "config.env")
    place.do(place.box.worker.pause)

    received = place.mail("marc@dubois.example")
    with place.admin() as admin:
        admin.send("PUT", f"tickets/{received.ticket_id}", {"title": "only a field"})

    queued = place.do(lambda: [job.payload["trigger"] for job in place.box.world.jobs if job.kind == "webhook"])
    waiting = place.do(
        lambda: [job.payload["trigger"] for _, _, job in place.box.worker._queue if job.kind == "webhook"]
    )
    assert [name[:17] for name in sorted(queued + waiting)] == ["helpdesk-policy 1", "helpdesk-policy 2"]


def test_a_thing_of_the_same_name_that_somebody_else_made_is_not_touched(place: Desk, run: Commands) -> None:
    with place.admin() as admin:
        admin.send("POST", "webhooks", {"name": "helpdesk-policy", "endpoint": "http://other.example/hook"})
    before = everything(place)

    refused = run("setup", "apply", "--yes")
    adopted = run("setup", "apply", "--yes", "--adopt")

    assert refused.code == 3
    assert "webhook 'helpdesk-policy': somebody else made it" in refused.err
    assert adopted.code == 0
    hooks = [row["endpoint"] for row in everything(place)["webhook"]]
    assert (before["webhook"][0]["endpoint"], hooks) == (
        "http://other.example/hook",
        ["http://127.0.0.1:9/door/hooks/zammad"],
    )


def test_what_a_person_changed_is_shown_and_set_back(place: Desk, run: Commands) -> None:
    run("setup", "apply", "--yes", "--store", "config.env")
    with place.admin() as admin:
        trigger = next(row for row in admin.list("triggers") if row["name"] == "helpdesk-policy 2 ticket updated")
        clause = {"ticket.group_id": {"operator": "is", "value": ["1"]}}
        changed = {"condition": trigger["condition"] | clause, "execution_condition_mode": "selective"}
        admin.send("PUT", f"triggers/{trigger['id']}", changed)

    planned = json.loads(run("setup", "plan", "--json").out)
    run("setup", "apply", "--yes")

    fields = {each["name"]: each["fields"] for each in planned if each["verb"] == "update"}
    assert set(fields["helpdesk-policy 2 ticket updated"]) == {"condition", "execution_condition_mode"}
    assert run("setup", "plan").code == 0


def test_what_nobody_wishes_any_more_is_taken_away(place: Desk, run: Commands, tmp_path: Path) -> None:
    run("setup", "apply", "--yes", "--store", "config.env")
    (tmp_path / "policy.yaml").write_text(re.sub(r"    basic: .*\n", "", POLICY), encoding="utf-8")

    ended = run("setup", "apply", "--yes")

    assert "- SLA helpdesk-policy basic: nobody wishes it any more" in ended.out
    assert [row["name"] for row in everything(place)["SLA"]] == ["helpdesk-policy premium"]


def test_a_user_and_its_token_are_made_where_there_is_none(place: Desk, run: Commands, tmp_path: Path) -> None:
    run.set("HELPDESK_POLICY_ZAMMAD__TOKEN", "")

    unnamed = run("setup", "plan")
    ended = run("setup", "apply", "--yes", "--bot", "robot@msp.example", "--store", "config.env")

    kept = dict(line.split("=", 1) for line in (tmp_path / "config.env").read_text("utf-8").splitlines())
    with place.admin(kept["HELPDESK_POLICY_ZAMMAD__TOKEN"]) as robot:
        me = robot.get("users/me")
        tickets = robot.get("tickets")
    assert (unnamed.code, ended.code) == (2, 0)
    assert "--bot" in unnamed.err
    assert me["login"] == "robot@msp.example"
    assert tickets, "by its role it sees the tickets of every group"
    assert stat.S_IMODE((tmp_path / "config.env").stat().st_mode) == 0o600
    run.set("HELPDESK_POLICY_ZAMMAD__TOKEN", kept["HELPDESK_POLICY_ZAMMAD__TOKEN"])
    assert run("setup", "plan").code == 0


def test_zammad_may_restart_itself_for_new_fields(place: Desk, run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provision, "GRACE", 2.0)
    place.box.fault("close_before", path="/api/v1/users/me", times=2)

    def down_once_more(*_: object) -> None:
        return None

    monkeypatch.setattr("time.sleep", down_once_more)
    ended = run("setup", "apply", "--yes", "--bot", "policy-bot@msp.example", "--store", "config.env")

    assert ended.code == 0
    assert "create field domains" in ended.out
    assert "Zammad restarts itself for the new fields; waiting until it is back" in ended.out


def test_the_administrators_token_is_asked_for_in_clear_words(run: Commands) -> None:
    run.set("ZAMMAD_ADMIN_TOKEN", "")

    ended = run("setup", "plan")

    assert ended.code == 2
    assert "ZAMMAD_ADMIN_TOKEN" in ended.err
    assert "Profile, Token Access" in ended.err


def test_an_agents_token_is_refused_with_what_it_lacks(run: Commands) -> None:
    run.set("ZAMMAD_ADMIN_TOKEN", "sandbox-bot")

    ended = run("setup", "plan")

    assert ended.code == 3
    assert "the administrator's token may not do this" in ended.err


def test_only_some_kinds_may_be_made(place: Desk, run: Commands) -> None:
    before = everything(place)

    ended = run("setup", "apply", "--yes", "--only", "webhook,triggers", "--store", "secret")

    after = everything(place)
    assert ended.code == 0
    assert {kind for kind in before if before[kind] != after[kind]} == {"webhook", "trigger"}
    assert (Path("secret")).read_text("utf-8").strip() == after["webhook"][0]["signature_token"]


def test_without_a_terminal_nothing_is_done_unasked(place: Desk, run: Commands) -> None:
    before = everything(place)

    ended = run("setup", "apply")

    assert (ended.code, everything(place)) == (2, before)
    assert "say --yes" in ended.err


def test_a_file_of_settings_keeps_its_other_lines(tmp_path: Path) -> None:
    file = tmp_path / "config.env"
    file.write_text(f"# mine\n#{SECRETS}=\nOTHER=1\n", encoding="utf-8")

    keep(file, SECRETS, "new")

    assert file.read_text("utf-8") == f"# mine\n{SECRETS}=new\nOTHER=1\n"
