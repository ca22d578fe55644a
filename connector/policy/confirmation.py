"""Follow requests that need a word in writing: who asked, who answered, and whose answer counts.

A pure fold over what customers said, oldest first. It rests on the bytes of mails, on who is registered, and on what
the ticket remembers; so it comes to the same on every look, also after a stop, a replay or a merge.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from connector.model.case import Case
from connector.model.message import Channel
from connector.model.people import Authority
from connector.model.reading import Reading
from connector.model.ticket import Article, Link, LinkKind, Sender, State
from connector.policy.address import address_of
from connector.policy.identify import company_of
from connector.policy.proof import Mail, read_mail
from connector.policy.reference import references_in, references_to
from connector.reading.agreement import Agreement, Answer, agreement_of, asks_for_himself

SKEW = timedelta(minutes=10)
"""By which the sender's clock may be slow."""

HOST_ITSELF = "1"
"""The user in whose name both Zammad and Znuny do what nobody does; on Znuny it takes in all mails."""


class Ending(StrEnum):
    """How a request came to its end."""

    OPEN = "open"
    WRITTEN = "written"
    """It stood in writing from the beginning, by somebody who may ask for it."""
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VERIFIED = "verified"
    """An agent says by a tag that he called back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What one rule asks of a request."""

    rule: str
    labels: frozenset[str]
    """What a message must ask for to be such a request, in the words of the reading."""
    matters: frozenset[str]
    """For what, all of it, a person must be registered; see `connector.model.people`."""
    needed: int = 1
    """How many registered persons must have said yes."""
    others_only: bool = False
    """Whether nobody's own request counts as his yes; else only one for himself does not."""
    own_matter: bool = False
    """Whether one asks for himself as a matter of course."""
    portal: bool = False
    """Whether the host's own login is proof enough."""
    verified_tag: str = ""
    """A tag by which an agent says that he called back; empty: there is no such way."""
    remind_after: timedelta = timedelta(days=2)
    expire_after: timedelta = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One message, weighed as an answer to a request."""

    article: Article
    agreement: Agreement
    mail: Mail | None = None
    who: Authority | None = None
    why_not: str = ""
    """Empty where it counts."""
    is_proven: bool = False
    """Whether its author is beyond doubt, whatever he says."""


@dataclass(kw_only=True, slots=True)
class Request:
    """Something asked for, and how far it has come."""

    article: Article
    references: tuple[str, ...]
    """The first is the one we give out; the others were given out before a merge."""
    by: Judged
    """The request itself, weighed as if it were a confirmation."""
    for_himself: tuple[str, ...]
    """The words by which he asks for himself."""
    yes: list[Judged] = field(default_factory=list)
    rejected: list[Judged] = field(default_factory=list)
    end: Ending = Ending.OPEN
    ended_by: Judged | None = None


def requests_of(case: Case, terms: Terms) -> tuple[Request, ...]:
    """Follow all requests of the ticket that are not settled yet, through everything that was said since."""
    requests: list[Request] = []
    for article, is_here in _said(case, terms):
        open_ = [each for each in requests if each.end is Ending.OPEN and _is_before(article, each, terms)]
        if open_ and _answers(case, terms, article, open_, is_here=is_here):
            continue
        if is_here and asks(case, terms, article) and not is_settled(case, terms, article.id):
            requests.append(_begun(case, terms, article))
    for each in requests:
        if each.end is Ending.OPEN and terms.verified_tag and terms.verified_tag in case.ticket.tags:
            each.end = Ending.VERIFIED
        elif each.end is Ending.OPEN and case.seen_at >= each.article.at + terms.expire_after:
            each.end = Ending.EXPIRED
    return tuple(requests)


def asks(case: Case, terms: Terms, article: Article) -> bool:
    """Tell whether a message asks for such a thing in its own words, and was not part of an answer before."""
    reading = case.readings.get(article.id)
    used = case.memory.get(f"{terms.rule}.used", "").split()
    return reading is not None and article.id not in used and any(map(reading.asks_for, terms.labels))


def is_settled(case: Case, terms: Terms, article: str) -> bool:
    """Tell whether people were told how this request ended; here, or before this ticket took another in."""
    key = f"note.{terms.rule}.end.{article}"
    return key in case.memory or any(key in link.memory for link in merged_into_us(case))


def merged_into_us(case: Case) -> tuple[Link, ...]:
    """Give the tickets whose articles this one has taken over."""
    return tuple(link for link in case.links if link.state is State.MERGED and link.kind is not LinkKind.PARENT)


def was_held(case: Case, request: Request, terms: Terms) -> bool:
    """Tell whether the request is remembered as held; here, or before this ticket took another in."""
    memories = (case.memory, *(link.memory for link in merged_into_us(case)))
    held = {each for memory in memories for each in memory.get(f"{terms.rule}.open", "").split()}
    return bool(held & set(request.references))


def entitled(case: Case, terms: Terms, article: Article) -> tuple[Authority, ...]:
    """Give who may speak for the company in this matter on the day of the message."""
    company = company_of(case)
    if company is None:
        return ()
    day = article.at.astimezone(case.time_zone).date()
    keys = (company.id, company.name, *company.domains)
    known = [case.people.of_company(keys, matter=matter, day=day) for matter in sorted(terms.matters)]
    return tuple(each for each in known[0] if all(each.address in {other.address for other in rest} for rest in known))


def _said(case: Case, terms: Terms) -> Iterator[tuple[Article, bool]]:
    """Give what customers said here, and mails from tickets linked as equals that carry one of our references."""
    here = [(article, True) for article in case.ticket.customer_articles if not article.decision]
    candidates = [article.id for article, _ in here if asks(case, terms, article)]
    ours = {each for article in candidates for each in references_to(case, article, terms.rule)}
    there = [
        (article, False)
        for link in case.links
        if link.kind is LinkKind.NORMAL
        for article in link.articles
        if ours & named_by(case, article).keys()
    ]
    return iter(sorted([*here, *there], key=lambda each: each[0].at))


def named_by(case: Case, article: Article) -> dict[str, str]:
    """Find references in the subject and the own words of a message: what it quotes is not said by it."""
    reading = case.readings.get(article.id)
    return references_in((article.subject, reading.own_text if reading else ""))


def requester_of(case: Case, request: Request) -> str:
    """Give the address of who is said to ask, proven or not: of a call it is the ticket's customer."""
    claimed = request.by.mail.address if request.by.mail else address_of(request.article.from_)
    return claimed or (case.customer.address if case.customer else "")


