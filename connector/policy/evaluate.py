"""Ask every active rule for its word on one case."""

from connector.model.case import Case
from connector.model.decision import Decision, Verdict
from connector.policy.policy import Bound, Policy


def evaluate(case: Case, policy: Policy) -> tuple[Verdict, ...]:
    """Decide the case by every active rule, in the policy's order; one that fails does not stop the others."""
    return tuple(
        Verdict(rule=bound.rule.name, mode=bound.mode, decision=_decide(case, bound)) for bound in policy.active
    )


def _decide(case: Case, bound: Bound) -> Decision:
    try:
        return bound.rule(case, bound.options)
    except Exception as exc:  # the one place where a rule's own fault is contained
        return Decision.error(f"the rule failed with {type(exc).__name__}: {exc}")
