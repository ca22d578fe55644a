"""The policy file: modes, options, lists and texts, checked before anything runs."""

import difflib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator
from pydantic_core import ErrorDetails

from connector.errors import Misconfigured
from connector.model.decision import Mode
from connector.model.stamps import Stamps
from connector.policy.helpdesk import Helpdesk
from connector.policy.policy import Bound, Brake, Policy
from connector.policy.rule import AnyRule, Options
from connector.policy.yamlfile import Document, read_document

LONGEST = 60


class Section(BaseModel):
    """Be the ancestor of the file's sections: a key that nobody reads is an error, not a wish."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Companies(Section):
    """Where, besides the host, it stands which mail domains belong to which company."""

    attribute: str = "domains"
    """Name of the host's organisation field with more domains, separated by spaces, commas or semicolons."""
    domains: dict[str, list[str]] = Field(default_factory=dict)
    """Company name to its domains."""
    file: Path | None = None
    """CSV with the columns `company,domain`; relative to this file."""
    public_domains: list[str] = Field(default_factory=list)
    """Public mail domains besides the built-in ones: nobody is recognised by them."""
    subdomains: bool = False
    """Whether `mail.acme.example` counts as `acme.example`."""


class Contracts(Section):
    """Where, besides the host, it stands who has a support contract."""

    file: Path | None = None
    """CSV or YAML with `company,level,valid_from,valid_until` and more; relative to this file."""
    url: str = ""
    """Address that answers with a JSON list of the same; its token is the setting `CONTRACTS_TOKEN`."""
    complete: bool = False
    """Whether a company that is not listed has no contract; else it is unknown, and goes to a person."""


class People(Section):
    """Who may ask for and approve what, for which company."""

    file: Path | None = None
    """CSV: `company,address,name,phone,matters,language,valid_from,valid_until`; relative to this file."""


class Texts(Section):
    """What customers and agents are told."""

    language: str = "en"
    """The organisation's own language: agents are addressed in it, and customers whose language is not known."""
    folder: Path | None = None
    """Folder with TOML files such as `pl.toml` that replace single messages; relative to this file."""


class Lexicons(Section):
    """Words of your own by which messages are understood, laid over the product's."""

    folder: Path | None = None
    """Folder of word lists such as `pl/permission_change.toml`; relative to this file."""
    words: dict[str, dict[str, list[str]]] = Field(default_factory=dict)
    """Language, then concept, then words and phrases; one that begins with a minus takes the product's own away."""


class Mail(Section):
    """The brake on mails of ours, and whose word counts on where a mail came from."""

    per_ticket_and_hour: int = Field(3, ge=0)
    """Mails of ours on one ticket within an hour; then silence and a note."""
    per_address_and_hour: int = Field(6, ge=0)
    """Mails of ours to one address within an hour; then silence and a note."""
    authserv_ids: list[str] = Field(default_factory=list)
    """Names by which your own mail servers sign `Authentication-Results`; without one no mail proves who sent it."""
    stamped: bool = True
    """False where your mail server writes no `Authentication-Results`: every From line is then believed."""


class Content(Section):
    """A whole policy file, but for its rules."""

    version: Literal[1] = 1
    mode: Mode = Mode.OBSERVE
    """How far a rule may go that does not say so itself: off, observe, propose or enforce."""
    time_zone: str = "UTC"
    """The company's time zone, as in `Europe/Warsaw`; contract days and working hours are counted in it."""
    companies: Companies = Companies()
    contracts: Contracts = Contracts()
    people: People = People()
    messages: Texts = Texts()
    lexicons: Lexicons = Lexicons()
    mail: Mail = Mail()
    helpdesk: Helpdesk = Helpdesk()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:  # `Europe` alone is a folder
            raise ValueError(f"{value!r} is no time zone; write it as in Europe/Warsaw") from exc
        return value


