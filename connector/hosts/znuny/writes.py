"""Turn a plan into requests to Znuny, and compare the answers with what was asked; no I/O.

With the add-on a plan is one request, carried out in one database transaction under the mark that the ticket had when
it was looked at: wholly, or not at all.

Without it there is only `TicketUpdate`, which is not atomic (fact 14): it writes fields, then sends the article, then
writes the dynamic fields. A mail and the memory of it in one request could be cut between the two, and the mail would
leave twice. So the memory that a mail is about to leave goes first, in the request before; it says how many mails of
ours the ticket will then show, by which the next look tells whether the mail left.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connector.errors import Permanent
from connector.hosts.host import Write
from connector.hosts.znuny.fields import DECISION, FIRST, MEMORY, TAGS, written_memory, written_tags
from connector.hosts.znuny.lists import Lists
from connector.hosts.znuny.texts import Fields, articles_of, files_carried, new_ticket, written_files
from connector.hosts.znuny.translate import FIELD
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
from connector.model.ticket import State
from connector.policy import describe
from connector.policy.memory import as_text, memory_until, once_key, taken_last

OWN = ("Type", "Service", "SLA", "Lock")
"""Ticket fields that are set by their names; every other attribute is a dynamic field."""


def writes_of(case: Case, plan: Plan, lists: Lists) -> tuple[Write, ...]:
    """Give the requests of a plan; none where nothing is to be done.

    Raises Permanent where the plan names a queue, state, priority or field that this Znuny does not have, or needs what
    cannot be done without the add-on.
    """
    if not plan.steps and plan.memory == dict(case.memory):
        return ()
    return (_whole(case, plan, lists),) if lists.add_on else tuple(_in_steps(case, plan, lists))


def complaint(write: Write, answer: Mapping[str, Any]) -> str | None:
    """Say what Znuny did not do although it answered with success."""
    shown = dict(answer.get("Ticket") or {})
    listed = shown.pop("DynamicField", ())
    shown |= {FIELD + str(each["Name"]): each["Value"] for each in listed}  # the stock interface lists them (fact 11)
    shown["ArticleIDs"] = len(answer.get("ArticleIDs") or ([answer["ArticleID"]] if answer.get("ArticleID") else []))
    shown["Created"] = [written_files(each.get("Files") or ()) for each in answer.get("Created") or ()]
    linked = {(str(each["TicketID"]), str(each["Is"])) for each in answer.get("Links") or ()}
    missing = [
        f"asked for {name} {wanted!r}, it says {shown.get(name)!r}"
        for name, wanted in write.expect.items()
        if name != "Links" and as_text(shown.get(name)) != as_text(wanted)
    ]
    missing += [
        f"ticket {ticket} is not linked as {kind}"
        for ticket, kind in write.expect.get("Links", ())
        if (ticket, kind) not in linked
    ]
    return f"Znuny ignored part of {write.method} {write.path}: {'; '.join(missing)}" if missing else None


def opened_by(write: Write, answer: Mapping[str, Any]) -> dict[str, str]:
    """Give the numbers of the tickets that a write opened, by their places in the texts of the plan."""
    places = [step.action.place for step in write.steps if isinstance(step.action, CreateTicket)]
    numbers = [str(each["TicketNumber"]) for each in answer.get("Created") or ()]
    return dict(zip(places, numbers, strict=False))


def asked(write: Write, case: Case) -> str:
    """Say what was asked for where Znuny only says which kind of thing it does not know."""
    fields = write.body.get("DynamicField") or ()
    names = [f"{name} {value!r}" for name, value in (write.body.get("Ticket") or {}).items()]
    names += [f"the field {each['Name']!r}" for each in fields]
    known = ", ".join(sorted({*case.desk.groups, case.ticket.group}))
    return f"asked for {', '.join(names) or 'an article'}; queues known here: {known}"


def _whole(case: Case, plan: Plan, lists: Lists) -> Write:
    ticket, fields, expect = _changes(case, plan, lists)
    if plan.memory != dict(case.memory):
        fields[MEMORY] = expect[FIELD + MEMORY] = written_memory(plan.memory)
    articles = [{"Article": article, "Decision": plan.decision} for article, _ in articles_of(case, plan)]
    links = [(step.action.ticket, str(step.action.kind)) for step in plan.steps if isinstance(step.action, AddLink)]
    opened = [(step, step.action) for step in plan.steps if isinstance(step.action, CreateTicket)]
    new = [new_ticket(case, step, action, plan, lists) for step, action in opened]
    body: Fields = {"HistoryID": int(case.ticket.version.removeprefix("history "))}
    company = _company(case, plan)
    if company:
        body["Company"] = company
        expect |= {"CustomerID": company["CustomerID"], "CustomerUserID": company["CustomerUser"]}
    parts = {
        "Ticket": ticket,
        "Fields": fields,
        "Articles": articles,
        "Links": [{"TicketID": other, "Is": kind} for other, kind in links],
        "Create": new,
    }
    body |= {name: part for name, part in parts.items() if part}
    expect |= {"ArticleIDs": len(articles), "Created": [files_carried(case, action) for _, action in opened]} | (
        {"Links": tuple(links)} if links else {}
    )
    return Write(method="POST", path=f"/Apply/{case.ticket.id}", body=body, steps=plan.steps, expect=expect)


def _in_steps(case: Case, plan: Plan, lists: Lists) -> Iterator[Write]:
    """Give fields and note with all that is remembered of them, each mail after the memory of it, people's tags last.

    The note rides with the fields, and its memory is written after it in the same request: a cut between the two would
    write the note twice, and lose none. People's tags go in a request of their own even where no mail leaves: a cut
    between the fields, of which the tags come first, would take away what the plan rests on before it was done.
    """
    missing = next((step for step in plan.steps if isinstance(step.action, AddLink | CreateTicket | SetCompany)), None)
    if missing is not None:
        what = describe.action(missing.action)
        raise Permanent(f"{missing.rule} wants to {what}: that takes the add-on, which this Znuny does not have")
    articles = articles_of(case, plan)
    mails = [(article, steps) for article, steps in articles if article.get("ArticleSend")]
    notes = [(article, steps) for article, steps in articles if not article.get("ArticleSend")]
    last = taken_last(case, plan)
    memory = memory_until(case, plan, [*(step for _, [step] in mails), *last])

    ticket, fields, expect = _changes(case, plan, lists, without=last)
    done = tuple(step for step in plan.steps if not isinstance(step.action, AddNote | SendReply) and step not in last)
    note, noted = notes[0] if notes else (None, ())
    if memory != dict(case.memory):
        fields[MEMORY] = expect[FIELD + MEMORY] = written_memory(memory)
    if ticket or fields or note:
        yield _update(case, plan, ticket, fields, note, steps=(*done, *noted), expect=expect)

    sent = sum(1 for each in case.ticket.articles if each.decision and each.channel is Channel.EMAIL)
    for mail, [step] in mails:
        sent += 1
        first = written_memory(memory | {_key(step): f"{FIRST}{sent}"})
        memory[_key(step)] = plan.memory[_key(step)]
        yield _update(case, plan, {}, {MEMORY: first}, None, steps=(), expect={FIELD + MEMORY: first})
        after = written_memory(memory)
        yield _update(case, plan, {}, {MEMORY: after}, mail, steps=(step,), expect={FIELD + MEMORY: after})
    if last:
        ticket, fields, expect = {}, *_tags(case, plan)
        fields[MEMORY] = expect[FIELD + MEMORY] = written_memory(plan.memory)
        yield _update(case, plan, ticket, fields, None, steps=last, expect=expect)


def _update(
    case: Case,
    plan: Plan,
    ticket: Fields,
    fields: Fields,
    article: Fields | None,
    *,
    steps: tuple[Step, ...],
    expect: Fields,
) -> Write:
    fields = fields | ({DECISION: plan.decision} if article else {})
    body = {
        "Ticket": ticket,
        "Article": article,
        "DynamicField": [{"Name": name, "Value": value} for name, value in fields.items()],
    }
    return Write(
        method="PATCH",
        path=f"/Ticket/{case.ticket.id}",
        body={name: part for name, part in body.items() if part},
        steps=steps,
        expect=expect | ({"ArticleIDs": 1} if article else {}),
    )


def _tags(case: Case, plan: Plan, *, without: Sequence[Step] = ()) -> tuple[Fields, Fields]:
    """Give the field of the tags where they change, and what the answer must show of it."""
    tags = set(case.ticket.tags)
    for step in plan.steps:
        match step.action:
            case AddTag(name=name):
                tags.add(name)
            case RemoveTag(name=name) if step not in without:
                tags.discard(name)
            case _:
                pass
    written = written_tags(tags)
    return ({}, {}) if tags == case.ticket.tags else ({TAGS: written}, {FIELD + TAGS: written})


def _changes(case: Case, plan: Plan, lists: Lists, *, without: Sequence[Step] = ()) -> tuple[Fields, Fields, Fields]:
    """Give fields of the ticket, dynamic fields, and what the answer must show of both."""
    ticket: Fields = {}
    fields, expect = _tags(case, plan, without=without)
    for step in plan.steps:
        match step.action:
            case MoveTo(group=group):
                lists.check_group(group)
                ticket["Queue"] = expect["Queue"] = group
            case SetState(state=state, until=until):
                ticket["State"] = expect["State"] = lists.state_name(state)
                if state is State.PENDING:
                    ticket["PendingTime"] = _pending(until, lists.time_zone, rule=step.rule)
            case SetPriority(priority=priority):
                lists.check_priority(priority)
                ticket["Priority"] = expect["Priority"] = priority
            case SetAttribute(name=name, value=value) if name in OWN:
                ticket[name] = expect[name] = value
            case SetAttribute(name=name, value=value):
                lists.check_field(name)
                fields[name] = expect[FIELD + name] = value
            case _:
                pass
    return ticket, fields, expect


def _pending(until: datetime | None, time_zone: ZoneInfo, *, rule: str) -> Fields:
    if until is None:
        raise Permanent(f"{rule} sets the ticket pending without a time, which Znuny refuses")
    at = until.astimezone(time_zone)  # Znuny reads it in its own zone, to the minute
    return {"Year": at.year, "Month": at.month, "Day": at.day, "Hour": at.hour, "Minute": at.minute}


def _company(case: Case, plan: Plan) -> Fields | None:
    wanted = [step.action for step in plan.steps if isinstance(step.action, SetCompany)]
    if any(each.is_secondary for each in wanted):
        raise Permanent(
            f"ticket {case.ticket.number}: further companies of a customer cannot be set in Znuny from here"
        )
    company = next((each.company for each in wanted), None)
    if company is None:
        return None
    if case.ticket.customer is None:
        raise Permanent(f"ticket {case.ticket.number} has no customer to attach to a company")
    # Always both: one alone clears the other (fact 15).
    return {"CustomerUser": case.ticket.customer, "CustomerID": company}


def _key(step: Step) -> str:
    return once_key(step.rule, step.action) or ""
