"""What only the owner of an account may have is given to nobody who has not proven to be him."""

from datetime import timedelta

from pydantic import Field

from connector.model.people import ACCOUNT
from connector.policy import Case, Decision, Need, Options, rule
from connector.policy.confirmation import Terms
from connector.policy.hold import decide
from connector.policy.wording import Manner


class VerifiedSender(Options):
    """Options of `verified_sender`; whose address is registered stands in the file that `people.file` names."""

    tag: str = "sender-unverified"
    """Put on a ticket while nobody knows who asks."""
    verified_tag: str = "sender-verified"
    """By which an agent says that a call back to the number on file has proven who asks."""
    portal: bool = True
    """Whether a request through the helpdesk's own login is proof enough."""
    ask: int = Field(1, ge=1, le=10)
    """Registered persons who are asked at once, where the one who asks is none of them."""
    remind_after: timedelta = timedelta(days=2)
    """After which they are reminded, once."""
    expire_after: timedelta = timedelta(days=14)
    """After which an unproven request lapses."""


@rule(options=VerifiedSender, needs=Need.ARTICLES | Need.READING, clauses=("C5", "C7", "C8", "D8", "A4"))
def hold_until_sender_is_proven(case: Case, options: VerifiedSender) -> Decision:
    """Hold account matters until a registered address, or a call back, proves who asks. Clauses C5, C7, C8, D8, A4.

    Agents are given the number on file to call, never one out of the message.
    """
    terms = Terms(
        rule="verified_sender",
        labels=frozenset({"account_sensitive"}),
        matters=frozenset({ACCOUNT}),
        own_matter=True,
        portal=options.portal,
        verified_tag=options.verified_tag,
        remind_after=options.remind_after,
        expire_after=options.expire_after,
    )
    texts = frozenset({"held", "ask", "remind", "verified"})
    return decide(case, Manner(terms=terms, tag=options.tag, texts=texts, asked=options.ask))
