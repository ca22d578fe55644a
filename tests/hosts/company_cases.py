"""Whose ticket is it: domain shapes, existing states and ambiguity, as one table that runs on every helpdesk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest

from connector.directory import Companies
from connector.model.decision import Mode
from connector.model.people import Authority, People
from connector.policy.address import fold_domain
from connector.policy.messages import load_messages
from connector.policy.policy import Bound, Policy
from connector.policy.proposals import PROPOSED
from connector.process import Looked, Surroundings, look
from connector.reading.read import read
from connector.rulebook import built_in_messages
from connector.wiring import clock, new_id
from rules.company import Company, attach_company_by_domain
from tests.hosts.contract import fresh, mail_of, none_lately
from tests.hosts.ground import Customer, Ground, Lack

ACME, BETA, NOBODY = "acme", "beta", "nobody"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; `D` in an address or a domain stands for a word that is nobody else's."""

    name: str
    address: str
    belongs: str = NOBODY
    """Whose the ticket is in the end."""
    notes: str = ""
    """What a note says, if one is written."""
    more: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Domains out of the policy file, by company."""
    registered: tuple[str, ...] = ()
    """With which companies the address is registered."""
    ended: bool = False
    """Whether the registration has ended."""
    subdomains: bool = False
    accepted: bool = True
    before: str = ""
    """To whom an agent attached the customer before."""


ROWS = (
    Row(name="the domain of a company", address="anna@D.example", belongs=ACME),
    Row(name="in capitals", address="Anna@D.EXAMPLE", belongs=ACME),
    Row(name="a second domain", address="anna@D-works.example", belongs=ACME, more={ACME: ("D-works.example",)}),
    Row(name="an umlaut domain", address="anna@bücher-D.example", belongs=ACME, more={ACME: ("BÜCHER-D.example",)}),
    Row(name="a subdomain", address="anna@mail.D.example"),
    Row(name="a subdomain, switched on", address="anna@mail.D.example", belongs=ACME, subdomains=True),
    Row(
        name="the nearest domain above",
        address="anna@eu.labs.D.example",
        belongs=BETA,
        more={BETA: ("labs.D.example",)},
        subdomains=True,
    ),
    Row(name="a domain that ends alike", address="anna@notD.example"),
    Row(name="a domain that begins alike", address="anna@D.example.evil.example"),
    Row(name="a domain of nobody's", address="anna@D-unknown.example"),
    Row(name="a public domain", address="D@gmail.com", more={ACME: ("gmail.com",)}),
    Row(name="a public domain, registered", address="D@gmail.com", belongs=ACME, registered=(ACME,)),
    Row(name="registered with another company", address="anna@D.example", belongs=BETA, registered=(BETA,)),
    Row(name="a registration that ended", address="anna@D.example", belongs=ACME, registered=(BETA,), ended=True),
    Row(
        name="two claims on one domain",
        address="anna@D-both.example",
        notes="2 companies claim",
        more={ACME: ("D-both.example",), BETA: ("D-both.example",)},
    ),
    Row(
        name="two claims, but registered",
        address="anna@D-both.example",
        belongs=BETA,
        more={ACME: ("D-both.example",), BETA: ("D-both.example",)},
        registered=(BETA,),
    ),
    Row(name="registered twice", address="anna@D.example", notes="2 companies claim", registered=(ACME, BETA)),
    Row(name="attached by somebody before", address="", belongs=BETA, before=BETA, registered=(ACME,)),
    Row(name="side effects not accepted", address="anna@D.example", belongs=ACME, accepted=False),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_whose_ticket_it_is(ground: Ground, row: Row) -> None:
    if Lack.MAIL_IN in ground.lacks:
        pytest.fail("this table needs a helpdesk that takes mails in")
    word = fresh("d").lower()
    ids = {ACME: await ground.company(f"{word}.example"), BETA: await ground.company(f"{word}-beta.example")}
    ticket, address = await _opened(ground, row, word, ids)

    first = await _look(ground, row, word, ids, ticket, address)
    again = await _look(ground, row, word, ids, ticket, address)

    view = await ground.view(ticket)
    is_shared = any(each.is_shared for each in first.case.directory.by_id.values() if each.id in ids.values())
    waits = not row.accepted and (is_shared or first.case.desk.moves_tickets is not False)
    names = {id_: name for name, id_ in ids.items()}
    assert (first.applied.error, again.plan.steps) == (None, ())
    assert names.get(view.company or "", NOBODY) == (NOBODY if waits else row.belongs), first.verdicts[
        0
    ].decision.reason
    assert (PROPOSED in view.tags) is waits
    assert (row.notes in "\n".join(view.notes)) if row.notes else (waits or not view.notes)


async def _opened(ground: Ground, row: Row, word: str, ids: Mapping[str, str]) -> tuple[str, str]:
    if row.before:
        customer = await ground.customer(ids[row.before])
        return await ground.phoned(customer), customer.address
    address = row.address.replace("D", word)
    if not address.isascii():  # as it comes by mail
        local, _, domain = address.rpartition("@")
        address = f"{local}@{fold_domain(domain)}"
    return await ground.receive(mail_of(Customer(id="", address=address), fresh("matter "))), address


async def _look(ground: Ground, row: Row, word: str, ids: Mapping[str, str], ticket: str, address: str) -> Looked:
    names = {each.id: each.name async for each in ground.host.companies()}
    more = {names[ids[who]]: tuple(each.replace("D", word) for each in said) for who, said in row.more.items()}
    now = clock()
    companies = Companies(ground.host, more_domains=more, public=frozenset({"gmail.com"}), subdomains=row.subdomains)
    people = People.of(
        Authority(company=names[ids[who]], address=address.lower(), valid_until=date(2020, 1, 1) if row.ended else None)
        for who in row.registered
    )
    options = Company(accepted_reassignment=row.accepted)
    bound = Bound(rule=attach_company_by_domain, mode=Mode.ENFORCE, options=options)  # type: ignore[arg-type]
    surroundings = Surroundings(
        policy=Policy(revision="companies", rules=(bound,)),
        directory=await companies.directory(now),
        people=people,
        messages=load_messages(built_in_messages(), own="en"),
        reader=read,
    )
    return await look(ticket, ground.host, surroundings, none_lately, now=now, decision=new_id(now), dry_run=False)
