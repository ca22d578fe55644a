"""Keep mails of ours from running in a circle."""

import re
from collections.abc import Iterable
from datetime import timedelta
from email.utils import parseaddr

from connector.model.action import AddNote, MoveTo, SendReply
from connector.model.case import Case
from connector.model.decision import Step
from connector.model.message import Channel
from connector.policy.policy import Brake

HOUR = timedelta(hours=1)
NOBODY = re.compile(
    r"^((mailer-daemon|postmaster|bounces?)([+._-].*)?|(.*[+._-])?(no|do[-_.]?not)[-_.]?reply([+._-].*)?)$",
    re.IGNORECASE,
)


def hold_back(case: Case, steps: Iterable[Step], brake: Brake) -> dict[Step, AddNote]:
    """Give the mails among the steps that must not leave, each with the note that people get instead (law 9).

    What the brake held back stays unsent: an hour later nobody expects it. What waits for a right address or for a
    group that can mail leaves once that is put right.
    """
    group = next((step.action.group for step in steps if isinstance(step.action, MoveTo)), case.ticket.group)
    held: dict[Step, AddNote] = {}
    leaving: list[str] = []
    for step in steps:
        if not isinstance(step.action, SendReply):
            continue
        reply, once = step.action, f"{step.rule}.{step.action.once}"
        unfit = why_unfit(case, reply, group=group)
        braked = why_braked(case, brake, leaving, reply.to)
        if unfit:
            held[step] = AddNote(f"A mail to {reply.to} was held back: {unfit}.", once=f"unsent.{once}")
        elif braked or f"note.plan.braked.{once}" in case.memory:
            why = braked or "the brake held it back before"
            held[step] = AddNote(f"A mail to {reply.to} was not sent, and will not be: {why}.", once=f"braked.{once}")
        else:
            leaving.append(_bare(reply.to))
    return held


def why_unfit(case: Case, reply: SendReply, *, group: str) -> str | None:
    """Say why this mail must not leave as things are; `group` is where the ticket will be when it leaves."""
    address = _bare(reply.to)
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        return f"{reply.to!r} is no mail address"
    if NOBODY.match(local):
        return f"{address} is a machine's address"
    if address in case.desk.addresses:
        return f"{address} is an address of the helpdesk itself"
    if not case.desk.can_mail(group):
        return f"group {group!r} has no mail address to send from"
    last = next(iter(reversed(case.ticket.customer_articles)), None)
    if last is not None and last.is_automatic:
        return "the customer's last message is an automatic one"
    return None


def why_braked(case: Case, brake: Brake, leaving: list[str], to: str) -> str | None:
    """Say which brake this mail meets; `leaving` are the addresses of those that leave with the same plan."""
    since = case.seen_at - HOUR
    ours = [
        each for each in case.ticket.articles if each.decision and each.channel is Channel.EMAIL and each.at > since
    ]
    on_ticket = len(ours) + len(leaving)
    if on_ticket >= brake.per_ticket:
        return f"{on_ticket} mails of ours on this ticket within the hour, the brake is {brake.per_ticket}"
    to_address = case.mails_lately + leaving.count(_bare(to))
    if to_address >= brake.per_address:
        return f"{to_address} mails of ours to this address within the hour, the brake is {brake.per_address}"
    return None


def _bare(address: str) -> str:
    return parseaddr(address)[1].casefold()
