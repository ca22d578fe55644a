"""Hold a ticket until a request on it stands in writing, by whoever may ask for it.

What is decided about a request is written down with the note that tells people (`note.RULE.end.ARTICLE`), so that a
stop anywhere leaves either both or none. While it waits, its references stand in the memory (`RULE.open`), where
a mail in another ticket finds them; what answered it is not taken for a request of its own later (`RULE.used`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from connector.model.action import (
    Action,
    AddLink,
    AddNote,
    AddTag,
    LookAgain,
    LookAt,
    Remember,
    RemoveTag,
    SendReply,
    SetState,
)
from connector.model.case import Case, Need
from connector.model.decision import Decision
from connector.model.message import Channel
from connector.model.people import Authority
from connector.model.ticket import Article, Link, LinkKind, State
from connector.policy import wording
from connector.policy.confirmation import (
    Ending,
    Request,
    Terms,
    asks,
    entitled,
    ids_of,
    is_settled,
    merged_into_us,
    named_by,
    prove,
    requester_of,
    requests_of,
    was_held,
)
from connector.policy.memory import digest, is_our_tag, sets
from connector.policy.wording import Manner
from connector.reading.agreement import Answer

MORE = Need.RAW_MAIL | Need.LINKS | Need.LINKED_MAIL
NOTED = 3
"""Answers that do not count of which people are told, for each request; the rest stands in the records."""
KEPT = 25
"""Messages remembered as answers."""
POINTED = 5
"""References to other tickets that are followed; more of them are no mail of a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointer:
    """A mail here that names a request which waits on another ticket."""

    article: Article
    reference: str
    ticket: Link


def decide(case: Case, manner: Manner) -> Decision:
    """Hold, remind, release: whatever the requests on the ticket have come to."""
    terms = manner.terms
    if case.ticket.customer_articles and not case.readings:
        return Decision.skip("what customers wrote was not read, so nobody knows what they ask for")
    waiting = case.memory.get(f"{terms.rule}.open", "").split()
    unsettled = [each for each in case.ticket.customer_articles if _is_unsettled(case, terms, each, waiting)]
    elsewhere = _references_elsewhere(case)
    if not (unsettled or waiting or elsewhere):
        return Decision.skip(_nothing(case, terms), *_tag_off(case, manner))
    if missing := _missing(case, asked=bool(unsettled or waiting), numbers=set(elsewhere.values())):
        return missing

    pointers = list(_pointers(case, terms, elsewhere))
    answering = [each.article for each in pointers if asks(case, terms, each.article)]
    answers = {each.id for each in answering if _answers_there(case, terms, each)}
    requests = [
        each
        for each in requests_of(case, terms)
        if each.article.id not in answers and (each.end is not Ending.EXPIRED or was_held(case, each, terms))
    ]
    reason = "; ".join([*(wording.reason(each, terms) for each in requests), *map(_points, pointers)])
    actions = [*_linked(pointers), *_remembered(case, terms, requests, answers), *_done(case, manner, requests)]
    return Decision.act(reason, *actions) if reason else Decision.skip(_nothing(case, terms), *actions)


def _is_unsettled(case: Case, terms: Terms, article: Article, waiting: list[str]) -> bool:
    """Tell a request that may still be decided; one so old that it would have expired was before our time."""
    is_recent = article.at + terms.expire_after > case.seen_at or bool(waiting)
    return is_recent and asks(case, terms, article) and not is_settled(case, terms, article.id)


def _nothing(case: Case, terms: Terms) -> str:
    said, what = case.ticket.customer_articles, " or ".join(sorted(terms.labels))
    asking = sum(1 for each in said if asks(case, terms, each))
    if asking:
        return f"{asking} of {len(said)} messages ask for {what}, and none of it waits any more"
    return f"none of {len(said)} messages asks for {what} in its own words"


