"""Turn a plan into Zammad's requests, and compare the answers with what was asked; no I/O.

Order: first what shows by itself and may be repeated without harm (company, tags, links, new tickets, which carry
their origin), then one `PUT` of the ticket with attributes, article and memory, which Zammad does wholly or not at all
(fact 55), last the removal of tags that people put on: the decision may rest on them. A crash between two of them
leaves a state from which the next look goes on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC
from typing import Any

from connector.errors import Permanent
from connector.hosts.host import Write
from connector.hosts.zammad.lists import Lists
from connector.hosts.zammad.translate import MEMORY, written
from connector.model.action import (
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    MoveTo,
    RemoveTag,
    SendReply,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case
from connector.model.decision import Plan, Step
from connector.model.message import Channel
from connector.model.ticket import File, State
from connector.policy import describe
from connector.policy.memory import ORIGIN, as_text, digest, memory_until, origin, taken_last

Fields = dict[str, Any]
FILES = "files carried over"
"""Expectation of a ticket with attachments: what its article must have."""

KEPT_BY_ZAMMAD = frozenset(
    {
        *(f"{clock}_{part}" for clock in ("first_response", "update", "close") for part in ("in_min", "diff_in_min")),
        *(f"{clock}_escalation_at" for clock in ("first_response", "update", "close")),
        *("escalation_at", "first_response_at", "close_at", "last_close_at", "last_owner_update_at"),
        *("last_contact_at", "last_contact_agent_at", "last_contact_customer_at"),
        *("create_article_type_id", "create_article_sender_id", "time_unit"),
    }
)
"""Fields of a ticket that change by themselves when an article is written or a state is set."""


def writes_of(case: Case, plan: Plan, lists: Lists) -> tuple[Write, ...]:
    """Give the requests of a plan; none where nothing is to be done.

    Raises Permanent where the plan names a group, state or priority that this Zammad does not have.
    """
    return (*_apart(case, plan, lists), *_updates(case, plan, lists), *_peoples_tags(case, plan))


def complaint(write: Write, answer: Any) -> str | None:
    """Say what Zammad ignored; it answers 200 to a field it does not know and to a value it replaced (facts 24, 25)."""
    shown = answer if isinstance(answer, dict) else {}
    ignored = [
        f"asked for {name} {wanted!r}, it says {shown.get(name)!r}"
        for name, wanted in write.expect.items()
        if as_text(shown.get(name)) != as_text(wanted)
    ]
    return f"Zammad ignored part of {write.method} {write.path}: {'; '.join(ignored)}" if ignored else None


def opened_by(write: Write, answer: Any) -> dict[str, str]:
    """Give the number of the ticket that a write opened, by its place in the texts of the plan."""
    opened = [step.action.place for step in write.steps if isinstance(step.action, CreateTicket)]
    return {place: str(answer["number"]) for place in opened if write.method == "POST"}


def version_after(write: Write, answer: Any, case: Case, lists: Lists) -> str | None:
    """Give the ticket's version after our own update; None where somebody else changed it since it was read.

    A tag or a link leaves no trace in the answer, so the sweep looks once more at what we wrote.
    """
    if write.path != f"/api/v1/tickets/{case.ticket.id}":
        return None
    before = case.ticket
    expected = {
        "group_id": lists.group_id(before.group),
        "state_id": next((number for number, name in lists.states.items() if name == before.state_name), None),
        "priority_id": lists.priority_id(before.priority),
        "customer_id": int(before.customer or 0),
        "owner_id": int(before.owner or 1),  # 1 is `-`, nobody
        "organization_id": int(before.company) if before.company else None,
        "title": before.title,
        **{name: value for name, value in before.attributes.items() if name not in KEPT_BY_ZAMMAD},
    } | dict(write.expect)
    if "state_id" not in write.expect:  # a new state takes the time of the old one away
        expected.setdefault("pending_time", written(before.pending_until) if before.pending_until else None)
    articles = before.article_count + ("article" in write.body)
    unchanged = len(answer["article_ids"]) == articles and complaint(replace(write, expect=expected), answer) is None
    return str(answer["updated_at"]) if unchanged else None


def _apart(case: Case, plan: Plan, lists: Lists) -> Iterator[Write]:
    for step in plan.steps:
        match step.action:
            case SetCompany(company=company, is_secondary=True):
                yield _add_company(case, step, company)
            case SetCompany(company=company) if case.customer is None or case.customer.company != company:
                yield _set_company(case, step, company)
            case AddTag(name=name):
                yield _tag(case, step, "POST", "/api/v1/tags/add", name)
            case RemoveTag(name=name) if step not in taken_last(case, plan):
                yield _tag(case, step, "DELETE", "/api/v1/tags/remove", name)
            case AddLink(number=number, kind=kind):
                body = {
                    "link_type": str(kind),
                    "link_object_target": "Ticket",
                    "link_object_target_value": int(case.ticket.id),
                    "link_object_source": "Ticket",
                    "link_object_source_number": number,  # by number here, by id in links/remove (fact 29)
                }
                yield Write(method="POST", path="/api/v1/links/add", body=body, steps=(step,), expect={})
            case CreateTicket() as new:
                yield from _create(case, step, new, plan, lists)
            case _:
                pass


def _peoples_tags(case: Case, plan: Plan) -> Iterator[Write]:
    """Take off the tags of people's, and only then remember it: else a stop in between looks as if one came back."""
    last = taken_last(case, plan)
    for step in last:
        if isinstance(step.action, RemoveTag):
            yield _tag(case, step, "DELETE", "/api/v1/tags/remove", step.action.name)
    if last and memory_until(case, plan, last) != plan.memory:
        body = _memory(case, dict(plan.memory))
        yield Write(method="PUT", path=f"/api/v1/tickets/{case.ticket.id}", body=body, steps=(), expect={})


