"""The words in the documentation are those of the product."""

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from connector.cli.main import app
from connector.policy.file import parse_policy
from connector.policy.found import find_rules
from connector.settings import names_of

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RULES = find_rules("rules")
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def commands(command: object = None, path: str = "helpdesk-policy") -> dict[str, object]:
    """List every command by the words an admin types."""
    command = command or get_command(app)
    inner = getattr(command, "commands", None)
    if not inner:
        return {path: command}
    return {name: leaf for key, each in inner.items() for name, leaf in commands(each, f"{path} {key}").items()}


def test_every_setting_stands_in_the_example_file_and_nothing_else_does() -> None:
    example = (ROOT / "config.example.env").read_text(encoding="utf-8")

    assert set(re.findall(r"^#?(HELPDESK_POLICY_\w+)=", example, re.MULTILINE)) == set(names_of())


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    assert command in TEXT


@pytest.mark.parametrize("command", commands())
def test_every_command_says_what_it_is_for(command: str) -> None:
    made = commands()[command]

    assert getattr(made, "help", "")
    for parameter in getattr(made, "params", []):
        assert getattr(parameter, "help", "") or parameter.name == "help", f"{command} {parameter.name}"


def test_every_command_in_the_documentation_exists() -> None:
    known = set(commands())
    groups = {" ".join(name.split()[:2]) for name in known}
    written = set(re.findall(r"^\s{4}(helpdesk-policy [a-z].*?)(?:\s{2,}#.*)?$", TEXT, re.MULTILINE))

    for line in written:
        words = line.split()
        assert any(" ".join(words[:count]) in known for count in (2, 3)) or " ".join(words[:2]) in groups, line


@pytest.mark.parametrize("name", RULES)
def test_every_rule_and_every_option_is_documented(name: str) -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    section = page.partition(f"## `{name}`")[2].partition("\n## ")[0]

    assert section, f"docs/rules.md has no section for {name}"
    for option in RULES[name].options.model_fields:
        assert f"`{option}`" in section, f"{name}: {option}"
    for clause in RULES[name].clauses:
        assert clause in section, f"{name}: {clause}"


@pytest.mark.parametrize(
    "block", [block for page in PAGES for block in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
)
def test_every_policy_in_the_documentation_is_a_valid_one(block: str) -> None:
    assert yaml.safe_load(block)

    policy, _ = parse_policy(block, "documentation", RULES)

    assert bool(policy.active) is ("rules:" in block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