def _missing(case: Case, *, asked: bool, numbers: set[str]) -> Decision | None:
    """Ask for mails, links and other tickets where something rests on them: most tickets need none of it."""
    needs = MORE if asked else Need.LINKS
    if needs in case.parts and numbers <= case.named.keys():
        return None
    why = "a request waits for proof" if asked else "a mail names a request on another ticket"
    return Decision.ask(f"{why}: raw mails and links must be read", needs, numbers=tuple(sorted(numbers)))


# what waits here


def _done(case: Case, manner: Manner, requests: list[Request]) -> Iterator[Action]:
    open_ = [each for each in requests if each.end is Ending.OPEN]
    for each in requests:
        yield from _held(case, manner, each) if each in open_ else _ended(case, manner, each)
    yield from _waiting(case, manner, open_) if open_ else _released(case, manner, requests)


def _held(case: Case, manner: Manner, request: Request) -> Iterator[Action]:
    """Say once why it is held, ask once for a word in writing, and tell of answers that do not count."""
    terms, id_ = manner.terms, request.article.id
    addressees = _addressees(case, manner, request)
    yield AddTag(manner.tag)
    if not any(f"note.{terms.rule}.held.{id_}" in link.memory for link in merged_into_us(case)):
        yield AddNote(wording.held(case, manner, request, addressees), once=f"held.{id_}")
        yield from _asked(case, manner, request, addressees, "ask")
    for judged in request.rejected[:NOTED]:
        yield AddNote(wording.rejected(case, manner, request, judged), once=f"rejected.{judged.article.id}")
    if case.ticket.state is not State.CLOSED and case.seen_at >= request.article.at + terms.remind_after:
        yield from _asked(case, manner, request, addressees, "remind")


def _asked(
    case: Case, manner: Manner, request: Request, addressees: Iterable[Authority], what: str
) -> Iterator[SendReply]:
    for person in addressees:
        text = wording.ask(case, manner, request, person, what)
        once = f"{what}.{request.article.id}.{digest(person.address)}"
        yield SendReply(text.subject, text.body, to=person.address, once=once)


def _addressees(case: Case, manner: Manner, request: Request) -> tuple[Authority, ...]:
    """Choose whom to ask, by the addresses on file: the one who asked if he may, else the first of his company.

    An address that is only named in a message is never written to: it may be the forger's.
    """
    terms = manner.terms
    claimed = requester_of(case, request)
    counted = not request.by.why_not  # his asking was his yes
    barred = {claimed} if counted or terms.others_only or request.for_himself else set()
    have_said = {each.who.address for each in request.yes if each.who}
    may = {each.address: each for each in reversed(entitled(case, terms, request.article))}
    left = [each for each in reversed(may.values()) if each.address not in barred]
    own = [each for each in left if each.address == claimed]
    chosen = own if own and terms.needed == 1 else left[: max(manner.asked, terms.needed - counted)]
    return tuple(each for each in chosen if each.address not in have_said)


def _ended(case: Case, manner: Manner, request: Request) -> Iterator[Action]:
    yield AddNote(wording.ended(case, manner, request), once=f"end.{request.article.id}")


def _waiting(case: Case, manner: Manner, open_: list[Request]) -> Iterator[Action]:
    """Keep the ticket waiting; one that was closed or moved on is opened again once, then it is only reported."""
    rule, latest = manner.terms.rule, open_[-1]
    due = _due(case, manner.terms, open_)
    known = case.memory.get(f"{rule}.open", "").split()  # of this ticket alone: one merged into it starts anew
    was_there = all(each.references[0] in known for each in open_)
    is_closed, insisted = case.ticket.state is State.CLOSED, f"insist.{rule}.state" in case.memory
    is_spoken = case.ticket.customer_articles[-1:] != (latest.article,)
    is_opened_by_him = was_there and is_spoken and case.ticket.state in {State.NEW, State.OPEN}
    if not is_opened_by_him:  # a customer's word opens it, for people to read
        yield SetState(State.PENDING, until=due, insist=True)
    is_moved_on = was_there and not is_opened_by_him and case.ticket.state is not State.PENDING
    if insisted or is_moved_on:
        yield AddNote(wording.plain(case, manner, "reopened", latest), once="reopened")
    if insisted and is_closed:
        yield AddNote(wording.plain(case, manner, "overruled", latest), once=f"overruled.{latest.article.id}")
    yield LookAgain(due)


