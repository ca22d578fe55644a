"""Write a plan's mails, notes and new tickets in Znuny's words; no I/O."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

from connector.hosts.znuny.fields import MEMORY, TAGS, written_memory, written_tags
from connector.hosts.znuny.lists import Lists
from connector.model.action import AddNote, CreateTicket, SendReply
from connector.model.case import Case
from connector.model.decision import Plan, Step
from connector.model.message import Channel
from connector.model.ticket import State
from connector.policy import describe
from connector.policy.memory import ORIGIN, origin

Fields = dict[str, Any]


def articles_of(case: Case, plan: Plan) -> list[tuple[Fields, tuple[Step, ...]]]:
    """Give the mails, then all notes of the plan in one."""
    articles: list[tuple[Fields, tuple[Step, ...]]] = [
        (_mail(case, step.action), (step,)) for step in plan.steps if isinstance(step.action, SendReply)
    ]
    notes = [(step, step.action.text) for step in plan.steps if isinstance(step.action, AddNote)]
    if notes:
        text = describe.note([text for _, text in notes], decision=plan.decision, number=case.ticket.number)
        articles.append((_note(text), tuple(step for step, _ in notes)))
    return articles


def _mail(case: Case, reply: SendReply) -> Fields:
    """Write a mail as HTML: Znuny appends its signature as HTML, whatever the body is (fact 13)."""
    answered = next((each for each in reversed(case.ticket.customer_articles) if each.message_id), None)
    thread: Fields = {}
    if answered is not None and answered.channel is Channel.EMAIL:
        thread = {"InReplyTo": answered.message_id, "References": answered.message_id}
    return {
        "CommunicationChannel": "Email",
        "SenderType": "agent",
        "IsVisibleForCustomer": 1,
        "ArticleSend": 1,
        "To": reply.to,
        "Subject": reply.subject,
        "Body": html.escape(reply.text, quote=False).replace("\n", "<br/>\n"),
        "ContentType": "text/html; charset=utf-8",
        "HistoryType": "SendAnswer",
        "HistoryComment": f"%%{reply.to}",
        "NoAgentNotify": 1,
        **thread,
    }


def _note(text: str) -> Fields:
    return {
        "CommunicationChannel": "Internal",
        "SenderType": "agent",
        "IsVisibleForCustomer": 0,  # it is 1, if not said, even for the channel Internal (fact 12)
        "Subject": "Policy",
        "Body": text,
        "ContentType": "text/plain; charset=utf-8",
        "HistoryType": "AddNote",
        "HistoryComment": "%%helpdesk-policy",
    }


def new_ticket(case: Case, step: Step, new: CreateTicket, plan: Plan, lists: Lists) -> Fields:
    """Describe a ticket to be created with its link, its tags and its origin."""
    lists.check_group(new.group)
    fields = {MEMORY: written_memory({ORIGIN: origin(case, step.rule, new.once)}), TAGS: written_tags(new.tags)}
    ticket: Fields = {
        "Title": new.title,
        "Queue": new.group,
        "State": lists.state_name(State.NEW),
        "Priority": case.ticket.priority,
        "CustomerUser": case.ticket.customer or "",
        "OwnerID": 1,  # nobody; without one the bot would own it (fact 26)
        "Lock": "unlock",
    }
    if case.ticket.company:
        ticket["CustomerID"] = case.ticket.company
    article = _note(new.text) | {"Subject": new.title, "HistoryType": "NewTicket"}
    if new.is_said:
        article |= {"SenderType": "customer", "IsVisibleForCustomer": 1}  # From is the customer, where none is given
    else:
        article |= {"From": lists.address}
    return {
        "Ticket": ticket,
        "Article": article,
        "Fields": {name: value for name, value in fields.items() if value},
        "Decision": "" if new.is_said else plan.decision,
        "Is": str(new.kind),
        "Carry": [each.id for each in case.ticket.articles if each.id in new.carry and each.files],
        # In a mail it stands escaped.
        "Places": sorted({new.place, html.escape(new.place, quote=False)}),
    }


def files_carried(case: Case, new: CreateTicket) -> str:
    carried = [file for each in case.ticket.articles if each.id in new.carry for file in each.files]
    return written_files([{"Filename": file.name, "FilesizeRaw": file.size} for file in carried])


def written_files(files: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(sorted(f"{each['Filename']} ({int(each['FilesizeRaw'] or 0)} bytes)" for each in files))
