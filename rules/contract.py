"""Support is for those with a contract; the others are Sales' customers."""

from connector.policy import (
    Action,
    AddNote,
    AddTag,
    Case,
    Decision,
    MoveTo,
    Need,
    Remember,
    RemoveTag,
    SendReply,
    is_our_tag,
    rule,
)
from connector.policy.identify import company_of
from connector.policy.memory import ORIGIN
from connector.policy.standing import ContractFields, Standing, contract_standing

CAME_FROM = "contract.came_from"
"""Memory: the group out of which a ticket was moved to Sales, so that it can come back."""


class Contract(ContractFields):
    """Options of `contract`."""

    group: str = "Sales"
    """Where tickets without a contract go."""
    tag: str = "no-contract"
    """Put on a ticket that goes to Sales."""
    unknown_tag: str = "contract-unknown"
    """Put on a ticket whose contract nobody can tell."""
    hours_tag: str = "contract-hours-used"
    """Put on a ticket of a company that has used up the hours of its contract."""
    tell_customer: bool = True
    """Whether a customer without a contract is told that Sales will answer, once."""
    spare_critical: bool = False
    """Whether a critical incident is worked on first, contract or not."""

    def needs(self) -> Need:
        """Read what was said before a mail is sent, or an incident is spared."""
        return Need.READING if self.tell_customer or self.spare_critical else Need.NOTHING

    def groups(self) -> tuple[str, ...]:
        """Name the group of Sales."""
        return (self.group,)


@rule(options=Contract, needs=Need.NOTHING, clauses=("B3", "D1", "A21"))
def route_by_contract(case: Case, options: Contract) -> Decision:
    """Move a ticket without a contract to Sales, and back when one appears. Clauses B3, D1, A21.

    Unknown is not none: it stays where it is, with a note for a person. A contract that was valid when the ticket came
    covers it to its end.
    """
    if case.ticket.is_settled:
        return Decision.skip(f"ticket is {case.ticket.state}, its work is over")
    if case.customer is None or case.customer.is_system:
        return Decision.skip("the ticket has no customer")
    if case.customer.is_agent:
        return Decision.skip(f"{case.customer.address or case.customer.name} is an agent, not a customer")

    standing = contract_standing(case, options)
    if standing.kind == "valid":
        return _let_through(case, options, standing)
    if standing.kind == "unknown":
        text = case.messages.write("contract.unknown", why=_sentence(standing.why)).body
        asked = AddTag(options.unknown_tag), AddNote(text, once="unknown")
        return Decision.act(standing.why, *asked, *_taken_off(case, options.tag, options.hours_tag))
    if options.spare_critical and CAME_FROM not in case.memory and (words := _critical_words(case)):
        reason = f"{standing.why}, but the incident is critical: {words!r}"
        text = case.messages.write("contract.critical", why=_sentence(reason)).body
        return Decision.act(reason, AddNote(text, once="critical"), *_taken_off(case, options.unknown_tag))
    return _send_to_sales(case, options, standing)


def _let_through(case: Case, options: Contract, standing: Standing) -> Decision:
    back: list[Action] = _taken_off(case, options.tag, options.unknown_tag)
    came_from = case.memory.get(CAME_FROM)
    if came_from and case.ticket.group == options.group:
        text = case.messages.write("contract.back", why=_sentence(standing.why), group=came_from).body
        back += [MoveTo(came_from), AddNote(text, once=f"back.{standing.fact}")]
    if came_from:
        back.append(Remember(CAME_FROM, ""))
    if standing.spent:
        text = case.messages.write("contract.spent", why=_sentence(standing.spent)).body
        back += [AddTag(options.hours_tag), AddNote(text, once="spent")]
        return Decision.act(f"{standing.why}; {standing.spent}", *back)
    back += _taken_off(case, options.hours_tag)
    return Decision.act(standing.why, *back) if back else Decision.skip(standing.why)


def _send_to_sales(case: Case, options: Contract, standing: Standing) -> Decision:
    came_from = case.memory.get(CAME_FROM) or case.ticket.group
    if came_from == options.group:
        reason = f"{standing.why}; the ticket came to {options.group} by itself"
        return Decision.skip(reason, *_taken_off(case, options.unknown_tag))
    text = case.messages.write("contract.none_note", why=_sentence(standing.why), group=options.group).body
    actions: list[Action] = [
        MoveTo(options.group),
        AddTag(options.tag),
        *_taken_off(case, options.unknown_tag, options.hours_tag),
        AddNote(text, once=f"none.{standing.fact}"),
        Remember(CAME_FROM, came_from),
    ]
    if options.tell_customer and ORIGIN not in case.memory and case.customer is not None and case.customer.address:
        actions.append(_mail(case, case.customer.address))
    return Decision.act(standing.why, *actions)


def _mail(case: Case, address: str) -> SendReply:
    """Tell the customer in his language; whose ticket we split off was told in the first one."""
    company = company_of(case)
    name = company.name if company else address
    text = case.messages.write("contract.none", case.language, number=case.ticket.number, company=name)
    return SendReply(text.subject, text.body, to=address, once="none")


def _critical_words(case: Case) -> str:
    """Give the words by which a customer's message tells of a critical incident."""
    verdicts = [case.readings[each.id].critical for each in case.ticket.customer_articles if each.id in case.readings]
    found = next((each for each in verdicts if each is not None), None)
    return "" if found is None else found.words[0].text if found.words else found.label


def _taken_off(case: Case, *tags: str) -> list[Action]:
    """Take back marks of ours that are true no longer; a person's tag of the same name stays."""
    return [RemoveTag(tag) for tag in tags if is_our_tag(case, tag)]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
