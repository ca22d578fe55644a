"""Where settings come from."""

from pathlib import Path

import pytest

from connector.errors import Misconfigured
from connector.settings import load_settings, origins

TOKEN = "HELPDESK_POLICY_ZAMMAD__TOKEN"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def token() -> str:
    return load_settings().zammad.token.get_secret_value()


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv(f"{TOKEN}_FILE", str(tmp_path / "token"))

    assert (token(), origins()[TOKEN]) == ("from a file", f"file {tmp_path / 'token'}")


def test_the_file_of_a_secret_may_be_named_in_config_env(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "config.env").write_text(f"{TOKEN}=\n{TOKEN}_FILE={tmp_path / 'token'}\n", encoding="utf-8")

    assert token() == "from a file"


def test_a_credential_of_systemd_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / TOKEN).write_text("credential\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert (token(), origins()[TOKEN]) == ("credential", "systemd credential")


@pytest.mark.parametrize("also", [TOKEN, f"{TOKEN}_FILE"])
def test_a_credential_and_another_source_at_once_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, also: str
) -> None:
    (tmp_path / TOKEN).write_text("credential\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv(also, str(tmp_path / TOKEN))

    with pytest.raises(Misconfigured, match=f"both {also} and the credential {TOKEN} are set"):
        token()


def test_a_value_and_its_file_at_once_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("a", encoding="utf-8")
    (tmp_path / "config.env").write_text(f"{TOKEN}=b\n", encoding="utf-8")
    monkeypatch.setenv(f"{TOKEN}_FILE", str(tmp_path / "token"))

    with pytest.raises(Misconfigured, match=f"both {TOKEN} and {TOKEN}_FILE are set"):
        token()


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{TOKEN}_FILE", "/nowhere/token")

    with pytest.raises(Misconfigured, match="/nowhere/token, which cannot be read"):
        token()


def test_every_value_has_an_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.env").write_text("HELPDESK_POLICY_LISTEN_PORT=1\nHELPDESK_POLICY_DRY_RUN=true\n", "utf-8")
    monkeypatch.setenv("HELPDESK_POLICY_DRY_RUN", "false")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/x")

    found = origins()

    names = ("LISTEN_PORT", "DRY_RUN", "DATABASE_URL", "BODY_LIMIT")
    assert [found[f"HELPDESK_POLICY_{name}"] for name in names] == [
        "config.env",
        "environment",
        "environment (DATABASE_URL)",
        "default",
    ]