def model_of(rules: Mapping[str, AnyRule]) -> type[Content]:
    """Make the model of a file in which each of these rules may be set up."""
    entries: dict[str, Any] = {
        name: (
            create_model(
                f"{name}_options",
                __base__=rule.options,
                __doc__=rule.summary,
                mode=(Mode | None, Field(None, description="off, observe, propose or enforce; else the file's own")),
            ),
            Field(default=None, description=rule.summary),
        )
        for name, rule in rules.items()
    }
    entries = {name: (kind | None, default) for name, (kind, default) in entries.items()}
    section = create_model("Rules", __base__=Section, **entries)
    return create_model("PolicyFile", __base__=Content, rules=(section, Field(default_factory=section)))


def schema(rules: Mapping[str, AnyRule]) -> dict[str, Any]:
    """Give the JSON Schema of the file, for editors."""
    made = model_of(rules).model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "helpdesk-policy policy file"}


def parse_policy(text: str, name: str, rules: Mapping[str, AnyRule]) -> tuple[Policy, Content]:
    """Read a policy file's text; a rule that it does not name is off.

    Raises Misconfigured with one line for each error: file, line, what was expected, what was found and, for an
    unknown key, what may have been meant.
    """
    document = read_document(text, name)
    model = model_of(rules)
    try:
        content = model.model_validate(document.values)
    except ValidationError as exc:
        raise Misconfigured("\n".join(_explain(error, document, model) for error in exc.errors())) from exc
    return _policy(text, content, rules), content


def default_policy(rules: Mapping[str, AnyRule]) -> tuple[Policy, Content]:
    """Give the policy of a fresh installation: every rule observes, nothing is written."""
    everything = "rules: {" + ", ".join(f"{name}: {{}}" for name in rules) + "}"
    return parse_policy(everything, "built-in policy", rules)


def _policy(text: str, content: Content, rules: Mapping[str, AnyRule]) -> Policy:
    section = getattr(content, "rules")  # noqa: B009 - a field of the model made above, unknown to its base
    bound = []
    for name, rule in rules.items():
        is_named = name in section.model_fields_set
        entry: Options | None = getattr(section, name)
        mode: Mode = Mode.OFF if not is_named else getattr(entry, "mode", None) or content.mode.at_most(rule.up_to)
        bound.append(Bound(rule=rule, mode=mode, options=_options(rule, entry)))
    return Policy(
        revision=hashlib.sha256(text.encode()).hexdigest()[:12],
        rules=tuple(bound),
        brake=Brake(per_ticket=content.mail.per_ticket_and_hour, per_address=content.mail.per_address_and_hour),
        stamps=Stamps(
            servers=frozenset(each.strip().casefold() for each in content.mail.authserv_ids),
            are_written=content.mail.stamped,
        ),
        time_zone=ZoneInfo(content.time_zone),
    )


def _options(rule: AnyRule, entry: Options | None) -> Options:
    """Take a rule's own options out of its entry, which were checked with it."""
    if entry is None:
        return rule.options()
    given = {name: getattr(entry, name) for name in rule.options.model_fields}
    return rule.options.model_construct(_fields_set=entry.model_fields_set - {"mode"}, **given)


def _explain(error: ErrorDetails, document: Document, model: type[BaseModel]) -> str:
    path = error["loc"]
    where = ".".join(map(str, path))
    if error["type"] == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        close = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        return f"{document.at(path)}: unknown key {where!r}; {hint}"
    given = error["input"]
    found = repr(given)[:LONGEST] if isinstance(given, str | int | float | None) else f"a {_kind(given)}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{document.at(path)}: {where}: {message[:1].lower()}{message[1:]}, found {found}"


def _kind(given: object) -> str:
    return "list" if isinstance(given, list) else "section" if isinstance(given, dict) else type(given).__name__


def _keys_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """List the keys allowed at a place in the file; names that the file itself gives lie between."""
    for part in path:
        inner = model.model_fields.get(str(part))
        kinds = [inner.annotation, *get_args(inner.annotation)] if inner else []
        model = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
    return sorted(model.model_fields)
