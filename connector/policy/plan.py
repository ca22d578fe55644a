"""Make one plan out of all decisions: only what is still needed, nothing that contradicts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from connector.model.action import (
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    LookAgain,
    LookAt,
    Remember,
    RemoveTag,
    SendReply,
    SetCompany,
)
from connector.model.case import Case, Need
from connector.model.decision import Dropped, Mode, Plan, Step, Verdict
from connector.model.ticket import State
from connector.policy.contradictions import contrary, settle
from connector.policy.holds import holds, insists, undone
from connector.policy.mail import hold_back
from connector.policy.memory import ON, PLAN, after_set, identity, kept, once_key, sets, wish_of
from connector.policy.policy import Policy
from connector.policy.proposals import PROPOSED, is_accepted, propose

SKIP = "policy:skip"


@dataclass(slots=True)
class _Draft:
    steps: list[Step] = field(default_factory=list)
    proposed: list[Step] = field(default_factory=list)
    observed: list[Step] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    def drop(self, step: Step, why: str) -> None:
        self.dropped.append(Dropped(rule=step.rule, action=step.action, why=why))


def make_plan(case: Case, verdicts: Iterable[Verdict], policy: Policy, *, decision: str) -> Plan:
    """Plan the case; looking again after the plan was applied gives an empty one (law 2)."""
    verdicts = tuple(verdicts)
    wanted = [
        (Step(rule=verdict.rule, action=action), verdict.mode)
        for verdict in verdicts
        for action in verdict.decision.actions
        if not isinstance(action, LookAgain | LookAt)
    ]
    silence = _why_left_alone(case)
    if silence:
        unmet = [step for step, _ in wanted if not holds(case, step.rule, step.action)]
        dropped = tuple(Dropped(rule=step.rule, action=step.action, why=silence) for step in unmet)
        return Plan(decision=decision, dropped=dropped, memory=_frozen(case.memory))

    standing = [step for step, mode in wanted if _may_act(case, step, mode)]
    settled = settle(case, standing, policy)
    proposed = [step for step, mode in wanted if mode is Mode.PROPOSE and step not in standing]
    refused = contrary(case, proposed, standing) | settled.refused
    draft = _Draft()
    known = policy.needs | case.parts
    for step, mode in wanted:
        if not holds(case, step.rule, step.action):
            _sort(case, step, mode, draft, refused=refused.get(step) or _why_unfit(case, step, known))
    draft.steps += [Step(rule=PLAN, action=note) for note in settled.notes]
    _hold_back_mails(case, policy, draft)
    _propose_nothing_that_is_done_anyway(case, draft)
    shown = propose(case, draft.proposed, verdicts)
    steps = _each_once(case, [*draft.steps, *shown.steps], draft)
    return Plan(
        decision=decision,
        steps=steps,
        observed=tuple(draft.observed + draft.proposed),
        dropped=tuple(draft.dropped),
        memory=_frozen(_remembered(case, steps, shown.memory, [*standing, *shown.steps])),
        again_at=_again_at(case, verdicts),
        others=_others(verdicts),
    )


def _why_left_alone(case: Case) -> str | None:
    if SKIP in case.ticket.tags:
        return f"the ticket carries the tag {SKIP}"
    if case.ticket.state is State.MERGED:
        return "the ticket was merged into another, which is looked at itself"
    return None


def _may_act(case: Case, step: Step, mode: Mode) -> bool:
    """Tell whether a step counts against others: it is enforced, accepted, or was accepted before and stands."""
    if mode is not Mode.PROPOSE:
        return mode is Mode.ENFORCE
    wish = wish_of(case, step.action)
    stands = wish is not None and wish.found == wish.wanted
    is_ours = wish is not None and sets(case.memory, wish.thing).get(step.rule) == kept(wish.wanted)
    return (stands and is_ours) or is_accepted(case, step)


def _why_unfit(case: Case, step: Step, known: Need) -> str | None:
    """Refuse what a rule cannot know to be right, since it did not ask for what that rests on."""
    if isinstance(step.action, SendReply) and Need.ARTICLES not in known:
        return "a rule that mails must need ARTICLES: the last message may be an automatic one"
    if isinstance(step.action, AddLink | CreateTicket) and Need.LINKS not in known:
        return "a rule that links or opens tickets must need LINKS: the other may be there already"
    if isinstance(step.action, SetCompany) and case.customer is None:
        return "the ticket has no customer who could be attached"
    if isinstance(step.action, Remember) and not step.action.key.startswith(f"{step.rule}."):
        return f"a rule remembers under its own name: {step.rule}.{step.action.key}"
    return None


def _sort(case: Case, step: Step, mode: Mode, draft: _Draft, *, refused: str | None) -> None:
    if refused:
        draft.drop(step, refused)
        return
    story = undone(case, step.rule, step.action)
    if story and not (insists(step.action) and _insisted(case, step) not in case.memory):
        draft.drop(step, story + (", and we insisted once" if insists(step.action) else ""))
        return
    match mode:
        case Mode.ENFORCE:
            draft.steps.append(step)
        case Mode.PROPOSE if is_accepted(case, step) or (isinstance(step.action, AddNote) and step.action.is_record):
            draft.steps.append(step)
        case Mode.PROPOSE:
            draft.proposed.append(step)
        case _:
            draft.observed.append(step)


def _hold_back_mails(case: Case, policy: Policy, draft: _Draft) -> None:
    for step, note in hold_back(case, draft.steps, policy.brake).items():
        draft.steps.remove(step)
        draft.drop(step, note.text)
        draft.steps.append(Step(rule=PLAN, action=note))


def _propose_nothing_that_is_done_anyway(case: Case, draft: _Draft) -> None:
    done = {identity(case, step.rule, step.action): step.rule for step in draft.steps}
    for step in list(draft.proposed):
        rule = done.get(identity(case, step.rule, step.action))
        if rule is not None:
            draft.proposed.remove(step)
            draft.drop(step, f"{rule} asks for the same")


def _each_once(case: Case, steps: list[Step], draft: _Draft) -> tuple[Step, ...]:
    """Keep the first of steps that come to the same, and no note of the plan's own that is written already."""
    first: dict[str, Step] = {}
    for step in steps:
        same = first.setdefault(identity(case, step.rule, step.action), step)
        if same is not step:
            draft.drop(step, f"{same.rule} asks for the same")
    return tuple(step for step in first.values() if not holds(case, step.rule, step.action))


