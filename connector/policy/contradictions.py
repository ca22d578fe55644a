"""Let one value stand for each thing of a ticket, or none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.model.action import AddNote, CreateTicket, Remember, SendReply, SetState
from connector.model.case import Case
from connector.model.decision import Step
from connector.policy import describe
from connector.policy.memory import digest, wish_of
from connector.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Settled:
    """What may not be done and why, and what people are told of it."""

    refused: dict[Step, str] = field(default_factory=dict)
    notes: list[AddNote] = field(default_factory=list)


def settle(case: Case, standing: Iterable[Step], policy: Policy) -> Settled:
    """Refuse what contradicts: the rule that the others yield to has its way, else nobody, and a note asks a person.

    `standing` are the steps of all rules that may act, those that hold already among them: a rule that has what it
    wants would else be overruled by another, and overrule it in turn.
    """
    standing = tuple(standing)
    yields = {bound.rule.name: bound.rule.yields_to for bound in policy.rules}
    settled = Settled()
    by_thing: dict[str, dict[Step, str]] = {}
    for step in standing:
        thing, value = _claim(case, step)
        if thing:
            by_thing.setdefault(thing, {})[step] = value
    for thing, every in by_thing.items():
        claims = _without_gentle(every, settled) if len(set(every.values())) > 1 else every
        if len(set(claims.values())) > 1:
            _settle_one(thing, claims, standing, yields, settled)
    return settled


def contrary(case: Case, proposed: Iterable[Step], standing: Iterable[Step]) -> dict[Step, str]:
    """Refuse proposals to do otherwise than a rule that may act: nobody could accept them but to no effect."""
    wanted = {_claim(case, step): step.rule for step in standing}
    things = {thing: (value, rule) for (thing, value), rule in wanted.items() if thing}
    refused: dict[Step, str] = {}
    for step in proposed:
        thing, value = _claim(case, step)
        if thing in things and (thing, value) not in wanted:
            refused[step] = f"{things[thing][1]} may act on the {_words(thing)}, and wants otherwise"
    return refused


def _without_gentle(claims: Mapping[Step, str], settled: Settled) -> Mapping[Step, str]:
    """Take out what gives way by itself, where anybody wants something else."""
    firm = {step: value for step, value in claims.items() if not _is_gentle(step)}
    for step, value in claims.items():
        rival = next((other.rule for other, wanted in firm.items() if wanted != value), None)
        if _is_gentle(step) and rival:
            settled.refused[step] = f"gives way to {rival}"
    return firm or claims


def _is_gentle(step: Step) -> bool:
    return isinstance(step.action, SetState) and step.action.gently


def _settle_one(
    thing: str,
    claims: Mapping[Step, str],
    standing: tuple[Step, ...],
    yields: Mapping[str, tuple[str, ...]],
    settled: Settled,
) -> None:
    rules = {step.rule for step in claims}
    firm = {value: step.rule for step, value in claims.items() if not rules & set(yields.get(step.rule, ()))}
    if len(firm) == 1:
        ((value, winner),) = firm.items()
        settled.refused.update({step: f"yields to {winner}" for step in claims if claims[step] != value})
        return
    for step in claims:
        rivals = " and ".join(sorted(rules - {step.rule})) or "itself"
        settled.refused[step] = f"contradicts {rivals} over the {_words(thing)}: neither is done"
    for step in standing:
        if step.rule in rules and isinstance(step.action, SendReply | CreateTicket):
            settled.refused[step] = f"waits for a person: rules contradict each other over the {_words(thing)}"
    wishes = "; ".join(f"{step.rule} wants to {describe.action(step.action)}" for step in claims)
    once = f"contradiction.{digest(repr(sorted((step.rule, thing, value) for step, value in claims.items())))}"
    settled.notes.append(AddNote(f"Policies contradict each other: {wishes}. A person must decide.", once=once))


def _claim(case: Case, step: Step) -> tuple[str | None, str]:
    """Name what a step and another can contradict each other about, and the value it wants there."""
    if isinstance(step.action, Remember):
        return f"memory of {step.action.key}", step.action.value
    wish = wish_of(case, step.action)
    return (wish.thing, wish.wanted) if wish else (None, "")


def _words(thing: str) -> str:
    kind, _, name = thing.partition(".")
    return {"field": name, "tag": f"tag {name!r}", "link": f"link {name!r}", "company": "company"}.get(kind, thing)
