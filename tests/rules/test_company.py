"""The rule `company`: whose ticket is it, by the sender's domain?"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from connector.model.action import AddNote, SetCompany
from connector.model.case import Case, Change, Need
from connector.model.company import Company as Organisation
from connector.model.decision import Decision, More
from connector.model.people import Authority, People
from connector.policy.identify import company_of
from connector.policy.proposals import ACCEPT
from connector.reading.reading import Reading
from rules.company import Company, attach_company_by_domain
from tests.cases import AGENT, BOT, NOW, article, bound, case, company, directory, person, policy
from tests.memory_host import after, look, with_tags

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


# registered persons, other people's choices, risks


def registered(*pairs: tuple[str, str], until: str = "") -> People:
    """Register addresses with companies."""
    last = date.fromisoformat(until) if until else None
    return People.of(Authority(company=name, address=address, valid_until=last) for address, name in pairs)


@pytest.mark.parametrize("named", ["Acme GmbH", "acme  gmbh", "11", "acme-works.example"])
@pytest.mark.parametrize("address", ["tom@freemail.example", "who@shared.example", "x@nowhere.example"])
def test_a_registered_address_comes_before_the_domain_map(named: str, address: str) -> None:
    seen = case(customer=person(address), directory=KNOWN, people=registered((address, named)))

    assert decide(seen) == Decision.act(f"{address} is registered with Acme GmbH", SetCompany(ACME.id, ACME.name))


def test_an_address_registered_with_two_companies_is_put_to_a_person() -> None:
    both = registered(("it@freemail.example", "Acme GmbH"), ("it@freemail.example", "Gamma AG"))

    decision = decide(case(customer=person("it@freemail.example"), directory=KNOWN, people=both))

    assert [type(each) for each in decision.actions] == [AddNote]
    assert decision.reason == "2 companies claim it@freemail.example: Acme GmbH, Gamma AG"


@pytest.mark.parametrize(
    "people",
    [
        registered(("anna@acme.example", "nobody we know")),
        registered(("anna@acme.example", "Gamma AG"), until="2026-03-09"),
    ],
)
def test_a_registration_that_leads_nowhere_or_has_ended_leaves_the_domain_map(people: People) -> None:
    assert decide(case(customer=person("anna@acme.example"), directory=KNOWN, people=people)) == attached(
        "acme.example", ACME
    )


def without_company(**more: Any) -> Case:
    return case(customer=person("anna@acme.example"), directory=KNOWN, **more)


def changed(before: str, after: str, *, author: str = AGENT, days: int = 1) -> Change:
    return Change(at=NOW - timedelta(days=days), author=author, thing="organization", before=before, after=after)


def test_whom_a_person_took_out_of_a_company_is_not_put_back() -> None:
    seen = replace(without_company(), customer_history=(changed("Acme GmbH", ""),))

    assert decide(seen) == Decision.skip(
        "acme.example belongs to Acme GmbH, but 3 took him out of Acme GmbH on 2026-03-09"
    )


@pytest.mark.parametrize(
    "history",
    [
        (changed("", "Acme GmbH", days=3), changed("Acme GmbH", "", author=BOT)),
        (changed("Acme GmbH", "", days=3), changed("", "Gamma AG", days=2), changed("Gamma AG", "", author=BOT)),
        (replace(changed("a", ""), thing="firstname"),),
    ],
)
def test_other_changes_of_a_customer_do_not_keep_him_out(history: tuple[Change, ...]) -> None:
    assert decide(replace(without_company(), customer_history=history)) == attached("acme.example", ACME)


def test_the_customers_history_is_only_read_where_he_would_be_attached() -> None:
    assert decide(replace(without_company(), parts=Need.NOTHING)).more == More(Need.CUSTOMER_HISTORY)
    for address in ("tom@freemail.example", "who@shared.example", "x@nowhere.example"):
        seen = replace(case(customer=person(address), directory=KNOWN), parts=Need.NOTHING)
        assert decide(seen).more is None


SHARED = replace(ACME, is_shared=True)


@pytest.mark.parametrize(
    ("moves", "company_", "accepted", "is_proposal"),
    [
        (False, ACME, False, False),
        (True, ACME, False, True),
        (None, ACME, False, True),
        (False, SHARED, False, True),
        (True, SHARED, True, False),
        (None, SHARED, True, False),
    ],
)
def test_what_the_helpdesk_would_do_besides_is_proposed_until_it_is_accepted(
    moves: bool | None, company_: Organisation, accepted: bool, is_proposal: bool
) -> None:
    seen = case(customer=person("anna@acme.example"), directory=directory(company_))
    seen = replace(seen, desk=replace(seen.desk, moves_tickets=moves))

    decision = attach_company_by_domain(seen, Company(accepted_reassignment=accepted))

    assert decision.is_proposal is is_proposal
    assert decision.actions == (SetCompany("11", "Acme GmbH"),)
    assert ("accepted_reassignment" in decision.reason) is is_proposal


def test_a_proposal_of_an_enforced_rule_attaches_nobody_until_it_is_accepted() -> None:
    seen = case(customer=person("anna@acme.example"), directory=directory(SHARED))
    rules = policy(attach_company_by_domain)

    proposed = after(seen, look(seen, rules)[1])
    answered = with_tags(proposed, proposed.ticket.tags | {ACCEPT})
    accepted = after(answered, look(answered, rules)[1])

    assert (proposed.ticket.company, accepted.ticket.company) == (None, "11")
    assert look(accepted, rules)[1].steps == ()


def test_secondary_only_adds_a_company_and_leaves_the_primary_one() -> None:
    seen = case(customer=person("anna@acme.example"), company=GAMMA, directory=KNOWN)
    rules = policy(bound(attach_company_by_domain, options=Company(how="secondary-only")))

    once = after(seen, look(seen, rules)[1])

    assert once.customer is not None
    assert (once.customer.company, once.customer.other_companies, once.ticket.company) == ("13", ("11",), "13")
    assert look(once, rules)[1].steps == ()
    assert decide(seen) == Decision.skip("anna@acme.example belongs to Gamma AG already")


def test_secondary_only_proposes_the_first_company_of_a_customer_who_has_none() -> None:
    decision = attach_company_by_domain(without_company(), Company(how="secondary-only"))

    assert (decision.is_proposal, decision.actions) == (True, (SetCompany("11", "Acme GmbH"),))


def test_a_further_company_that_somebody_chose_for_the_ticket_is_the_one_it_belongs_to() -> None:
    seen = case(customer=person("anna@acme.example"), company=ACME, directory=KNOWN)
    customer = replace(seen.customer or person(), other_companies=("13",))
    chosen = replace(seen, customer=customer, ticket=replace(seen.ticket, company="13"))

    assert company_of(chosen) == GAMMA
    assert decide(chosen).actions == ()


FORWARD = Reading(language="en", text="", own_text="", original_sender="Eva <eva@acme.example>")


def test_of_what_an_agent_forwarded_the_first_sender_is_named_and_nothing_is_attached() -> None:
    agent = person("ben@msp.example", is_agent=True)
    seen = case(customer=agent, directory=KNOWN, articles=(article(),), readings={"a1": FORWARD})

    decision = decide(seen)

    (note,) = decision.actions
    assert isinstance(note, AddNote)
    assert "ben@msp.example forwarded a mail of eva@acme.example (company: Acme GmbH)" in note.text


@pytest.mark.parametrize("sender", [None, "ben@msp.example", "support@msp.example", "no address"])
def test_an_agents_own_mail_is_left_alone(sender: str | None) -> None:
    agent = person("ben@msp.example", is_agent=True)
    said = {"a1": replace(FORWARD, original_sender=sender)}
    seen = case(customer=agent, directory=KNOWN, articles=(article(),), readings=said)

    assert decide(seen) == Decision.skip("ben@msp.example is an agent, not a customer")
