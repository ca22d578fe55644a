"""The product's own rules at work on a real Znuny, with real mails in and out."""

import asyncio
import json
import queue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import cast

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from typer.testing import CliRunner

from connector.cli.znuny import app
from connector.errors import Permanent, Transient
from connector.model.action import Action, AddLink, AddNote, AddTag, CreateTicket, MoveTo, SendReply
from connector.model.case import Need
from connector.model.company import Directory
from connector.model.decision import Mode, Plan, Step
from connector.model.ticket import LinkKind, Sender, State
from connector.policy.messages import load_messages
from connector.policy.policy import Bound, Policy
from connector.policy.rule import AnyRule
from connector.process import Looked, Surroundings, look
from connector.rulebook import built_in_messages
from connector.wiring import clock, new_id
from rules.company import Company, attach_company_by_domain
from rules.contract import Contract, route_by_contract
from tests.hosts.contract import ask, ask_twice, fresh, none_lately, nothing_left, opened
from tests.hosts.znuny.ground import ZnunyGround, znuny_ground
from tests.hosts.znuny.running import BOT, PASSWORD, Server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("znuny")]

OPTIONS = Contract(level_attribute="ContractLevel", until_attribute="ContractUntil", tell_customer=False)
SHOWN = Company(accepted_reassignment=True)  # on Znuny customers of one company see one another's tickets
MESSAGES = load_messages(built_in_messages(), own="en")
POLICY = Policy(
    revision="znuny",
    rules=(
        Bound(rule=cast("AnyRule", attach_company_by_domain), mode=Mode.ENFORCE, options=SHOWN),
        Bound(rule=cast("AnyRule", route_by_contract), mode=Mode.ENFORCE, options=OPTIONS),
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(server: Server) -> AsyncIterator[ZnunyGround]:
    async with znuny_ground(server) as ground:
        yield ground


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bare(server: Server, ground: ZnunyGround) -> AsyncIterator[ZnunyGround]:
    """Give the same server seen through the stock interface alone."""
    async with znuny_ground(server, stock=True) as bare:
        yield bare


def mail(sender: str, subject: str = "Help", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "help@helpdesk.test", subject
    message["Message-ID"] = f"<{fresh('m')}@customer.test>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("It does not print.")
    message.add_attachment(b"%PDF-1.4 a scan", maintype="application", subtype="pdf", filename="scan.pdf")
    return message.as_bytes()


async def looked_at(ground: ZnunyGround, ticket: str) -> Looked:
    """Look under the product's rules, with the directory that the host itself gives."""
    directory = Directory.of([each async for each in ground.host.companies()])
    now = clock()
    surroundings = Surroundings(policy=POLICY, directory=directory, messages=MESSAGES)
    return await look(ticket, ground.host, surroundings, none_lately, now=now, decision=new_id(now), dry_run=False)


async def settled(ground: ZnunyGround, ticket: str) -> Looked:
    """Look until nothing is left to do; gives the first look."""
    first = await looked_at(ground, ticket)
    assert first.applied.error is None
    for _ in range(2):
        again = await looked_at(ground, ticket)
        assert again.applied.error is None
    assert (again.plan.steps, again.applied.results) == ((), ())
    return first


async def test_a_stored_customer_without_a_company_is_attached_by_his_domain(ground: ZnunyGround) -> None:
    ticket = await ground.receive(mail("Lena Lost <lena@globex.test>"))

    await settled(ground, ticket)

    view = await ground.view(ticket)
    assert (view.customer, view.company, view.company_of_customer) == ("lena", "GLOBEX", "GLOBEX")
    case = await ground.host.fetch(await ground.receive(mail("lena@globex.test")), Need.NOTHING, now=clock())
    assert (case.company and case.company.id) == "GLOBEX"  # his next ticket comes with it


async def test_a_sender_nobody_knows_is_attached_on_his_ticket(ground: ZnunyGround) -> None:
    ticket = await ground.receive(mail("Carl <carl@acme.test>"))

    await settled(ground, ticket)

    view = await ground.view(ticket)
    assert (view.customer, view.company, view.group) == ("carl@acme.test", "ACME", "Support")


async def test_a_domain_that_two_companies_claim_is_for_a_person(ground: ZnunyGround) -> None:
    ticket = await ground.receive(mail("tom@twin.test"))

    await settled(ground, ticket)

    view = await ground.view(ticket)
    assert view.company is None
    assert "2 companies claim twin.test: Twin A, Twin B" in view.notes[0]


async def test_a_customer_without_a_contract_goes_to_sales(ground: ZnunyGround) -> None:
    ticket = await ground.receive(mail("Nick <nick@nocontract.test>", "Please fix"))

    first = await settled(ground, ticket)

    view = await ground.view(ticket)
    assert (view.group, view.tags, len(view.notes)) == ("Sales", frozenset({"no-contract"}), 1)
    assert len(first.applied.results) == 1


async def test_a_mail_leaves_as_an_answer_from_the_queue_that_the_ticket_moves_to(
    ground: ZnunyGround, server: Server
) -> None:
    came = mail("Gina <gina@globex.test>", "Please fix")
    ticket = await ground.receive(came)
    reply = SendReply("Please fix", "We come.\nSales & Co. <soon>", "gina@globex.test", once="first")

    await ask_twice(ground, ticket, MoveTo("Sales"), reply)

    [left] = [each for each in server.mails() if parseaddr(str(each["To"]))[1] == "gina@globex.test"]
    [answered] = [line.partition(b": ")[2].decode() for line in came.splitlines() if line.startswith(b"Message-ID")]
    assert (left["In-Reply-To"], left["References"]) == (answered, answered)
    assert parseaddr(str(left["From"]))[1] == "sales@helpdesk.test"
    assert left["Auto-Submitted"] == "auto-generated"
    text = left.get_body(("plain",))
    assert text is not None
    assert "We come.\nSales & Co. <soon>" in text.get_content()


async def test_no_machine_is_mailed(ground: ZnunyGround, server: Server) -> None:
    ticket = await ground.receive(mail("bob@acme.test", "Out of office", Auto_Submitted="auto-replied"))

    await ask_twice(ground, ticket, SendReply("Your call", "We come.", "bob@acme.test", once="first"))

    case = await ground.host.fetch(ticket, Need.ARTICLES, now=clock())
    assert case.ticket.articles[0].is_automatic
    assert [each for each in server.mails() if "bob@acme.test" in str(each["To"])] == []
    assert "held back" in (await ground.view(ticket)).notes[0]


async def test_a_plan_that_fails_in_part_is_not_done_in_part(ground: ZnunyGround) -> None:
    ticket, other = await opened(ground), await opened(ground)
    number = (await ground.view(other)).number
    await ground.act(other, group=ground.groups.foreign)  # where the bot may not link
    before = await ground.view(ticket)
    actions = (AddNote("first"), MoveTo("Sales"), AddTag("new"), AddLink(other, number, LinkKind.NORMAL))

    looked = await ask(ground, ticket, *actions)

    assert isinstance(looked.applied.error, Permanent)
    assert "no right to link" in str(looked.applied.error)
    assert await ground.view(ticket) == before


async def test_a_plan_made_before_somebody_changed_the_ticket_is_not_carried_out(ground: ZnunyGround) -> None:
    ticket = await opened(ground)
    case = await ground.host.fetch(ticket, Need.ARTICLES, now=clock())
    await ground.act(ticket, note="I am at it")
    step = Step(rule="asked", action=AddNote("late"))
    [write] = ground.host.writes(
        case, Plan(decision=new_id(clock()), steps=(step,), memory={"note.asked.note": "done"})
    )

    with pytest.raises(Transient, match="somebody changed the ticket"):
        await ground.host.perform(write, case)

    assert (await ground.view(ticket)).notes == ["I am at it"]


def much(ground: ZnunyGround, address: str) -> tuple[Action, ...]:
    return (MoveTo("Sales"), AddTag("new"), AddNote("noted"), SendReply("Your call", "We come.", address, once="first"))


async def test_a_database_that_dies_in_the_middle_leaves_nothing_half_done(ground: ZnunyGround, server: Server) -> None:
    customer = await ground.customer()
    ticket = await ground.phoned(customer)
    actions = much(ground, customer.address)
    before = await ground.view(ticket)

    async with dying_at(server, "article_data_mime"):
        cut = await ask(ground, ticket, *actions)
    untouched = await ground.view(ticket)
    await ask_twice(ground, ticket, *actions)

    assert cut.applied.error is not None
    assert untouched == before
    assert len(await ground.mails(ticket)) == 1


@asynccontextmanager
async def dying_at(server: Server, table: str) -> AsyncIterator[None]:
    """Kill the connections to the database that come to write into a table, while what is inside runs."""
    where = f"host=127.0.0.1 port={server.pg_port} user=otrs dbname=otrs_live"
    async with await psycopg.AsyncConnection.connect(where) as holding:
        await holding.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(table)))
        killing = asyncio.create_task(kill_who_waits(server))
        yield
        await killing
        await holding.rollback()


async def kill_who_waits(server: Server) -> None:
    waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'otrs_live'"
    async with asyncio.timeout(30):
        while not server.sql(f"SELECT 1 {waiting}"):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.1)
    server.sql(f"SELECT pg_terminate_backend(pid) {waiting}")


