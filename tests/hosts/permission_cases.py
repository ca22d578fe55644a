"""What holds a change of rights and what releases it, on any helpdesk: real mails, real requests, whole looks.

To put another helpdesk under it, give a module `tests/hosts/test_permissions_<host>.py` a `ground` as the contract's,
and `hands` for what a ground cannot do.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol

import pytest

from connector.model.people import Authority, People
from connector.model.stamps import Stamps
from connector.model.ticket import LinkKind, State
from connector.policy.messages import load_messages
from connector.policy.policy import Policy
from connector.process import Looked, Surroundings, look
from connector.reading import read
from connector.rulebook import built_in_messages
from connector.wiring import clock, new_id
from rules.written_permissions import hold_until_confirmed_in_writing
from tests.cases import bound
from tests.hosts.contract import fresh, none_lately
from tests.hosts.ground import Customer, Ground

SERVER = "mx.helpdesk.example"
HELD = "permission-held"
ASK = "Please give Carl Carlson write access to the wages folder."


class Hands(Protocol):
    """What must be done to a helpdesk for these cases, besides what a `Ground` can."""

    async def phoned(self, customer: Customer, text: str) -> str:
        """Open a ticket in the inbox with an agent's note of a call; give its id."""
        ...

    async def written_as(self, ticket: str, customer: Customer, text: str) -> None:
        """Write an article on a ticket by an agent's API account that looks like a mail of the customer."""
        ...

    async def merge(self, ticket: str, *, into: str) -> None:
        """Merge a ticket into another."""
        ...


@dataclass(kw_only=True)
class Play:
    """A company with two registered persons, Anna and Bea, a colleague, Carl, and a stranger."""

    ground: Ground
    hands: Hands
    anna: Customer
    bea: Customer
    carl: Customer
    stranger: Customer
    surroundings: Surroundings
    subject: str = field(default_factory=lambda: fresh("rights "))
    ticket: str = ""
    number: str = ""
    reference: str = ""

    async def look(self, ticket: str = "") -> Looked:
        """Look once, and find nothing left to do by looking again."""
        first = await self._look(ticket or self.ticket)
        assert first.applied.error is None
        again = await self._look(ticket or self.ticket)
        assert (again.plan.steps, again.applied.results) == ((), ())
        return first

    async def _look(self, ticket: str) -> Looked:
        now = clock()
        made = self.surroundings
        return await look(ticket, self.ground.host, made, none_lately, now=now, decision=new_id(now), dry_run=False)

    async def hold(self) -> "Play":
        """Let Anna ask by a mail that nobody vouches for, and look."""
        self.ticket = await self.ground.receive(self.mail(self.anna, ASK, subject=self.subject, stamps=()))
        return await self.held()

    async def held(self) -> "Play":
        """Look, and find it held."""
        looked = await self.look()
        view = await self.ground.view(self.ticket)
        self.number, self.reference = view.number, looked.plan.memory["written_permissions.open"]
        assert (view.state, HELD in view.tags, len(view.notes)) == (State.PENDING, True, 1)
        assert [each.to for each in await self.ground.mails(self.ticket)] == [self.anna.address]
        return self

    async def answer(self, sender: Customer, text: str = "Yes, I confirm.", **mail: object) -> str:
        """Let somebody answer our mail."""
        subject = f"Re: {self.subject} [Ticket#{self.number}]"
        return await self.ground.receive(self.mail(sender, text, **{"subject": subject} | mail))  # type: ignore[arg-type]

    def mail(
        self,
        sender: Customer,
        text: str,
        *,
        subject: str,
        stamps: Iterable[str] | None = None,
        at: datetime | None = None,
        automatic: bool = False,
    ) -> bytes:
        """Write a mail as our mail server hands it on; it vouches for the sender unless told otherwise."""
        domain = sender.address.rpartition("@")[2]
        given = (f"{SERVER}; dmarc=pass header.from={domain}",) if stamps is None else stamps
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender.address, "helpdesk@contract.example", subject
        mail["Date"], mail["Message-ID"] = format_datetime(at or clock()), f"<{fresh('mail')}@contract.example>"
        if automatic:
            mail["Auto-Submitted"] = "auto-replied"
        mail.set_content(text)
        return "".join(f"Authentication-Results: {each}\r\n" for each in given).encode() + mail.as_bytes()

    async def is_held(self, ticket: str = "") -> bool:
        """Ask the helpdesk itself whether it is held."""
        return HELD in (await self.ground.view(ticket or self.ticket)).tags

    @property
    def domain(self) -> str:
        """Give the domain of everybody's address."""
        return self.anna.address.rpartition("@")[2]


async def play(ground: Ground, hands: Hands) -> Play:
    """Make the company, its people, and the policy."""
    company = await ground.company(f"{fresh('acme')}.example")
    anna, bea, carl = [await ground.customer(company) for _ in range(3)]
    people = People.of(Authority(company=company, address=each.address) for each in (anna, bea))
    rules = (bound(hold_until_confirmed_in_writing),)
    policy = Policy(revision="permissions", rules=rules, stamps=Stamps(servers=frozenset({SERVER})))
    messages = load_messages(built_in_messages(), own="en")
    return Play(
        ground=ground,
        hands=hands,
        anna=anna,
        bea=bea,
        carl=carl,
        stranger=await ground.customer(),
        surroundings=Surroundings(policy=policy, people=people, messages=messages, reader=read),
    )


# stays held


async def a_stranger_quotes_the_right_number(made: Play) -> None:
    await made.answer(made.stranger, f"Yes, I confirm {made.reference}.")


