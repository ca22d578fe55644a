"""What is a project is done as one, in a ticket of its own."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from connector.model.ticket import Article, Link
from connector.policy import (
    Action,
    AddLink,
    AddNote,
    Case,
    CreateTicket,
    Decision,
    LinkKind,
    LookAt,
    Need,
    Options,
    Remember,
    SendReply,
    SetState,
    State,
    rule,
)
from connector.policy.excerpt import own_words, quoted, title_of
from connector.policy.memory import ORIGIN, as_text, digest

NAME = "project"
OF = f"{NAME}.of"
"""Memory: that the ticket was given a project, `opened` out of it or `joined.ID`; it never gets another."""
ONCE = "opened"


class Project(Options):
    """Options of `project`."""

    group: str = "Projects"
    """Where projects lie."""
    tag: str = "policy:project"
    """By this tag, or a macro that sets it, an agent says that a ticket is a project."""
    project_tag: str = "project"
    """Put on the project's ticket."""
    confidence: float = Field(0.8, ge=0, le=1)
    """How sure the reading must be before an enforced rule acts by itself; below that it proposes."""
    effort: float = Field(0, ge=0)
    """Recorded effort, in the helpdesk's own unit, from which a ticket is a project; 0: never by effort."""
    effort_attribute: str = "time_unit"
    """The ticket's field with the sum of the recorded effort; Zammad calls its own `time_unit`."""
    join: bool = True
    """Whether a company's only open project takes the ticket in, in place of a new one."""
    original: Literal["keep", "close"] = "keep"
    """What becomes of the ticket that the project came from."""
    tell_customer: bool = True
    """Whether the customer is told the project's number, once."""

    def groups(self) -> tuple[str, ...]:
        """Name the group of projects."""
        return (self.group,)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a ticket is a project, on what message that rests, and whether a person need not be asked first."""

    why: str
    article: Article | None
    is_sure: bool


@rule(
    options=Project,
    needs=Need.ARTICLES | Need.READING | Need.LINKS,
    clauses=("B18.2", "D5"),
)
def give_project_a_ticket(case: Case, options: Project) -> Decision:
    """Open a project's own ticket, or join the company's open one; the two are linked. Clauses B18.2, D5."""
    if case.ticket.group == options.group or _of_ours(case.memory.get(ORIGIN, "")):
        return _tell_of_children(case)
    if case.customer is None or case.customer.is_system:
        return Decision.skip("the ticket has no customer")
    if case.customer.is_agent:
        return Decision.skip(f"{case.customer.address or case.customer.name} is an agent, not a customer")
    parent = _parent(case, options)
    hear = [LookAt(parent.ticket)] if parent and case.ticket.is_settled and not _is_over(parent) else []
    if had := _had(case):
        return Decision.skip(had, *hear)

    cause, begun = _cause(case, options), _begun(case)
    if cause is None and parent is not None:
        return Decision.skip(f"the ticket is part of the project {parent.number}", *hear)
    if cause is None:
        return Decision.skip("nobody asks for a project, and no agent calls it one")
    if case.ticket.is_settled and begun is None:
        return Decision.skip(f"ticket is {case.ticket.state}, its work is over", *hear)
    decide = Decision.act if cause.is_sure else Decision.propose
    if begun is None and parent is not None:
        return decide(f"{cause.why}; it is part of {parent.number}", *_joined(case, options, cause, parent))
    if begun is None and options.join and case.ticket.company is not None:
        if Need.COMPANY_TICKETS not in case.parts:
            return Decision.ask(f"{cause.why}: has the company a project already?", Need.COMPANY_TICKETS)
        projects = [each for each in case.company_tickets if each.group == options.group and not _is_over(each)]
        if len(projects) > 1:
            named = ", ".join(each.number for each in projects)
            note = case.messages.write(f"{NAME}.which", why=_sentence(cause.why), list=named).body
            return decide(f"{cause.why}; open projects are {named}", AddNote(note, once="which"))
        if projects:
            reason = f"{cause.why}; the company's open project is {projects[0].number}"
            return decide(reason, *_joined(case, options, cause, projects[0]))
    return decide(cause.why, *_opened(case, options, cause, begun))


def _tell_of_children(case: Case) -> Decision:
    """Note on a project who joined it, and that all of its tickets are closed."""
    children = [link for link in case.links if link.kind is LinkKind.CHILD]
    waiting = [link for link in children if not _is_over(link)]
    reason = f"the ticket is a project with {len(children)} tickets, {len(waiting)} of them open"
    notes: list[Action] = []
    for link in children:
        of = link.memory.get(OF, "")
        if case.memory.get(ORIGIN, "") == f"{link.ticket} {NAME} {ONCE}":
            notes.append(_record(case, "origin", f"origin.{link.ticket}", number=link.number))
        elif of == f"joined.{case.ticket.id}":
            notes.append(_record(case, "joined", f"joined.{link.ticket}", number=link.number))
    closed_by_others = [link for link in children if f"{NAME}=closed" not in link.memory.get("set.state", "")]
    if closed_by_others and not waiting and not case.ticket.is_settled:
        all_of_them = digest(" ".join(sorted(link.ticket for link in children)))
        notes.append(_record(case, "done", f"done.{all_of_them}", count=len(children)))
    return Decision.act(reason, *notes) if notes else Decision.skip(reason)


def _record(case: Case, key: str, once: str, **values: object) -> AddNote:
    return AddNote(case.messages.write(f"{NAME}.{key}", "", **values).body, once=once, is_record=True)


def _parent(case: Case, options: Project) -> Link | None:
    """Give the project that the ticket is linked with, by whomever."""
    joined = case.memory.get(OF, "").removeprefix("joined.")
    for link in case.links:
        is_project = link.group == options.group or _of_ours(link.memory.get(ORIGIN, "")) or link.ticket == joined
        if link.kind is LinkKind.PARENT and is_project:
            return link
    return None


def _had(case: Case) -> str | None:
    """Say which project the ticket was given before, itself or as one that was merged with it since."""
    of = case.memory.get(OF)
    if of and not _is_unfinished(case):
        return f"the ticket was given a project before ({of})"
    merged = next((link for link in case.links if link.state is State.MERGED and link.memory.get(OF)), None)
    return f"ticket {merged.number}, which is merged with this one, was given a project" if merged else None


def _is_unfinished(case: Case) -> bool:
    """Tell whether we were stopped before the note, which comes last; not where a person unlinked the project since."""
    of = case.memory.get(OF, "").removeprefix("joined.")
    is_linked = any(link.ticket == of for link in case.links) or _begun(case) is not None
    return bool(of) and is_linked and f"note.{NAME}.{ONCE}" not in case.memory


def _begun(case: Case) -> Link | None:
    """Give the project that we opened, and were stopped before we could remember it."""
    return next((link for link in case.links if link.memory.get(ORIGIN) == f"{case.ticket.id} {NAME} {ONCE}"), None)


def _cause(case: Case, options: Project) -> Cause | None:
    said = [each for each in case.ticket.customer_articles if not each.decision]
    opening = said[0] if said else None
    if _is_unfinished(case) or (_begun(case) is not None and OF not in case.memory):
        return Cause("the project was there before we were stopped", opening, is_sure=True)
    if options.tag in case.ticket.tags:
        return Cause(f"an agent put the tag {options.tag} on", opening, is_sure=True)
    if options.effort and (effort := _effort(case, options)) >= options.effort:
        return Cause(f"the recorded effort is {effort:g}, the limit is {options.effort:g}", opening, is_sure=True)
    for article in said:
        reading = case.readings.get(article.id)
        if reading is None or article.is_automatic or reading.automatic is not None:
            continue
        verdict = next((each for each in reading.requests if each.label == NAME), None)
        if verdict is not None:
            words = ", ".join(repr(each.text) for each in verdict.words[:2])
            why = f"the customer asks for a project: {words} ({verdict.score:.2f}, enough is {options.confidence:.2f})"
            return Cause(why, article, is_sure=verdict.score >= options.confidence)
    return None


def _effort(case: Case, options: Project) -> float:
    try:
        return float(as_text(case.ticket.attributes.get(options.effort_attribute)) or 0)
    except ValueError:
        return 0


def _opened(case: Case, options: Project, cause: Cause, begun: Link | None) -> list[Action]:
    article = cause.article
    text = own_words(article, case.readings.get(article.id)) if article else case.ticket.title
    new = CreateTicket(
        title_of(case.ticket.title, text),
        options.group,
        quoted(case, article, text) if article else f"{text}\n\n-- \n{case.ticket.number}",
        once=ONCE,
        kind=LinkKind.PARENT,
        tags=(options.project_tag,) if options.project_tag else (),
        is_said=article is not None,
        carry=(article.id,) if article else (),
    )
    number = begun.number if begun else new.place
    return [new, *_consequences(case, options, cause, number), Remember(OF, ONCE)]


def _joined(case: Case, options: Project, cause: Cause, project: Link) -> list[Action]:
    return [
        AddLink(project.ticket, project.number, LinkKind.PARENT),
        *_consequences(case, options, cause, project.number),
        Remember(OF, f"joined.{project.ticket}"),
        LookAt(project.ticket),
    ]


def _consequences(case: Case, options: Project, cause: Cause, number: str) -> list[Action]:
    note = case.messages.write(f"{NAME}.note", why=_sentence(cause.why), project=number).body
    actions: list[Action] = [AddNote(note, once=ONCE)]
    if options.tell_customer and case.customer is not None and case.customer.address:
        text = case.messages.write(f"{NAME}.told", case.language, number=case.ticket.number, project=number)
        actions.append(SendReply(text.subject, text.body, to=case.customer.address, once=ONCE))
    reading = case.readings.get(cause.article.id) if cause.article else None
    if options.original == "close" and (reading is None or len(reading.topics) < 2):  # else a matter would be lost
        actions.append(SetState(State.CLOSED))
    return actions


def _of_ours(origin: str) -> bool:
    return origin.split(" ")[1:2] == [NAME]


def _is_over(link: Link) -> bool:
    return link.state in {State.CLOSED, State.MERGED}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
