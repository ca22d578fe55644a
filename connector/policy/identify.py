"""Say whose ticket it is, before or after the host has written it down."""

from dataclasses import replace

from connector.model.case import Case
from connector.model.company import Company
from connector.policy.address import domain_of


def company_of(case: Case) -> Company | None:
    """Give the customer's company, else the only one that claims his mail domain; None where nobody can know.

    The same company comes out before and after it was attached, with the domains that stand outside the host too: else
    a rule would decide otherwise on the second look.
    """
    if case.company is not None:
        known = case.directory.by_id.get(case.company.id)
        domains = (*case.company.domains, *(known.domains if known else ()))
        return replace(case.company, domains=tuple(dict.fromkeys(domains)))
    if case.customer is None or case.customer.company is not None:
        return None
    claims = case.directory.claims(domain_of(case.customer.address))
    return claims[0] if len(claims) == 1 else None