def _set_company(case: Case, step: Step, company: str) -> Write:
    if case.customer is None:
        raise Permanent(f"ticket {case.ticket.number} has no customer to attach to a company")
    expect = {"organization_id": int(company) if company else None}
    return Write(method="PUT", path=f"/api/v1/users/{case.customer.id}", body=expect, steps=(step,), expect=expect)


def _add_company(case: Case, step: Step, company: str) -> Write:
    """Add to the customer's further organizations, which Zammad wants named all together (fact 32)."""
    if case.customer is None:
        raise Permanent(f"ticket {case.ticket.number} has no customer to attach to a company")
    expect = {"organization_ids": [*(int(each) for each in case.customer.other_companies), int(company)]}
    return Write(method="PUT", path=f"/api/v1/users/{case.customer.id}", body=expect, steps=(step,), expect=expect)


def _tag(case: Case, step: Step, method: str, path: str, name: str) -> Write:
    if "," in name:
        raise Permanent(f"the tag {name!r} holds a comma, by which Zammad separates tags: name it otherwise")
    body = {"object": "Ticket", "o_id": int(case.ticket.id), "item": name}
    return Write(method=method, path=path, body=body, steps=(step,), expect={})


def _create(case: Case, step: Step, new: CreateTicket, plan: Plan, lists: Lists) -> Iterator[Write]:
    """Create a ticket with its link, its tags and its origin in one transaction (fact 54).

    Attachments are cloned behind a form first (fact 31). Its name is of this plan alone: what a look left there that
    was stopped must not come along with the next one.
    """
    group = lists.group_id(new.group)
    carried = [each for each in case.ticket.articles if each.id in new.carry and each.files]
    form = f"helpdesk-policy-{plan.decision}-{digest(f'{step.rule} {new.once}')}"
    for each in carried:
        path = f"/api/v1/ticket_split?ticket_id={case.ticket.id}&article_id={each.id}&form_id={form}"
        yield Write(method="GET", path=path, body={}, steps=(step,), expect={})
    said: Fields = {"sender": "Customer", "internal": False} if new.is_said else {"internal": True}
    body: Fields = {
        "title": new.title,
        "group": new.group,
        "customer_id": int(case.ticket.customer or 0),
        "links": {"Ticket": {str(new.kind): [int(case.ticket.id)]}},
        "preferences": {MEMORY: {ORIGIN: origin(case, step.rule, new.once)}},
        "article": _article(new.text, plan) | {"type": "note"} | said | ({"form_id": form} if carried else {}),
    }
    if case.ticket.priority:
        body["priority"] = case.ticket.priority
    if new.tags:
        body["tags"] = ",".join(new.tags)
    files = written_files([file for each in carried for file in each.files])
    expect = {"group_id": group} | ({FILES: files} if carried else {})
    yield Write(method="POST", path="/api/v1/tickets", body=body, steps=(step,), expect=expect)