async def test_without_the_add_on_a_mail_that_left_before_a_crash_is_not_sent_again(
    bare: ZnunyGround, server: Server
) -> None:
    customer = await bare.customer()
    ticket = await bare.phoned(customer)
    case = await bare.host.fetch(ticket, Need.ARTICLES, now=clock())
    reply = SendReply("Your call", "We come.", customer.address, once="first")
    plan = Plan(
        decision=new_id(clock()), steps=(Step(rule="asked", action=reply),), memory={"mail.asked.first": "done"}
    )
    mark, send = bare.host.writes(case, plan)
    await bare.host.perform(mark, case)

    async with dying_at(server, "dynamic_field_value"):
        with pytest.raises((Transient, Permanent)):
            await bare.host.perform(send, case)
    await nothing_left(bare, ticket, reply)

    assert len(await bare.mails(ticket)) == 1


async def test_without_the_add_on_a_mail_that_a_crash_kept_is_sent_by_the_next_look(bare: ZnunyGround) -> None:
    customer = await bare.customer()
    ticket = await bare.phoned(customer)
    case = await bare.host.fetch(ticket, Need.ARTICLES, now=clock())
    reply = SendReply("Your call", "We come.", customer.address, once="first")
    plan = Plan(
        decision=new_id(clock()), steps=(Step(rule="asked", action=reply),), memory={"mail.asked.first": "done"}
    )
    mark, _ = bare.host.writes(case, plan)
    await bare.host.perform(mark, case)  # and no further

    await ask_twice(bare, ticket, reply)

    assert len(await bare.mails(ticket)) == 1


