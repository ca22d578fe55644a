"""What is wrong in a policy file is told with file, line and what may have been meant."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from connector.errors import Misconfigured
from connector.model.decision import Mode
from connector.policy.file import default_policy, model_of, parse_policy, schema
from connector.policy.found import find_rules
from connector.policy.policy import Brake, Policy
from connector.policy.rule import AnyRule, Options
from connector.policy.yamlfile import read_document
from tests.cases import rule_that

BUILT_IN = find_rules("rules")
PAGE = Path(__file__).parents[2] / "docs" / "policy-file.md"
EXAMPLE = re.findall(r"```yaml\n(version.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]


class Waiting(Options):
    """Options of a rule for these tests."""

    limit: timedelta = timedelta(hours=8)
    groups_: tuple[str, ...] = Field((), alias="groups")
    level: Literal["soft", "hard"] = "soft"
    days: int = Field(0, ge=0)


def _rules() -> Mapping[str, AnyRule]:
    waiting = replace(rule_that(name="waiting"), options=Waiting)
    careful = replace(rule_that(name="careful"), up_to=Mode.PROPOSE)
    return {"waiting": waiting, "careful": careful}


RULES = _rules()


def parsed(text: str, rules: Mapping[str, AnyRule] = RULES) -> Policy:
    return parse_policy(text, "policy.yaml", rules)[0]


def modes(text: str) -> dict[str, Mode]:
    return {bound.rule.name: bound.mode for bound in parsed(text).rules}


def errors(text: str) -> list[str]:
    with pytest.raises(Misconfigured) as refused:
        parsed(text)
    return str(refused.value).splitlines()


WRONG: list[tuple[str, str, bool]] = [
    # text, what is said, whether the schema for editors knows it too
    ("mod: enforce", "policy.yaml:1: unknown key 'mod'; did you mean 'mode'?", True),
    (
        "version: 1\nxyz: 1",
        f"policy.yaml:2: unknown key 'xyz'; known are {', '.join(sorted(model_of(RULES).model_fields))}",
        True,
    ),
    ("companies:\n  domain: {}", "policy.yaml:2: unknown key 'companies.domain'; did you mean 'domains'?", True),
    (
        "mail:\n  per_ticket: 1",
        "policy.yaml:2: unknown key 'mail.per_ticket'; did you mean 'per_ticket_and_hour'?",
        True,
    ),
    ("rules:\n  waitin: {}", "policy.yaml:2: unknown key 'rules.waitin'; did you mean 'waiting'?", True),
    (
        "rules:\n  waiting:\n    mode: off\n    limits: 1",
        "policy.yaml:4: unknown key 'rules.waiting.limits'; did you mean 'limit'?",
        True,
    ),
    (
        "helpdesk:\n  calendars:\n    eu:\n      holiday: {}",
        "policy.yaml:4: unknown key 'helpdesk.calendars.eu.holiday'; did you mean 'holidays'?",
        True,
    ),
    (
        "mode: on",
        "policy.yaml:1: mode: input should be 'off', 'observe', 'propose' or 'enforce', found 'on'",
        True,
    ),
    (
        "rules:\n  waiting:\n    mode: Enforce",
        "policy.yaml:3: rules.waiting.mode: input should be 'off', 'observe', 'propose' or 'enforce', found 'Enforce'",
        True,
    ),
    (
        "rules:\n  waiting:\n    days: -1",
        "policy.yaml:3: rules.waiting.days: input should be greater than or equal to 0, found -1",
        True,
    ),
    (
        "rules:\n  waiting:\n    days: many",
        "policy.yaml:3: rules.waiting.days: input should be a valid integer, unable to parse string as an integer, "
        "found 'many'",
        True,
    ),
    (
        "rules:\n  waiting:\n    level: [soft]",
        "policy.yaml:3: rules.waiting.level: input should be 'soft' or 'hard', found a list",
        True,
    ),
    ("version: 2", "policy.yaml:1: version: input should be 1, found 2", True),
    (
        "companies: all",
        "policy.yaml:1: companies: input should be a valid dictionary or instance of Companies, found 'all'",
        True,
    ),
    (
        "companies:\n  domains:\n    Acme:\n      - a.example\n      - [b.example]",
        "policy.yaml:5: companies.domains.Acme.1: input should be a valid string, found a list",
        True,
    ),
    (
        "rules: [waiting]",
        "policy.yaml:1: rules: input should be a valid dictionary or instance of Rules, found a list",
        True,
    ),
    (
        "time_zone: Mars",
        "policy.yaml:1: time_zone: 'Mars' is no time zone; write it as in Europe/Warsaw, found 'Mars'",
        False,
    ),
    (
        "time_zone: Europe",
        "policy.yaml:1: time_zone: 'Europe' is no time zone; write it as in Europe/Warsaw, found 'Europe'",
        False,
    ),
    (
        "time_zone: ../x",
        "policy.yaml:1: time_zone: '../x' is no time zone; write it as in Europe/Warsaw, found '../x'",
        False,
    ),
    ("mode: off\nrules: {}\nmode: enforce", "policy.yaml:3: 'mode' is given twice, first on line 1", False),
    (
        "rules:\n  waiting: {}\n  careful: {}\n  waiting: {days: 1}",
        "policy.yaml:4: 'waiting' is given twice, first on line 2",
        False,
    ),
    (
        "rules:\n  waiting: {",
        "policy.yaml:2: not readable as YAML: expected the node content, but found '<stream end>'",
        False,
    ),
    (
        "mode: off\n\tx: 1",
        "policy.yaml:2: not readable as YAML: found character '\\t' that cannot start any token",
        False,
    ),
    ("mode: off\nrules: \x00", "policy.yaml:2: not readable as YAML: special characters are not allowed", False),
    ("- waiting", "policy.yaml:1: expected keys such as `rules:`, found a seq", False),
    ("just words", "policy.yaml:1: expected keys such as `rules:`, found a str", False),
    ("? [a, b]\n: 1", "policy.yaml:1: expected a word as a key, such as `rules:`", False),
    ("rules: &a\n  waiting: *a", "policy.yaml:1: nested too deep to be meant", False),
    ("mode: off\nversion: !!python/object:os.system x", "policy.yaml:2: 'x' is no os.system", False),
    ("version: 2026-13-45", "policy.yaml:1: '2026-13-45' is no timestamp", False),
]


@pytest.mark.parametrize(("text", "said"), [(text, said) for text, said, _ in WRONG])
def test_what_is_wrong_is_told_with_file_line_and_a_way_out(text: str, said: str) -> None:
    assert errors(text) == [said]


@pytest.mark.parametrize("text", [text for text, _, is_known in WRONG if is_known])
def test_the_schema_for_editors_refuses_what_the_loader_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read_document(text, "policy.yaml").values, schema(RULES))


def test_every_error_of_a_file_is_told_at_once() -> None:
    assert errors("mod: off\nmail: {per_ticket_and_hour: -1}\nrules: {waiting: {days: x}}")[0:3:2] == [
        "policy.yaml:2: mail.per_ticket_and_hour: input should be greater than or equal to 0, found -1",
        "policy.yaml:1: unknown key 'mod'; did you mean 'mode'?",
    ]


@pytest.mark.parametrize("text", ["mode: off", 'mode: "off"', "mode: 'off'", "mode: off # no"])
def test_off_means_off_and_not_false(text: str) -> None:
    assert modes(f"{text}\nrules: {{waiting: {{}}}}") == {"waiting": Mode.OFF, "careful": Mode.OFF}


@pytest.mark.parametrize("word", ["true", "false"])
def test_true_and_false_are_still_true_and_false(word: str) -> None:
    _, content = parse_policy(f"companies: {{subdomains: {word}}}", "policy.yaml", RULES)

    assert content.companies.subdomains is (word == "true")


def test_an_empty_file_has_every_rule_off() -> None:
    for text in ("", "\n", "# nothing yet\n", "rules: {}"):
        assert modes(text) == {"waiting": Mode.OFF, "careful": Mode.OFF}


def test_a_rule_that_is_named_without_a_word_has_the_files_mode_and_its_own_defaults() -> None:
    policy = parsed("mode: enforce\nrules:\n  waiting:\n")

    assert [(bound.mode, bound.options) for bound in policy.rules if bound.rule.name == "waiting"] == [
        (Mode.ENFORCE, Waiting())
    ]


def test_a_rule_has_its_own_mode_else_the_files_else_observes() -> None:
    assert modes("rules: {waiting: {}, careful: {mode: enforce}}") == {
        "waiting": Mode.OBSERVE,
        "careful": Mode.ENFORCE,
    }


def test_a_rule_that_is_to_be_careful_goes_no_further_for_the_files_mode() -> None:
    assert modes("mode: enforce\nrules: {waiting: {}, careful: {}}") == {
        "waiting": Mode.ENFORCE,
        "careful": Mode.PROPOSE,
    }


def test_options_are_taken_as_they_are_written() -> None:
    (waiting, _) = parsed("rules: {waiting: {limit: PT2H, groups: [a, b], level: hard, days: 3}}").rules

    assert waiting.options == Waiting(limit=timedelta(hours=2), groups=("a", "b"), level="hard", days=3)


def test_brake_and_time_zone_are_those_of_the_file() -> None:
    policy = parsed("time_zone: Europe/Warsaw\nmail: {per_ticket_and_hour: 1, per_address_and_hour: 2}")

    assert (policy.time_zone, policy.brake) == (ZoneInfo("Europe/Warsaw"), Brake(per_ticket=1, per_address=2))


def test_the_policy_of_a_fresh_installation_observes_everything() -> None:
    policy, _ = default_policy(BUILT_IN)

    assert {bound.mode for bound in policy.rules} == {Mode.OBSERVE}
    assert [bound.options for bound in policy.rules] == [rule.options() for rule in BUILT_IN.values()]


def test_the_revision_is_that_of_the_text() -> None:
    once, again, other = parsed("mode: off"), parsed("mode: off"), parsed("mode: off ")

    assert once.revision == again.revision != other.revision
    assert re.fullmatch("[0-9a-f]{12}", once.revision)


def test_the_example_in_the_documentation_is_right_by_the_loader_and_by_the_schema() -> None:
    policy, _ = parse_policy(EXAMPLE, "policy.yaml", BUILT_IN)
    jsonschema.validate(read_document(EXAMPLE, "policy.yaml").values, schema(BUILT_IN))

    assert {bound.rule.name for bound in policy.active} == {"company", "contract"}


def test_the_schema_is_a_schema_and_explains_every_key() -> None:
    made = schema(BUILT_IN)
    jsonschema.Draft202012Validator.check_schema(made)

    undescribed = [
        f"{name}.{key}"
        for name, kind in {"file": made, **made["$defs"]}.items()
        for key, field in kind.get("properties", {}).items()
        if name in {"file", "Companies", "Contracts", "Mail"} and not ("description" in field or "$ref" in field)
    ]
    assert [each for each in undescribed if each not in {"file.version", "file.rules"}] == []


# garbage


def complaint(text: str) -> str:
    """Give what is said of a file, empty where nothing is wrong; anything else that is raised fails the test."""
    try:
        parsed(text)
    except Misconfigured as exc:
        return str(exc)
    return ""


keys = st.sampled_from(
    [*model_of(RULES).model_fields, "waiting", "domains", "mode", "calendars", "days", "x"]
) | st.text(max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates()
trees: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@settings(max_examples=80, deadline=None)
@given(st.text() | st.dictionaries(keys, trees, max_size=5).map(lambda made: yaml.safe_dump(made, allow_unicode=True)))
def test_garbage_is_misconfigured_and_nothing_else(text: str) -> None:
    assert re.match(r"$|policy\.yaml:\d+: ", complaint(text))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{}[]:,&*!|>-?#'\"%@` \n\tab1~<=.", max_size=40))
def test_punctuation_is_misconfigured_and_nothing_else(text: str) -> None:
    assert re.match(r"$|policy\.yaml:\d+: ", complaint(text))
