"""Load and check the word lists that reading rests on."""

import difflib
import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from connector.reading.matching import Matcher, compile_matcher, words_of
from connector.reading.text import fold

LANGUAGE_FILE: Final = "language.toml"
CONCEPTS_FILE: Final = "concepts.toml"
_PARTS: Final = (
    "greetings", "closings", "sent_from", "wrote", "header_from", "header_other", "original", "forwarded",
    "reply_prefixes", "forward_prefixes", "disclaimer", "automatic", "phones", "extensions", "pointing",
)  # fmt: skip
_TABLES: Final = {
    "parts": _PARTS,
    "secrets": ("password", "remote"),
    "reference": ("order", "ticket", "service", "since"),
}
_SCALARS: Final = {"name": str, "letters": str, "common": list, "capital_nouns": bool, "fold": dict}


class LexiconError(ValueError):
    """A word list says something that cannot be understood."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """The words of one language."""

    code: str
    name: str
    letters: frozenset[str]
    capital_nouns: bool
    """Nouns are written with a capital, so that a capital shows no name."""
    phrases: Mapping[str, tuple[str, ...]]
    """The folded lists of `language.toml`, by name."""
    matcher: Matcher


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicons:
    """All languages, and what is common to them."""

    languages: Mapping[str, Language]
    concepts: Mapping[str, str]
    """Each concept that a word can stand for, with its meaning."""
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The lists of all languages together, since mail programs write in their own language, not in the sender's."""


Extra = Mapping[str, Mapping[str, Sequence[str]]]


@functools.cache
def builtin_lexicons() -> Lexicons:
    """Load the word lists that come with the product, once."""
    return load_lexicons()


def load_lexicons(extra: Path | Extra | None = None) -> Lexicons:
    """Load the product's word lists, with an organisation's own laid over them.

    `extra` is a folder of the same shape (`pl/permission_change.toml`), or a mapping of language to concept to entries
    as the policy file has it. An entry is added; an entry that begins with a minus takes the product's own away. A
    folder with a `language.toml` of its own is a new language. Raises LexiconError with the file and the entry.
    """
    root = resources.files("connector.reading") / "lexicons"
    concepts = _concepts(root / CONCEPTS_FILE)
    sources = {folder.name: [folder] for folder in _folders(root)}
    spoken: dict[str, Mapping[str, Sequence[str]]] = {}
    if isinstance(extra, Path):
        if not extra.is_dir():
            raise LexiconError(f"{extra}: expected a folder of lexicons, found none")
        for folder in _folders(extra):
            sources.setdefault(folder.name, []).append(folder)
    elif extra:
        spoken = dict(extra)
        for code in spoken:
            _known(code, sources, what="language", place="lexicons")
    languages = {
        code: _language(code, folders, concepts, spoken.get(code, {})) for code, folders in sorted(sources.items())
    }
    together: dict[str, tuple[str, ...]] = {}
    for name in (entry for names in _TABLES.values() for entry in names):
        together[name] = tuple(dict.fromkeys(phrase for lang in languages.values() for phrase in lang.phrases[name]))
    return Lexicons(
        languages=MappingProxyType(languages), concepts=MappingProxyType(concepts), phrases=MappingProxyType(together)
    )


def _folders(root: Traversable | Path) -> list[Traversable]:
    found = [entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(("_", "."))]
    return sorted(found, key=lambda entry: entry.name)


def _concepts(file: Traversable) -> dict[str, str]:
    raw = _toml(file)
    return {name: str(meaning) for table in raw.values() for name, meaning in table.items()}


def _language(
    code: str, folders: Sequence[Traversable], concepts: Mapping[str, str], spoken: Mapping[str, Sequence[str]]
) -> Language:
    head: dict[str, Any] = {}
    entries: dict[str, list[str]] = {}
    for folder in folders:
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if file.name == LANGUAGE_FILE:
                _merge_head(head, _toml(file), place=str(file))
            elif file.name.endswith(".toml"):
                for concept, added in _toml(file).items():
                    _merge(entries, concept, added, concepts, place=str(file))
    for concept, added in spoken.items():
        _merge(entries, concept, added, concepts, place=f"lexicons.{code}")
    if "name" not in head:
        raise LexiconError(f"language {code!r} has no {LANGUAGE_FILE} with a name: {folders[0]}")
    digraphs = {fold(key): fold(value) for key, value in head.get("fold", {}).items()}
    phrases = {
        name: tuple(dict.fromkeys(fold(entry) for entry in head.get(table, {}).get(name, ())))
        for table, names in _TABLES.items()
        for name in names
    }
    matcher = compile_matcher(entries, digraphs, head.get("common", ()))
    return Language(
        code=code,
        name=head["name"],
        letters=frozenset(head.get("letters", "")),
        capital_nouns=head.get("capital_nouns", False),
        phrases=MappingProxyType(phrases),
        matcher=matcher,
    )


def _merge_head(head: dict[str, Any], raw: Mapping[str, Any], *, place: str) -> None:
    for key, value in raw.items():
        _known(key, (*_TABLES, *_SCALARS), what="key", place=place)
        if key not in _TABLES:
            _expect(value, _SCALARS[key], place=f"{place}: {key}")
            head[key] = [*head.get(key, ()), *value] if isinstance(value, list) else value
            continue
        table = head.setdefault(key, {})
        for name, entries in value.items():
            _known(name, _TABLES[key], what="list", place=f"{place} [{key}]")
            table[name] = [*table.get(name, ()), *_texts(entries, place=f"{place} [{key}] {name}")]


def _merge(
    entries: dict[str, list[str]], concept: str, added: object, concepts: Mapping[str, str], *, place: str
) -> None:
    _known(concept, concepts, what="concept", place=place)
    kept = entries.setdefault(concept, [])
    for entry in _texts(added, place=f"{place}: {concept}"):
        if not entry.startswith("-"):
            kept.append(entry)
            continue
        wanted = fold(entry[1:].strip())
        left = [other for other in kept if fold(other) != wanted]
        if len(left) == len(kept):
            raise LexiconError(f"{place}: {concept}: {entry!r} takes away what is not there")
        kept[:] = left


def _texts(value: object, *, place: str) -> list[str]:
    _expect(value, list, place=place)
    entries = value if isinstance(value, list) else []
    for entry in entries:
        _expect(entry, str, place=place)
        if not words_of(str(entry).lstrip("-").replace("*", "")):
            raise LexiconError(f"{place}: {entry!r} holds no word")
    return [str(entry) for entry in entries]


def _expect(value: object, kind: type, *, place: str) -> None:
    if not isinstance(value, kind):
        raise LexiconError(f"{place}: expected {kind.__name__}, found {type(value).__name__} {value!r}")


def _known(name: str, known: Sequence[str] | Mapping[str, Any], *, what: str, place: str) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f", did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(known))}"
    raise LexiconError(f"{place}: unknown {what} {name!r}{hint}")


def _toml(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise LexiconError(f"{file}: {exc}") from exc
