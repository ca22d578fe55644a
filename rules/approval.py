"""Special requests are carried out only after those who may have approved them."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from connector.model.people import ORDERS, PERMISSIONS
from connector.policy import Case, Decision, Need, Options, rule
from connector.policy.confirmation import Terms
from connector.policy.hold import decide
from connector.policy.wording import Manner

MATTERS = {"equipment_order": ORDERS, "permission_change": PERMISSIONS}
"""What a person must be registered for to approve it."""


class Approval(Options):
    """Options of `approval`; who may approve stands in the file that `people.file` names."""

    requests: tuple[Literal["equipment_order", "permission_change"], ...] = Field(("equipment_order",), min_length=1)
    """What needs approval; who approves must be registered for all of it."""
    approvals: int = Field(1, ge=1, le=5)
    """How many of those registered must have said yes."""
    requester_counts: bool = True
    """Whether the request of a registered person counts as his yes; never where he asks for himself."""
    tag: str = "approval-held"
    """Put on a ticket while it waits for approval."""
    ask: int = Field(2, ge=1, le=10)
    """Registered persons who are asked at once, the first of the registry first; never fewer than are still needed."""
    remind_after: timedelta = timedelta(days=2)
    """After which they are reminded, once."""
    expire_after: timedelta = timedelta(days=14)
    """After which a request without approval lapses."""


@rule(options=Approval, needs=Need.ARTICLES | Need.READING, clauses=("B18.3",))
def hold_until_approved(case: Case, options: Approval) -> Decision:
    """Hold an order until enough of the company's registered persons approved it by proven mails. Clause B18.3."""
    terms = Terms(
        rule="approval",
        labels=frozenset(options.requests),
        matters=frozenset(MATTERS[each] for each in options.requests),
        needed=options.approvals,
        others_only=not options.requester_counts,
        remind_after=options.remind_after,
        expire_after=options.expire_after,
    )
    texts = frozenset({"held", "ask", "remind"})
    return decide(case, Manner(terms=terms, tag=options.tag, texts=texts, asked=options.ask))
