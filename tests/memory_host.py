"""A helpdesk that is nothing but a case: it carries plans out, and lets people change tickets in between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connector.model.action import (
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    LookAgain,
    LookAt,
    MoveTo,
    Remember,
    RemoveTag,
    SendReply,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case
from connector.model.company import Company
from connector.model.decision import Plan, Step, Verdict
from connector.model.message import Channel
from connector.model.ticket import Article, Link, Sender, State
from connector.policy import describe
from connector.policy.evaluate import evaluate
from connector.policy.memory import ORIGIN, memory_until, origin, taken_last
from connector.policy.plan import make_plan
from connector.policy.policy import Policy
from tests.cases import BOT

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
Request = Callable[[Case], Case]
"""One request to the host: all of it is done, or nothing."""


def look(case: Case, policy: Policy, *, decision: str = "01D") -> tuple[tuple[Verdict, ...], Plan]:
    """Decide and plan a case as a look does."""
    verdicts = evaluate(case, policy)
    return verdicts, make_plan(case, verdicts, policy, decision=decision)


def after(case: Case, plan: Plan) -> Case:
    """Carry a plan out."""
    for request in requests(case, plan):
        case = request(case)
    return case


def stopped(case: Case, plan: Plan, *, after_requests: int) -> Case:
    """Carry a plan out as far as a daemon came that was killed."""
    for request in requests(case, plan)[:after_requests]:
        case = request(case)
    return case


def requests(case: Case, plan: Plan) -> list[Request]:
    """Split a plan as every host does: what stands alone, then ticket and memory at once, last the tags of people.

    A second article needs a request of its own, and is remembered with that.
    """
    alone = [step for step in plan.steps if isinstance(step.action, SetCompany | AddTag | AddLink | CreateTicket)]
    last = taken_last(case, plan)
    alone += [step for step in plan.steps if isinstance(step.action, RemoveTag) and step not in last]
    found = [_doing(case, step, plan) for step in alone]
    articles = _articles(plan)
    for index in range(max(1, len(articles))):
        fields = _fields(plan) if index == 0 else []
        coming = [*(step for _, steps in articles[index + 1 :] for step in steps), *last]
        memory = memory_until(case, plan, coming)
        if articles or fields or memory != case.memory:
            found.append(_update(fields, articles[index][0] if articles else None, memory))
    found += [_doing(case, step, plan) for step in last]
    if last and memory_until(case, plan, last) != plan.memory:
        found.append(_update([], None, dict(plan.memory)))
    return found


def _update(fields: list[Step], article: Article | None, memory: dict[str, str]) -> Request:
    def request(case: Case) -> Case:
        for step in fields:
            case = _set(case, step)
        if article is not None:
            case = with_article(case, article)
        return replace(case, memory=memory)

    return request


def _doing(before: Case, step: Step, plan: Plan) -> Request:
    def request(case: Case) -> Case:
        match step.action:
            case AddTag(name=name):
                return with_tags(case, case.ticket.tags | {name})
            case RemoveTag(name=name):
                return with_tags(case, case.ticket.tags - {name})
            case SetCompany(company=company, is_secondary=True) if case.customer is not None:
                others = (*case.customer.other_companies, company)
                return replace(case, customer=replace(case.customer, other_companies=others))
            case SetCompany(company=company):
                return replace(with_company(case, company), ticket=case.ticket)
            case AddLink(ticket=other, number=number, kind=kind):
                return replace(case, links=(*case.links, Link(kind=kind, ticket=other, number=number)))
            case CreateTicket(kind=kind, once=once):
                made = f"9{len(case.links)}"
                memory = {ORIGIN: origin(before, step.rule, once)}
                new = Link(kind=kind, ticket=made, number=f"1000{made}", memory=memory)
                return replace(case, links=(*case.links, new))
            case _:
                raise AssertionError(f"{step.action!r} is no request of its own")

    return request


def _fields(plan: Plan) -> list[Step]:
    fields = MoveTo | SetState | SetPriority | SetAttribute | SetCompany
    return [step for step in plan.steps if isinstance(step.action, fields)]


def _set(case: Case, step: Step) -> Case:
    match step.action:
        case MoveTo(group=group):
            return replace(case, ticket=replace(case.ticket, group=group))
        case SetState(state=state, until=until):
            return replace(case, ticket=replace(case.ticket, state=state, state_name=str(state), pending_until=until))
        case SetPriority(priority=priority):
            return replace(case, ticket=replace(case.ticket, priority=priority))
        case SetAttribute(name=name, value=value):
            attributes = dict(case.ticket.attributes) | {name: value}
            return replace(case, ticket=replace(case.ticket, attributes=attributes))
        case SetCompany(is_secondary=True):
            return case
        case SetCompany(company=company):
            return replace(case, ticket=replace(case.ticket, company=company))
        case _:
            raise AssertionError(f"{step.action!r} is no field")


def _articles(plan: Plan) -> list[tuple[Article, list[Step]]]:
    found = []
    for step in plan.steps:
        match step.action:
            case SendReply(subject=subject, text=text, to=to):
                found.append((_article(plan, text, to=to, subject=subject), [step]))
            case AddNote() | AddTag() | RemoveTag() | SetCompany() | MoveTo() | SetState() | SetPriority():
                pass
            case SetAttribute() | AddLink() | CreateTicket() | Remember() | LookAgain() | LookAt():
                pass
    notes = [(step, step.action.text) for step in plan.steps if isinstance(step.action, AddNote)]
    if notes:
        text = describe.note([text for _, text in notes], decision=plan.decision, number="1")
        found.append((_article(plan, text), [step for step, _ in notes]))
    return found


def _article(plan: Plan, text: str, *, to: str = "", subject: str = "") -> Article:
    return Article(
        id="",
        at=NEVER,
        sender=Sender.AGENT,
        channel=Channel.EMAIL if to else Channel.NOTE,
        is_internal=not to,
        author=BOT,
        to=to,
        subject=subject,
        body=text,
        decision=plan.decision,
    )


# what people do


def with_article(case: Case, article: Article) -> Case:
    """Put an article on the ticket, as the latest."""
    written = replace(article, id=f"x{case.ticket.article_count + 1}", at=case.seen_at)
    is_mail = bool(article.decision) and article.channel is Channel.EMAIL
    lately = case.mails_lately + (is_mail and case.customer is not None and article.to == case.customer.address)
    ticket = replace(
        case.ticket, articles=(*case.ticket.articles, written), article_count=case.ticket.article_count + 1
    )
    return replace(case, ticket=ticket, mails_lately=lately)


def with_tags(case: Case, tags: frozenset[str]) -> Case:
    """Change the tags."""
    return replace(case, ticket=replace(case.ticket, tags=tags))


def with_company(case: Case, company: str | None) -> Case:
    """Attach the customer, and with him his ticket, or detach him."""
    known: Company | None = case.directory.by_id.get(company or "")
    customer = replace(case.customer, company=company) if case.customer else None
    return replace(case, customer=customer, company=known, ticket=replace(case.ticket, company=company))


def with_group(case: Case, group: str) -> Case:
    """Move the ticket."""
    return replace(case, ticket=replace(case.ticket, group=group))


def with_state(case: Case, state: State) -> Case:
    """Set the state."""
    return replace(case, ticket=replace(case.ticket, state=state, state_name=str(state)))


def later(case: Case, by: timedelta = timedelta(seconds=5)) -> Case:
    """See the case some time later."""
    return replace(case, seen_at=case.seen_at + by)
