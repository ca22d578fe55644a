"""What the product's own rules make of real mails, on any helpdesk: whole looks, each twice.

To put another helpdesk under it, give a module `tests/hosts/test_rules_<host>.py` a `ground` as the contract's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from connector.directory import Companies
from connector.model.case import Need
from connector.model.decision import Mode
from connector.model.people import NO_PEOPLE, Authority, People
from connector.model.ticket import LinkKind, Sender
from connector.policy.messages import load_messages
from connector.policy.policy import Bound
from connector.process import Looked, Surroundings, look
from connector.reading import read
from connector.rulebook import built_in_messages
from connector.wiring import clock, new_id
from rules.company import Company, attach_company_by_domain
from rules.project import Project, give_project_a_ticket
from rules.separate_topics import SeparateTopics, split_by_topics
from tests.cases import bound, policy
from tests.hosts.contract import fresh, none_lately
from tests.hosts.ground import Ground

MESSAGES = load_messages(built_in_messages(), own="en")
WHO_OWNS_IT = bound(attach_company_by_domain, options=Company(accepted_reassignment=True))

MATTERS = """Hello,

the printer on the third floor eats paper since Monday, nobody can print.

And please order a second monitor for Eva Brandt, she starts on 1 June.

Otto Brandt, +49 30 555 0100
"""
PROJECT = """Hello,

we want to leave our old mail server and move all 85 people to Microsoft 365 by June, with calendars and archives.
Please plan it and tell us who leads it.

Otto Brandt, +49 30 555 0100
"""


async def looked_at(
    ground: Ground, ticket: str, *rules: Bound, people: People = NO_PEOPLE, known: "Roster | None" = None
) -> Looked:
    """Look, and look again with nothing left to do; give the first look."""
    more, public = (known.claims, frozenset({known.public})) if known else ({}, frozenset[str]())
    directory = await Companies(ground.host, more_domains=more, public=public).directory(clock())
    surroundings = Surroundings(
        policy=policy(*rules), directory=directory, people=people, messages=MESSAGES, reader=read
    )

    async def once() -> Looked:
        now = clock()
        return await look(ticket, ground.host, surroundings, none_lately, now=now, decision=new_id(now), dry_run=False)

    first, again = await once(), await once()
    assert first.applied.error is None
    assert (again.plan.steps, again.applied.results, again.applied.error) == ((), (), None)
    return first


def mail(sender: str, text: str = "It does not print.", *, subject: str = "", file: bytes = b"") -> bytes:
    """Write a mail as it comes by SMTP."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "helpdesk@contract.example", subject or fresh("printer ")
    made["Message-ID"] = f"<{fresh('mail')}@contract.example>"
    made.set_content(text)
    if file:
        made.add_attachment(file, maintype="application", subtype="octet-stream", filename="plan.bin")
    return made.as_bytes()


# company


@dataclass(frozen=True, kw_only=True)
class Roster:
    """Companies, and the domains that they claim."""

    one: str
    other: str
    domain: str
    shared: str
    """Claimed by both."""
    public: str
    """Claimed by the first, and public."""
    claims: Mapping[str, tuple[str, ...]]
    """By names of companies, as the policy file says it: a helpdesk may have room for one domain of a company."""


async def roster(ground: Ground) -> Roster:
    """Make the companies of a case."""
    domain, shared, public = [f"{fresh(word)}.example" for word in ("acme", "shared", "freemail")]
    one, other = await ground.company(domain), await ground.company(f"{fresh('other')}.example")
    names = {each.id: each.name async for each in ground.host.companies()}
    claims = {names[one]: (shared, public), names[other]: (shared,)}
    return Roster(one=one, other=other, domain=domain, shared=shared, public=public, claims=claims)


Sent = Callable[[Roster], str]

ATTACHED: dict[str, Sent] = {
    "a plain address": lambda known: f"anna@{known.domain}",
    "a domain in capitals": lambda known: f"anna@{known.domain.upper()}",
    "a name before the address": lambda known: f"Anna Nowak <anna@{known.domain}>",
    "a name with a comma": lambda known: f'"Nowak, Anna" <anna@{known.domain}>',
    "a name that is another address": lambda known: f'"boss@elsewhere.example" <anna@{known.domain}>',
}
NOBODYS: dict[str, Sent] = {
    "a subdomain": lambda known: f"anna@mail.{known.domain}",
    "a domain that ends alike": lambda known: f"anna@not{known.domain}",
    "a domain that begins alike": lambda known: f"anna@{known.domain}.evil.example",
    "a public mail domain": lambda known: f"anna@{known.public}",
    "a name that looks like the company's": lambda known: f'"anna@{known.domain}" <anna@{fresh("else")}.example>',
}