def _is_before(article: Article, request: Request, terms: Terms) -> bool:
    return article.at < request.article.at + terms.expire_after


def _begun(case: Case, terms: Terms, article: Article) -> Request:
    reading = case.readings[article.id]
    himself = () if terms.own_matter else asks_for_himself(reading.own_text, reading.language)
    judged = prove(case, terms, article)
    if not judged.why_not and terms.others_only:
        judged = _not(judged, "somebody else than who asks must say yes")
    elif not judged.why_not and himself:
        judged = _not(judged, f"he asks for himself ({himself[0]!r}), and nobody confirms that for himself")
    request = Request(
        article=article, references=references_to(case, article.id, terms.rule), by=judged, for_himself=himself
    )
    if not judged.why_not:
        _count(request, judged, terms, Ending.WRITTEN)
    return request


def _answers(case: Case, terms: Terms, article: Article, open_: list[Request], *, is_here: bool) -> bool:
    """Weigh a message as an answer to open requests; tell whether it counts for one."""
    judged = prove(case, terms, article)
    found = _references_anywhere(case, article)
    meant = [each for each in open_ if found & set(each.references)]
    if not meant and is_here and len(open_) > 1:
        if is_answer(judged):
            open_[-1].rejected.append(_not(judged, f"{len(open_)} requests wait, and it names none of them"))
        return False
    counts = False
    for request in meant or open_:
        weighed = _weighed(case, judged, request, terms)
        if weighed.why_not:
            request.rejected += [weighed] if is_answer(weighed) else []
        elif weighed.agreement.answer is Answer.NO:
            request.end, request.ended_by, counts = Ending.WITHDRAWN, weighed, True
        else:
            _count(request, weighed, terms, Ending.CONFIRMED)
            counts = True
    return counts


def is_answer(judged: Judged) -> bool:
    """Tell what people must hear of when it does not count: a yes or a no of anybody, any word of the right person."""
    return judged.agreement.answer is not Answer.UNCLEAR or judged.is_proven


def _count(request: Request, judged: Judged, terms: Terms, ending: Ending) -> None:
    if judged.who is None or judged.who.address not in {each.who.address for each in request.yes if each.who}:
        request.yes.append(judged)
    if len(request.yes) >= terms.needed:
        request.end, request.ended_by = ending, judged


