"""Put a held request, its answers and its end into words for customers, agents and auditors."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connector.model.case import Case
from connector.model.messages import Text
from connector.model.people import Authority
from connector.policy.confirmation import Ending, Judged, Request, Terms, entitled
from connector.policy.identify import company_of

SHARED = "written_permissions"
"""The rule whose texts serve where another has none of its own."""
QUOTED = 600
"""Characters of a request that are shown to who shall confirm it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How one rule holds tickets."""

    terms: Terms
    tag: str
    texts: frozenset[str] = frozenset()
    """The texts that the rule has of its own."""
    asked: int = 2
    """Registered persons who are asked at once, where the one who asks is none of them."""


def held(case: Case, manner: Manner, request: Request, addressees: Iterable[Authority]) -> str:
    """Say to agents why nothing may be done yet, who was asked, and who could be called."""
    asked = ", ".join(each.address for each in addressees) or "-"
    return _write(case, manner, "held", "", request, asked=asked).body


def ask(case: Case, manner: Manner, request: Request, person: Authority, what: str) -> Text:
    """Ask a registered person for his word in writing, or remind him of it."""
    return _write(case, manner, what, person.language or case.language, request, name=person.name or person.address)


def rejected(case: Case, manner: Manner, request: Request, judged: Judged) -> str:
    """Say to agents why an answer does not count."""
    return _write(case, manner, "rejected", "", request, answer=_message(judged), doubts=judged.why_not).body


def plain(case: Case, manner: Manner, what: str, request: Request) -> str:
    """Say something to agents that needs no more than the request."""
    return _write(case, manner, what, "", request).body


def ended(case: Case, manner: Manner, request: Request) -> str:
    """Say to agents and auditors how a request ended, with the evidence."""
    proofs = request.yes if request.end is not Ending.WITHDRAWN else [*request.yes, *_by(request)]
    evidence = "\n\n".join(_evidence(case, manner, each, request) for each in proofs)
    return _write(case, manner, str(request.end), "", request, evidence=evidence).body.strip()


def reason(request: Request, terms: Terms) -> str:
    """Give the whole story of a request in one line, for `explain`."""
    parts = [f"message {request.article.id} by {request.article.channel} of {_time(request.article.at)}"]
    parts.append(f"is {'held' if request.end is Ending.OPEN else request.end}")
    if request.by.why_not:
        parts.append(f"(by itself it does not suffice: {request.by.why_not})")
    parts.append(f"{len(request.yes)} of {terms.needed} yes")
    parts += [f"answer {each.article.id} does not count: {each.why_not}" for each in request.rejected]
    return ", ".join(parts)


def _evidence(case: Case, manner: Manner, judged: Judged, request: Request) -> str:
    mail, who = judged.mail, judged.who
    return _write(
        case,
        manner,
        "evidence",
        "",
        request,
        person=f"{who.name} <{who.address}>" if who else judged.article.from_,
        message_id=mail.message_id if mail else "-",
        digest=mail.digest if mail else "-",
        verdict=mail.verdict if mail else f"login of user {judged.article.author}",
        received=_time(judged.article.at),
        words=", ".join(judged.agreement.words) or "-",
    ).body


def _write(case: Case, manner: Manner, what: str, language: str, request: Request, **values: str) -> Text:
    rule = manner.terms.rule if what in manner.texts else SHARED
    company, terms = company_of(case), manner.terms
    registered = entitled(case, terms, request.article)
    common = {
        "number": case.ticket.number,
        "reference": request.references[0],
        "company": company.name if company else "?",
        "channel": str(request.article.channel),
        "at": _time(request.article.at.astimezone(case.time_zone)),
        "why": request.by.why_not or "-",
        "request": _quoted(case, request),
        "needed": str(terms.needed),
        "given": str(len(request.yes)),
        "days": str(terms.expire_after.days),
        "registered": ", ".join(dict.fromkeys(each.address for each in registered)) or "-",
        "phones": ", ".join(f"{each.name or each.address} {each.phone}" for each in registered if each.phone) or "-",
        "tag": terms.verified_tag,
    }
    return case.messages.write(f"{rule}.{what}", language, **(common | values))


def _quoted(case: Case, request: Request) -> str:
    """Quote what was asked, so that who confirms it knows what; as a quote it is nobody's own word in a reply."""
    reading = case.readings.get(request.article.id)
    text = (reading.own_text if reading else "").strip() or request.article.subject
    short = text if len(text) <= QUOTED else text[:QUOTED] + " …"
    return "\n".join(f"> {line}".rstrip() for line in short.splitlines())


def _by(request: Request) -> list[Judged]:
    return [request.ended_by] if request.ended_by else []


def _message(judged: Judged) -> str:
    return f"{judged.article.id} ({judged.article.from_ or judged.article.channel}, {_time(judged.article.at)})"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M %Z}"
