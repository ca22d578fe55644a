"""What every helpdesk must do for us: plain facts that run for each host, on its own `Ground`.

Every fact goes through the whole of one look (fetch, decide, plan, apply) by a rule that asks for the actions at hand,
and ends with a second look that has nothing left to do. What differs between hosts is said by `differs`, for the table
at the end of the run.
"""

import itertools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from connector.apply import Fate
from connector.errors import Gone, Permanent, Transient, Unverified
from connector.hosts.host import Capability, Touched
from connector.model.action import (
    Action,
    AddLink,
    AddNote,
    AddTag,
    CreateTicket,
    MoveTo,
    Remember,
    RemoveTag,
    SendReply,
    SetAttribute,
    SetCompany,
    SetPriority,
    SetState,
)
from connector.model.case import Case, Need
from connector.model.decision import Decision, Mode
from connector.model.message import Channel
from connector.model.ticket import LinkKind, Sender, State
from connector.policy.policy import Bound, Policy
from connector.policy.rule import Options, Rule
from connector.process import Looked, Surroundings, look
from connector.wiring import clock, new_id
from tests.hosts.ground import Customer, Ground, Lack, View

Differs = Callable[[str], None]

ALL = Need.ARTICLES | Need.LINKS | Need.RAW_MAIL | Need.HISTORY
ASKED = "asked"
"""The name of the rule that asks for whatever a fact is about."""
_unique = itertools.count(1)


def fresh(word: str) -> str:
    """Give a word that stands nowhere else on the helpdesk."""
    return f"{word}{secrets.token_hex(3)}{next(_unique)}"


async def none_lately(_: str) -> int:
    return 0


async def ask(ground: Ground, ticket: str, *actions: Action, dry_run: bool = False) -> Looked:
    """Take one look under a policy whose only rule asks for these actions."""
    decide = Rule(
        name=ASKED,
        decide=lambda _case, _options: Decision.act("the contract asks for it", *actions),
        options=Options,
        needs=ALL,
        clauses=(),
        yields_to=(),
    )
    bound = Bound(rule=decide, mode=Mode.ENFORCE, options=Options())
    surroundings = Surroundings(policy=Policy(revision="contract", rules=(bound,)))
    now = clock()
    return await look(ticket, ground.host, surroundings, none_lately, now=now, decision=new_id(now), dry_run=dry_run)


async def ask_twice(ground: Ground, ticket: str, *actions: Action) -> Looked:
    """Look, and look again: the first does what is asked, the second finds nothing to do. Gives the first."""
    first = await ask(ground, ticket, *actions)
    assert first.applied.error is None
    await nothing_left(ground, ticket, *actions)
    return first


async def nothing_left(ground: Ground, ticket: str, *actions: Action) -> Looked:
    """Look once more, and find nothing to do."""
    again = await ask(ground, ticket, *actions)
    assert (again.plan.steps, again.applied.results, again.applied.error) == ((), (), None)
    return again


async def opened(ground: Ground) -> str:
    """Open a ticket of a new customer who belongs to no company."""
    return await ground.phoned(await ground.customer())


