"""Ask every active rule for its word on one case."""

import traceback

from connector.model.case import Case
from connector.model.decision import Decision, Mode, Verdict
from connector.policy.policy import Bound, Policy

LONGEST = 200
"""Characters kept of a rule's own fault, which may quote what a customer wrote."""


def evaluate(case: Case, policy: Policy) -> tuple[Verdict, ...]:
    """Decide the case by every active rule, in the policy's order; one that fails does not stop the others."""
    return tuple(_verdict(bound, _decide(case, bound)) for bound in policy.active)


def _verdict(bound: Bound, decision: Decision) -> Verdict:
    mode = bound.mode.at_most(Mode.PROPOSE) if decision.is_proposal else bound.mode
    return Verdict(rule=bound.rule.name, mode=mode, decision=decision)


def _decide(case: Case, bound: Bound) -> Decision:
    try:
        decision: object = bound.rule(case, bound.options)
    except Exception as exc:  # the one place where a rule's own fault is contained
        line = traceback.extract_tb(exc.__traceback__)[-1].lineno
        return Decision.error(f"the rule failed with {type(exc).__name__} on line {line}: {str(exc)[:LONGEST]}")
    if not isinstance(decision, Decision):
        return Decision.error(f"the rule gave a {type(decision).__name__}, which is no decision")
    return decision if decision.reason.strip() else Decision.error("the rule decided without a reason")
