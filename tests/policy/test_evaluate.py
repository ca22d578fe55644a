"""Every active rule is asked, and none can stop another."""

from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import Misconfigured
from connector.model.action import AddTag
from connector.model.case import Case, Need
from connector.model.decision import Decision, Mode, Outcome
from connector.policy.evaluate import evaluate
from connector.policy.found import find_rules
from connector.policy.rule import Options, Rule
from tests.cases import bound, case, policy, rule_that


def deciding(decide: Callable[[Case, Any], Any], name: str = "first") -> Rule[Options]:
    return Rule(name=name, decide=decide, options=Options, needs=Need.NOTHING, clauses=(), yields_to=())


def breaks(seen: Case, options: Options) -> Decision:
    raise ZeroDivisionError("no " * 300)


def test_a_fault_of_one_rule_is_its_error_and_the_others_go_on() -> None:
    broken, sound = evaluate(case(), policy(deciding(breaks), rule_that(AddTag("a"), name="second")))

    assert broken.decision.outcome is Outcome.ERROR
    assert broken.decision.reason.startswith("the rule failed with ZeroDivisionError on line ")
    assert sound.decision == Decision.act("because", AddTag("a"))


def test_a_fault_is_told_in_few_words_for_it_may_quote_a_customer() -> None:
    (broken,) = evaluate(case(), policy(deciding(breaks)))

    assert len(broken.decision.reason) < 300


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "the rule gave a NoneType, which is no decision"),
        ("skip", "the rule gave a str, which is no decision"),
        (Decision.skip(" "), "the rule decided without a reason"),
    ],
)
def test_what_is_no_decision_with_a_reason_is_an_error(given: object, why: str) -> None:
    (verdict,) = evaluate(case(), policy(deciding(lambda seen, options: given)))

    assert verdict.decision == Decision.error(why)


def test_a_rule_that_is_off_is_not_asked() -> None:
    assert evaluate(case(), policy(bound(deciding(breaks), Mode.OFF))) == ()


def test_rules_are_asked_in_the_order_of_the_policy() -> None:
    rules = policy(rule_that(name="b"), rule_that(name="a"))

    assert [verdict.rule for verdict in evaluate(case(), rules)] == ["b", "a"]


def test_what_a_policy_reads_is_what_its_active_rules_need() -> None:
    links = rule_that(name="links", needs=Need.LINKS)
    raw = rule_that(name="raw", needs=Need.RAW_MAIL)

    assert policy(links, bound(raw, Mode.OFF)).needs == Need.LINKS
    assert policy(raw).needs == Need.RAW_MAIL | Need.ARTICLES


def test_the_rules_of_the_product_are_found_by_the_names_of_their_files() -> None:
    found = find_rules("rules")

    assert {"company", "contract"} <= set(found)
    assert all(rule.summary.endswith(".") for rule in found.values())


RULE = """
from connector.policy import Case, Decision, Options, rule

@rule(options=Options)
def decide(case: Case, options: Options) -> Decision:
    \"\"\"Do nothing.\"\"\"
    return Decision.skip("never")
"""


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"note.py": RULE}, "a rule cannot be called 'note': rename the file in 'PACKAGE'"),
        ({"company.py": RULE}, "two rules are called 'company': rename the file in 'PACKAGE'"),
        (
            {"mute.py": RULE.replace('"""Do nothing."""', "")},
            "PACKAGE.mute does not say what its rule does: write a docstring into it",
        ),
        ({"empty.py": ""}, "PACKAGE.empty holds 0 rules; a file of rules"),
        (
            {"two.py": RULE + RULE.replace("decide", "second")},
            "PACKAGE.two holds 2 rules; a file of rules",
        ),
        ({"wrong.py": "import nowhere"}, "the rules in 'PACKAGE.wrong' cannot be imported: No module named 'nowhere'"),
    ],
)
def test_a_package_of_rules_that_is_not_right_is_refused(
    files: dict[str, str],
    why: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = f"ours_{next(iter(files)).removesuffix('.py')}"
    (tmp_path / package).mkdir()
    for name, text in {"__init__.py": "", **files}.items():
        (tmp_path / package / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(Misconfigured) as refused:
        find_rules("rules", package)
    assert str(refused.value).startswith(why.replace("PACKAGE", package))


def test_files_whose_names_begin_with_an_underscore_hold_no_rule(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ours_helped").mkdir()
    for name, text in {"__init__.py": "", "_words.py": "", "mine.py": RULE}.items():
        (tmp_path / "ours_helped" / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    assert list(find_rules("ours_helped")) == ["mine"]


def test_a_package_that_is_not_there_is_refused() -> None:
    with pytest.raises(Misconfigured, match="the rules in 'nowhere_at_all' cannot be imported"):
        find_rules("nowhere_at_all")