def mail_of(customer: Customer, subject: str, *, body: str = "It does not print.") -> bytes:
    """Write a mail as it comes by SMTP."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = customer.address, "helpdesk@contract.example", subject
    mail["Message-ID"] = f"<{fresh('mail')}@contract.example>"
    mail.set_content(body)
    return mail.as_bytes()


# Reading


async def test_a_fetch_gives_what_the_host_itself_shows(ground: Ground) -> None:
    company = await ground.company(f"{fresh('acme')}.example")
    customer = await ground.customer(company)
    other = await ground.phoned(customer)
    ticket = await ground.phoned(customer)
    await ground.act(ticket, note="called back", tag="seen", owner=ground.agent, state=State.OPEN, link=other)

    case = await ground.host.fetch(ticket, ALL, now=clock())

    assert seen(case) == shown(await ground.view(ticket))
    assert (case.customer and case.customer.address) == customer.address
    assert (case.company and case.company.id) == company


def seen(case: Case) -> dict[str, object]:
    """Give what a case says of its ticket."""
    ticket = case.ticket
    return {
        "ticket": (ticket.id, ticket.number, ticket.title, ticket.group, ticket.state, ticket.priority),
        "people": (ticket.owner, ticket.customer, ticket.company, case.customer and case.customer.company),
        "tags": ticket.tags,
        "links": frozenset((each.kind, each.ticket) for each in case.links),
        "said": [(each.is_internal, each.channel, each.sender) for each in ticket.articles],
        "count": ticket.article_count,
        "memory": dict(case.memory),
    }


def shown(view: View) -> dict[str, object]:
    """Give what the helpdesk shows of a ticket, in the form of `seen`."""
    return {
        "ticket": (view.id, view.number, view.title, view.group, view.state, view.priority),
        "people": (view.owner, view.customer, view.company, view.company_of_customer),
        "tags": view.tags,
        "links": view.links,
        "said": [(each.internal, each.channel, each.sender) for each in view.said],
        "count": len(view.said),
        "memory": dict(view.memory),
    }


async def test_a_mail_and_the_answer_to_it_are_one_ticket(ground: Ground, differs: Differs) -> None:
    if Lack.MAIL_IN in ground.lacks:
        differs(Lack.MAIL_IN)
        return
    customer = await ground.customer()
    first = mail_of(customer, subject := fresh("printer "))
    ticket = await ground.receive(first)
    number = (await ground.host.fetch(ticket, Need.NOTHING, now=clock())).ticket.number

    again = await ground.receive(mail_of(customer, f"Re: {subject} [Ticket#{number}]", body="Any news?"))

    case = await ground.host.fetch(ticket, ALL, now=clock())
    said = [each for each in case.ticket.articles if each.sender is Sender.CUSTOMER]
    assert again == ticket
    assert [(each.channel, each.is_internal, customer.address in each.from_) for each in said] == [
        (Channel.EMAIL, False, True)
    ] * 2
    assert ["It does not print." in said[0].body, "Any news?" in said[1].body] == [True, True]
    if Capability.RAW_MAIL not in ground.host.capabilities:
        differs(f"not: {Capability.RAW_MAIL}")
        return
    assert said[0].raw is not None
    assert said[0].raw.replace(b"\r\n", b"\n").strip() == first.replace(b"\r\n", b"\n").strip()


async def test_the_history_tells_who_changed_what(ground: Ground, differs: Differs) -> None:
    ticket = await opened(ground)
    await ground.act(ticket, group=ground.groups.second)

    history = (await ground.host.fetch(ticket, ALL, now=clock())).history

    if Capability.HISTORY not in ground.host.capabilities:
        assert history == ()
        differs(f"not: {Capability.HISTORY}")
        return
    moves = [(each.author, each.before, each.after) for each in history if each.after == ground.groups.second]
    assert moves == [(ground.agent, ground.groups.inbox, ground.groups.second)]


async def test_a_ticket_is_found_by_its_number_and_by_nothing_else(ground: Ground) -> None:
    ticket = await opened(ground)
    number = (await ground.view(ticket)).number

    assert await ground.host.find(number) == ticket
    assert await ground.host.find(number[:-1]) != ticket
    assert await ground.host.find("000") is None


async def test_a_deleted_ticket_is_gone(ground: Ground, differs: Differs) -> None:
    if Lack.DELETE in ground.lacks:
        differs(Lack.DELETE)
        return
    ticket = await opened(ground)
    await ground.delete(ticket)

    with pytest.raises(Gone):
        await ground.host.fetch(ticket, ALL, now=clock())


async def test_a_ticket_that_we_may_not_see_is_gone(ground: Ground) -> None:
    ticket = await opened(ground)
    await ground.act(ticket, group=ground.groups.foreign)

    with pytest.raises(Gone):
        await ground.host.fetch(ticket, ALL, now=clock())


async def test_companies_are_listed_with_domains_and_fields(ground: Ground, differs: Differs) -> None:
    if Capability.COMPANIES not in ground.host.capabilities:
        differs(f"not: {Capability.COMPANIES}")
        return
    domains = {f"{fresh('list')}.example" for _ in range(3)}
    made = {await ground.company(domain): domain for domain in sorted(domains)}
    name, value = ground.contract

    companies = [each async for each in ground.leafing.companies()]

    found = {each.id: each for each in companies if each.id in made}
    assert {id_: each.domains for id_, each in found.items()} == {id_: (domain,) for id_, domain in made.items()}
    assert {each.attributes.get(name) for each in found.values()} == {value}
    assert len(companies) == len({each.id for each in companies})


async def test_companies_changed_since_a_moment_are_listed(ground: Ground, differs: Differs) -> None:
    if Capability.COMPANIES not in ground.host.capabilities:
        differs(f"not: {Capability.COMPANIES}")
        return
    before = await ground.company(f"{fresh('old')}.example")
    moment = await now_there(ground)
    made = {await ground.company(f"{fresh('new')}.example") for _ in range(3)}

    found = [each.id async for each in ground.leafing.companies(moment)]

    assert made <= set(found)
    assert before not in found


async def now_there(ground: Ground) -> datetime:
    """Read the helpdesk's own clock, off a ticket that was just opened."""
    return (await ground.view(await opened(ground))).changed_at


