"""The commands write what an admin imports, and ask an installed Znuny nothing but what it can do."""

import stat
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from connector.cli.znuny import app
from connector.hosts.znuny import provision
from connector.hosts.znuny.check import findings_of

RAW = {
    "AddOn": provision.VERSION,
    "Product": "Znuny 6.5.1",
    "TimeZone": "UTC",
    "UserID": 2,
    "UserEmail": "bot@helpdesk.test",
    "Addresses": ["help@helpdesk.test"],
    "Priorities": ["3 normal"],
    "Queues": [{"Name": "Raw", "Address": "help@helpdesk.test", "Valid": 1}],
    "States": [{"Name": "new", "Type": "new"}],
    "Fields": {"HelpdeskPolicy": "Ticket", "HelpdeskPolicyTags": "Ticket", "HelpdeskPolicyDecision": "Article"},
}


def test_setup_writes_package_service_and_commands(tmp_path: Path) -> None:
    told = ["--url", "https://policy.example.com/hooks/znuny", "--bot", "12", "--to", str(tmp_path), "--token", "t0ken"]
    done = CliRunner().invoke(app, ["setup", *told])

    assert done.exit_code == 0, done.output
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == [f"HelpdeskPolicy-{provision.VERSION}.opm", "HelpdeskPolicy.yml", "omitted.yml"]
    assert (tmp_path / names[0]).read_bytes() == provision.package()
    assert stat.S_IMODE((tmp_path / "HelpdeskPolicy.yml").stat().st_mode) == 0o600
    headers = yaml.safe_load((tmp_path / names[1]).read_text())["Requester"]["Transport"]["Config"]["AdditionalHeaders"]
    assert headers == {"X-Helpdesk-Policy-Token": "t0ken"}
    assert f"Admin::Package::Install {tmp_path}/{names[0]}" in done.output
    assert "t0ken" not in done.output


def test_setup_makes_a_token_and_keeps_it_where_it_is_told(tmp_path: Path) -> None:
    config = tmp_path / "config.env"
    config.write_text("HELPDESK_POLICY_LOG_LEVEL=info\n")
    told = ["--url", "http://127.0.0.1:8765/hooks/znuny", "--to", str(tmp_path / "out"), "--store", str(config)]

    done = CliRunner().invoke(app, ["setup", "--no-add-on", *told])

    service = yaml.safe_load((tmp_path / "out" / "HelpdeskPolicy.yml").read_text())
    [token] = service["Requester"]["Transport"]["Config"]["AdditionalHeaders"].values()
    assert f"HELPDESK_POLICY_ZNUNY__WEBHOOK_TOKENS={token}" in config.read_text()
    assert token not in done.output
    assert "Package::Install" not in done.output


def test_package_writes_the_add_on(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["package", "--to", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert (tmp_path / f"HelpdeskPolicy-{provision.VERSION}.opm").read_bytes() == provision.package()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ()),
        ({"AddOn": "0.1.0"}, ("version 0.1.0",)),
        ({"Fields": {}}, ("HelpdeskPolicy ", "HelpdeskPolicyTags", "HelpdeskPolicyDecision")),
        ({"Queues": [{"Name": "Raw", "Address": "znuny@localhost", "Valid": 1}]}, ("no mail can leave",)),
        ({"UserID": "1"}, ("user 1",)),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], found: tuple[str, ...]) -> None:
    findings = findings_of(RAW | change)

    assert len(findings) == len(found)
    assert all(words in finding for words, finding in zip(found, findings, strict=True))
