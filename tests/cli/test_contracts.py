"""The commands about contracts, as an admin runs them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connector.wiring import clock
from tests.desk import Commands, Desk, desk

HEAD = "company,level,valid_from,valid_until\n"
POLICY = "rules: {contract: {}}\ncontracts: {file: contracts.csv}\n"


@pytest.fixture(scope="module")
def place() -> Iterator[Desk]:
    with desk() as made:
        yield made


@pytest.fixture
def run(place: Desk, command: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "contracts.csv").write_text(HEAD + "Alpenglas GmbH,gold,,\nesker.example,basic,,2020-12-31\n", "utf-8")
    monkeypatch.setenv("HELPDESK_POLICY_POLICY_FILE", str(tmp_path / "policy.yaml"))
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__URL", place.url)
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__TOKEN", "sandbox-bot")
    return command


def listed(tmp_path: Path) -> str:
    return (tmp_path / "contracts.csv").read_text(encoding="utf-8")


def test_contracts_are_listed_with_how_they_stand_today(run: Commands) -> None:
    rows = json.loads(run("contracts", "list", "--json").out)

    assert [(row["company"], row["level"], row["today"]) for row in rows] == [
        ("Alpenglas GmbH", "gold", "in force"),
        ("esker.example", "basic", "ended"),
    ]
    assert "in force" in run("contracts", "list").out


def test_check_asks_the_helpdesk_who_its_companies_are(run: Commands, tmp_path: Path) -> None:
    soon = clock().date() + timedelta(days=30)
    (tmp_path / "contracts.csv").write_text(f"{HEAD}Alpenglas,gold,,{soon}\nesker.example,basic,,{soon}\n", "utf-8")

    asked, offline = run("contracts", "check"), run("contracts", "check", "--offline")

    assert (asked.code, offline.code) == (1, 0)
    assert "Alpenglas: no company of the helpdesk goes by this name, id or domain" in asked.err
    assert "esker.example" not in asked.err


def test_an_import_shows_its_plan_writes_only_when_told_and_keeps_the_old_list(run: Commands, tmp_path: Path) -> None:
    before = listed(tmp_path)
    new = tmp_path / "new.csv"
    new.write_text(
        HEAD + "Alpenglas GmbH,platinum,,\nesker.example,basic,,2020-12-31\nFerrum Stahlbau,basic,,\n", "utf-8"
    )

    planned, unwritten = run("contracts", "import", str(new)), listed(tmp_path)
    applied = run("contracts", "import", str(new), "--apply")
    again = run("contracts", "import", str(new), "--apply")

    assert (planned.code, unwritten) == (0, before)
    assert "change" in planned.out
    assert "Ferrum Stahlbau" in planned.out
    assert applied.code == 0
    assert "Alpenglas GmbH,platinum" in listed(tmp_path)
    assert (tmp_path / "contracts.csv.before").read_text(encoding="utf-8") == before
    assert "Nothing changes." in again.out


def test_an_export_that_broke_off_is_not_imported_without_force(run: Commands, tmp_path: Path) -> None:
    many = HEAD + "".join(f"Company {number},gold,,\n" for number in range(40))
    (tmp_path / "contracts.csv").write_text(many, encoding="utf-8")
    new = tmp_path / "new.csv"
    new.write_text("".join(many.splitlines(keepends=True)[:20]), encoding="utf-8")

    braked = run("contracts", "import", str(new), "--apply")

    assert (braked.code, listed(tmp_path)) == (1, many)
    assert "21 of 40 companies would change, usual are at most 8" in braked.err
    assert run("contracts", "import", str(new), "--apply", "--force").code == 0
    assert len(listed(tmp_path).splitlines()) == 20


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ("rules: {contract: {}}\n", "names no `contracts.file`"),
        ("rules: {contract: {}}\ncontracts: {file: contracts.yaml}\n", "imported into a CSV file"),
    ],
)
def test_without_a_csv_file_of_the_policys_nothing_is_imported(
    run: Commands, tmp_path: Path, policy: str, complaint: str
) -> None:
    (tmp_path / "contracts.yaml").write_text("[]\n", encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(policy, encoding="utf-8")

    ended = run("contracts", "import", str(tmp_path / "contracts.csv"))

    assert ended.code == 2
    assert complaint in ended.err