# Writing


async def test_a_note_is_internal(ground: Ground) -> None:
    ticket = await opened(ground)
    before = await ground.view(ticket)

    await ask_twice(ground, ticket, AddNote("Please look at the contract."))

    after = await ground.view(ticket)
    new = after.said[len(before.said) :]
    assert [(each.internal, each.channel, each.sender) for each in new] == [(True, Channel.NOTE, Sender.AGENT)]
    assert "Please look at the contract." in new[0].body


async def test_a_note_carries_the_decision_it_rests_on(ground: Ground) -> None:
    ticket = await opened(ground)

    looked = await ask_twice(ground, ticket, AddNote("Because."))

    case = await ground.host.fetch(ticket, ALL, now=clock())
    assert case.ticket.articles[-1].decision == looked.plan.decision


async def test_a_mail_leaves_once_to_the_right_address_from_the_group(ground: Ground, differs: Differs) -> None:
    customer = await ground.customer()
    ticket = await ground.phoned(customer)
    reply = SendReply("Your call", "We are on it.", customer.address, once="received")

    await ask_twice(ground, ticket, reply)

    mails = await ground.mails(ticket)
    if Lack.MAIL_OUT in ground.lacks:
        assert not mails
        assert_held_back(await ground.view(ticket), customer)
        differs(f"held back: {Lack.MAIL_OUT}")
        return
    assert [(each.to, each.sender) for each in mails] == [(customer.address, ground.address)]
    assert "Your call" in mails[0].subject


async def test_no_mail_leaves_a_group_without_an_address_and_a_note_says_so(ground: Ground) -> None:
    customer = await ground.customer()
    ticket = await ground.phoned(customer)
    reply = SendReply("Your call", "We are on it.", customer.address, once="received")

    await ask_twice(ground, ticket, MoveTo(ground.groups.silent), reply)

    view = await ground.view(ticket)
    assert view.group == ground.groups.silent
    assert not await ground.mails(ticket)
    assert_held_back(view, customer)


def assert_held_back(view: View, customer: Customer) -> None:
    [note] = view.notes
    assert f"A mail to {customer.address} was held back" in note


async def test_group_and_priority_are_set(ground: Ground) -> None:
    ticket = await opened(ground)

    await ask_twice(ground, ticket, MoveTo(ground.groups.second), SetPriority(ground.priority))

    view = await ground.view(ticket)
    assert (view.group, view.priority) == (ground.groups.second, ground.priority)


@pytest.mark.parametrize("state", [State.OPEN, State.CLOSED])
async def test_a_state_is_set(ground: Ground, state: State) -> None:
    ticket = await opened(ground)
    other = State.CLOSED if state is State.OPEN else State.OPEN
    await ground.act(ticket, state=other)

    await ask_twice(ground, ticket, SetState(state))

    assert (await ground.view(ticket)).state is state


