"""Commands as an admin runs them, against a sandbox helpdesk over real HTTP."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from connector.cli import main
from connector.hosts.sandbox import Sandbox
from connector.hosts.sandbox.serve import serve
from connector.store import looks, open_store, sqlite_url
from connector.wiring import clock

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


@dataclass(frozen=True)
class Helpdesk:
    """A sandbox that runs in a thread of its own."""

    url: str
    box: Sandbox
    call: Callable[[Callable[[], object]], None]

    def mail(self, sender: str) -> str:
        """Take a mail in, and give the number of its ticket."""
        numbers: list[str] = []
        raw = f"From: {sender}\nTo: support@msp.example\nSubject: printer\nMessage-ID: <{sender}>\n\nhello\n".encode()
        self.call(lambda: numbers.append(str(self.box.receive_mail(raw).number)))
        return numbers[0]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def helpdesk() -> Iterator[Helpdesk]:
    ready, stop = threading.Event(), threading.Event()
    found: list[Helpdesk] = []

    async def work() -> None:
        loop = asyncio.get_running_loop()
        box = Sandbox(clock=clock, pace=0.01)
        box.seed_demo()

        def call(what: Callable[[], object]) -> None:
            async def inside() -> None:
                what()

            asyncio.run_coroutine_threadsafe(inside(), loop).result(10)

        async with serve(box) as url:
            found.append(Helpdesk(url, box, call))
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    assert ready.wait(10)
    yield found[0]
    stop.set()
    thread.join(10)


@pytest.fixture
def run(
    helpdesk: Helpdesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HELPDESK_POLICY_POLICY_FILE", "policy.yaml")
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__URL", helpdesk.url)
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__TOKEN", "sandbox-bot")

    def command(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["helpdesk-policy", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return command


Run = Callable[..., Ended]


def test_explain_names_every_rule_with_its_reason_and_writes_nothing(helpdesk: Helpdesk, run: Run) -> None:
    number = helpdesk.mail("marc@dubois.example")
    helpdesk.box.requests.clear()

    ended = run("explain", number)

    assert ended.code == 0
    decided = {tuple(line.split()[:3]) for line in ended.out.splitlines()}
    assert {("company", "enforce", "skip"), ("contract", "enforce", "act")} <= decided
    assert "move the ticket to 'Sales'" in ended.out
    assert not helpdesk.box.requests.count("POST|PUT|DELETE", r"^(?!.*search)")


def test_look_dry_run_prints_the_exact_writes_and_sends_none(helpdesk: Helpdesk, run: Run) -> None:
    number = helpdesk.mail("marc@dubois.example")
    helpdesk.box.requests.clear()

    ended = run("look", number, "--dry-run", "--json")

    writes = json.loads(ended.out)["writes"]
    assert [(each["method"], each["fate"]) for each in writes] == [
        ("POST", "would"),
        ("PUT", "would"),
        ("PUT", "would"),
    ]
    assert writes[1]["body"]["group"] == "Sales"
    assert not helpdesk.box.requests.count("POST|PUT|DELETE", r"^(?!.*search)")


def test_look_acts_once_and_a_second_look_has_nothing_to_do(helpdesk: Helpdesk, run: Run) -> None:
    number = helpdesk.mail("otto@alpenglas-werk.example")

    first, second = run("look", number, "--json"), run("look", number, "--json")

    assert [each["fate"] for each in json.loads(first.out)["writes"]] == ["done", "done"]
    assert json.loads(second.out)["writes"] == []
    listed = json.loads(run("decisions", "list", "--ticket", number, "--json").out)
    assert [row["changed"] for row in listed] == [False, True]
    shown = run("decisions", "show", listed[1]["id"])
    assert "alpenglas-werk.example belongs to Alpenglas GmbH" in shown.out


def test_a_ticket_that_does_not_exist_is_a_finding_with_advice(run: Run) -> None:
    ended = run("explain", "4711")

    assert (ended.code, ended.out) == (1, "")
    assert "no ticket with the number 4711" in ended.err
    assert "id:4711" in ended.err


def test_a_helpdesk_out_of_reach_is_exit_code_3_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__URL", "http://127.0.0.1:9")

    ended = run("explain", "69002")

    assert ended.code == 3
    assert "Zammad did not answer GET" in ended.err


def test_a_wrong_token_is_exit_code_3_and_names_the_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__TOKEN", "wrong")

    ended = run("explain", "69002")

    assert ended.code == 3
    assert "HELPDESK_POLICY_ZAMMAD__TOKEN" in ended.err


@pytest.mark.parametrize("words", [("explain",), ("looks", "retry"), ("sweep", "--since", "yesterday"), ("nonsense",)])
def test_wrong_usage_is_exit_code_2_on_standard_error(run: Run, words: tuple[str, ...]) -> None:
    ended = run(*words)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_an_error_in_the_policy_file_is_named_with_file_line_and_suggestion(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("rules:\n  company: {}\n  contrakt: {}\n", encoding="utf-8")

    ended = run("config", "check", "--offline")

    assert ended.code == 2
    assert "policy.yaml:3: unknown key 'rules.contrakt'; did you mean 'contract'?" in ended.err


def test_config_check_asks_the_helpdesk_whether_the_groups_exist(run: Run, tmp_path: Path) -> None:
    text = POLICY.replace("contract: {}", "contract: {group: Vertrieb}")
    (tmp_path / "policy.yaml").write_text(text, encoding="utf-8")

    ended = run("config", "check")

    assert ended.code == 1
    assert "contract: zammad has no group 'Vertrieb'" in ended.err


def test_config_show_masks_secrets(run: Run) -> None:
    ended = run("config", "show")

    assert ended.code == 0
    assert "sandbox-bot" not in ended.out
    assert "***" in ended.out


def test_nothing_waits_at_first_and_a_sweep_wakes_what_changed(helpdesk: Helpdesk, run: Run) -> None:
    helpdesk.mail("bernd@brandt.example")

    before, swept, after = run("looks", "list"), run("sweep", "--since", "1h"), run("looks", "list", "--json")

    assert before.out.strip() == "Nothing waits."
    assert "all woken" in swept.out
    assert {row["state"] for row in json.loads(after.out)} == {"waiting"}


def test_a_look_that_the_host_refuses_is_a_finding_and_stays_in_sight(helpdesk: Helpdesk, run: Run) -> None:
    number = helpdesk.mail("marc@dubois.example")
    helpdesk.box.fault("status", method="PUT", path="/api/v1/tickets/", status=422)

    failed = run("look", number)

    waiting = json.loads(run("looks", "list", "--json").out)
    assert failed.code == 1
    assert "Zammad answered 422 to PUT" in failed.err
    assert "422" in waiting[0]["last_error"]


def test_decisions_and_looks_work_without_a_helpdesk(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HELPDESK_POLICY_ZAMMAD__URL")

    assert run("decisions", "list").code == 0
    assert run("looks", "list").code == 0
    assert run("deliveries", "list").code == 0


def test_rules_are_listed_with_their_modes(run: Run) -> None:
    rows = json.loads(run("rules", "--json").out)

    assert {(row["rule"], row["mode"]) for row in rows} >= {("company", "enforce"), ("contract", "enforce")}


def test_version_is_printed(run: Run) -> None:
    assert run("--version").out.startswith("helpdesk-policy ")


def test_what_an_admin_does_to_parked_tickets_is_recorded_with_the_reason(run: Run, tmp_path: Path) -> None:
    parked = {"41": "Zammad has no group 'Vertrieb'", "42": "the token lacks ticket.agent"}

    async def park() -> None:
        async with open_store(sqlite_url(tmp_path / "data" / "helpdesk-policy.sqlite3")) as store:
            for ticket, why in parked.items():
                await looks.wake(store, "zammad", ticket, now=clock(), reason="manual")
                (claimed,) = await looks.claim(store, "test", now=clock(), lease=timedelta(minutes=1))
                await looks.park(store, claimed, why, now=clock())

    (tmp_path / "data").mkdir()
    asyncio.run(park())

    assert run("looks", "list").code == 1
    assert run("looks", "retry", "--matching", "no group", "--reason", "group made").code == 0
    assert run("looks", "discard", "id:42", "--reason", "a test ticket").code == 0

    recorded = json.loads(run("decisions", "list", "--rule", "admin", "--json").out)
    words = {row["ticket"]: (row["decisions"][0]["outcome"], row["decisions"][0]["reason"]) for row in recorded}
    assert words == {
        "41": ("retried", "group made"),
        "42": ("discarded", "a test ticket (the token lacks ticket.agent)"),
    }
