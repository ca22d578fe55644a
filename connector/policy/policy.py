"""The policy in force: which rules, how far each may go, and with which options."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from connector.model.case import Need
from connector.model.decision import Mode
from connector.model.stamps import NO_STAMPS, Stamps
from connector.policy.rule import AnyRule, Options


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A rule with its mode and its options."""

    rule: AnyRule
    mode: Mode
    options: Options


@dataclass(frozen=True, kw_only=True, slots=True)
class Brake:
    """How many mails of ours may leave within an hour before we fall silent and leave a note."""

    per_ticket: int = 3
    per_address: int = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Everything that decides besides the case itself."""

    revision: str
    """Digest of the policy file as read; every decision record carries it."""
    rules: tuple[Bound, ...]
    brake: Brake = Brake()
    stamps: Stamps = NO_STAMPS
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    @property
    def active(self) -> tuple[Bound, ...]:
        """Give the rules that are not off."""
        return tuple(bound for bound in self.rules if bound.mode is not Mode.OFF)

    @property
    def needs(self) -> Need:
        """Give what a fetch must read so that every active rule can decide; what is read of articles needs them."""
        needs = Need.NOTHING
        for bound in self.active:
            needs |= bound.rule.needs | bound.options.needs()
        return needs | Need.ARTICLES if needs & (Need.READING | Need.RAW_MAIL) else needs