async def test_pending_is_set_with_its_time(ground: Ground) -> None:
    ticket = await opened(ground)
    until = (clock() + timedelta(days=3)).replace(second=0, microsecond=0)

    await ask_twice(ground, ticket, SetState(State.PENDING, until))

    view = await ground.view(ticket)
    assert (view.state, view.pending_until) == (State.PENDING, until)


async def test_a_field_of_the_hosts_own_is_set(ground: Ground, differs: Differs) -> None:
    if Lack.ATTRIBUTE in ground.lacks:
        differs(Lack.ATTRIBUTE)
        return
    ticket = await opened(ground)

    await ask_twice(ground, ticket, SetAttribute(ground.attribute, "P-17"))

    assert (await ground.view(ticket)).attribute == "P-17"


async def test_an_owner_reset_by_a_move_is_not_called_ignored(ground: Ground, differs: Differs) -> None:
    ticket = await opened(ground)
    await ground.act(ticket, owner=ground.agent)
    assert (await ground.view(ticket)).owner == ground.agent

    await ask_twice(ground, ticket, MoveTo(ground.groups.silent))

    view = await ground.view(ticket)
    assert view.group == ground.groups.silent
    if Lack.OWNER_RESET in ground.lacks:
        differs(Lack.OWNER_RESET)
        return
    assert view.owner is None


async def test_a_company_is_attached_and_the_ticket_follows(ground: Ground, differs: Differs) -> None:
    company = await ground.company(f"{fresh('attach')}.example")
    ticket = await opened(ground)
    if Capability.SET_COMPANY not in ground.host.capabilities:
        differs(f"not: {Capability.SET_COMPANY}")
        return

    await ask_twice(ground, ticket, SetCompany(company, "the new one"))

    view = await ground.view(ticket)
    assert (view.company_of_customer, view.company) == (company, company)


async def test_a_tag_is_added_and_taken_off(ground: Ground) -> None:
    ticket = await opened(ground)
    await ground.act(ticket, tag="old")

    await ask_twice(ground, ticket, AddTag("new"), RemoveTag("old"))

    assert (await ground.view(ticket)).tags == {"new"}


@pytest.mark.parametrize("kind", [LinkKind.PARENT, LinkKind.CHILD, LinkKind.NORMAL])
async def test_a_ticket_is_linked_as(ground: Ground, differs: Differs, kind: LinkKind) -> None:
    if Capability.LINKS not in ground.host.capabilities:
        differs(f"not: {Capability.LINKS}")
        return
    ticket, other = await opened(ground), await opened(ground)
    number = (await ground.view(other)).number

    await ask_twice(ground, ticket, AddLink(other, number, kind))

    back = {LinkKind.PARENT: LinkKind.CHILD, LinkKind.CHILD: LinkKind.PARENT, LinkKind.NORMAL: LinkKind.NORMAL}
    assert (await ground.view(ticket)).links == {(kind, other)}
    assert (await ground.view(other)).links == {(back[kind], ticket)}


@pytest.mark.parametrize("kind", [LinkKind.PARENT, LinkKind.CHILD])
async def test_a_new_ticket_comes_with_its_link_its_origin_and_its_tags_as(
    ground: Ground, differs: Differs, kind: LinkKind
) -> None:
    if Capability.LINKS not in ground.host.capabilities:
        differs(f"not: {Capability.LINKS}")
        return
    ticket = await opened(ground)
    title = fresh("Project ")
    new = CreateTicket(title, ground.groups.second, "Split off.", "split", kind=kind, tags=("project", "split"))

    looked = await ask_twice(ground, ticket, new)

    [(as_, other)] = (await ground.view(ticket)).links
    view = await ground.view(other)
    assert as_ is kind
    assert (view.title, view.group, set(view.tags)) == (title, ground.groups.second, {"project", "split"})
    assert view.memory == {"origin": f"{ticket} {ASKED} split"}
    assert [(each.internal, each.channel) for each in view.said] == [(True, Channel.NOTE)]
    creating = [each for each in looked.applied.results if any(step.action == new for step in each.write.steps)]
    if len(creating) > 1:
        differs(f"in {len(creating)} requests")


