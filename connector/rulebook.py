"""Read the policy file, and all that it names beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from connector.errors import Misconfigured
from connector.model.contract import NO_REGISTRY, Registry
from connector.model.messages import Messages
from connector.model.people import NO_PEOPLE, People
from connector.policy.address import fold_domain
from connector.policy.file import Content, default_policy, parse_policy
from connector.policy.found import find_rules
from connector.policy.messages import load_messages
from connector.policy.policy import Policy
from connector.policy.rule import AnyRule
from connector.reading import LexiconError, Lexicons, builtin_lexicons, load_lexicons
from connector.registry import read_domains, read_people, read_registry, read_texts


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """The policy file as read, with what it names beside it."""

    rules: Mapping[str, AnyRule]
    policy: Policy
    content: Content
    registry: Registry
    people: People
    messages: Messages
    lexicons: Lexicons
    more_domains: Mapping[str, tuple[str, ...]]
    public: frozenset[str]


def read_rulebook(path: Path | None, packages: Sequence[str] = ()) -> Rulebook:
    """Find the rules and read the policy file and its CSV files; raises Misconfigured."""
    rules = find_rules("rules", *packages)
    if path is None:
        policy, content = default_policy(rules)
    else:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise Misconfigured(f"the policy file {path} cannot be read: {exc}") from exc
        policy, content = parse_policy(text, str(path), rules)
    beside = path.parent if path else Path()
    more = {name: tuple(domains) for name, domains in content.companies.domains.items()}
    if content.companies.file:
        for name, domains in read_domains(beside / content.companies.file).items():
            more[name] = (*more.get(name, ()), *domains)
    contracts = content.contracts
    return Rulebook(
        rules=rules,
        policy=policy,
        content=content,
        registry=read_registry(beside / contracts.file, is_complete=contracts.complete)
        if contracts.file
        else NO_REGISTRY,
        people=read_people(beside / content.people.file) if content.people.file else NO_PEOPLE,
        messages=load_messages(
            built_in_messages(),
            read_texts(beside / content.messages.folder) if content.messages.folder else None,
            own=content.messages.language,
        ),
        lexicons=_lexicons(content, beside),
        more_domains=more,
        public=public_domains() | {fold_domain(each) for each in content.companies.public_domains},
    )


def _lexicons(content: Content, beside: Path) -> Lexicons:
    own = content.lexicons
    if own.folder and own.words:
        raise Misconfigured("lexicons: give either `folder` or `words`, not both")
    try:
        if own.folder or own.words:
            return load_lexicons(beside / own.folder if own.folder else own.words)
        return builtin_lexicons()
    except LexiconError as exc:
        raise Misconfigured(f"lexicons: {exc}") from exc


def built_in_messages() -> dict[str, str]:
    """Read the built-in message files by language."""
    folder = resources.files("rules") / "messages"
    files = [each for each in folder.iterdir() if each.name.endswith(".toml")]
    return {each.name.removesuffix(".toml"): each.read_text(encoding="utf-8") for each in files}


def public_domains() -> frozenset[str]:
    """Read the built-in list of public mail domains."""
    text = (resources.files("rules") / "lists" / "public-mail.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
