"""Rights are changed in writing only: what is held, what releases it, and what does not."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connector.model.action import AddNote, AddTag, Remember, RemoveTag, SendReply, SetState
from connector.model.case import Case, Need
from connector.model.decision import Outcome, Plan
from connector.model.message import Channel
from connector.model.ticket import Article, LinkKind, State
from connector.policy.confirmation import Ending
from connector.policy.reference import reference_to
from rules.written_permissions import WrittenPermissions, hold_until_confirmed_in_writing
from tests.cases import AGENT, BOT, NOW, article, bound, link, policy
from tests.memory_host import after, look, with_state
from tests.rules.letters import (
    ANNA,
    ASKED,
    BEA,
    CARL,
    PASS,
    SERVER,
    STRANGER,
    answered,
    asking,
    mailed,
    phoned,
    raw_mail,
    reading,
    registered,
)

ENFORCED = policy(bound(hold_until_confirmed_in_writing))
REFERENCE = reference_to("zammad", ticket="1", number="10001", article="10", rule="written_permissions")


def held(**options: object) -> Case:
    """Make a ticket with Anna's phone request that was held an hour ago."""
    start = asking(seen_at=ASKED, **options)  # type: ignore[arg-type]  # passed on
    return replace(after(start, look(start, ENFORCED)[1]), seen_at=NOW)


def with_mail_elsewhere(case: Case, mail: Article) -> Case:
    """Tie a ticket to the case on which a customer mailed something."""
    there = replace(link("2"), articles=(mail,))
    return replace(case, links=(there,), readings={**case.readings, mail.id: reading(mail.body)})


def looked(case: Case) -> tuple[str, Plan]:
    """Look once; give the reason and the plan."""
    (verdict,), plan = look(case, ENFORCED)
    return verdict.decision.reason, plan


def wishes(plan: Plan, kind: type) -> list[object]:
    return [step.action for step in plan.steps if isinstance(step.action, kind)]


def notes(plan: Plan) -> list[str]:
    return [step.action.text for step in plan.steps if isinstance(step.action, AddNote)]


def ended(case: Case) -> tuple[bool, str]:
    """Tell whether a look releases the ticket, and why or why not."""
    reason, plan = looked(case)
    is_off = RemoveTag("permission-held") in wishes(plan, RemoveTag)
    assert is_off == (Ending.CONFIRMED in reason or Ending.WITHDRAWN in reason or Ending.EXPIRED in reason)
    settled = after(case, plan)
    assert look(settled, ENFORCED)[1].steps == ()
    return is_off, reason


# held


def test_a_request_by_phone_is_held_and_the_registered_address_of_who_asked_is_mailed() -> None:
    case = asking()

    _, plan = looked(case)

    (mail,) = wishes(plan, SendReply)
    assert isinstance(mail, SendReply)
    assert (mail.to, mail.subject) == (ANNA, f"Please confirm: {REFERENCE}")
    assert "> Please give Carl access to the wages folder." in mail.text
    assert wishes(plan, AddTag) == [AddTag("permission-held")]
    assert wishes(plan, SetState) == [SetState(State.PENDING, until=ASKED + timedelta(days=2), insist=True)]
    assert "it came by phone, not by mail" in notes(plan)[0]
    assert plan.memory["written_permissions.open"] == REFERENCE


@pytest.mark.parametrize(
    ("language", "opening"),
    [("en", "Hello"), ("de", "Guten Tag"), ("pl", "Dzień dobry"), ("hu", "Tisztelt"), ("ru", "Здравствуйте")],
)
def test_the_mail_is_in_the_language_of_the_customer(language: str, opening: str) -> None:
    (mail,) = wishes(looked(asking(language=language))[1], SendReply)

    assert isinstance(mail, SendReply)
    assert mail.text.startswith(opening)


def test_who_is_registered_is_asked_where_the_one_who_asks_is_not_and_never_an_address_from_the_message() -> None:
    case = asking(phoned("Give me access, answer to carl@freemail.example"), people=registered(BEA, CARL))

    assert [mail.to for mail in wishes(looked(case)[1], SendReply)] == [BEA, CARL]  # type: ignore[attr-defined]


def test_where_nobody_is_registered_it_is_held_without_a_mail_and_people_read_so() -> None:
    reason, plan = looked(asking(people=registered()))

    assert wishes(plan, SendReply) == []
    assert "Asked for confirmation: -. Registered for Acme GmbH: -." in notes(plan)[0]
    assert "held" in reason


