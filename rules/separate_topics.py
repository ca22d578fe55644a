"""A message about several matters becomes a ticket for each of them."""

from pydantic import Field

from connector.model.ticket import Article
from connector.policy import (
    Action,
    AddNote,
    Case,
    CreateTicket,
    Decision,
    LinkKind,
    Mode,
    Need,
    Options,
    Sender,
    SendReply,
    rule,
)
from connector.policy.excerpt import quoted, title_of, words_of
from connector.policy.memory import ORIGIN
from connector.reading import Reading

NAME = "separate_topics"


class SeparateTopics(Options):
    """Options of `separate_topics`."""

    confidence: float = Field(0.9, ge=0, le=1)
    """How sure the reading must be before an enforced rule splits by itself; below that it proposes."""
    at_most: int = Field(5, ge=2, le=20)
    """Matters that a message is split into; one with more goes to a person."""
    group: str = ""
    """Where the new tickets go; empty: where the first one lies."""
    tag: str = "split-off"
    """Put on the new tickets."""
    tell_customer: bool = True
    """Whether the customer is told the new numbers, once."""

    def groups(self) -> tuple[str, ...]:
        """Name the group of the new tickets, where one is set."""
        return (self.group,) if self.group else ()


@rule(
    options=SeparateTopics,
    needs=Need.ARTICLES | Need.READING | Need.LINKS,
    clauses=("A7", "A8", "D11"),
    up_to=Mode.PROPOSE,
)
def split_by_topics(case: Case, options: SeparateTopics) -> Decision:
    """Open a ticket for each further matter of a customer's first message. Clauses A7, A8, D11.

    The ticket keeps the first. Only proposed, unless the policy file enforces this very rule and the reading is sure.
    """
    if origin := case.memory.get(ORIGIN):
        return Decision.skip(f"we opened this ticket ourselves, out of another ({origin})")
    if case.customer is None or case.customer.is_system:
        return Decision.skip("the ticket has no customer")
    if case.customer.is_agent:
        return Decision.skip(f"{case.customer.address or case.customer.name} is an agent, not a customer")
    opening = _opening(case)
    if opening is None:
        return Decision.skip("the ticket does not begin with a message of a customer")
    if _is_split(case, opening):
        return Decision.skip(f"article {opening.id} was split already")
    reading = case.readings.get(opening.id)
    if reading is None:
        return Decision.skip(f"article {opening.id} was not read")

    count = len(reading.topics)
    if why := _why_whole(case, opening, reading):
        return Decision.skip(why)
    if count > options.at_most:
        reason = f"the message speaks of {count} matters, split are at most {options.at_most}"
        note = case.messages.write(f"{NAME}.too_many", count=count, most=options.at_most).body
        return Decision.act(reason, AddNote(note, once=f"too_many.{opening.id}"))

    score = min(topic.score for topic in reading.topics)
    reason = f"the message speaks of {count} matters (sure by {score:.2f}, enough is {options.confidence:.2f})"
    decide = Decision.act if score >= options.confidence else Decision.propose
    return decide(reason, *_split(case, options, opening, reading))


def _opening(case: Case) -> Article | None:
    """Give the customer's message that opened the ticket; an automatic answer of the host may stand before it."""
    first = next((each for each in case.ticket.articles if each.sender is not Sender.SYSTEM), None)
    is_customers = first is not None and first.sender is Sender.CUSTOMER and not first.decision
    return first if is_customers else None


def _is_split(case: Case, opening: Article) -> bool:
    """Tell whether this message was split, here or in a ticket that was merged with this one since."""
    done = f"note.{NAME}.split.{opening.id}"
    return done in case.memory or any(done in link.memory for link in case.links)


def _why_whole(case: Case, opening: Article, reading: Reading) -> str | None:
    """Say why the message stays in one ticket; what was begun before we were stopped is brought to its end."""
    count = len(reading.topics)
    if count < 2:
        return f"the message speaks of {count or 'no'} matter{'' if count == 1 else 's'}"
    if any(_number_of(case, _once(opening, index)) is not None for index in range(2, count + 1)):
        return None
    if case.ticket.is_settled:
        return f"ticket is {case.ticket.state}, its work is over"
    if opening.is_automatic or reading.automatic is not None:
        return "the message is an automatic one"
    answered = [each for each in case.ticket.articles if each.sender is Sender.AGENT and not each.is_internal]
    if any(not each.decision for each in answered):
        return "an agent has answered already, and knows what to do with it"
    return None


def _split(case: Case, options: SeparateTopics, opening: Article, reading: Reading) -> list[Action]:
    texts = [words_of(reading, reading.topics, index) for index in range(len(reading.topics))]
    titles = [title_of(text, case.ticket.title) for text in texts]
    actions: list[Action] = []
    lines = [f"- {case.ticket.number}: {titles[0]}"]
    for index, (text, title) in enumerate(zip(texts[1:], titles[1:], strict=True), start=2):
        new = CreateTicket(
            title,
            options.group or case.ticket.group,
            quoted(case, opening, text),
            once=_once(opening, index),
            kind=LinkKind.CHILD,
            tags=(options.tag,) if options.tag else (),
            is_said=True,
            carry=(opening.id,),
        )
        known = _number_of(case, new.once)
        if known is None or f"ticket.{NAME}.{new.once}" in case.memory or _is_here(case, new.once):
            actions.append(new)
        lines.append(f"- {title}" if known == "" else f"- {known or new.place}: {title}")
    told = "\n".join(lines)
    actions.append(AddNote(case.messages.write(f"{NAME}.note", list=told).body, once=f"split.{opening.id}"))
    address = case.customer.address if case.customer else ""
    if options.tell_customer and address:
        mail = case.messages.write(f"{NAME}.told", case.language, number=case.ticket.number, list=told)
        actions.append(SendReply(mail.subject, mail.body, to=address, once=f"split.{opening.id}"))
    return actions


def _once(opening: Article, index: int) -> str:
    """Name one matter of one message; the number of an article stays when tickets are merged."""
    return f"{opening.id}.{index}"


def _number_of(case: Case, once: str) -> str | None:
    """Give the number of the ticket that was opened for a matter, here or before a merge; None where none was."""
    for link in case.links:
        if link.memory.get(ORIGIN, "").endswith(f" {NAME} {once}"):
            return link.number
    key = f"ticket.{NAME}.{once}"
    is_known = key in case.memory or any(key in link.memory for link in case.links)
    return "" if is_known else None


def _is_here(case: Case, once: str) -> bool:
    """Tell whether the ticket of a matter was opened out of this very ticket."""
    return any(link.memory.get(ORIGIN) == f"{case.ticket.id} {NAME} {once}" for link in case.links)