def _remembered(case: Case, steps: tuple[Step, ...], shown: dict[str, str], standing: Iterable[Step]) -> dict[str, str]:
    memory = dict(case.memory) | shown
    for step in (*steps, *(each for each in standing if steps and _is_from_before(case, each))):
        wish, key = wish_of(case, step.action), once_key(step.rule, step.action)
        if insists(step.action) and undone(case, step.rule, step.action):
            memory[_insisted(case, step)] = "once"
        if wish is not None and not _takes_answer_off(step):
            name, entry = after_set(case.memory, wish.thing, step.rule, wish.wanted)
            memory[name] = entry
        if key is not None:
            memory = {each: was for each, was in memory.items() if not _is_superseded(each, key)} | {key: "done"}
        if isinstance(step.action, Remember):
            memory[step.action.key] = step.action.value
    return {key: value for key, value in memory.items() if value}


def _is_from_before(case: Case, step: Step) -> bool:
    """Tell whether a tag or a link may be our doing: we were stopped before that was written down."""
    wish = wish_of(case, step.action)
    if wish is None or wish.wanted != wish.found or not isinstance(step.action, AddTag | RemoveTag | AddLink):
        return False
    ours = next(iter(sets(case.memory, wish.thing).values()), None)
    return ours == ON if isinstance(step.action, RemoveTag) else ours is None


def _takes_answer_off(step: Step) -> bool:
    """Tell whether it takes a person's answer off, which he may give again."""
    return step.rule == PLAN and isinstance(step.action, RemoveTag) and step.action.name != PROPOSED


def _is_superseded(each: str, key: str) -> bool:
    """Forget the note of an older proposal: `proposed.RULE` remembers what it showed."""
    return key.startswith("note.plan.proposal.") and each.startswith("note.plan.proposal.")


def _insisted(case: Case, step: Step) -> str:
    wish = wish_of(case, step.action)
    return f"insist.{step.rule}.{wish.thing if wish else ''}"


def _again_at(case: Case, verdicts: Iterable[Verdict]) -> datetime | None:
    moments = [
        action.at for verdict in verdicts for action in verdict.decision.actions if isinstance(action, LookAgain)
    ]
    return min((at for at in moments if at > case.seen_at), default=None)


def _others(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    may_write = [verdict for verdict in verdicts if verdict.mode in {Mode.PROPOSE, Mode.ENFORCE}]
    asked = [action.ticket for each in may_write for action in each.decision.actions if isinstance(action, LookAt)]
    return tuple(dict.fromkeys(asked))


def _frozen(memory: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(memory))