def test_a_message_that_asks_for_no_rights_is_left_alone() -> None:
    reason, plan = looked(asking(requests=()))

    assert (reason, plan.steps) == ("none of 1 messages asks for permission_change in its own words", ())


def test_messages_that_nobody_read_are_no_reason_to_let_anything_pass() -> None:
    unread = replace(asking(), readings={})

    assert looked(unread)[0] == "what customers wrote was not read, so nobody knows what they ask for"


def test_a_request_from_before_our_time_is_not_dug_out() -> None:
    reason, plan = looked(asking(seen_at=ASKED + timedelta(days=15)))

    assert (reason, plan.steps) == ("1 of 1 messages ask for permission_change, and none of it waits any more", ())


def test_raw_mails_and_links_are_read_only_where_something_rests_on_them() -> None:
    cheap = Need.ARTICLES | Need.READING

    asked = hold_until_confirmed_in_writing(replace(asking(), parts=cheap), WrittenPermissions())
    idle = hold_until_confirmed_in_writing(replace(asking(requests=()), parts=cheap), WrittenPermissions())

    assert asked.more is not None
    assert asked.more.needs == Need.RAW_MAIL | Need.LINKS | Need.LINKED_MAIL
    assert (asked.outcome, idle.outcome, idle.more) == (Outcome.SKIP, Outcome.SKIP, None)


# in writing from the beginning


def test_a_mail_from_a_registered_person_that_our_server_vouches_for_needs_no_second_one() -> None:
    case = asking(mailed(ANNA, "Please give Carl access.", id_="10"))

    reason, plan = looked(case)

    (note,) = notes(plan)
    assert (wishes(plan, SendReply), wishes(plan, AddTag), wishes(plan, SetState)) == ([], [], [])
    assert "written" in reason
    assert "Message-ID: <1@acme.example>" in note
    assert f"{SERVER} says dmarc=pass for acme.example" in note
    assert look(after(case, plan), ENFORCED)[1].steps == ()


def test_who_asks_for_himself_by_a_proven_mail_needs_another_registered_person() -> None:
    case = asking(mailed(ANNA, "Please give me access to the wages folder.", id_="10"))

    reason, plan = looked(case)

    assert [mail.to for mail in wishes(plan, SendReply)] == [BEA]  # type: ignore[attr-defined]
    assert "he asks for himself ('give me')" in reason


def test_nobody_releases_what_he_asks_for_himself() -> None:
    case = after(start := asking(mailed(ANNA, "Please give me access.", id_="10")), looked(start)[1])

    own = ended(answered(case, mailed(ANNA)))
    others = ended(answered(case, mailed(BEA, id_="21")))

    assert own[0] is False
    assert "nobody confirms what he asks for himself" in own[1]
    assert others[0] is True


def test_four_eyes_ask_somebody_else_always() -> None:
    strict = policy(bound(hold_until_confirmed_in_writing, options=WrittenPermissions(four_eyes=True)))
    case = asking(mailed(ANNA, "Please give Carl access.", id_="10"))

    _, plan = look(case, strict)

    assert [mail.to for mail in wishes(plan, SendReply)] == [BEA]  # type: ignore[attr-defined]


# stays held


