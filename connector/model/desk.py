"""What a plan must know of the host's own set-up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.model.ticket import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A Zammad group or a Znuny queue."""

    name: str
    can_mail: bool
    """Whether it has an address to send from; a mail out of one that has none is refused by Zammad with a 500."""
    is_active: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """The host's groups, states and priorities by their names there."""

    groups: Mapping[str, Group] = field(default_factory=dict, hash=False)
    states: Mapping[str, State] = field(default_factory=dict, hash=False)
    priorities: frozenset[str] = frozenset()
    bot: str = ""
    """Id of the user whose token we hold."""
    addresses: frozenset[str] = frozenset()
    """The host's own mail addresses, lower case; a mail to one of them would come back as a ticket."""

    moves_tickets: bool | None = False
    """Whether a customer's new company takes his earlier tickets along; None where we may not read that."""

    def can_mail(self, group: str) -> bool:
        """Tell whether a mail can leave from this group; an unknown group cannot."""
        known = self.groups.get(group)
        return known is not None and known.can_mail


NO_DESK = Desk()
