"""Keep mails of ours from running in a circle."""

import re
from datetime import timedelta
from email.utils import parseaddr

from connector.model.action import SendReply
from connector.model.case import Case
from connector.model.message import Channel
from connector.model.ticket import Sender
from connector.policy.policy import Brake

HOUR = timedelta(hours=1)
NOBODY = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+.-].*)?$", re.IGNORECASE)


def why_silent(case: Case, reply: SendReply, *, group: str, brake: Brake) -> str | None:
    """Say why this mail must not leave; None where it may.

    `group` is where the ticket will be when the mail leaves. A refused mail becomes a note: law 9, never a mail to
    an automatic message, and at most a few within an hour.
    """
    address = parseaddr(reply.to)[1].casefold()
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        return f"{reply.to!r} is no mail address"
    if NOBODY.match(local):
        return f"{address} is a machine's address"
    if address in case.desk.addresses:
        return f"{address} is an address of the helpdesk itself"
    if not case.desk.can_mail(group):
        return f"group {group!r} has no mail address to send from"
    last = next((each for each in reversed(case.ticket.articles) if each.sender is Sender.CUSTOMER), None)
    if last is not None and last.is_automatic:
        return "the customer's last message is an automatic one"
    return _why_braked(case, brake)


def _why_braked(case: Case, brake: Brake) -> str | None:
    since = case.seen_at - HOUR
    ours = [
        each for each in case.ticket.articles if each.decision and each.channel is Channel.EMAIL and each.at > since
    ]
    if len(ours) >= brake.per_ticket:
        return f"{len(ours)} mails of ours on this ticket within the hour, the brake is {brake.per_ticket}"
    if case.mails_lately >= brake.per_address:
        return f"{case.mails_lately} mails of ours to this address within the hour, the brake is {brake.per_address}"
    return None
