"""Where settings come from."""

from pathlib import Path

import pytest

from connector.errors import Misconfigured
from connector.settings import load_settings, names_of, origins

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


DATABASE = "HELPDESK_POLICY_DATABASE_URL"


def database() -> str:
    address = load_settings().database_url
    return address.get_secret_value() if address else ""


def test_the_database_may_stand_where_every_program_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://everybody")

    assert (database(), origins()[DATABASE]) == ("postgresql://everybody", "environment (DATABASE_URL)")


def test_our_own_name_for_the_database_wins_over_everybodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://everybody")
    monkeypatch.setenv(DATABASE, "postgresql://ours")

    assert (database(), origins()[DATABASE]) == ("postgresql://ours", "environment")


def test_the_database_out_of_a_file_wins_over_everybodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql://in-a-file\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", "postgresql://everybody")
    monkeypatch.setenv(f"{DATABASE}_FILE", str(tmp_path / "url"))

    assert (database(), origins()[DATABASE]) == ("postgresql://in-a-file", f"file {tmp_path / 'url'}")


def test_an_empty_value_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = "".join(f"{name}=\n" for name in names_of())
    (tmp_path / "config.env").write_text(empty, encoding="utf-8")
    monkeypatch.setenv("HELPDESK_POLICY_METRICS_BEARER", "")
    monkeypatch.setenv("HELPDESK_POLICY_SETTLE_SECONDS", "")
    settings = load_settings()

    assert settings == type(settings)()
    assert set(origins().values()) == {"default"}


def test_the_environment_wins_over_config_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.env").write_text("HELPDESK_POLICY_LOOKS_AT_ONCE=2\n", encoding="utf-8")
    from_file = load_settings().looks_at_once
    monkeypatch.setenv("HELPDESK_POLICY_LOOKS_AT_ONCE", "3")

    assert (from_file, load_settings().looks_at_once) == (2, 3)


def test_secrets_that_are_rotated_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__WEBHOOK_SECRETS", " new , old ,")

    assert [each.get_secret_value() for each in load_settings().zammad.webhook_secrets] == ["new", "old"]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("HELPDESK_POLICY_ZAMAD__TOKEN", "did you mean HELPDESK_POLICY_ZAMMAD__TOKEN?"),
        ("HELPDESK_POLICY_ZAMMAD_TOKEN", "did you mean HELPDESK_POLICY_ZAMMAD__TOKEN?"),
        ("HELPDESK_POLICY_LOOK_AT_ONCE", "did you mean HELPDESK_POLICY_LOOKS_AT_ONCE?"),
        ("HELPDESK_POLICY_XQZ", "config.example.env lists all settings"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "config.env"])
def test_an_unknown_setting_is_an_error_that_says_what_may_have_been_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, hint: str, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv(wrong, "1")
    else:
        (tmp_path / "config.env").write_text(f"{wrong}=1\n", encoding="utf-8")

    with pytest.raises(Misconfigured) as caught:
        load_settings()
    assert str(caught.value) == f"unknown setting {wrong}; {hint}"


def test_every_value_that_cannot_be_meant_is_told_in_the_names_an_admin_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HELPDESK_POLICY_LISTEN_PORT", "70000")
    monkeypatch.setenv("HELPDESK_POLICY_ZAMMAD__REQUIRE_SHA256", "perhaps")
    monkeypatch.setenv(TOKEN, "a-secret-token")

    with pytest.raises(Misconfigured) as caught:
        load_settings()
    first, second = str(caught.value).splitlines()
    assert first == "HELPDESK_POLICY_LISTEN_PORT: Input should be less than or equal to 65535"
    assert second.startswith("HELPDESK_POLICY_ZAMMAD__REQUIRE_SHA256: Input should be a valid boolean")


def test_a_file_of_settings_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"copy config\.example\.env to it"):
        load_settings(tmp_path / "nowhere.env")


def test_secrets_are_not_in_what_settings_look_like(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (TOKEN, DATABASE, "HELPDESK_POLICY_ZAMMAD__WEBHOOK_SECRETS", "HELPDESK_POLICY_METRICS_BEARER"):
        monkeypatch.setenv(name, "never-to-be-seen")

    assert "never-to-be-seen" not in f"{load_settings()!r} {load_settings()}"
