"""All checks, in the order in which their findings are read."""

from collections.abc import Callable, Iterator

from connector.doctor import administration, helpdesk, house
from connector.doctor.facts import Facts
from connector.doctor.finding import Finding

CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    house.policy,
    house.secrets,
    house.database,
    house.sweep,
    house.door,
    helpdesk.reached,
    helpdesk.clocks,
    helpdesk.token,
    helpdesk.groups,
    helpdesk.mail,
    helpdesk.lists,
    helpdesk.companies,
    administration.version,
    administration.deliveries,
    administration.other_triggers,
    administration.settings,
    administration.calendars,
    administration.failed,
    administration.trip,
)


def findings(facts: Facts) -> list[Finding]:
    """Ask every check."""
    return [finding for check in CHECKS for finding in check(facts)]