@pytest.mark.parametrize("sent", ATTACHED.values(), ids=ATTACHED)
async def test_a_sender_is_attached_to_the_company_that_claims_his_domain(ground: Ground, sent: Sent) -> None:
    known = await roster(ground)
    ticket = await ground.receive(mail(sent(known)))

    await looked_at(ground, ticket, WHO_OWNS_IT, known=known)

    view = await ground.view(ticket)
    assert (view.company, view.company_of_customer, view.notes) == (known.one, known.one, [])


@pytest.mark.parametrize("sent", NOBODYS.values(), ids=NOBODYS)
async def test_a_sender_whose_domain_no_company_claims_is_left_alone(ground: Ground, sent: Sent) -> None:
    known = await roster(ground)
    ticket = await ground.receive(mail(sent(known)))
    before = await ground.view(ticket)

    looked = await looked_at(ground, ticket, WHO_OWNS_IT, known=known)

    assert looked.plan.steps == ()
    assert await ground.view(ticket) == before
    assert before.company is None


async def test_a_domain_that_two_companies_claim_is_put_to_a_person(ground: Ground) -> None:
    known = await roster(ground)
    ticket = await ground.receive(mail(f"who@{known.shared}"))

    await looked_at(ground, ticket, WHO_OWNS_IT, known=known)

    view = await ground.view(ticket)
    [note] = view.notes
    assert f"2 companies claim {known.shared}" in note
    assert view.company is None


@pytest.mark.parametrize("where", ["public", "shared"])
async def test_a_registered_address_comes_before_its_domain(ground: Ground, where: str) -> None:
    known = await roster(ground)
    address = f"it@{getattr(known, where)}"
    people = People.of((Authority(company=known.other, address=address),))
    ticket = await ground.receive(mail(address))

    await looked_at(ground, ticket, WHO_OWNS_IT, people=people, known=known)

    assert (await ground.view(ticket)).company == known.other


async def test_a_customer_who_has_a_company_keeps_it(ground: Ground) -> None:
    known = await roster(ground)
    customer = await ground.customer(known.other)
    people = People.of((Authority(company=known.one, address=customer.address),))
    ticket = await ground.receive(mail(customer.address))

    looked = await looked_at(ground, ticket, WHO_OWNS_IT, people=people, known=known)

    view = await ground.view(ticket)
    assert (view.company, view.company_of_customer, looked.plan.steps) == (known.other, known.other, ())


# separate_topics, project

FILE = b"third floor, on the left"


async def test_a_mail_about_two_matters_becomes_two_tickets(ground: Ground) -> None:
    customer = await ground.customer()
    ticket = await ground.receive(mail(customer.address, MATTERS, file=FILE))

    await looked_at(ground, ticket, bound(split_by_topics, Mode.ENFORCE, SeparateTopics()))

    view = await ground.view(ticket)
    [(kind, other)] = view.links
    child = await ground.view(other)
    assert (kind, child.group, child.customer, child.tags) == (
        LinkKind.CHILD,
        view.group,
        view.customer,
        frozenset({"split-off"}),
    )
    [said] = child.said
    assert (said.sender, said.internal, said.body.split(" for ")[0]) == (
        Sender.CUSTOMER,
        False,
        "And please order a second monitor",
    )
    [first] = (await ground.host.fetch(other, Need.ARTICLES, now=clock())).ticket.articles
    assert [(each.name, each.size) for each in first.files] == [("plan.bin", len(FILE))]
    assert [child.number in note for note in view.notes] == [True]
    assert len(await ground.mails(ticket)) == 1


async def test_a_project_gets_a_ticket_and_the_companys_next_one_joins_it(ground: Ground) -> None:
    rule = bound(give_project_a_ticket, Mode.ENFORCE, Project(group=ground.groups.second))
    customer = await ground.customer(await ground.company(f"{fresh('brandt')}.example"))
    first = await ground.receive(mail(customer.address, PROJECT))
    await looked_at(ground, first, rule)
    [(kind, project)] = (await ground.view(first)).links
    second = await ground.receive(mail(customer.address, PROJECT))

    await looked_at(ground, second, rule)

    assert (kind, (await ground.view(second)).links) == (LinkKind.PARENT, frozenset({(LinkKind.PARENT, project)}))
    view = await ground.view(project)
    assert (view.group, view.tags) == (ground.groups.second, frozenset({"project"}))
    assert {each for _, each in view.links} == {first, second}
    await looked_at(ground, project, rule)
