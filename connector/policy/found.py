"""Find the rules that lie in a package, one a file."""

import importlib
import pkgutil
from types import ModuleType

from connector.errors import Misconfigured
from connector.policy.memory import RESERVED
from connector.policy.rule import AnyRule, Rule


def find_rules(*packages: str) -> dict[str, AnyRule]:
    """Import each file of the packages and take its rule, in order of package and file name.

    Raises Misconfigured where a package cannot be imported, a file holds no rule or more than one, or two files
    of different packages have one name.
    """
    found: dict[str, AnyRule] = {}
    for package in packages:
        for rule in _rules_of(_import(package)):
            if rule.name in RESERVED:
                raise Misconfigured(f"a rule cannot be called {rule.name!r}: rename the file in {package!r}")
            if rule.name in found:
                raise Misconfigured(f"two rules are called {rule.name!r}: rename the file in {package!r}")
            found[rule.name] = rule
    return found


def _rules_of(package: ModuleType) -> list[AnyRule]:
    rules = []
    for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if entry.ispkg or entry.name.rpartition(".")[2].startswith("_"):
            continue
        module = _import(entry.name)
        here = [
            each for each in vars(module).values() if isinstance(each, Rule) and each.decide.__module__ == entry.name
        ]
        if len(here) != 1:
            raise Misconfigured(f"{entry.name} holds {len(here)} rules; a file of rules holds exactly one")
        if not (here[0].decide.__doc__ or "").strip():
            raise Misconfigured(f"{entry.name} does not say what its rule does: write a docstring into it")
        rules.append(here[0])
    return rules


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise Misconfigured(f"the rules in {name!r} cannot be imported: {exc}") from exc