def _due(case: Case, terms: Terms, open_: list[Request]) -> datetime:
    """Give the next moment at which something comes due; the expiry of an open request lies ahead always."""
    moments = [each.article.at + after for each in open_ for after in (terms.remind_after, terms.expire_after)]
    return min(each for each in moments if each > case.seen_at)


def _released(case: Case, manner: Manner, ended: list[Request]) -> Iterator[Action]:
    yield from _tag_off(case, manner)
    is_our_wait = next(iter(sets(case.memory, "state").values()), "") == State.PENDING
    was_there = any(was_held(case, each, manner.terms) for each in ended)
    if was_there and is_our_wait and case.ticket.state is State.PENDING:
        yield SetState(State.OPEN, gently=True)


def _tag_off(case: Case, manner: Manner) -> list[Action]:
    return [RemoveTag(manner.tag)] if is_our_tag(case, manner.tag) and manner.tag in case.ticket.tags else []


def _remembered(case: Case, terms: Terms, requests: list[Request], answers: set[str]) -> Iterator[Remember]:
    open_ = [reference for each in requests if each.end is Ending.OPEN for reference in each.references]
    used = case.memory.get(f"{terms.rule}.used", "").split()
    by_us = [id_ for each in requests if each.end is not Ending.OPEN for id_ in _answers_of(each)]
    after = list(dict.fromkeys([*used, *by_us, *sorted(answers)]))[-KEPT:]
    for name, value in (("open", " ".join(open_)), ("used", " ".join(after))):
        if case.memory.get(f"{terms.rule}.{name}", "") != value:
            yield Remember(f"{terms.rule}.{name}", value)


def _answers_of(request: Request) -> list[str]:
    judged = [*request.yes, *([request.ended_by] if request.ended_by else [])]
    return [id_ for id_ in ids_of(judged) if id_ != request.article.id]


# what waits elsewhere


def _references_elsewhere(case: Case) -> dict[str, str]:
    """Find references in mails of customers that are of other tickets, with those tickets' numbers."""
    mails = [each for each in case.ticket.customer_articles if each.channel is Channel.EMAIL]
    merged = {link.number for link in merged_into_us(case)}
    found = {
        reference: number
        for article in mails
        for reference, number in named_by(case, article).items()
        if number not in {case.ticket.number} | merged
    }
    return dict(sorted(found.items())[:POINTED])


def _pointers(case: Case, terms: Terms, elsewhere: dict[str, str]) -> Iterator[Pointer]:
    """Give the mails that name a request which does wait there; anybody can write down a number."""
    for article in case.ticket.customer_articles:
        for reference in sorted(elsewhere.keys() & named_by(case, article).keys()):
            other = case.named.get(elsewhere[reference])
            waiting = other.memory.get(f"{terms.rule}.open", "").split() if other else []
            if other is not None and other.ticket != case.ticket.id and reference in waiting:
                yield Pointer(article=article, reference=reference, ticket=other)


def _answers_there(case: Case, terms: Terms, article: Article) -> bool:
    """Tell whether a mail answers there, and so is no request of its own here: only the right person's word is."""
    judged = prove(case, terms, article)
    return judged.is_proven and judged.agreement.answer is not Answer.UNCLEAR


def _linked(pointers: list[Pointer]) -> Iterator[Action]:
    for ticket in {each.ticket.ticket: each.ticket for each in pointers}.values():
        yield AddLink(ticket=ticket.ticket, number=ticket.number, kind=LinkKind.NORMAL)
        yield LookAt(ticket.ticket)  # on each look while it waits there, so that a stop in between loses nothing


def _points(pointer: Pointer) -> str:
    return f"message {pointer.article.id} names {pointer.reference}, which waits on ticket {pointer.ticket.number}"
