"""Broken set-ups, each made on a sandbox helpdesk beside a running daemon, and found with what mends it."""

import copy
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.doctor import trip
from connector.doctor.finding import Finding, Level, worst
from connector.hosts.sandbox.world import World
from connector.hosts.zammad import provision
from connector.settings import load_settings
from connector.wiring import House, clock
from tests.desk import Commands, Desk, daemon, free_port
from tests.desk import desk as serve_desk

SECRET = "the-secret"
POLICY = """
version: 1
mode: enforce
time_zone: Europe/Warsaw
rules: {company: {accepted_reassignment: true}, contract: {}}
helpdesk:
  calendars: {office: {holidays: {HOLIDAY: Holiday}}}
  service_classes: {premium: {calendar: office, first_response: 4h}}
"""


@dataclass
class Clinic:
    """A healthy set-up, to be broken."""

    place: Desk
    house: House
    run: Commands
    folder: Path

    def send(self, method: str, path: str, json: Any = None) -> Any:
        """Change something as the administrator."""
        with self.place.admin() as admin:
            return admin.send(method, path, json)

    def change(self, kind: str, name: str, **values: Any) -> None:
        """Change a thing of Zammad's by its name."""
        with self.place.admin() as admin:
            row = next(each for each in admin.list(kind) if each["name"] == name)
            admin.send("PUT", f"{kind}/{row['id']}", values)

    def set(self, name: str, value: str) -> None:
        """Change a setting of ours."""
        self.run.set(f"HELPDESK_POLICY_{name}", value)

    def policy(self, old: str, new: str) -> None:
        """Change the policy file."""
        file = self.folder / "policy.yaml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def doctor(self, *words: str) -> list[dict[str, str]]:
        """Ask the doctor."""
        ended = self.run("doctor", "--json", *words)
        content = json.loads(ended.out)
        assert ended.code == content["exit"]
        return list(content["findings"])


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, House, Path]]:
    folder = tmp_path_factory.mktemp("clinic")
    next_year = f"{clock().year + 1}-01-01"
    (folder / "policy.yaml").write_text(POLICY.replace("HOLIDAY", next_year), encoding="utf-8")
    with serve_desk() as place:
        settings = load_settings(
            policy_file=folder / "policy.yaml",
            data_dir=folder,
            listen_port=free_port(),
            settle_seconds=0.0,
            log_level="error",
            zammad={"url": place.url, "token": "sandbox-bot", "webhook_secrets": SECRET},
        )
        with daemon(place, settings) as house:
            yield place, house, folder


@pytest.fixture(scope="module")
def provisioned(healthy: tuple[Desk, House, Path]) -> tuple[Desk, House, Path]:
    from connector import setup  # noqa: PLC0415 - the fixture above has to come first

    place, house, _ = healthy
    with place.admin() as admin, pytest.MonkeyPatch.context() as patch:
        patch.setattr(provision, "GRACE", 0.0)
        address = next(iter(admin.list("email_addresses")))["id"]
        for group in admin.list("groups"):
            if group["email_address_id"] is None:
                admin.send("PUT", f"groups/{group['id']}", {"email_address_id": address})
        planned = setup.plan(admin, house.settings, house.rulebook)
        setup.carry_out(admin, planned, tell=lambda _: None)
    return healthy


@contextmanager
def unchanged(place: Desk) -> Iterator[None]:
    """Put the helpdesk back as it was."""

    def keep(world: World) -> Any:
        return copy.deepcopy((world.tables, world.next_id, world.custom, world._index))

    def put_back() -> None:
        world = place.box.world
        world.tables, world.next_id, world.custom, world._index = before

    before = place.do(lambda: keep(place.box.world))
    yield
    place.do(put_back)


