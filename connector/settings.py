"""Read the environment: the only place that does."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from connector.errors import Misconfigured

PREFIX = "HELPDESK_POLICY_"


class Section(BaseModel):
    """Be the ancestor of the nested sections; unknown names in them are errors."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ZammadSettings(Section):
    """One Zammad."""

    url: str = ""
    """Address of the helpdesk, as in `https://helpdesk.example.com`; empty switches this host off."""
    token: SecretStr = SecretStr("")
    """Access token of the agent user under whose name we work; it needs `ticket.agent` and nothing more."""
    webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Signature tokens of the webhook, separated by commas; two while one is being rotated out."""
    require_sha256: bool = False
    """Refuse deliveries signed with SHA-1; Zammad 6.5 cannot sign otherwise."""
    webhook_basic: SecretStr | None = None
    """`user:password` that deliveries must carry besides the signature."""
    webhook_bearer: SecretStr | None = None
    """Bearer token that deliveries must carry besides the signature."""

    @field_validator("webhook_secrets", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class ZnunySettings(Section):
    """One Znuny or OTRS."""

    url: str = ""
    """Where it lives, as in `https://helpdesk.example.com/znuny`; empty switches this host off."""
    login: str = ""
    """Login of the agent under whose name we work."""
    password: SecretStr = SecretStr("")
    """That agent's password; it travels in headers, never in addresses."""
    web_service: str = "HelpdeskPolicy"
    """Name of the web service that `helpdesk-policy znuny setup` wrote for import."""
    webhook_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Tokens that deliveries carry in a header, separated by commas; Znuny cannot sign."""
    webhook_header: str = "X-Helpdesk-Policy-Token"
    """The header in which the token comes."""
    webhook_basic: SecretStr | None = None
    """`user:password` that deliveries must carry, besides or instead."""
    domains_attribute: str = "MailDomains"
    """Dynamic field of the customer company that holds its mail domains."""
    queues: Annotated[tuple[str, ...], NoDecode] = ()
    """Queues, separated by commas, where the add-on is not installed and cannot be asked."""
    time_zone: str = "UTC"
    """Znuny's own `OTRSTimeZone`, where the add-on is not installed; its times carry no zone."""

    @field_validator("webhook_tokens", "queues", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class Settings(BaseSettings):
    """Everything an admin sets outside the policy file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file="config.env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # `X=` in config.env or in a compose file says nothing
        extra="ignore",
        use_attribute_docstrings=True,
    )

    policy_file: Path | None = None
    """The policy file; without one every built-in rule observes and nothing is written."""
    rule_packages: Annotated[tuple[str, ...], NoDecode] = ()
    """Python packages with rules of your own, separated by commas, beside the built-in ones."""
    data_dir: Path = Path("data")
    """Where the SQLite database lies, when no other is set."""
    database_url: SecretStr | None = None
    """`postgresql://user:password@host/name` lets several daemons share one database; `DATABASE_URL` is read too."""
    listen_host: str = "127.0.0.1"
    """Address the webhooks come to; put a reverse proxy with TLS in front of anything but loopback."""
    listen_port: int = Field(8765, ge=0, le=65535)
    """Port the webhooks come to; 0 takes a free one."""
    public_url: str = ""
    """Where the helpdesk reaches the door, as in `https://policy.example.com`; set-up gives it to the webhook."""
    body_limit: int = Field(10_000_000, ge=1_000)
    """Bytes a delivery may have; a larger one is answered 413."""
    looks_at_once: int = Field(4, ge=1, le=64)
    """Tickets looked at side by side; a small Zammad is not faster with more than four."""
    settle_seconds: float = Field(1.0, ge=0, le=60)
    """How long a burst of deliveries gathers into one look."""
    sweep_minutes: float = Field(5.0, gt=0, le=1440)
    """How often the tickets are swept that no webhook told of."""
    first_sweep_hours: float = Field(24.0, ge=0)
    """How far the very first sweep reaches back."""
    keep_decisions_days: int = Field(365, ge=1)
    """How long decision records are kept."""
    keep_deliveries_days: int = Field(30, ge=1)
    """How long the list of received deliveries is kept; bodies are never stored."""
    contracts_token: SecretStr | None = None
    """Token for the address of contracts that the policy file names (`contracts.url`), sent as `Bearer`."""
    dry_run: bool = False
    """Decide and record, and write nothing to any host, whatever the policy file says."""
    metrics_bearer: SecretStr | None = None
    """Token that `/metrics` asks for, if set."""
    log_format: Literal["auto", "console", "json"] = "auto"
    """`console` for people, `json` for machines; `auto` looks whether there is a terminal."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    zammad: ZammadSettings = Field(default_factory=ZammadSettings)
    znuny: ZnunySettings = Field(default_factory=ZnunySettings)

    @field_validator("rule_packages", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read, in falling order: arguments, the environment, files and credentials it names, `config.env`."""
        given = dotenv_settings.env_file if isinstance(dotenv_settings, DotEnvSettingsSource) else None
        env_file = Path(given) if isinstance(given, str | Path) else None
        plain = _WithoutFiles(settings_cls, env_settings), _WithoutFiles(settings_cls, dotenv_settings)
        return init_settings, plain[0], _FileSecrets(settings_cls, env_file), plain[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """One setting as it was given."""

    value: str
    origin: str
    """Where it comes from, for people."""


def given_in_files(env_file: Path | None) -> dict[str, Given]:
    """Read what stands in files of its own: `X_FILE=/run/secrets/x`, or X among systemd's credentials.

    Raises Misconfigured where a file cannot be read, or one setting is given twice.
    """
    plain = dotenv_values(env_file) if env_file is not None else {}
    named = {name: path for name, path in (plain | dict(os.environ)).items() if path and _names_a_file(name)}
    found: dict[str, Given] = {}
    for name, path in named.items():
        target = name.removesuffix("_FILE")
        if os.environ.get(target) or plain.get(target):
            raise Misconfigured(f"both {target} and {name} are set: unset one of them")
        found[target] = Given(value=_content(name, path), origin=f"file {path}")
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    for target in names_of() if folder else ():
        credential = Path(str(folder)) / target
        if not credential.is_file():
            continue
        other = next((each for each in (target, f"{target}_FILE") if os.environ.get(each) or plain.get(each)), None)
        if other:
            raise Misconfigured(f"both {other} and the credential {target} are set: unset one of them")
        found[target] = Given(value=_content("CREDENTIALS_DIRECTORY", str(credential)), origin="systemd credential")
    return found


def origins(env_file: Path | None = None) -> dict[str, str]:
    """Say for every setting where its value comes from."""
    file = env_file or Path("config.env")
    in_files, plain = given_in_files(file if file.is_file() else None), dotenv_values(file)
    return {name: _origin(name, file, in_files, plain) for name in names_of()}


def _origin(name: str, file: Path, in_files: Mapping[str, Given], plain: Mapping[str, str | None]) -> str:
    if name == f"{PREFIX}DATABASE_URL" and _is_only_in_database_url(file):
        return "environment (DATABASE_URL)"
    if os.environ.get(name):
        return "environment"
    if name in in_files:
        return in_files[name].origin
    return str(file) if plain.get(name) else "default"


def _names_a_file(name: str) -> bool:
    return name.startswith(PREFIX) and name.endswith("_FILE") and name != f"{PREFIX}POLICY_FILE"


class _WithoutFiles(PydanticBaseSettingsSource):
    """Leave `X_FILE` inside a section to the source that reads files; pydantic takes it for an unknown name."""

    def __init__(self, settings_cls: type[BaseSettings], inner: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._inner = inner

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the whole is read at once."""
        return self._inner.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        """Read all but the names of files."""
        return {
            name: {key: inner for key, inner in value.items() if not key.endswith("_file")}
            if isinstance(value, dict)
            else value
            for name, value in self._inner().items()
        }


class _FileSecrets(PydanticBaseSettingsSource):
    """Fill in what stands in files of its own."""

    def __init__(self, settings_cls: type[BaseSettings], env_file: Path | None) -> None:
        super().__init__(settings_cls)
        self._env_file = env_file if env_file is not None and env_file.is_file() else None

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the whole is read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Nest what was given, as the models are nested."""
        found: dict[str, Any] = {}
        for target, given in given_in_files(self._env_file).items():
            parts = target.removeprefix(PREFIX).lower().split("__")
            place = found
            for part in parts[:-1]:
                place = place.setdefault(part, {})
            place[parts[-1]] = given.value
        return found


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"{name} names {path}, which cannot be read: {exc}") from exc


def names_of(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> dict[str, FieldInfo]:
    """List every setting by the name of its variable."""
    names: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= names_of(field.annotation, f"{variable}__")
        else:
            names[variable] = field
    return names


def _refuse_unknown(env_file: Path) -> None:
    known = names_of()
    given = {name for name in [*os.environ, *dotenv_values(env_file)] if name.startswith(PREFIX)}
    for name in sorted(given - known.keys() - {f"{each}_FILE" for each in known}):
        close = difflib.get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known], n=1)
        hint = f"did you mean {PREFIX}{close[0]}?" if close else "config.example.env lists all settings"
        raise Misconfigured(f"unknown setting {name}; {hint}")


def _is_only_in_database_url(file: Path) -> bool:
    """Tell whether the database's address is where every program looks for it, and not under our own name."""
    own = f"{PREFIX}DATABASE_URL"
    in_files = given_in_files(file if file.is_file() else None)
    return bool(os.environ.get("DATABASE_URL")) and not os.environ.get(own) and own not in in_files


def load_settings(env_file: Path | None = None, **given: Any) -> Settings:
    """Read the settings; raises Misconfigured with one line for each error, in the names an admin writes."""
    if env_file is not None and not env_file.is_file():
        raise Misconfigured(f"{env_file} does not exist: copy config.example.env to it, or leave --config out")
    file = env_file or Path("config.env")
    _refuse_unknown(file)
    if "database_url" not in given and _is_only_in_database_url(file):
        given["database_url"] = os.environ["DATABASE_URL"]
    try:
        return Settings(_env_file=env_file, **given) if env_file is not None else Settings(**given)
    except ValidationError as exc:
        lines = [f"{PREFIX}{'__'.join(map(str, error['loc'])).upper()}: {error['msg']}" for error in exc.errors()]
        raise Misconfigured("\n".join(lines)) from exc
