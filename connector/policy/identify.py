"""Say whose ticket it is, before or after the host has written it down."""

from dataclasses import dataclass, replace

from connector.model.case import Case
from connector.model.company import Company
from connector.model.contract import folded
from connector.policy.address import domain_of, fold_domain


@dataclass(frozen=True, slots=True)
class Claim:
    """Which companies an address speaks for, and by what."""

    by: str
    """The registered address, else the mail domain; empty where there is neither."""
    companies: tuple[Company, ...] = ()
    is_registered: bool = False


def claim_of(case: Case, address: str) -> Claim:
    """Find the companies of an address: first where a person is registered with it, then by its mail domain."""
    names = [each.company for each in case.people.known_as(address) if each.holds_on(case.today)]
    registered = {company.id: company for name in names for company in _named(case, name)}
    if registered:
        return Claim(address, tuple(registered.values()), is_registered=True)
    domain = domain_of(address)
    return Claim(domain, case.directory.claims(domain))


def company_of(case: Case) -> Company | None:
    """Give the ticket's company, else the customer's, else the only one that his address speaks for; None if unknown.

    The same company comes out before and after it was attached, with the domains that stand outside the host too: else
    a rule would decide otherwise on the second look.
    """
    if further := _further(case):
        return further
    if case.company is not None:
        known = case.directory.by_id.get(case.company.id)
        domains = (*case.company.domains, *(known.domains if known else ()))
        return replace(case.company, domains=tuple(dict.fromkeys(domains)))
    if case.customer is None or case.customer.company is not None:
        return None
    claims = claim_of(case, case.customer.address).companies
    return claims[0] if len(claims) == 1 else None


def _further(case: Case) -> Company | None:
    """Give the further company of the customer's that somebody chose for this very ticket."""
    customer, chosen = case.customer, case.ticket.company
    is_further = customer is not None and chosen in customer.other_companies and chosen != customer.company
    return case.directory.by_id.get(chosen or "") if is_further else None


def _named(case: Case, name: str) -> tuple[Company, ...]:
    """Find the companies that a registry means: by id, by name, or by one of their domains."""
    known = case.directory.by_id
    if name in known:
        return (known[name],)
    same = tuple(each for each in known.values() if folded(each.name) == folded(name))
    return same or case.directory.by_domain.get(fold_domain(name), ())
