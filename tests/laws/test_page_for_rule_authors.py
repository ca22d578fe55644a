"""The rule on the page for rule authors is found, does what the page says, and keeps the laws."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.action import Action
from connector.model.case import Case
from connector.model.decision import Mode
from connector.policy.found import find_rules
from connector.policy.policy import Policy
from connector.policy.rule import AnyRule
from tests.cases import bound, policy
from tests.laws.lives import ADDRESSES, Event, Life, changes, law, policies, tickets
from tests.memory_host import look

PAGE = Path(__file__).parents[2] / "docs" / "rule-authors.md"
RULE, TEST = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def vip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyRule]:
    folder = tmp_path_factory.mktemp("installed")
    package = folder / "ourrules"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "vip.py").write_text(RULE, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield find_rules("rules", "ourrules")["vip"]
    sys.path.remove(str(folder))
    for name in ("ourrules", "ourrules.vip"):
        del sys.modules[name]


def test_the_rule_is_found_beside_those_of_the_product(vip: AnyRule) -> None:
    assert (vip.name, vip.yields_to, vip.options().tags()) == ("vip", ("critical",), ("vip-waits",))


def test_the_test_on_the_page_passes(vip: AnyRule) -> None:
    names: dict[str, object] = {}
    exec(TEST, names)
    (test,) = [each for name, each in names.items() if name.startswith("test_")]

    assert callable(test)
    test()


@law
@given(ours=policies(), case=tickets(), events=st.lists(changes(), max_size=6), mode=st.sampled_from(Mode))
def test_the_rule_keeps_the_laws_beside_those_of_the_product(
    vip: AnyRule, ours: Policy, case: Case, events: list[Event], mode: Mode
) -> None:
    rules = (*ours.rules, bound(vip, mode, vip.options.model_validate({"addresses": ADDRESSES})))
    life = Life(policy=policy(*rules), case=case).live(events)

    _, again = look(life.case, life.policy)
    assert (again.steps, again.memory) == ((), life.case.memory)
    assert all(verdict.decision.reason for verdict in life.verdicts)
    if mode in {Mode.OBSERVE, Mode.OFF}:
        assert not [step for plan in life.plans for step in plan.steps if step.rule == "vip"]


@pytest.mark.parametrize("action", get_args(Action), ids=lambda action: action.__name__)
def test_every_action_stands_on_the_page(action: type) -> None:
    assert f"`{action.__name__}(" in PAGE.read_text(encoding="utf-8")
