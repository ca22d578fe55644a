"""Account matters wait until it is proven who asks."""

from dataclasses import replace

import pytest

from connector.model.action import AddNote, RemoveTag, SendReply
from connector.model.case import Case
from connector.model.decision import Plan
from connector.model.message import Channel
from connector.model.people import ACCOUNT, ORDERS
from connector.policy.policy import Policy
from rules.verified_sender import VerifiedSender, hold_until_sender_is_proven
from tests.cases import CUSTOMER, NOW, article, bound, policy
from tests.memory_host import after, look, with_tags
from tests.rules.letters import ANNA, ASKED, BEA, CARL, SERVER, STRANGER, answered, asking, mailed, phoned, registered

PASSWORD = "I forgot my password, please reset it. Call me on +48 600 000 000."
ON_FILE = registered(ANNA, BEA, matters={ACCOUNT}, phone="+48 22 111 22 33")
ENFORCED = policy(bound(hold_until_sender_is_proven))
FORGED = [f"{SERVER}; dmarc=fail header.from=acme.example"]


def account(*said: object, **options: object) -> Case:
    """Make a ticket on which somebody asks for his password."""
    given = {"asks": "account_sensitive", "people": ON_FILE} | options
    return asking(*(said or (phoned(PASSWORD),)), **given)  # type: ignore[arg-type]  # passed on


def held(**options: object) -> Case:
    start = account(seen_at=ASKED, **options)
    return replace(after(start, look(start, ENFORCED)[1]), seen_at=NOW)


def notes(plan: Plan) -> list[str]:
    return [step.action.text for step in plan.steps if isinstance(step.action, AddNote)]


def is_released(case: Case, made: Policy = ENFORCED) -> bool:
    _, plan = look(case, made)
    assert look(after(case, plan), made)[1].steps == ()
    return RemoveTag("sender-unverified") in [step.action for step in plan.steps]


def test_agents_are_told_to_call_the_number_on_file_and_never_one_from_the_message() -> None:
    (note,) = notes(look(account(), ENFORCED)[1])

    assert "call back on the number on file" in note
    assert "Anna Nowak +48 22 111 22 33" in note
    assert "600 000 000" not in note
    assert "add the tag sender-verified" in note


def test_the_registered_address_is_asked_whether_it_was_him() -> None:
    _, plan = look(account(), ENFORCED)

    (mail,) = [step.action for step in plan.steps if isinstance(step.action, SendReply)]
    assert (mail.to, mail.subject.startswith("Was this you? HP-10001-")) == (ANNA, True)


def test_a_forged_request_asks_the_true_owner() -> None:
    _, plan = look(account(mailed(ANNA, PASSWORD, id_="10", stamps=FORGED)), ENFORCED)

    assert [step.action.to for step in plan.steps if isinstance(step.action, SendReply)] == [ANNA]
    assert "dmarc=fail" in notes(plan)[0]


def test_a_proven_mail_from_the_registered_address_passes_though_he_asks_for_himself() -> None:
    _, plan = look(account(mailed(ANNA, PASSWORD, id_="10")), ENFORCED)

    assert [note.partition(":")[0] for note in notes(plan)] == ["In writing from the beginning"]


def test_a_proven_mail_from_another_address_does_not() -> None:
    stamps = [f"{SERVER}; dmarc=pass header.from=evil.example"]
    (verdict,), plan = look(account(mailed(STRANGER, PASSWORD, id_="10", stamps=stamps)), ENFORCED)

    assert f"{STRANGER} is not registered for account at Acme GmbH" in verdict.decision.reason
    assert len(notes(plan)) == 1


def test_a_login_to_the_portal_is_proof_and_can_be_made_none() -> None:
    web = article(body=PASSWORD, id_="10", at=ASKED, channel=Channel.WEB, author=CUSTOMER)
    by_agent = replace(web, author="3")
    strict = policy(bound(hold_until_sender_is_proven, options=VerifiedSender(portal=False)))

    assert notes(look(account(web), ENFORCED)[1])[0].startswith("In writing from the beginning")
    assert notes(look(account(web), strict)[1])[0].startswith("Held")
    assert notes(look(account(by_agent), ENFORCED)[1])[0].startswith("Held")


def test_an_agent_who_called_back_releases_it_by_a_tag() -> None:
    case = held()
    called = with_tags(case, case.ticket.tags | {"sender-verified"})

    assert is_released(called)
    assert notes(look(called, ENFORCED)[1])[0].startswith("Called back")


@pytest.mark.parametrize(("text", "opening"), [("Yes, I confirm.", "Confirmed"), ("No, that was not me!", "Refused")])
def test_the_owners_own_word_decides(text: str, opening: str) -> None:
    case = answered(held(), mailed(ANNA, text))

    assert is_released(case)
    assert notes(look(case, ENFORCED)[1])[0].startswith(opening)


@pytest.mark.parametrize(
    "said",
    [
        mailed(ANNA, stamps=FORGED),
        mailed(CARL),
        mailed(ANNA, has_raw=False),
        article(body="Yes, it is me.", id_="20", at=NOW, channel=Channel.SMS),
    ],
)
def test_nobody_elses_word_does(said: object) -> None:
    assert not is_released(answered(held(), said))  # type: ignore[arg-type]  # of a parametrized list


def test_who_is_registered_for_orders_alone_owns_no_account() -> None:
    case = account(mailed(ANNA, PASSWORD, id_="10"), people=registered(ANNA, matters={ORDERS}))

    assert notes(look(case, ENFORCED)[1])[0].startswith("Held")


def test_a_general_question_may_come_from_anybody() -> None:
    (verdict,), plan = look(account(mailed(STRANGER, "When are you open?", id_="10"), requests=()), ENFORCED)

    assert (plan.steps, verdict.decision.reason) == (
        (),
        "none of 1 messages asks for account_sensitive in its own words",
    )
