"""Say whose ticket it is, before or after the host has written it down."""

from connector.model.case import Case
from connector.model.company import Company
from connector.policy.address import domain_of


def company_of(case: Case) -> Company | None:
    """Give the customer's company, else the only one that claims his mail domain; None where nobody can know."""
    if case.company is not None:
        return case.company
    if case.customer is None or case.customer.company is not None:
        return None
    claims = case.directory.claims(domain_of(case.customer.address))
    return claims[0] if len(claims) == 1 else None