STAYS: dict[str, tuple[Article, str]] = {
    "a stranger quotes the right number and the reference": (
        mailed(
            STRANGER,
            f"Yes, I confirm {REFERENCE}.",
            author="66",
            stamps=[f"{SERVER}; dmarc=pass header.from=evil.example"],
        ),
        f"{STRANGER} is not registered for permissions at Acme GmbH",
    ),
    "a forged From that fails DMARC": (
        mailed(stamps=[f"{SERVER}; dmarc=fail header.from=acme.example; spf=softfail smtp.mailfrom=evil.example"]),
        f"{SERVER} says dmarc=fail for acme.example",
    ),
    "a forged stamp below the true one": (
        mailed(stamps=[f"{SERVER}; dmarc=fail header.from=acme.example", f"{SERVER}; {PASS}"]),
        f"{SERVER} says dmarc=fail for acme.example",
    ),
    "a stamp of a server that is not ours": (
        mailed(stamps=[f"mx.evil.example; {PASS}"]),
        f"the mail carries no Authentication-Results of {SERVER}",
    ),
    "a mail that nobody stamped": (mailed(stamps=[]), f"the mail carries no Authentication-Results of {SERVER}"),
    "SPF and DKIM of another organisation": (
        mailed(stamps=[f"{SERVER}; spf=pass smtp.mailfrom=x@evil.example; dkim=pass header.d=evil.example"]),
        f"{SERVER} says spf=pass, dkim=pass: none of it speaks for acme.example",
    ),
    "a pass for another author": (
        mailed(stamps=[f"{SERVER}; dmarc=pass header.from=evil.example"]),
        f"{SERVER} says dmarc=pass for evil.example, the author is of acme.example",
    ),
    "two From lines": (
        mailed(raw=f"From: {STRANGER}\r\n".encode() + raw_mail()),
        "the mail does not name exactly one author in From",
    ),
    "an article that a program wrote as the customer": (
        mailed(author=AGENT, has_raw=False),
        "the helpdesk has no raw mail of it: a program or an agent wrote it",
    ),
    "an article of the bot's own account": (mailed(author=BOT), "an agent's account wrote it"),
    "a word on the phone": (
        article(body="Yes, I confirm.", id_="20", at=NOW, channel=Channel.PHONE, author=AGENT),
        "it came by phone, not by mail",
    ),
    "an out-of-office of the right person": (
        mailed(text="Yes, confirmed that I am away.", headers={"Auto-Submitted": "auto-replied"}),
        "no person wrote it (Auto-Submitted: auto-replied)",
    ),
    "an automatic message by the helpdesk's word": (
        mailed(is_automatic=True),
        "no person wrote it, says the helpdesk",
    ),
    "a forward by a colleague": (
        mailed(CARL, "Yes, Bea agrees, see below.", author="23"),
        f"{CARL} is not registered for permissions at Acme GmbH",
    ),
    "an old mail": (
        mailed(raw=raw_mail(at=ASKED - timedelta(days=3))),
        "it was sent at 2026-03-07 10:00 UTC, before the request of 2026-03-10 10:00 UTC",
    ),
    "a mail without a date": (
        mailed(raw=raw_mail().replace(b"Date: ", b"X-Date: ")),
        "its Date says no time, so it may be an old mail",
    ),
    "a word that is neither yes nor no": (
        mailed(text="I will have a look tomorrow."),
        "its own words say neither yes nor no clearly (tomorrow)",
    ),
    "a yes with a condition": (
        mailed(text="Yes, but only the 2025 folder."),
        "its own words say neither yes nor no clearly (yes, but, only)",
    ),
    "a question": (mailed(text="Do you confirm that it was Anna?"), "neither yes nor no clearly"),
}


@pytest.mark.parametrize("name", STAYS)
def test_it_stays_held_by(name: str) -> None:
    said, why = STAYS[name]

    released, reason = ended(answered(held(), said))

    assert released is False
    assert f"answer 20 does not count: {why}" in reason or why in reason
    assert "0 of 1 yes" in reason


def test_a_confirmation_that_only_stands_in_quoted_text_is_none() -> None:
    said = mailed(text="See below.\n\n> Yes, I confirm.")

    released, reason = ended(answered(held(), said, a20=reading("See below.\n\n> Yes, I confirm.", own="See below.")))

    assert released is False
    assert "neither yes nor no" in reason


def test_people_are_told_once_why_an_answer_does_not_count() -> None:
    case = answered(held(), STAYS["a forged From that fails DMARC"][0])

    _, plan = looked(case)

    assert ["dmarc=fail" in note for note in notes(plan)] == [True]
    assert looked(after(case, plan))[1].steps == ()


def test_a_person_whose_time_is_over_does_not_confirm() -> None:
    people = registered(BEA, valid_until=date(2026, 3, 9))

    released, reason = ended(answered(held(people=people), mailed(BEA)))

    assert released is False
    assert f"{BEA} is not registered" in reason


def test_a_mail_in_another_ticket_without_the_reference_changes_nothing() -> None:
    case = with_mail_elsewhere(held(), mailed(text="Yes, I confirm.", id_="30"))

    assert look(case, ENFORCED)[1].steps == ()


