"""The sender's address says which company a ticket belongs to."""

from typing import Literal

from connector.model.case import Change
from connector.model.company import Company as Organisation
from connector.model.ticket import Person
from connector.policy import AddNote, Case, Channel, Decision, Need, Options, SetCompany, rule
from connector.policy.address import address_of
from connector.policy.identify import Claim, claim_of

FIELD = "organization"
"""What a host's history calls a person's company."""


class Company(Options):
    """Options of `company`; which domain is whose stands under `companies` in the policy file."""

    how: Literal["attach", "propose", "secondary-only"] = "attach"
    """Attach customers who have no company, only propose it, or add a further company to those who have one."""
    accepted_reassignment: bool = False
    """Whether you accept that the helpdesk moves a customer's earlier tickets along, and shows members each other's."""


@rule(options=Company, needs=Need.NOTHING, clauses=("B7",))
def attach_company_by_domain(case: Case, options: Company) -> Decision:
    """Attach a customer without a company, and his ticket, to the one that his address speaks for. Clause B7.

    A registered person's own address comes first, then the mail domain. Nothing is written where two companies claim
    it: a note names them, and a person decides.
    """
    customer = case.customer
    if customer is None or customer.is_system:
        return Decision.skip("the ticket has no customer")
    if customer.is_agent:
        return _forwarded(case, customer)
    if customer.company is not None and case.ticket.company is None:
        return _attach_ticket(case, customer, customer.company)
    if customer.company is not None and options.how != "secondary-only":
        name = case.company.name if case.company else customer.company
        return Decision.skip(f"{customer.address or customer.name} belongs to {name} already")

    claim = claim_of(case, customer.address)
    if why := _why_nobody(case, customer, claim):
        return Decision.skip(why)
    if len(claim.companies) > 1:
        names = ", ".join(company.name for company in claim.companies)
        reason = f"{len(claim.companies)} companies claim {claim.by}: {names}"
        text = case.messages.write("company.ambiguous", address=customer.address, why=reason).body
        return Decision.act(reason, AddNote(text, once=f"ambiguous.{claim.by}"))

    company = claim.companies[0]
    reason = f"{claim.by} {'is registered with' if claim.is_registered else 'belongs to'} {company.name}"
    if customer.company is not None:
        return _further(options, customer, company, reason)
    if Need.CUSTOMER_HISTORY not in case.parts:
        return Decision.ask(f"{reason}: did somebody detach the customer?", Need.CUSTOMER_HISTORY)
    if was := _detached(case):
        return Decision.skip(f"{reason}, but {was.author} took him out of {was.before} on {was.at:%Y-%m-%d}")
    attach = SetCompany(company.id, company.name)
    doubt = _doubt(case, options, company)
    return Decision.propose(f"{reason} ({doubt})", attach) if doubt else Decision.act(reason, attach)


def _why_nobody(case: Case, customer: Person, claim: Claim) -> str | None:
    if not claim.by:
        return f"the customer has no mail address (found {customer.address!r})"
    if not claim.companies and claim.by in case.directory.public:
        return f"{claim.by} is a public mail domain, anybody may have an address there"
    return None if claim.companies else f"no company claims {claim.by}"


def _doubt(case: Case, options: Company, company: Organisation) -> str:
    """Say why a person is to be asked first; empty where nobody need be."""
    if options.how != "attach":
        return f"only proposed: `how` is {options.how}"
    risks = []
    if case.desk.moves_tickets is not False:
        risks.append("the helpdesk may move his earlier tickets along")
    if company.is_shared:
        risks.append(f"members of {company.name} see one another's tickets")
    if options.accepted_reassignment or not risks:
        return ""
    return f"only proposed until `accepted_reassignment` is set: {' and '.join(risks)}"


def _attach_ticket(case: Case, customer: Person, company: str) -> Decision:
    """Let the ticket follow its customer: it came before he was attached, or we were stopped between the two."""
    name = case.company.name if case.company else company
    reason = f"{customer.address or customer.name} belongs to {name}, his ticket to nobody"
    return Decision.act(reason, SetCompany(company, name))


def _further(options: Company, customer: Person, company: Organisation, reason: str) -> Decision:
    """Add a company to those of a customer whose primary one somebody else has chosen."""
    if company.id in (customer.company, *customer.other_companies):
        return Decision.skip(f"{reason}, one of the companies of {customer.address} already")
    add = SetCompany(company.id, company.name, is_secondary=True)
    if company.is_shared and not options.accepted_reassignment:
        doubt = "only proposed until `accepted_reassignment` is set: its members see one another's tickets"
        return Decision.propose(f"{reason} ({doubt})", add)
    return Decision.act(reason, add)


def _detached(case: Case) -> Change | None:
    """Find that somebody else took the customer out of his company; his choice stands."""
    changes = [each for each in case.customer_history if each.thing == FIELD]
    last = max(changes, key=lambda each: each.at, default=None)
    return last if last is not None and last.before and not last.after and last.author != case.desk.bot else None


def _forwarded(case: Case, agent: Person) -> Decision:
    """Name the sender of what an agent of ours forwarded; it is only what a forward says, and proves nothing."""
    skip = Decision.skip(f"{agent.address or agent.name} is an agent, not a customer")
    if not case.parts & Need.ARTICLES or not case.parts & Need.READING:
        return Decision.ask(f"{skip.reason}: did he forward a customer's mail?", Need.ARTICLES | Need.READING)
    first = next((each for each in case.ticket.customer_articles if each.channel is Channel.EMAIL), None)
    reading = case.readings.get(first.id) if first else None
    sender = address_of(reading.original_sender or "") if reading else ""
    if first is None or not sender or sender in (agent.address, *case.desk.addresses):
        return skip
    names = ", ".join(each.name for each in claim_of(case, sender).companies) or "?"
    text = case.messages.write("company.forwarded", agent=agent.address, sender=sender, company=names).body
    reason = f"{agent.address} forwarded a mail of {sender} ({names})"
    return Decision.act(reason, AddNote(text, once=f"forwarded.{first.id}"))
