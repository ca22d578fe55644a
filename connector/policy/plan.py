"""Make one plan out of all decisions: only what is still needed, nothing that contradicts."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from connector.model.action import (
    Action,
    AddNote,
    AddTag,
    LookAgain,
    MoveTo,
    RemoveTag,
    SendReply,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case
from connector.model.decision import Dropped, Mode, Plan, Step, Verdict
from connector.model.ticket import State
from connector.policy import describe
from connector.policy.holds import holds, insists, mark, undone_by_person
from connector.policy.mail import why_silent
from connector.policy.policy import Policy

SKIP = "policy:skip"
PROPOSED = "policy:proposed"
ACCEPT = "policy:accept"
PLAN = "plan"
"""The rule name under which the plan itself writes: proposals, contradictions, mails held back."""


@dataclass(slots=True)
class _Draft:
    steps: list[Step] = field(default_factory=list)
    proposed: list[Step] = field(default_factory=list)
    observed: list[Step] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    memory: dict[str, str] = field(default_factory=dict)

    def drop(self, step: Step, why: str) -> None:
        self.dropped.append(Dropped(rule=step.rule, action=step.action, why=why))


def make_plan(case: Case, verdicts: Iterable[Verdict], policy: Policy, *, decision: str) -> Plan:
    """Plan the case; looking again after the plan was applied gives an empty one (law 2)."""
    verdicts = tuple(verdicts)
    draft = _Draft(memory=dict(case.memory))
    silence = _why_left_alone(case)
    for verdict, step in _wanted(case, verdicts):
        if silence:
            draft.drop(step, silence)
        else:
            _sort(case, verdict, step, draft)

    _refuse_contradictions(policy, draft)
    _hold_back_mails(case, policy, draft)
    if not silence:
        _propose(case, draft)
    _remember(case, draft)
    return Plan(
        decision=decision,
        steps=tuple(draft.steps),
        observed=tuple(draft.observed + draft.proposed),
        dropped=tuple(draft.dropped),
        memory=_frozen(draft.memory),
        again_at=None if silence else _again_at(case, verdicts),
    )


def _why_left_alone(case: Case) -> str | None:
    if SKIP in case.ticket.tags:
        return f"the ticket carries the tag {SKIP}"
    if case.ticket.state is State.MERGED:
        return "the ticket was merged into another, which is looked at itself"
    return None


def _wanted(case: Case, verdicts: Iterable[Verdict]) -> Iterator[tuple[Verdict, Step]]:
    for verdict in verdicts:
        for action in verdict.decision.actions:
            if not holds(case, verdict.rule, action):
                yield verdict, Step(rule=verdict.rule, action=action)


def _sort(case: Case, verdict: Verdict, step: Step, draft: _Draft) -> None:
    undone = undone_by_person(case, step.rule, step.action)
    if undone and not (insists(step.action) and _insisted(step) not in case.memory):
        draft.drop(step, undone + (", and we insisted once" if insists(step.action) else ""))
        return
    match verdict.mode:
        case Mode.ENFORCE:
            draft.steps.append(step)
        case Mode.PROPOSE if case.ticket.tags & {ACCEPT, f"{ACCEPT}:{step.rule}"}:
            draft.steps.append(step)
        case Mode.PROPOSE:
            draft.proposed.append(step)
        case _:
            draft.observed.append(step)


def _refuse_contradictions(policy: Policy, draft: _Draft) -> None:
    """Let one value stand for each thing: the rule that others yield to, else nobody's, and a note for people."""
    yields = {bound.rule.name: bound.rule.yields_to for bound in policy.rules}
    by_thing: dict[str, list[Step]] = {}
    for step in draft.steps:
        thing = _thing(step.action)
        if thing:
            by_thing.setdefault(thing, []).append(step)
    for thing, rivals in by_thing.items():
        if len({describe.value(step.action) for step in rivals}) > 1:
            _settle(thing, rivals, yields, draft)
    draft.steps = list({(describe.identity(step)): step for step in draft.steps}.values())


