"""The sender's address says which company a ticket belongs to."""

from connector.policy import AddNote, Case, Decision, Need, Options, SetCompany, rule
from connector.policy.address import domain_of


class Company(Options):
    """Options of `company`."""

    subdomains: bool = False
    """Whether `mail.acme.example` counts as `acme.example`."""


@rule(options=Company, needs=Need.NOTHING, clauses=("B7",))
def attach_company_by_domain(case: Case, options: Company) -> Decision:
    """Attach a customer without a company to the one that claims his mail domain. Clause B7.

    Nothing is written where two companies claim the domain: a note names them, and a person decides.
    """
    customer = case.customer
    if customer is None or customer.is_system:
        return Decision.skip("the ticket has no customer")
    if customer.is_agent:
        return Decision.skip(f"{customer.address or customer.name} is an agent, not a customer")
    if customer.company is not None:
        return Decision.skip(
            f"the customer belongs to {case.company.name if case.company else customer.company} already"
        )

    domain = domain_of(customer.address)
    if not domain:
        return Decision.skip(f"the customer has no mail address (found {customer.address!r})")
    if domain in case.directory.public:
        return Decision.skip(f"{domain} is a public mail domain, anybody may have an address there")

    claims = case.directory.claims(domain, subdomains=options.subdomains)
    if not claims:
        return Decision.skip(f"no company claims {domain}")
    if len(claims) > 1:
        names = ", ".join(company.name for company in claims)
        reason = f"{len(claims)} companies claim {domain}: {names}"
        text = f"Which company is {customer.address} of? {reason}. Nothing was attached; a person must decide."
        return Decision.act(reason, AddNote(text, once=f"ambiguous.{domain}"))

    company = claims[0]
    return Decision.act(f"{domain} belongs to {company.name}", SetCompany(company.id, company.name))