# released


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(mailed(ANNA), id="a reply of who asked"),
        pytest.param(mailed(BEA), id="a reply of another registered person"),
        pytest.param(mailed(f"Bea <{BEA.upper()}>"), id="an address in capitals"),
        pytest.param(mailed(stamps=[f"{SERVER}; spf=pass smtp.mailfrom=anna@acme.example"]), id="aligned SPF"),
        pytest.param(mailed(stamps=[f"{SERVER}; dkim=pass header.d=mail.acme.example"]), id="aligned DKIM"),
        pytest.param(mailed(stamps=["mx.inner.example; none", f"{SERVER}; {PASS}"]), id="a filter's stamp on top"),
        pytest.param(mailed(author="1"), id="an author as Znuny names it"),
    ],
)
def test_it_is_released_by(said: Article) -> None:
    case = answered(held(), said)

    _, plan = looked(case)

    (note,) = notes(plan)
    assert note.startswith(f"Confirmed in writing: the request {REFERENCE}")
    assert "SHA-256 of the raw mail: " in note
    assert wishes(plan, RemoveTag) == [RemoveTag("permission-held")]
    assert look(after(case, plan), ENFORCED)[1].steps == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Ja, bitte umsetzen."),
        ("pl", "Tak, potwierdzam."),
        ("hu", "Igen, jóváhagyom."),
        ("ru", "Да, подтверждаю."),
        ("en", "OK, go ahead"),
    ],
)
def test_a_yes_is_understood_in_five_languages(language: str, text: str) -> None:
    case = answered(held(), mailed(text=text), a20=reading(text, language=language))

    assert ended(case)[0] is True


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "No, I did not ask for that."),
        ("de", "Nein, bitte nicht."),
        ("pl", "Nie potwierdzam."),
        ("hu", "Nem, ezt nem kértem."),
        ("ru", "Нет, не подтверждаю."),
    ],
)
def test_a_no_withdraws_it_in_five_languages(language: str, text: str) -> None:
    case = answered(held(), mailed(text=text), a20=reading(text, language=language))

    _, plan = looked(case)

    assert notes(plan)[0].startswith("Refused in writing")
    assert ended(case)[0] is True


def test_servers_that_do_not_stamp_can_be_said_to() -> None:
    case = answered(held(stamped=False), mailed(stamps=[]))

    assert ended(case)[0] is True
    assert "not checked: the policy says that no mail server of ours stamps" in notes(looked(case)[1])[0]


def test_a_mail_in_a_new_ticket_with_the_reference_releases() -> None:
    mail = mailed(text=f"Yes, I confirm {REFERENCE}.", id_="30", subject="Confirmation")

    case = with_mail_elsewhere(held(), mail)

    assert ended(case)[0] is True
    assert SetState(State.OPEN, gently=True) in wishes(looked(case)[1], SetState)


def test_the_new_ticket_links_itself_and_wakes_the_one_that_waits() -> None:
    mail = mailed(text=f"Yes, I confirm {REFERENCE}.", id_="30", subject="Confirmation")
    waiting = replace(link("77"), memory={"written_permissions.open": REFERENCE})
    new = replace(asking(mail, requests=()), named={"10001": waiting})
    new = replace(new, ticket=replace(new.ticket, id="2", number="10002"))

    _, plan = looked(new)

    assert [(step.action.ticket, step.action.kind) for step in plan.steps] == [("77", LinkKind.NORMAL)]  # type: ignore[union-attr]
    assert plan.others == ("77",)
    assert looked(after(new, plan))[1].others == ("77",)


def test_a_reference_to_a_ticket_on_which_nothing_waits_is_not_followed() -> None:
    new = asking(mailed(text="See HP-10009-AAAA", id_="30"), requests=())

    decision = hold_until_confirmed_in_writing(new, WrittenPermissions())
    answer = hold_until_confirmed_in_writing(replace(new, named={"10009": link("9")}), WrittenPermissions())

    assert decision.more is not None
    assert decision.more.numbers == ("10009",)
    assert (answer.outcome, answer.actions) == (Outcome.SKIP, ())


def test_a_reply_that_lands_in_the_merge_target_releases_and_the_target_asks_nobody_again() -> None:
    source = held()
    merged = replace(link("1", LinkKind.CHILD, state=State.MERGED, **source.memory), number="10001")
    target = asking(phoned(), links=(merged,))
    target = replace(target, ticket=replace(target.ticket, id="5", number="10005"))

    _, waits = looked(target)
    answer = mailed(text=f"Yes, I confirm. {REFERENCE}")
    released, _ = ended(answered(after(target, waits), answer))

    assert wishes(waits, SendReply) == []
    assert wishes(waits, AddTag) == [AddTag("permission-held")]
    assert released is True


def test_what_was_released_before_a_merge_stays_released() -> None:
    source = answered(held(), mailed())
    source = after(source, looked(source)[1])
    merged = replace(link("1", LinkKind.CHILD, state=State.MERGED, **source.memory), number="10001")

    assert looked(asking(phoned(), links=(merged,)))[1].steps == ()


