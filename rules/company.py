"""The sender's address says which company a ticket belongs to."""

from connector.model.ticket import Person
from connector.policy import AddNote, Case, Decision, Need, Options, SetCompany, rule
from connector.policy.address import domain_of


class Company(Options):
    """Options of `company`; which domain is whose stands under `companies` in the policy file."""


@rule(options=Company, needs=Need.NOTHING, clauses=("B7",))
def attach_company_by_domain(case: Case, options: Company) -> Decision:
    """Attach a customer without a company, and his ticket, to the one that claims his mail domain. Clause B7.

    Nothing is written where two companies claim the domain: a note names them, and a person decides.
    """
    customer = case.customer
    if customer is None or customer.is_system:
        return Decision.skip("the ticket has no customer")
    if customer.is_agent:
        return Decision.skip(f"{customer.address or customer.name} is an agent, not a customer")
    if customer.company is not None:
        return _attach_ticket(case, customer, customer.company)

    domain = domain_of(customer.address)
    if not domain:
        return Decision.skip(f"the customer has no mail address (found {customer.address!r})")
    if domain in case.directory.public:
        return Decision.skip(f"{domain} is a public mail domain, anybody may have an address there")

    claims = case.directory.claims(domain)
    if not claims:
        return Decision.skip(f"no company claims {domain}")
    if len(claims) > 1:
        names = ", ".join(company.name for company in claims)
        reason = f"{len(claims)} companies claim {domain}: {names}"
        text = f"Which company is {customer.address} of? {reason}. Nothing was attached; a person must decide."
        return Decision.act(reason, AddNote(text, once=f"ambiguous.{domain}"))

    company = claims[0]
    return Decision.act(f"{domain} belongs to {company.name}", SetCompany(company.id, company.name))


def _attach_ticket(case: Case, customer: Person, company: str) -> Decision:
    """Let the ticket follow its customer: it came before he was attached, or we were stopped between the two."""
    name = case.company.name if case.company else company
    if case.ticket.company is not None:
        return Decision.skip(f"{customer.address or customer.name} belongs to {name} already")
    reason = f"{customer.address or customer.name} belongs to {name}, his ticket to nobody"
    return Decision.act(reason, SetCompany(company, name))