async def test_memory_is_kept_and_forgotten_and_other_programs_marks_stay(ground: Ground) -> None:
    ticket = await opened(ground)
    await ground.scribble(ticket, "not ours")
    await ask_twice(ground, ticket, Remember("asked.one", "1"), Remember("asked.two", "2"))
    assert {"asked.one": "1", "asked.two": "2"}.items() <= (await ground.view(ticket)).memory.items()

    await ask_twice(ground, ticket, Remember("asked.one", ""), AddNote("forgotten"))

    view = await ground.view(ticket)
    asked = {key: value for key, value in view.memory.items() if key.startswith("asked.")}
    assert (asked, view.scribble) == ({"asked.two": "2"}, "not ours")


async def test_one_look_shows_its_writes_before_it_sends_them(ground: Ground) -> None:
    ticket = await opened(ground)
    before = await ground.view(ticket)
    actions = (AddTag("dry"), MoveTo(ground.groups.second), AddNote("dry"))

    dry = await ask(ground, ticket, *actions, dry_run=True)
    untouched = await ground.view(ticket)
    wet = await ask_twice(ground, ticket, *actions)

    assert untouched == before
    assert {each.fate for each in dry.applied.results} == {Fate.WOULD}
    assert [(each.write.method, each.write.path) for each in dry.applied.results] == [
        (each.write.method, each.write.path) for each in wet.applied.results
    ]


async def test_our_last_write_tells_the_version_by_which_its_echo_is_known(ground: Ground, differs: Differs) -> None:
    ticket = await opened(ground)

    looked = await ask_twice(ground, ticket, AddNote("echo"), SetPriority(ground.priority))

    if looked.applied.version is None:
        differs("an answer does not show whether somebody else had a hand in it")
        return
    again = await ground.host.fetch(ticket, ALL, now=clock())
    assert again.ticket.version == looked.applied.version


# People


async def test_a_move_back_by_a_person_is_respected(ground: Ground) -> None:
    ticket = await opened(ground)
    await ask_twice(ground, ticket, MoveTo(ground.groups.second))
    await ground.act(ticket, group=ground.groups.inbox)

    again = await nothing_left(ground, ticket, MoveTo(ground.groups.second))

    assert (await ground.view(ticket)).group == ground.groups.inbox
    assert ["after us" in each.why for each in again.plan.dropped] == [True]


async def test_a_tag_that_a_person_took_off_stays_off(ground: Ground) -> None:
    ticket = await opened(ground)
    await ask_twice(ground, ticket, AddTag("watched"), AddNote("tagged"))
    await ground.act(ticket, untag="watched")

    await nothing_left(ground, ticket, AddTag("watched"), AddNote("tagged"))

    assert (await ground.view(ticket)).tags == frozenset()


async def test_a_ticket_with_the_tag_policy_skip_is_left_alone(ground: Ground) -> None:
    ticket = await opened(ground)
    await ground.act(ticket, tag="policy:skip")
    before = await ground.view(ticket)

    await nothing_left(ground, ticket, AddNote("never"), MoveTo(ground.groups.second))

    assert await ground.view(ticket) == before


# What goes wrong


async def test_a_group_that_does_not_exist_is_for_a_person_and_the_error_names_those_that_do(ground: Ground) -> None:
    ticket = await opened(ground)
    before = await ground.view(ticket)

    looked = await ask(ground, ticket, MoveTo(fresh("Nowhere ")), AddNote("never"))

    assert isinstance(looked.applied.error, Permanent)
    assert ground.groups.inbox in str(looked.applied.error)
    assert await ground.view(ticket) == before
    await nothing_left(ground, ticket)