@pytest.fixture
def clinic(
    provisioned: tuple[Desk, House, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Clinic]:
    place, house, folder = provisioned
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text((folder / "policy.yaml").read_text("utf-8"), encoding="utf-8")
    port = str(house.settings.listen_port)
    run = Commands(monkeypatch, capsys).at(
        place, POLICY_FILE="policy.yaml", DATA_DIR=str(folder), LISTEN_PORT=port, ZAMMAD__WEBHOOK_SECRETS=SECRET
    )
    monkeypatch.setattr(trip, "PATIENCE", 2.0)
    with unchanged(place):
        yield Clinic(place, house, run, tmp_path)


def test_a_healthy_set_up_has_nothing_to_find_and_a_delivery_goes_round(clinic: Clinic) -> None:
    found = clinic.doctor()

    assert [each for each in found if each["level"] != "ok"] == []
    assert any(each["check"] == "round trip" and "came to the daemon in" in each["what"] for each in found)


def test_the_test_ticket_is_made_once_and_no_rule_touches_it(clinic: Clinic) -> None:
    clinic.doctor()
    clinic.doctor()

    with clinic.place.admin("sandbox-bot") as bot:
        found = [row for row in bot.get("tickets/search?query=doctor") if row["title"] == trip.TITLE]
    assert len(found) == 1
    assert not clinic.place.do(lambda: list(clinic.place.box.outbox))


Break = Callable[[Clinic], object]
UPDATED = "helpdesk-policy 2 ticket updated"
BROKEN: dict[str, tuple[Break, str, str, str, str]] = {
    "no webhook secret": (
        lambda c: c.set("ZAMMAD__WEBHOOK_SECRETS", ""),
        "problem", "secret", "WEBHOOK_SECRETS is not set", "setup rotate-secret",
    ),
    "a rotation that never ended": (
        lambda c: c.set("ZAMMAD__WEBHOOK_SECRETS", f"{SECRET},old"),
        "warning", "secret", "2 webhook secrets are accepted", "leave only the new one",
    ),
    "another secret here than in the daemon": (
        lambda c: c.set("ZAMMAD__WEBHOOK_SECRETS", "other"),
        "problem", "door", "does not accept the secret", "kill -HUP",
    ),
    "every rule off": (
        lambda c: c.policy("mode: enforce", "mode: 'off'"),
        "warning", "policy", "switches every rule off", "name at least one rule",
    ),
    "a dry run that was forgotten": (
        lambda c: c.set("DRY_RUN", "true"),
        "warning", "policy", "dry run is on", "unset HELPDESK_POLICY_DRY_RUN",
    ),
    "a wrong policy file": (
        lambda c: c.policy("contract: {}", "contrakt: {}"),
        "problem", "settings", "did you mean 'contract'?", "mend it",
    ),
    "a database that is away": (
        lambda c: c.set("DATABASE_URL", "postgresql://127.0.0.1:9/none?connect_timeout=1"),
        "problem", "database", "cannot be used", "HELPDESK_POLICY_DATABASE_URL",
    ),
    "no daemon at the door": (
        lambda c: c.set("PUBLIC_URL", "http://127.0.0.1:9"),
        "problem", "door", "nobody answers at http://127.0.0.1:9/hooks/zammad", "start the daemon",
    ),
    "a door at another path": (
        lambda c: c.set("PUBLIC_URL", f"http://127.0.0.1:{c.house.settings.listen_port}/sub"),
        "problem", "door", "answers 404", "must end in /hooks/zammad",
    ),
    "a helpdesk out of reach": (
        lambda c: c.set("ZAMMAD__URL", "http://127.0.0.1:9"),
        "problem", "helpdesk", "cannot be reached", "HELPDESK_POLICY_ZAMMAD__URL",
    ),
    "a revoked token": (
        lambda c: c.set("ZAMMAD__TOKEN", "revoked"),
        "problem", "helpdesk", "the token is wrong or was revoked", "HELPDESK_POLICY_ZAMMAD__TOKEN",
    ),
    "a customer's token": (
        lambda c: c.set("ZAMMAD__TOKEN", "sandbox-carla"),
        "problem", "token", "lacks `ticket.agent`", "make a new token",
    ),
    "an administrator's token for the daemon": (
        lambda c: c.set("ZAMMAD__TOKEN", "sandbox-admin"),
        "warning", "token", "may administer: admin, admin.trigger", "make a token with `ticket.agent` alone",
    ),
    "a group that does not exist": (
        lambda c: c.policy("contract: {}", "contract: {group: Vertrieb}"),
        "problem", "group", "the group 'Vertrieb', which does not exist; there is Billing, Projects", "mend the name",
    ),
    "a group that is switched off": (
        lambda c: c.change("groups", "Sales", active=False),
        "problem", "group", "the group 'Sales', which is not active", "activate",
    ),
    "a new group that the daemon may not see": (
        lambda c: c.send("POST", "groups", {"name": "Night shift"}),
        "problem", "group", "has no full access to Night shift", "setup apply gives its role access",
    ),
    "a group without a mail address": (
        lambda c: c.change("groups", "Projects", email_address_id=None),
        "warning", "mail", "no mail can leave from Projects", "under Groups, Email",
    ),
    "no state to close tickets with": (
        lambda c: c.change("ticket_states", "closed", active=False),
        "problem", "state", "no active state of the type 'closed'", "under Ticket States",
    ),
    "a field that companies do not have": (
        lambda c: c.policy("contract: {}", "contract: {level_attribute: vertrag}"),
        "problem", "field", "reads vertrag from companies", "setup apply makes it",
    ),
    "a domain claimed twice": (
        lambda c: c.send("POST", "organizations", {"name": "Rival", "domain": "dubois.example"}),
        "warning", "company", "is claimed by Dubois Transports and Rival", "take the domain off all but one",
    ),
    "a company whose members see one another's tickets": (
        lambda c: c.change("organizations", "Esker Legal", shared=True),
        "warning", "company", "members of Esker Legal see one another's tickets", "switch `Shared organization` off",
    ),
    "no webhook": (
        lambda c: [*(c.send("DELETE", f"triggers/{row['id']}") for row in ours(c, "triggers")),
                   *(c.send("DELETE", f"webhooks/{row['id']}") for row in ours(c, "webhooks"))],
        "problem", "webhook", "there is no webhook 'helpdesk-policy'", "setup apply",
    ),
    "a webhook that is switched off": (
        lambda c: c.change("webhooks", "helpdesk-policy", active=False),
        "problem", "webhook", "has active False, not True", "setup apply",
    ),
    "a webhook to another place": (
        lambda c: c.change("webhooks", "helpdesk-policy", endpoint="http://old.example/hooks/zammad"),
        "problem", "webhook", "has endpoint http://old.example/hooks/zammad, not http://127.0.0.1:", "setup apply",
    ),
    "a webhook with another secret": (
        lambda c: c.change("webhooks", "helpdesk-policy", signature_token="other"),
        "problem", "webhook", "has signature_token ***, not ***", "setup apply",
    ),
    "a webhook with a payload of its own": (
        lambda c: c.change("webhooks", "helpdesk-policy", customized_payload=True, custom_payload='{"a": 1}'),
        "problem", "webhook", "has customized_payload True", "setup apply",
    ),
    "a trigger that is missing": (
        lambda c: [c.send("DELETE", f"triggers/{row['id']}") for row in ours(c, "triggers") if row["name"] == UPDATED],
        "problem", "trigger", f"there is no trigger '{UPDATED}'", "setup apply",
    ),
    "a trigger that is switched off": (
        lambda c: c.change("triggers", UPDATED, active=False),
        "problem", "trigger", "has active False, not True", "setup apply",
    ),
    "a trigger that executes selectively": (
        lambda c: c.change("triggers", UPDATED, execution_condition_mode="selective"),
        "problem", "trigger", "has execution_condition_mode selective, not always", "setup apply",
    ),
    "a trigger for one group only": (
        lambda c: c.change("triggers", UPDATED, condition={
            "ticket.action": {"operator": "is", "value": "update"},
            "ticket.group_id": {"operator": "is", "value": ["1"]},
        }),
        "problem", "trigger", "has condition ticket.action", "setup apply",
    ),
    "a second trigger to our door": (
        lambda c: c.send("POST", "triggers", {
            "name": "made by hand", "condition": {"ticket.action": {"operator": "is", "value": "update"}},
            "perform": {"notification.webhook": {"webhook_id": ours(c, "webhooks")[0]["id"]}},
        }),
        "warning", "trigger", "the trigger 'made by hand' calls our door too", "deactivate 'made by hand'",
    ),
    "an overview that somebody took away": (
        lambda c: [c.send("DELETE", f"overviews/{row['id']}") for row in ours(c, "overviews", "Policy: ")],
        "warning", "setup", "overview Policy: proposals", "setup apply",
    ),
    "triggers that fire triggers": (
        lambda c: setting(c, "ticket_trigger_recursive", True),
        "warning", "setting", "ticket_trigger_recursive is on", "Recursive Ticket Triggers",
    ),
    "tickets that do not follow their customer": (
        lambda c: setting(c, "ticket_organization_reassignment", False),
        "warning", "setting", "ticket_organization_reassignment is off", "Ticket Organization Reassignment",
    ),
    "a calendar without holidays": (
        lambda c: c.change("calendars", "helpdesk-policy office", public_holidays={"2020-01-01": {"active": True}}),
        "warning", "calendar", "office' has no holiday in the next twelve months", "calendars, holidays",
    ),
    "no administrator's token": (
        lambda c: c.run.set("ZAMMAD_ADMIN_TOKEN", ""),
        "skipped", "administration", "no administrator's token was given", "set ZAMMAD_ADMIN_TOKEN",
    ),
}  # fmt: skip


def ours(clinic: Clinic, kind: str, prefix: str = "helpdesk-policy") -> list[Any]:
    """List what set-up has made."""
    with clinic.place.admin() as admin:
        return [row for row in admin.list(kind) if row["name"].startswith(prefix)]


def setting(clinic: Clinic, name: str, value: object) -> None:
    """Change a setting of Zammad's."""
    with clinic.place.admin() as admin:
        row = next(each for each in admin.get("settings") if each["name"] == name)
        admin.send("PUT", f"settings/{row['id']}", {"state_current": {"value": value}})


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_set_up_is_found_with_what_mends_it(clinic: Clinic, case: str) -> None:
    make, level, check, what, fix = BROKEN[case]
    make(clinic)

    found = clinic.doctor("--no-round-trip")

    named = [each for each in found if (each["level"], each["check"]) == (level, check)]
    assert [each for each in named if what in each["what"] and fix in each["fix"]], found
    assert all(each["why"] for each in found if each["level"] in ("warning", "problem"))


def test_a_door_behind_a_redirect_is_found(clinic: Clinic) -> None:
    class Redirect(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(301)
            self.send_header("Location", "https://policy.example.com/hooks/zammad")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Redirect) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        clinic.set("PUBLIC_URL", f"http://127.0.0.1:{server.server_port}")
        found = clinic.doctor("--no-round-trip")
        server.shutdown()
        thread.join()

    door = next(each for each in found if each["check"] == "door")
    assert door["what"].endswith("is redirected to https://policy.example.com/hooks/zammad")
    assert "does not follow redirects" in door["why"]


def test_a_clock_that_is_wrong_is_found(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic.place.box.world, "clock", lambda: clock() + timedelta(minutes=10))

    found = clinic.doctor("--no-round-trip")

    skew = next(each for each in found if each["check"] == "clock")
    assert skew["what"].startswith("the helpdesk's clock is ")
    assert skew["what"].endswith(" s ahead of ours")
    assert "timedatectl" in skew["fix"]


def test_a_delivery_that_does_not_come_round_is_found_and_the_hosts_log_is_read(clinic: Clinic) -> None:
    clinic.doctor()
    clinic.change("webhooks", "helpdesk-policy", signature_token="other")

    found = clinic.doctor()

    lost = next(each for each in found if each["check"] == "round trip")
    assert lost["level"] == "problem"
    assert "did not come to the daemon; the helpdesk's log says 401" in lost["what"]
    assert any(
        each["check"] == "lost" and "was answered 401" in each["what"] for each in clinic.doctor("--no-round-trip")
    )


def test_nagios_gets_one_line(clinic: Clinic) -> None:
    fine = clinic.run("doctor", "--nagios", "--no-round-trip")
    setting(clinic, "ticket_trigger_recursive", True)
    warned = clinic.run("doctor", "--nagios", "--no-round-trip")

    assert (fine.code, warned.code) == (0, 1)
    assert fine.out.startswith("HELPDESK-POLICY OK - ")
    assert warned.out.startswith("HELPDESK-POLICY WARNING - setting: triggers may fire triggers")
    assert warned.out.rstrip().endswith("| problems=0 warnings=1")
    assert len(warned.out.splitlines()) == 1


def test_people_read_what_why_and_fix(clinic: Clinic) -> None:
    clinic.change("triggers", UPDATED, execution_condition_mode="selective")

    ended = clinic.run("doctor", "--no-round-trip")

    assert ended.code == 2
    assert f"problem trigger: the trigger '{UPDATED}' has execution_condition_mode selective" in ended.out
    assert "why  a selective trigger is silent when only a field changes" in ended.out
    assert "fix  helpdesk-policy setup apply" in ended.out
    assert ended.out.rstrip().splitlines()[-1].startswith("1 problems, 0 warnings")


def test_the_worst_finding_is_the_exit_code() -> None:
    def found(*levels: Level) -> list[Finding]:
        return [Finding(check="x", level=level, what="y") for level in levels]

    assert [worst(found(*each)) for each in ((), (Level.SKIPPED,), (Level.OK, Level.WARNING), (Level.PROBLEM,))] == [
        0, 0, 1, 2,
    ]  # fmt: skip
