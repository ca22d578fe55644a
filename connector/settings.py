"""Read the environment: the only place that does."""

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

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


class Settings(BaseSettings):
    """Everything an admin sets outside the policy file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file="config.env",
        env_file_encoding="utf-8",
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
    dry_run: bool = False
    """Decide and record, and write nothing to any host, whatever the policy file says."""
    metrics_bearer: SecretStr | None = None
    """Token that `/metrics` asks for, if set."""
    log_format: Literal["auto", "console", "json"] = "auto"
    """`console` for people, `json` for machines; `auto` looks whether there is a terminal."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    zammad: ZammadSettings = Field(default_factory=ZammadSettings)

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
        """Read, in falling order: arguments, the environment, the secrets in files it names, `config.env`."""
        return init_settings, env_settings, _FileSecrets(settings_cls), dotenv_settings


class _FileSecrets(PydanticBaseSettingsSource):
    """`X_FILE=/run/secrets/x` sets X to what the file holds; both set is an error."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the whole is read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read every file named by a variable of ours."""
        found: dict[str, Any] = {}
        for name, path in os.environ.items():
            if not (name.startswith(PREFIX) and name.endswith("_FILE")) or name == f"{PREFIX}POLICY_FILE":
                continue
            target = name.removesuffix("_FILE")
            if target in os.environ:
                raise Misconfigured(f"both {target} and {name} are set: unset one of them")
            parts = target.removeprefix(PREFIX).lower().split("__")
            place = found
            for part in parts[:-1]:
                place = place.setdefault(part, {})
            place[parts[-1]] = _content(name, path)
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
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "config.example.env lists all settings"
        raise Misconfigured(f"unknown setting {name}; {hint}")


def load_settings(env_file: Path | None = None, **given: Any) -> Settings:
    """Read the settings; raises Misconfigured with one line for each error, in the names an admin writes."""
    if env_file is not None and not env_file.is_file():
        raise Misconfigured(f"{env_file} does not exist: copy config.example.env to it, or leave --config out")
    _refuse_unknown(env_file or Path("config.env"))
    if "database_url" not in given and f"{PREFIX}DATABASE_URL" not in os.environ and os.environ.get("DATABASE_URL"):
        given["database_url"] = os.environ["DATABASE_URL"]
    try:
        return Settings(_env_file=env_file, **given) if env_file is not None else Settings(**given)
    except ValidationError as exc:
        lines = [f"{PREFIX}{'__'.join(map(str, error['loc'])).upper()}: {error['msg']}" for error in exc.errors()]
        raise Misconfigured("\n".join(lines)) from exc