def test_a_request_after_the_release_is_held_anew() -> None:
    case = answered(held(), mailed())
    case = after(case, looked(case)[1])
    again = article(body="And the admin password for Mallory.", id_="40", at=NOW, channel=Channel.CHAT)

    _, plan = looked(answered(case, again, a40=reading(again.body, "permission_change")))

    assert len(wishes(plan, SendReply)) == 1
    assert wishes(plan, AddTag) == [AddTag("permission-held")]


def test_one_answer_does_not_release_two_requests_unless_it_names_them() -> None:
    second = article(body="And Mallory too.", id_="11", at=ASKED, channel=Channel.CHAT)
    case = asking(phoned(), second, requests=("10", "11"), seen_at=ASKED)
    case = replace(after(case, looked(case)[1]), seen_at=NOW)

    vague = looked(answered(case, mailed()))
    named = looked(answered(case, mailed(subject=f"Re: Please confirm: {REFERENCE}")))

    assert "2 requests wait, and it names none of them" in vague[0]
    assert [note.split(":")[0] for note in notes(named[1])] == ["Confirmed in writing"]
    assert wishes(named[1], RemoveTag) == []
    assert REFERENCE not in named[1].memory["written_permissions.open"]


def test_an_answer_that_asks_as_well_is_no_request_of_its_own_afterwards() -> None:
    text = "Yes, I confirm. Please give Carl access."
    case = answered(held(), mailed(BEA, text), a20=reading(text, "permission_change"))

    _, plan = looked(case)

    assert [note.split(":")[0] for note in notes(plan)] == ["Confirmed in writing"]
    assert looked(after(case, plan))[1].steps == ()


# enforced


def test_who_closes_it_finds_it_waiting_again_with_a_note_once_and_then_it_is_reported() -> None:
    closed = with_state(held(), State.CLOSED)

    _, first = looked(closed)
    again = with_state(after(closed, first), State.CLOSED)
    _, second = looked(again)

    assert wishes(first, SetState) == [SetState(State.PENDING, until=ASKED + timedelta(days=2), insist=True)]
    assert ["opened again" in note for note in notes(first)] == [True]
    assert wishes(second, SetState) == []
    assert ["Closed again without the confirmation" in note for note in notes(second)] == [True]
    assert looked(after(again, second))[1].steps == ()


def test_who_moves_it_on_finds_it_waiting_again() -> None:
    _, plan = looked(with_state(held(), State.OPEN))

    assert [wish.state for wish in wishes(plan, SetState)] == [State.PENDING]  # type: ignore[attr-defined]


def test_a_customers_word_opens_it_for_people_to_read_and_it_stays_open() -> None:
    _, plan = looked(answered(held(), mailed(STRANGER, "Any news?", author="66")))

    assert wishes(plan, SetState) == []


def test_it_is_reminded_of_once_and_then_lapses() -> None:
    waits = held()
    later = replace(waits, seen_at=ASKED + timedelta(days=2))
    _, reminder = looked(later)
    over = replace(after(later, reminder), seen_at=ASKED + timedelta(days=14))
    _, lapse = looked(over)

    assert [mail.subject for mail in wishes(reminder, SendReply)] == [f"Reminder, please confirm: {REFERENCE}"]  # type: ignore[attr-defined]
    assert reminder.again_at == ASKED + timedelta(days=14)
    assert notes(lapse)[0].startswith("Lapsed")
    assert wishes(lapse, RemoveTag) == [RemoveTag("permission-held")]
    assert looked(after(over, lapse))[1].steps == ()


def test_a_word_that_came_in_time_counts_however_late_we_look() -> None:
    case = answered(held(), mailed())

    assert ended(replace(case, seen_at=NOW + timedelta(days=60)))[0] is True


def test_the_memory_forgets_what_no_longer_waits() -> None:
    case = answered(held(), mailed())

    _, plan = looked(case)

    assert "written_permissions.open" not in plan.memory
    assert Remember("written_permissions.open", "") in wishes(plan, Remember)


def test_with_four_eyes_nobody_confirms_his_own_call() -> None:
    strict = policy(bound(hold_until_confirmed_in_writing, options=WrittenPermissions(four_eyes=True)))
    case = asking(seen_at=ASKED)
    _, plan = look(case, strict)
    waits = replace(after(case, plan), seen_at=NOW)

    (own,), _ = look(answered(waits, mailed(ANNA)), strict)
    (other,), _ = look(answered(waits, mailed(BEA)), strict)

    assert [mail.to for mail in wishes(plan, SendReply)] == [BEA]  # type: ignore[attr-defined]
    assert "nobody confirms what he asks for himself" in own.decision.reason
    assert "1 of 1 yes" in other.decision.reason