def _weighed(case: Case, judged: Judged, request: Request, terms: Terms) -> Judged:
    """Add to the proof of who wrote it what this request asks of an answer."""
    why = [judged.why_not] if judged.why_not else []
    asked_at, sent_at = request.article.at, judged.mail.sent_at if judged.mail else None
    if judged.mail is not None and sent_at is None:
        why.append("its Date says no time, so it may be an old mail")
    elif sent_at is not None and sent_at < asked_at - SKEW:
        why.append(f"it was sent at {sent_at:%Y-%m-%d %H:%M %Z}, before the request of {asked_at:%Y-%m-%d %H:%M %Z}")
    is_own = judged.mail is not None and judged.mail.address == requester_of(case, request)
    if is_own and judged.agreement.answer is Answer.YES and (terms.others_only or request.for_himself):
        why.append("nobody confirms what he asks for himself")
    if judged.agreement.answer is Answer.UNCLEAR:
        words = ", ".join(judged.agreement.words)
        why.append("its own words say neither yes nor no clearly" + (f" ({words})" if words else ""))
    return _not(judged, "; ".join(why)) if why else judged


def prove(case: Case, terms: Terms, article: Article) -> Judged:
    """Weigh who wrote a message; each thing that is missing is said."""
    reading = case.readings.get(article.id)
    agreement = _agreement(case, article, reading)
    if terms.portal and _is_by_login(case, article):
        return Judged(article=article, agreement=agreement, is_proven=True)
    if article.channel is not Channel.EMAIL:
        return Judged(article=article, agreement=agreement, why_not=f"it came by {article.channel}, not by mail")
    if article.raw is None:
        why = "the helpdesk has no raw mail of it: a program or an agent wrote it"
        return Judged(article=article, agreement=agreement, why_not=why)
    mail = read_mail(article.raw, case.stamps)
    who = next((each for each in entitled(case, terms, article) if each.address == mail.address), None)
    doubts = "; ".join(_doubts(case, terms, article, mail, who, reading))
    return Judged(article=article, agreement=agreement, mail=mail, who=who, why_not=doubts, is_proven=not doubts)


def _doubts(
    case: Case, terms: Terms, article: Article, mail: Mail, who: Authority | None, reading: Reading | None
) -> Iterator[str]:
    if _is_by_an_agent(case, article):
        yield "an agent's account wrote it"
    if who is None:
        company = company_of(case)
        name = company.name if company else "a company that nobody knows"
        yield f"{mail.address or 'its author'} is not registered for {' and '.join(sorted(terms.matters))} at {name}"
    if not mail.is_authentic:
        yield mail.verdict
    if mail.machine:
        yield f"no person wrote it ({mail.machine})"
    elif article.is_automatic:
        yield "no person wrote it, says the helpdesk"
    elif reading is not None and reading.automatic is not None:
        yield f"no person wrote it ({reading.automatic.reason})"


def _is_by_an_agent(case: Case, article: Article) -> bool:
    agents = {each.author for each in case.ticket.articles if each.sender is Sender.AGENT} - {HOST_ITSELF}
    return bool(article.author) and article.author in {case.desk.bot} | agents


def _is_by_login(case: Case, article: Article) -> bool:
    customer = case.customer
    return article.channel is Channel.WEB and customer is not None and article.author == customer.id


def _agreement(case: Case, article: Article, reading: Reading | None) -> Agreement:
    if reading is None:
        return Agreement(Answer.UNCLEAR)
    spoken = [case.readings[each.id].language for each in case.ticket.customer_articles if each.id in case.readings]
    return agreement_of(reading.own_text, [reading.language, *spoken, case.customer.language if case.customer else ""])


def _references_anywhere(case: Case, article: Article) -> set[str]:
    """Find references also in what is quoted: a reply quotes our mail, and that says which request is meant."""
    reading = case.readings.get(article.id)
    return set(references_in((article.subject, reading.text if reading else "")))


def _not(judged: Judged, why: str) -> Judged:
    return Judged(
        article=judged.article,
        agreement=judged.agreement,
        mail=judged.mail,
        who=judged.who,
        why_not=why,
        is_proven=judged.is_proven,
    )


def ids_of(judged: Iterable[Judged]) -> list[str]:
    """Give the ids of the messages."""
    return [each.article.id for each in judged]