def _settle(thing: str, rivals: list[Step], yields: Mapping[str, tuple[str, ...]], draft: _Draft) -> None:
    names = {step.rule for step in rivals}
    first = [step for step in rivals if not names & set(yields.get(step.rule, ()))]
    winners = first if len({describe.value(step.action) for step in first}) == 1 else []
    for step in rivals:
        if step in winners:
            continue
        draft.steps.remove(step)
        rule = winners[0].rule if winners else " and ".join(sorted(names - {step.rule}))
        draft.drop(step, f"yields to {rule}" if winners else f"contradicts {rule} over the {thing}: neither is done")
    if not winners:
        wishes = "; ".join(f"{step.rule} wants {describe.action(step.action)}" for step in rivals)
        note = AddNote(f"Two policies contradict each other: {wishes}. A person must decide.", once=_digest(wishes))
        draft.steps.append(Step(rule=PLAN, action=note))


def _hold_back_mails(case: Case, policy: Policy, draft: _Draft) -> None:
    group = next((step.action.group for step in draft.steps if isinstance(step.action, MoveTo)), case.ticket.group)
    for step in [each for each in draft.steps if isinstance(each.action, SendReply)]:
        assert isinstance(step.action, SendReply)
        why = why_silent(case, step.action, group=group, brake=policy.brake)
        if why is None:
            continue
        draft.steps.remove(step)
        draft.drop(step, why)
        note = AddNote(
            f"A mail to {step.action.to} was held back: {why}.", once=f"unsent.{step.rule}.{step.action.once}"
        )
        draft.steps.append(Step(rule=PLAN, action=note))


def _propose(case: Case, draft: _Draft) -> None:
    """Put proposals into one note with a tag by which an agent accepts; take the tag off when none is open."""
    if draft.proposed:
        wishes = "\n".join(f"- {describe.action(step.action)} ({step.rule})" for step in draft.proposed)
        text = f"Proposed by policy:\n{wishes}\nTo accept, add the tag {ACCEPT}; to leave it, do nothing."
        draft.steps.append(Step(rule=PLAN, action=AddNote(text, once=f"proposal.{_digest(wishes)}")))
        if f"tag.{PROPOSED}" not in case.memory:
            draft.steps.append(Step(rule=PLAN, action=AddTag(PROPOSED)))
    elif PROPOSED in case.ticket.tags and f"tag.{PROPOSED}" in case.memory:
        draft.steps.append(Step(rule=PLAN, action=RemoveTag(PROPOSED)))


def _remember(case: Case, draft: _Draft) -> None:
    draft.steps = [step for step in draft.steps if not holds(case, step.rule, step.action)]
    for step in draft.steps:
        if undone_by_person(case, step.rule, step.action):
            draft.memory[_insisted(step)] = "once"
        if isinstance(step.action, RemoveTag):
            draft.memory.pop(f"tag.{step.action.name}", None)
        entry = mark(step.rule, step.action)
        if entry is not None:
            draft.memory[entry[0]] = entry[1]
    draft.memory = {key: value for key, value in draft.memory.items() if value}


def _insisted(step: Step) -> str:
    return f"insist.{step.rule}.{_thing(step.action)}"


def _thing(action: Action) -> str | None:
    """Name what two actions can contradict each other about."""
    match action:
        case MoveTo():
            return "group"
        case SetState():
            return "state"
        case SetPriority():
            return "priority"
        case SetCompany():
            return "company"
        case SetAttribute(name=name):
            return name
        case AddTag(name=name) | RemoveTag(name=name):
            return f"tag {name}"
        case _:
            return None


def _again_at(case: Case, verdicts: Iterable[Verdict]) -> datetime | None:
    moments = [
        action.at for verdict in verdicts for action in verdict.decision.actions if isinstance(action, LookAgain)
    ]
    return min((at for at in moments if at > case.seen_at), default=None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _frozen(memory: dict[str, str]) -> Mapping[str, str]:
    return MappingProxyType(memory)
