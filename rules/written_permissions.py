"""Rights are changed by a word in writing only, of somebody who may speak for his company."""

from datetime import timedelta

from pydantic import Field

from connector.model.people import PERMISSIONS
from connector.policy import Case, Decision, Need, Options, rule
from connector.policy.confirmation import Terms
from connector.policy.hold import decide
from connector.policy.wording import Manner


class WrittenPermissions(Options):
    """Options of `written_permissions`; who may confirm stands in the file that `people.file` names."""

    tag: str = "permission-held"
    """Put on a ticket while it waits for a confirmation."""
    four_eyes: bool = False
    """Whether always somebody else than who asks must confirm; else only where one asks for himself."""
    ask: int = Field(2, ge=1, le=10)
    """Registered persons who are asked at once, where the one who asks is none of them."""
    remind_after: timedelta = timedelta(days=2)
    """After which they are reminded, once."""
    expire_after: timedelta = timedelta(days=14)
    """After which an unconfirmed request lapses."""


@rule(options=WrittenPermissions, needs=Need.ARTICLES | Need.READING, clauses=("B10", "B18.3", "A4", "C8"))
def hold_until_confirmed_in_writing(case: Case, options: WrittenPermissions) -> Decision:
    """Hold a request to change rights until a mail that proves who sent it confirms it. Clauses B10, B18.3, A4, C8.

    A mail from a registered person that our own mail server vouches for needs no second one.
    """
    terms = Terms(
        rule="written_permissions",
        labels=frozenset({"permission_change"}),
        matters=frozenset({PERMISSIONS}),
        others_only=options.four_eyes,
        remind_after=options.remind_after,
        expire_after=options.expire_after,
    )
    return decide(case, Manner(terms=terms, tag=options.tag, asked=options.ask))
