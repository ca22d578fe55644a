"""The daemon as a process of its own, with its signals, and commands beside it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from connector import setup
from tests.desk import Commands, Desk, free_port

POLICY = "version: 1\nmode: observe\nrules: {company: {}}\n"
SECRETS = "HELPDESK_POLICY_ZAMMAD__WEBHOOK_SECRETS"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def run(place: Desk, command: Commands, tmp_path: Path, port: int) -> Commands:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "config.env").write_text(f"{SECRETS}=the-old-one\n", encoding="utf-8")
    return command.at(place, POLICY_FILE="policy.yaml", LISTEN_PORT=str(port), LOG_FORMAT="json")


@pytest.fixture
def daemon(run: Commands, tmp_path: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "connector", "run"],
            cwd=tmp_path,
            stderr=log,
        )
        try:
            until(lambda: is_up(port))
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0


def until(holds: Callable[[], bool], *, within: float = 30.0) -> None:
    """Wait for a fact of another process."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_up(port: int) -> bool:
    """Tell whether the door answers."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=2).ok
    except requests.ConnectionError:
        return False


def events(folder: Path, name: str) -> list[dict[str, str]]:
    """Read what the daemon logged under a name."""
    lines = (folder / "log").read_text("utf-8").splitlines()
    return [each for each in (json.loads(line) for line in lines if line.startswith("{")) if each["event"] == name]


def test_a_changed_policy_is_taken_up_on_sighup_and_a_wrong_one_is_not(
    daemon: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY.replace("observe", "enforce"), encoding="utf-8")
    daemon.send_signal(signal.SIGHUP)
    until(lambda: bool(events(tmp_path, "reloaded")))
    (tmp_path / "policy.yaml").write_text(POLICY.replace("company", "compnay"), encoding="utf-8")
    daemon.send_signal(signal.SIGHUP)
    until(lambda: bool(events(tmp_path, "reload_failed")))

    started, reloaded, failed = (events(tmp_path, each)[0] for each in ("started", "reloaded", "reload_failed"))
    assert started["policy"] != reloaded["policy"]
    assert failed["policy"] == reloaded["policy"]
    assert "did you mean 'company'?" in failed["error"]


def test_a_secret_is_rotated_without_losing_a_delivery(
    daemon: "subprocess.Popen[bytes]", run: Commands, place: Desk, tmp_path: Path, port: int
) -> None:
    run("setup", "apply", "--yes", "--only", "webhook,trigger")
    door, old = f"http://127.0.0.1:{port}/hooks/zammad", SecretStr("the-old-one")
    pings = iter(range(10_000))

    def reload_when_the_new_secret_is_there(seconds: float) -> None:
        place.mail(f"customer{next(pings)}@brandt.example")
        daemon.send_signal(signal.SIGHUP)
        real_sleep(0.2)

    real_sleep = time.sleep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.cli.setup.time.sleep", reload_when_the_new_secret_is_there)
        ended = run("setup", "rotate-secret", "--store", "config.env")
    place.mail("last@brandt.example")
    until(lambda: place.do(lambda: place.box.worker.pending) == 0)

    new = SecretStr((tmp_path / "config.env").read_text("utf-8").strip().removeprefix(f"{SECRETS}="))
    log = place.do(lambda: [row["status"] for row in place.box.world.rows("http_log")])
    assert ended.code == 0, ended.err
    assert setup.is_accepted(door, new)
    assert setup.is_accepted(door, old), "until the file is read again, both are"
    daemon.send_signal(signal.SIGHUP)
    until(lambda: not setup.is_accepted(door, old))
    assert len(log) >= 2
    assert set(log) == {"202"}


def test_a_daemon_that_does_not_take_the_new_secret_changes_nothing_in_the_helpdesk(
    daemon: "subprocess.Popen[bytes]", run: Commands, place: Desk
) -> None:
    run("setup", "apply", "--yes", "--only", "webhook,trigger")

    ended = run("setup", "rotate-secret", "--store", "config.env", "--wait", "0.3")

    tokens = place.do(lambda: [row["signature_token"] for row in place.box.world.rows("webhook")])
    assert ended.code == 3
    assert "does not accept the new secret" in ended.err
    assert tokens == ["the-old-one"]


@pytest.mark.parametrize("words", [("decisions", "list"), ("looks", "list"), ("config", "check"), ("sweep",)])
def test_commands_work_beside_a_daemon_that_is_up(
    daemon: "subprocess.Popen[bytes]", run: Commands, words: tuple[str, ...]
) -> None:
    assert run(*words).code == 0


def test_every_value_has_its_origin_and_secrets_are_masked(run: Commands, tmp_path: Path) -> None:
    shown = run("config", "show", "--effective", "--json")

    values = json.loads(shown.out)
    assert values[SECRETS] == {"value": "***", "origin": "config.env"}
    assert values["HELPDESK_POLICY_BODY_LIMIT"]["origin"] == "default"
    assert values["HELPDESK_POLICY_ZAMMAD__TOKEN"] == {"value": "***", "origin": "environment"}
    assert values["rules.company.mode"] == {"value": "observe", "origin": "policy.yaml:2"}
    assert values["rules.contract.mode"] == {"value": "off", "origin": "default"}
