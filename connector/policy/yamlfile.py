"""Read YAML as people mean it, and remember on which line each thing stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from connector.errors import Misconfigured

Path = tuple[str | int, ...]

DEEPEST = 20
"""Levels that a policy file may have; an alias inside of its own anchor would have no end."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2's two booleans only, so that `mode: off` says off and not false."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _word in ("true", "false"):
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(f"^{_word}$"), [_word[0]])


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where."""

    name: str
    values: dict[str, Any]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Give the line of the nearest thing on the path that stands in the file, counted from 1."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path) -> str:
        """Write file and line as compilers do, so that editors jump there."""
        return f"{self.name}:{self.line(path)}"


def read_document(text: str, name: str) -> Document:
    """Parse a policy file; raises Misconfigured with file and line for broken YAML and for a key given twice."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise Misconfigured(f"{name}:{line}: not readable as YAML: {exc.problem}") from exc
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        raise Misconfigured(f"{name}:{line}: not readable as YAML: {exc.reason}") from exc
    except RecursionError as exc:
        raise Misconfigured(f"{name}:1: nested too deep to be meant") from exc
    if node is None:
        return Document(name, {}, {})
    if not isinstance(node, yaml.MappingNode):
        raise Misconfigured(f"{name}:1: expected keys such as `rules:`, found a {node.tag.rpartition(':')[2]}")
    lines: dict[Path, int] = {}
    values = _build(node, (), lines, name)
    return Document(name, values, lines)


def _build(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(path) > DEEPEST:
        raise Misconfigured(f"{name}:{line}: nested too deep to be meant")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, name)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, index), lines, name) for index, child in enumerate(node.value)]
    try:
        return _scalar(node)
    except (yaml.YAMLError, ValueError, OverflowError, LookupError) as exc:
        kind = node.tag.rpartition(":")[2]
        raise Misconfigured(f"{name}:{line}: {str(node.value)[:60]!r} is no {kind}") from exc


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int], name: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, child in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise Misconfigured(f"{name}:{key_node.start_mark.line + 1}: expected a word as a key, such as `rules:`")
        key = str(key_node.value)
        if key in values:
            first, again = lines[(*path, key)], key_node.start_mark.line + 1
            raise Misconfigured(f"{name}:{again}: {key!r} is given twice, first on line {first}")
        lines[(*path, key)] = key_node.start_mark.line + 1
        values[key] = _build(child, (*path, key), lines, name)
    return values


def _scalar(node: yaml.Node) -> Any:
    loader = _Loader("")
    try:
        return loader.construct_object(node, deep=True)
    finally:
        loader.dispose()
