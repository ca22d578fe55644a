"""Read message files: one TOML a language, a table a message, checked against the English ones."""

import tomllib
from collections.abc import Mapping
from string import Template

from connector.errors import Misconfigured
from connector.model.messages import Messages, Text


def load_messages(built_in: Mapping[str, str], overrides: Mapping[str, str] | None = None, *, own: str) -> Messages:
    """Build the messages from TOML texts by language; an override replaces single messages.

    Raises Misconfigured for broken TOML, an unknown key, and a place such as `$number` that no value goes into.
    """
    texts = {language: _parse(text, f"messages/{language}.toml") for language, text in built_in.items()}
    known = texts.get("en", {})
    for language, text in (overrides or {}).items():
        given = _parse(text, f"your messages/{language}.toml")
        for key, message in given.items():
            _check(f"your messages/{language}.toml", key, message, known)
        texts[language] = {**texts.get(language, {}), **given}
    return Messages(texts=texts, own=own)


def _parse(text: str, name: str) -> dict[str, Text]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise Misconfigured(f"{name} is not readable as TOML: {exc}") from exc
    messages: dict[str, Text] = {}
    for rule, tables in content.items():
        if not isinstance(tables, dict):
            raise Misconfigured(f"{name}: expected tables such as [contract.none], found {rule!r}")
        for key, table in tables.items():
            messages[f"{rule}.{key}"] = _text(name, f"{rule}.{key}", table)
    return messages


def _text(name: str, key: str, table: object) -> Text:
    if not isinstance(table, dict) or not isinstance(table.get("body"), str) or set(table) - {"subject", "body"}:
        raise Misconfigured(f"{name}: [{key}] needs `body`, may have `subject`, and nothing else")
    text = Text(str(table.get("subject", "")), table["body"].strip())
    if not (Template(text.subject).is_valid() and Template(text.body).is_valid()):
        raise Misconfigured(f"{name}: [{key}] holds a $ that begins no place; write $$ for the sign itself")
    return text


def _check(name: str, key: str, message: Text, known: Mapping[str, Text]) -> None:
    if key not in known:
        raise Misconfigured(f"{name}: there is no message {key!r}; there are {', '.join(sorted(known))}")
    if unknown := sorted(message.places - known[key].places):
        raise Misconfigured(
            f"{name}: [{key}] names ${unknown[0]}, which has no value there; known are "
            f"{', '.join('$' + place for place in sorted(known[key].places)) or 'none'}"
        )
