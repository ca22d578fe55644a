"""Show people what a rule would do, and know when they accept it.

A proposal is accepted as it was shown: the tag does not stand for what a rule may come to want later. It is taken off
once it was read, so that the next proposal needs a word of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector.model.action import AddNote, AddTag, Remember, RemoveTag, SendReply
from connector.model.case import Case
from connector.model.decision import Mode, Step, Verdict
from connector.policy import describe
from connector.policy.memory import PLAN, digest, identity, is_our_tag

PROPOSED = "policy:proposed"
ACCEPT = "policy:accept"
KEPT = 40
"""Wishes remembered of one rule as shown."""


@dataclass(slots=True)
class Shown:
    """What is written of proposals, and what is remembered of them."""

    steps: list[Step] = field(default_factory=list)
    memory: dict[str, str] = field(default_factory=dict)


def is_accepted(case: Case, step: Step) -> bool:
    """Tell whether a person has seen this wish and said yes."""
    if not case.ticket.tags & {ACCEPT, f"{ACCEPT}:{step.rule}"}:
        return False
    seen = _seen(case, step.rule)
    return bool(seen) if isinstance(step.action, Remember) else _name(case, step) in seen


def propose(case: Case, proposed: Iterable[Step], verdicts: Iterable[Verdict]) -> Shown:
    """Write what is new among the proposals into one note, with a tag; take the tags off that have had their time."""
    modes = {verdict.mode for verdict in verdicts}
    if not modes & {Mode.PROPOSE, Mode.ENFORCE}:
        return Shown()
    shown = Shown()
    visible = [step for step in proposed if not isinstance(step.action, Remember)]
    new = [step for step in visible if _name(case, step) not in _seen(case, step.rule)]
    if new:
        once = f"proposal.{digest(' '.join(_name(case, step) for step in new))}"
        shown.steps.append(Step(rule=PLAN, action=AddNote(_text(visible), once=once)))
        shown.memory = {f"proposed.{rule}": _with(case, rule, new) for rule in {step.rule: 0 for step in new}}
        shown.steps.append(Step(rule=PLAN, action=AddTag(PROPOSED)))
    elif not visible and is_our_tag(case, PROPOSED):
        shown.steps.append(Step(rule=PLAN, action=RemoveTag(PROPOSED)))
    asking = {verdict.rule for verdict in verdicts if verdict.mode is Mode.PROPOSE or _seen(case, verdict.rule)}
    answers = {ACCEPT} | {f"{ACCEPT}:{rule}" for rule in asking}
    if asking:
        shown.steps += [Step(rule=PLAN, action=RemoveTag(tag)) for tag in sorted(answers & case.ticket.tags)]
    return shown


def _text(proposed: list[Step]) -> str:
    rules = sorted({step.rule for step in proposed})
    one = f", or {ACCEPT}:RULE for one rule alone ({', '.join(rules)})" if len(rules) > 1 else ""
    wishes = "\n".join(_line(step) for step in proposed)
    return f"Proposed by policy:\n{wishes}\nTo accept, add the tag {ACCEPT}{one}; to leave it, do nothing."


def _line(step: Step) -> str:
    line = f"- {describe.action(step.action)} ({step.rule})"
    if isinstance(step.action, SendReply):
        line += "".join(f"\n    {each}" for each in step.action.text.strip().splitlines())
    return line


def _name(case: Case, step: Step) -> str:
    return digest(identity(case, step.rule, step.action))


def _seen(case: Case, rule: str) -> list[str]:
    return case.memory.get(f"proposed.{rule}", "").split()


def _with(case: Case, rule: str, new: list[Step]) -> str:
    names = [*_seen(case, rule), *(_name(case, step) for step in new if step.rule == rule)]
    return " ".join(names[-KEPT:])