async def a_forged_from_fails_dmarc(made: Play) -> None:
    forged = (f"{SERVER}; dmarc=fail header.from={made.domain}", f"{SERVER}; dmarc=pass header.from={made.domain}")
    await made.answer(made.anna, stamps=forged)


async def an_agent_or_a_program_writes_as_the_customer(made: Play) -> None:
    await made.hands.written_as(made.ticket, made.anna, "Yes, I confirm.")


async def an_out_of_office_of_the_right_person(made: Play) -> None:
    await made.answer(made.anna, "Yes, confirmed: I am out of the office.", automatic=True)


async def a_forward_by_a_colleague(made: Play) -> None:
    forwarded = f"Bea agrees, see below.\n\n-----Original Message-----\nFrom: {made.bea.address}\n\nYes, I confirm."
    await made.answer(made.carl, forwarded)


async def an_old_mail(made: Play) -> None:
    await made.answer(made.anna, at=clock() - timedelta(days=3))


async def a_confirmation_that_only_stands_in_quoted_text(made: Play) -> None:
    await made.answer(made.anna, "Please see below, thank you.\n\n> Yes, I confirm.\n")


async def a_mail_in_another_ticket_without_the_reference(made: Play) -> None:
    mail = made.mail(made.anna, "Yes, I confirm.", subject=fresh("confirmation "))
    other = await made.ground.receive(mail)
    await made.ground.act(made.ticket, link=other)
    await made.look(other)


STAYS = (
    a_stranger_quotes_the_right_number,
    a_forged_from_fails_dmarc,
    an_agent_or_a_program_writes_as_the_customer,
    an_out_of_office_of_the_right_person,
    a_forward_by_a_colleague,
    an_old_mail,
    a_confirmation_that_only_stands_in_quoted_text,
    a_mail_in_another_ticket_without_the_reference,
)


# released


async def a_true_reply(made: Play) -> None:
    assert await made.answer(made.anna) == made.ticket


async def a_true_reply_of_another_registered_person(made: Play) -> None:
    assert await made.answer(made.bea) == made.ticket


async def a_true_new_mail_with_the_reference(made: Play) -> None:
    mail = made.mail(made.anna, f"Yes, I confirm {made.reference}.", subject=fresh("confirmation "))
    other = await made.ground.receive(mail)
    assert other != made.ticket
    looked = await made.look(other)
    assert looked.plan.others == (made.ticket,)
    assert (LinkKind.NORMAL, made.ticket) in (await made.ground.view(other)).links


async def a_reply_that_lands_in_the_merge_target(made: Play) -> None:
    target = await made.ground.receive(made.mail(made.anna, "It does not print.", subject=fresh("printer ")))
    await made.hands.merge(made.ticket, into=target)
    merged, made.ticket = made.ticket, target
    await made.look()
    assert await made.is_held()
    assert await made.answer(made.anna, f"Yes, I confirm {made.reference}.") == target != merged


RELEASES = (
    a_true_reply,
    a_true_reply_of_another_registered_person,
    a_true_new_mail_with_the_reference,
    a_reply_that_lands_in_the_merge_target,
)

Case = Callable[[Play], Awaitable[None]]


def named(case: Case) -> str:
    """Give a case its name in words."""
    return str(getattr(case, "__name__", case)).replace("_", " ")


@pytest.mark.parametrize("case", STAYS, ids=named)
async def test_it_stays_held(ground: Ground, hands: Hands, case: Case) -> None:
    made = await (await play(ground, hands)).hold()

    await case(made)
    looked = await made.look()

    assert await made.is_held()
    assert "0 of 1 yes" in looked.verdicts[0].decision.reason


@pytest.mark.parametrize("case", RELEASES, ids=named)
async def test_it_is_released(ground: Ground, hands: Hands, case: Case) -> None:
    made = await (await play(ground, hands)).hold()

    await case(made)
    reason = (await made.look()).verdicts[0].decision.reason

    view = await ground.view(made.ticket)
    assert (HELD in view.tags, view.state) == (False, State.OPEN), reason
    (evidence,) = [note for note in view.notes if note.startswith("Confirmed in writing")]
    assert f"{SERVER} says dmarc=pass for " in evidence
    assert "SHA-256 of the raw mail: " in evidence


async def test_a_phone_request_is_held_and_the_address_on_file_is_asked(ground: Ground, hands: Hands) -> None:
    made = await play(ground, hands)
    made.ticket = await hands.phoned(made.anna, "Anna rang: Carl Carlson needs write access to the wages folder.")

    await made.held()


async def test_a_proven_mail_needs_no_second_one(ground: Ground, hands: Hands) -> None:
    made = await play(ground, hands)
    made.ticket = await ground.receive(made.mail(made.anna, ASK, subject=made.subject))

    await made.look()

    view = await ground.view(made.ticket)
    assert (HELD in view.tags, list(await ground.mails(made.ticket))) == (False, [])
    assert [note.partition(":")[0] for note in view.notes] == ["In writing from the beginning"]


async def test_who_closes_it_finds_it_waiting_again_once(ground: Ground, hands: Hands) -> None:
    made = await (await play(ground, hands)).hold()

    states = []
    for _ in range(2):
        await ground.act(made.ticket, state=State.CLOSED)
        await made.look()
        states.append((await ground.view(made.ticket)).state)

    assert states == [State.PENDING, State.CLOSED]
    assert sum("opened again" in note for note in (await ground.view(made.ticket)).notes) == 1