async def test_a_new_ticket_carries_words_and_files_and_the_note_names_it(ground: ZnunyGround, server: Server) -> None:
    ticket = await ground.receive(mail("Anna <anna@acme.test>", "Two things"))
    case = await ground.host.fetch(ticket, Need.ARTICLES, now=clock())
    first = case.ticket.articles[0]
    new = CreateTicket("The other", "Projects", "And the scanner?", "split", is_said=True, carry=(first.id,))

    await ask_twice(ground, ticket, new, AddNote(f"Split off as {new.place}."))

    [(_, other)] = (await ground.view(ticket)).links
    made = await ground.host.fetch(other, Need.ARTICLES | Need.LINKS, now=clock())
    [said] = made.ticket.articles
    assert (said.body.strip(), said.sender, said.is_internal) == ("And the scanner?", Sender.CUSTOMER, False)
    assert "anna@acme.test" in said.from_
    assert [(each.name, each.size) for each in said.files] == [("scan.pdf", len(b"%PDF-1.4 a scan"))]
    assert (made.customer and made.customer.id, made.company and made.company.id) == ("anna", "ACME")
    assert f"Split off as {made.ticket.number}." in (await ground.view(ticket)).notes[0]


async def test_a_session_that_znuny_forgot_is_renewed(ground: ZnunyGround, server: Server) -> None:
    ticket = await opened(ground)
    await ground.host.fetch(ticket, Need.NOTHING, now=clock())
    server.sql("DELETE FROM sessions")

    assert (await ground.host.fetch(ticket, Need.NOTHING, now=clock())).ticket.id == ticket


