"""Read more of a ticket, where a rule says that it cannot decide without."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from connector.errors import Gone
from connector.hosts.host import Host
from connector.model.case import Case, Need
from connector.model.decision import More, Verdict
from connector.model.ticket import Article, Link, LinkKind, State

AT_MOST = 10
"""Linked or named tickets that are read for one look."""
HOPS = 5
"""Merges that are followed from one ticket to the next."""
MAILS = Need.ARTICLES | Need.RAW_MAIL


def asked_for(verdicts: Iterable[Verdict]) -> More | None:
    """Put together what rules ask for; None where nobody asks for anything."""
    asked = [verdict.decision.more for verdict in verdicts if verdict.decision.more is not None]
    if not asked:
        return None
    needs = Need.NOTHING
    for each in asked:
        needs |= each.needs
    return More(needs, tuple(dict.fromkeys(number for each in asked for number in each.numbers)))


async def read_more(ticket: str, host: Host, more: More, *, now: datetime) -> Case:
    """Read the ticket anew with all that is asked for, so that it is one snapshot."""
    needs = more.needs | Need.ARTICLES if more.needs & Need.RAW_MAIL else more.needs
    case = await host.fetch(ticket, needs, now=now)
    links = case.links
    if Need.LINKED_MAIL in needs:
        links = tuple([replace(link, articles=await _said_there(link, host, now)) for link in links[:AT_MOST]])
        links += case.links[AT_MOST:]
    named = {number: await _ticket_of(number, host, now) for number in more.numbers[:AT_MOST]}
    return replace(case, links=links, named=named, parts=needs)


async def _said_there(link: Link, host: Host, now: datetime) -> tuple[Article, ...]:
    if link.kind is not LinkKind.NORMAL:
        return ()
    try:
        return (await host.fetch(link.ticket, MAILS, now=now)).ticket.customer_articles
    except Gone:  # it was deleted, or lies where we may not read
        return ()


async def _ticket_of(number: str, host: Host, now: datetime) -> Link | None:
    """Find a ticket by its number; what remembers may be a merged one, what goes on is where it went."""
    ticket = await host.find(number)
    memory: dict[str, str] = {}
    for _ in range(HOPS):
        if ticket is None:
            return None
        try:
            case = await host.fetch(ticket, Need.LINKS, now=now)
        except Gone:
            return None
        memory = dict(case.memory) | memory
        here = case.ticket
        if here.state is not State.MERGED:
            return Link(kind=LinkKind.NORMAL, ticket=here.id, number=here.number, state=here.state, memory=memory)
        ticket = next((link.ticket for link in case.links if link.kind is LinkKind.PARENT), None)
    return None
