"""What a rule decided, and what is to be done about all decisions together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.model.action import Action
from connector.model.case import Need


class Outcome(StrEnum):
    """How a rule ended."""

    ACT = "act"
    SKIP = "skip"
    ERROR = "error"


class Mode(StrEnum):
    """How far a rule may go."""

    OFF = "off"
    OBSERVE = "observe"
    PROPOSE = "propose"
    ENFORCE = "enforce"

    def at_most(self, other: "Mode") -> "Mode":
        """Give the more careful of two modes."""
        return min(self, other, key=list(Mode).index)


@dataclass(frozen=True, slots=True)
class More:
    """What a rule must see before it can decide, where most tickets need none of it."""

    needs: Need = Need.NOTHING
    numbers: tuple[str, ...] = ()
    """Tickets, by the numbers that people call them by."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One rule's word on one case; the reason holds the values compared."""

    outcome: Outcome
    reason: str
    actions: tuple[Action, ...] = ()
    more: More | None = None
    is_proposal: bool = False
    """Whether a person is to be asked first, even where the rule is enforced."""

    @classmethod
    def act(cls, reason: str, *actions: Action) -> "Decision":
        """Ask for actions; those that already hold are dropped by the plan."""
        return cls(Outcome.ACT, reason, actions)

    @classmethod
    def propose(cls, reason: str, *actions: Action) -> "Decision":
        """Ask for actions of which the rule is not sure: they are at most proposed, however far the rule may go."""
        return cls(Outcome.ACT, reason, actions, is_proposal=True)

    @classmethod
    def skip(cls, reason: str, *actions: Action) -> "Decision":
        """Leave the ticket alone, and say why; `LookAgain` and the taking back of own marks may ride along."""
        return cls(Outcome.SKIP, reason, actions)

    @classmethod
    def ask(cls, reason: str, needs: Need = Need.NOTHING, *, numbers: tuple[str, ...] = ()) -> "Decision":
        """Ask for more of the ticket before deciding; it is read in the same look, once."""
        return cls(Outcome.SKIP, reason, more=More(needs, numbers))

    @classmethod
    def error(cls, reason: str) -> "Decision":
        """Record that the rule itself failed; the others go on."""
        return cls(Outcome.ERROR, reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A decision with the rule and the mode it was made under."""

    rule: str
    mode: Mode
    decision: Decision


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One action still to be done, for one rule."""

    rule: str
    action: Action


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """One action that will not be done, and why."""

    rule: str
    action: Action
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The steps still needed; empty when nothing is left to do."""

    decision: str
    """Id under which all of this is recorded and which every note carries."""
    steps: tuple[Step, ...] = ()
    observed: tuple[Step, ...] = ()
    """Steps that rules in `observe` (or proposals not yet accepted) would take."""
    dropped: tuple[Dropped, ...] = ()
    memory: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The ticket's whole memory after the plan; written with the steps, in one request."""
    again_at: datetime | None = None
    others: tuple[str, ...] = ()
    """Ids of other tickets to be looked at once this plan is carried out."""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is to be written."""
        return not self.steps