async def test_a_write_that_the_host_does_not_do_is_a_complaint_that_people_see(ground: Ground) -> None:
    ticket = await opened(ground)
    actions = (SetAttribute("helpdesk_policy_no_such_field", "x"), AddNote("with it"))

    looked = await ask(ground, ticket, *actions)

    assert isinstance(looked.applied.error, Permanent)
    assert "helpdesk_policy_no_such_field" in str(looked.applied.error)
    assert {each.fate for each in looked.applied.results} <= {Fate.DONE, Fate.IGNORED, Fate.FAILED}
    assert looked.record.error
    if looked.applied.version is not None:  # by which the echo of this write is known, so that it settles nothing
        assert looked.applied.version == (await ground.host.fetch(ticket, ALL, now=clock())).ticket.version
    await nothing_left(ground, ticket)


async def test_a_connection_cut_after_any_write_loses_nothing_and_doubles_nothing(
    ground: Ground, differs: Differs
) -> None:
    whole = await Much.prepare(ground)
    looked = await ask_twice(ground, whole.ticket, *whole.actions)
    writes = len(looked.applied.results)
    expected = await whole.outcome()

    for nth in range(writes):
        much = await Much.prepare(ground)
        with ground.cut(nth):
            cut = await ask(ground, much.ticket, *much.actions)
        assert isinstance(cut.applied.error, Transient), nth
        assert len(cut.applied.results) == nth + 1

        healed = await ask(ground, much.ticket, *much.actions)
        assert healed.applied.error is None
        await nothing_left(ground, much.ticket, *much.actions)
        assert await much.outcome() == expected, f"cut after write {nth + 1} of {writes}"
    differs(f"yes, at each of {writes} writes")


class Much:
    """A ticket of its own, and nearly all that can be asked of one."""

    def __init__(self, ground: Ground, ticket: str, address: str, actions: tuple[Action, ...]) -> None:
        self.ground, self.ticket, self.address, self.actions = ground, ticket, address, actions

    @classmethod
    async def prepare(cls, ground: Ground) -> "Much":
        """Open the tickets, and put together what to ask."""
        can = ground.host.capabilities
        customer = await ground.customer()
        ticket, other = await ground.phoned(customer), await ground.phoned(customer)
        await ground.act(ticket, tag="old")
        number = (await ground.view(other)).number
        until = datetime(2035, 1, 2, 3, 4, tzinfo=UTC)
        actions: list[Action] = [
            AddTag("new"),
            RemoveTag("old"),
            MoveTo(ground.groups.second),
            SetPriority(ground.priority),
            SetState(State.PENDING, until),
            SendReply("Your call", "We are on it.", customer.address, once="first"),
            SendReply("Your call again", "Still on it.", customer.address, once="second"),
            AddNote("done", once="one"),
            AddNote("and done", once="two"),
            Remember("asked.how", "whole"),
        ]
        if Capability.SET_COMPANY in can:
            actions.append(SetCompany(await ground.company(f"{fresh('cut')}.example")))
        if Capability.LINKS in can:
            actions.append(AddLink(other, number, LinkKind.PARENT))
            actions.append(CreateTicket("Split", ground.groups.second, "Split off.", "split", tags=("project",)))
        return cls(ground, ticket, customer.address, tuple(actions))

    async def outcome(self) -> dict[str, object]:
        """Say what became of it, without what is anew for each ticket."""
        view = await self.ground.view(self.ticket)
        mails = await self.ground.mails(self.ticket)
        # A tag or a link that a cut look had set is not remembered as ours: it shows by itself.
        kept = ("note.", "mail.", "asked.")
        return {
            "fields": (view.group, view.state, view.priority, view.pending_until, view.tags),
            "attached": (view.company_of_customer is not None, view.company == view.company_of_customer),
            "links": sorted(kind for kind, _ in view.links),
            "notes": [note.partition("\nhelpdesk-policy ")[0].replace(self.address, "him") for note in view.notes],
            "said": [(each.internal, each.channel, each.sender) for each in view.said],
            "mails": sorted(each.subject.partition(" [")[0] for each in mails),
            "memory": sorted(key for key in view.memory if key.startswith(kept)),
        }


# Finding what changed