async def test_znuny_tells_of_what_people_do_and_not_of_what_we_do(ground: ZnunyGround, server: Server) -> None:
    ticket = await opened(ground)
    await ground.delivery(ticket)
    receiver = ground.receiver.deliveries
    await ask_twice(ground, ticket, MoveTo("Sales"), AddNote("ours"), AddTag("ours"))
    delivery = await ground.delivery(ticket)
    await asyncio.sleep(3)  # the daemon's workers keep no order: what was ours would have come by now

    told = [delivery]
    while True:
        try:
            told.append(receiver.get_nowait())
        except queue.Empty:
            break
    events = {json.loads(each.body)["Event"]["Event"] for each in told}
    assert events == {"ArticleCreate"}
    assert max(len(each.body) for each in told) < 6_000  # nothing of articles, agents and companies


async def test_a_customer_who_is_an_agent_too_is_told_apart(ground: ZnunyGround) -> None:
    ticket = await ground.receive(mail("Agnes <agent1@helpdesk.test>"))

    case = await ground.host.fetch(ticket, Need.NOTHING, now=clock())

    assert (case.customer and case.customer.is_agent) is True
    assert clock() - case.ticket.created_at < timedelta(minutes=5)


async def test_the_stock_interface_and_the_add_on_show_the_same_ticket(ground: ZnunyGround, bare: ZnunyGround) -> None:
    ticket = await ground.receive(mail("Anna <anna@acme.test>"))
    await ground.act(ticket, note="called", tag="vip")
    needs = Need.ARTICLES | Need.HISTORY

    full = await ground.host.fetch(ticket, needs, now=clock())
    stock = await bare.host.fetch(ticket, needs, now=clock())

    parts = ("id", "number", "title", "state", "group", "priority", "customer", "company", "tags", "created_at")
    assert [getattr(stock.ticket, part) for part in parts] == [getattr(full.ticket, part) for part in parts]
    assert [each.body for each in stock.ticket.articles] == [each.body for each in full.ticket.articles]
    assert stock.history == full.history


async def test_check_tells_what_this_znuny_can_do(server: Server) -> None:
    told = ["check", "--url", server.url, "--login", BOT, "--password", PASSWORD]

    done = await asyncio.to_thread(CliRunner().invoke, app, told)

    assert done.exit_code == 0, done.output
    assert ("Znuny 6.5" in done.output, f"the id {server.bot()}" in done.output) == (True, True)


async def test_the_open_tickets_of_the_customers_company_are_found(ground: ZnunyGround) -> None:
    company = await ground.company(f"{fresh('siblings')}.example")
    customer = await ground.customer(company)
    ticket, waiting, done = [await ground.phoned(customer) for _ in range(3)]
    await ground.act(done, state=State.CLOSED)
    await ask_twice(ground, waiting, AddNote("ours"))

    case = await ground.host.fetch(ticket, Need.COMPANY_TICKETS, now=clock())

    assert [(each.ticket, each.group) for each in case.company_tickets] == [(waiting, "Support")]
    assert dict(case.company_tickets[0].memory) == {"note.asked.note": "done"}
