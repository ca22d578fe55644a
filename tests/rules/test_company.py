"""The rule `company`: whose ticket is it, by the sender's domain?"""

import pytest

from connector.model.action import AddNote, SetCompany
from connector.model.case import Case
from connector.model.company import Company as Organisation
from connector.model.decision import Decision
from rules.company import Company, attach_company_by_domain
from tests.cases import case, company, directory, person

ACME = company("Acme GmbH", "acme.example", "acme-works.example", id_="11")
BUECHER = company("Bücher AG", "bücher.example", id_="12")
GAMMA = company("Gamma AG", "shared.example", id_="13")
DELTA = company("Delta KG", "shared.example", "freemail.example", id_="14")
ASLEEP = company("Old Ltd", "old.example", id_="15", is_active=False)
KNOWN = directory(ACME, BUECHER, GAMMA, DELTA, ASLEEP)
NEAREST = directory(ACME, company("Acme Labs", "labs.acme.example", id_="16"), subdomains=True)


def decide(seen: Case) -> Decision:
    return attach_company_by_domain(seen, Company())


def attached(domain: str, organisation: Organisation) -> Decision:
    return Decision.act(f"{domain} belongs to {organisation.name}", SetCompany(organisation.id, organisation.name))


@pytest.mark.parametrize(
    ("address", "domain", "organisation"),
    [
        ("anna@acme.example", "acme.example", ACME),
        ("anna@ACME.Example", "acme.example", ACME),
        ("anna@acme.example.", "acme.example", ACME),
        ("Anna Nowak <anna@acme.example>", "acme.example", ACME),
        ('"Nowak, Anna" <anna@acme.example>', "acme.example", ACME),
        ("anna@acme-works.example", "acme-works.example", ACME),
        ("anna@bücher.example", "xn--bcher-kva.example", BUECHER),
        ("anna@xn--bcher-kva.example", "xn--bcher-kva.example", BUECHER),
        ("anna@BÜCHER.example", "xn--bcher-kva.example", BUECHER),
        ('"a@b"@acme.example', "acme.example", ACME),
    ],
)
def test_a_customer_is_attached_to_the_company_that_claims_his_domain(
    address: str, domain: str, organisation: Organisation
) -> None:
    assert decide(case(customer=person(address), directory=KNOWN)) == attached(domain, organisation)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("anna@mail.acme.example", "no company claims mail.acme.example"),
        ("anna@notacme.example", "no company claims notacme.example"),
        ("anna@acme.example.evil.example", "no company claims acme.example.evil.example"),
        ("anna@old.example", "no company claims old.example"),
        ("anna@freemail.example", "freemail.example is a public mail domain, anybody may have an address there"),
        ("", "the customer has no mail address (found '')"),
        ("anna", "the customer has no mail address (found 'anna')"),
        ("anna@", "the customer has no mail address (found 'anna@')"),
        ("anna@a b.example", "the customer has no mail address (found 'anna@a b.example')"),
    ],
)
def test_nobody_is_attached_where_no_company_is_known_by_the_domain(address: str, why: str) -> None:
    assert decide(case(customer=person(address), directory=KNOWN)) == Decision.skip(why)


@pytest.mark.parametrize(
    ("address", "name", "id_"),
    [
        ("anna@mail.acme.example", "Acme GmbH", "11"),
        ("anna@eu.mail.acme.example", "Acme GmbH", "11"),
        ("anna@labs.acme.example", "Acme Labs", "16"),
        ("anna@x.labs.acme.example", "Acme Labs", "16"),
    ],
)
def test_where_subdomains_count_the_nearest_claimed_domain_above_has_it(address: str, name: str, id_: str) -> None:
    domain = address.partition("@")[2]

    assert decide(case(customer=person(address), directory=NEAREST)) == Decision.act(
        f"{domain} belongs to {name}", SetCompany(id_, name)
    )


def test_a_subdomain_of_a_public_domain_is_nobodys() -> None:
    claimed = directory(company("Mail AG", "freemail.example", id_="17"), subdomains=True)

    assert decide(case(customer=person("tom@eu.freemail.example"), directory=claimed)) == Decision.skip(
        "no company claims eu.freemail.example"
    )


def test_a_domain_that_two_companies_claim_is_put_to_a_person_and_nothing_is_written() -> None:
    why = "2 companies claim shared.example: Delta KG, Gamma AG"

    assert decide(case(customer=person("who@shared.example"), directory=KNOWN)) == Decision.act(
        why,
        AddNote(
            f"Which company is who@shared.example of? {why}. Nothing was attached; a person must decide.",
            once="ambiguous.shared.example",
        ),
    )


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (case(customer=None), "the ticket has no customer"),
        (case(customer=person("-", is_system=True)), "the ticket has no customer"),
        (case(customer=person(is_agent=True)), "anna@acme.example is an agent, not a customer"),
        (case(customer=person("", name="Anna", is_agent=True)), "Anna is an agent, not a customer"),
        (case(company=ACME), "anna@acme.example belongs to Acme GmbH already"),
        (case(company=GAMMA), "anna@acme.example belongs to Gamma AG already"),
    ],
)
def test_who_is_no_customer_or_belongs_to_a_company_is_left_alone(seen: Case, why: str) -> None:
    assert decide(seen) == Decision.skip(why)


def test_a_ticket_that_came_before_its_customer_was_attached_follows_him() -> None:
    seen = case(customer=person(company=ACME), directory=KNOWN)

    assert decide(seen) == Decision.act("anna@acme.example belongs to 11, his ticket to nobody", SetCompany("11", "11"))