async def changed(ground: Ground, moment: datetime) -> list[Touched]:
    return [each async for each in ground.leafing.changed_since(moment)]


async def test_a_sweep_finds_changes_tags_links_and_notes_oldest_first(ground: Ground, differs: Differs) -> None:
    moved, noted, tagged, linked, other = [await opened(ground) for _ in range(5)]
    quiet = await opened(ground)
    moment = await now_there(ground)
    await ground.act(moved, group=ground.groups.second)
    await ground.act(noted, note="called back")
    expected = [moved, noted]
    if Lack.TAGS_SEEN in ground.lacks:
        differs(Lack.TAGS_SEEN)
    else:
        await ground.act(tagged, tag="vip")
        expected.append(tagged)
    if Lack.LINKS_SEEN in ground.lacks:
        differs(Lack.LINKS_SEEN)
    else:
        await ground.act(linked, link=other)
        expected.append(linked)

    found = await changed(ground, moment)

    assert [each.ticket for each in found if each.ticket in expected] == expected
    assert quiet not in {each.ticket for each in found}
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert len(found) == len({each.ticket for each in found})


async def test_a_sweep_finds_what_changed_at_the_very_moment_it_asks_for(ground: Ground) -> None:
    ticket = await opened(ground)
    moment = (await ground.view(ticket)).changed_at

    found = await changed(ground, moment)

    assert [each.at for each in found if each.ticket == ticket] == [moment]


async def test_a_ticket_changed_between_two_pages_of_a_sweep_hides_no_other(ground: Ground) -> None:
    tickets = [await opened(ground) for _ in range(5)]
    moment = (await ground.view(tickets[0])).changed_at
    found = []

    async for each in ground.leafing.changed_since(moment):
        found.append(each.ticket)
        if each.ticket == tickets[0] and found.count(tickets[0]) == 1:
            await ground.act(tickets[0], note="goes to the end of the list")

    assert set(tickets) <= set(found)


async def test_the_version_that_a_sweep_shows_is_that_of_the_ticket(ground: Ground) -> None:
    ticket = await opened(ground)
    moment = (await ground.view(ticket)).changed_at

    [version] = [each.version for each in await changed(ground, moment) if each.ticket == ticket]

    assert version == (await ground.host.fetch(ticket, Need.NOTHING, now=clock())).ticket.version


# Deliveries


async def test_a_delivery_is_proven_and_names_its_ticket_and_version(ground: Ground) -> None:
    ticket = await opened(ground)

    delivery = await ground.delivery(ticket)
    event = ground.host.verify(delivery.headers, delivery.body)

    assert (event.host, event.ticket, event.unreadable) == (ground.host.name, ticket, None)
    assert event.delivery


async def test_a_delivery_that_was_tampered_with_is_refused(ground: Ground, differs: Differs) -> None:
    delivery = await ground.delivery(await opened(ground))
    body = delivery.body

    with pytest.raises(Unverified):
        ground.host.verify({}, body)
    if Capability.SIGNED_DELIVERIES not in ground.host.capabilities:
        differs(f"not: {Capability.SIGNED_DELIVERIES}")
        return
    with pytest.raises(Unverified):
        ground.host.verify(delivery.headers, replace_last(body))


def replace_last(body: bytes) -> bytes:
    """Change one byte."""
    return body[:-1] + bytes([body[-1] ^ 1])


async def test_a_delivery_that_failed_five_times_is_listed_once(ground: Ground, differs: Differs) -> None:
    if Capability.DELIVERY_LOG not in ground.host.capabilities or ground.auditor is None:
        differs(f"not: {Capability.DELIVERY_LOG}")
        return
    ticket = await opened(ground)
    await ground.lose(ticket)

    log = await ground.auditor.failed_deliveries()
    failed = [each for each in log or () if each.ticket == ticket]
    assert {each.tries for each in failed} == {5}
    assert len(failed) == len({each.delivery for each in failed})
    if await ground.host.failed_deliveries() is None:
        differs("yes, under an account that may read the log; the bot's may not")