def written_files(files: Iterable[File]) -> str:
    """Write down name, size and content of files, so that two sets can be compared; equal ones are cloned once."""
    return ", ".join(sorted({f"{each.name} ({each.size} bytes, content {each.content})" for each in files}))


def _updates(case: Case, plan: Plan, lists: Lists) -> Iterator[Write]:
    """Give one `PUT` for attributes and the first article, one more for each further article: it takes only one."""
    fields, expect, done = _fields(case, plan, lists)
    articles, last = _articles(case, plan), [*taken_last(case, plan)]
    path = f"/api/v1/tickets/{case.ticket.id}"
    for index in range(max(1, len(articles))):
        article, steps = articles[index] if articles else (None, ())
        coming = [step for _, others in articles[index + 1 :] for step in others] + last
        body = fields | _memory(case, memory_until(case, plan, coming)) | ({"article": article} if article else {})
        if body:
            yield Write(method="PUT", path=path, body=body, steps=(*done, *steps), expect=expect)
        fields, expect, done = {}, {}, ()


def _fields(case: Case, plan: Plan, lists: Lists) -> tuple[Fields, Fields, tuple[Step, ...]]:
    body: Fields = {}
    expect: Fields = {}
    done: list[Step] = []
    for step in plan.steps:
        match step.action:
            case MoveTo(group=group):
                body["group"], expect["group_id"] = group, lists.group_id(group)
            case SetState(state=state, until=until):
                body["state"], expect["state_id"] = lists.state_name(state), lists.state_id(state)
                if state is State.PENDING:
                    if until is None:
                        raise Permanent(f"{step.rule} sets the ticket pending without a time, which Zammad refuses")
                    body["pending_time"] = expect["pending_time"] = written(until.astimezone(UTC))
            case SetPriority(priority=priority):
                body["priority"], expect["priority_id"] = priority, lists.priority_id(priority)
            case SetAttribute(name=name, value=value):
                body[name] = expect[name] = value
            case SetCompany(is_secondary=True):
                continue  # a request of its own
            case SetCompany(company=company):
                # The ticket of a customer who had no company is not among those that Zammad moves along (fact 32).
                body["organization_id"] = expect["organization_id"] = int(company) if company else None
                if case.customer is None or case.customer.company != company:
                    continue  # a request of its own carries the step
            case _:
                continue
        done.append(step)
    return body, expect, tuple(done)


def _articles(case: Case, plan: Plan) -> list[tuple[Fields, tuple[Step, ...]]]:
    """Give the mails, then all notes of the plan in one."""
    articles: list[tuple[Fields, tuple[Step, ...]]] = []
    for step in plan.steps:
        if isinstance(step.action, SendReply):
            articles.append((_mail(case, step.action, plan), (step,)))
    notes = [(step, step.action.text) for step in plan.steps if isinstance(step.action, AddNote)]
    if notes:
        text = describe.note([text for _, text in notes], decision=plan.decision, number=case.ticket.number)
        note = _article(text, plan) | {"type": "note", "internal": True}  # public, if not said (fact 18)
        articles.append((note, tuple(step for step, _ in notes)))
    return articles


def _mail(case: Case, reply: SendReply, plan: Plan) -> Fields:
    answered = next(
        (each.message_id for each in reversed(case.ticket.customer_articles) if each.channel is Channel.EMAIL), ""
    )
    mail: Fields = {"type": "email", "internal": False, "to": reply.to, "subject": reply.subject}
    return _article(reply.text, plan) | mail | ({"in_reply_to": answered} if answered else {})


def _article(text: str, plan: Plan) -> Fields:
    return {
        "body": text,
        "content_type": "text/plain",
        "sender": "Agent",
        "preferences": {MEMORY: {"decision": plan.decision}},
    }


def _memory(case: Case, after: dict[str, str]) -> Fields:
    """Write the whole memory; what is forgotten is written empty, whether the host merges deep or by key (fact 44)."""
    if after == dict(case.memory):
        return {}
    forgotten = dict.fromkeys(case.memory.keys() - after.keys(), "")
    return {"preferences": {MEMORY: after | forgotten}}
