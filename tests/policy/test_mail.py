"""No mail runs in a circle (law 9)."""

from datetime import timedelta

import pytest

from connector.model.action import AddNote, MoveTo, SendReply
from connector.model.case import Case
from connector.model.decision import Plan
from connector.model.ticket import Sender
from connector.policy.policy import Policy
from tests.cases import NOW, article, case, our_mail, policy, rule_that, said
from tests.memory_host import after, look


def reply(to: str = "anna@acme.example", once: str = "ack") -> SendReply:
    return SendReply("Your request", "We are at it.", to=to, once=once)


def plan_of(seen: Case, rules: Policy) -> Plan:
    return look(seen, rules)[1]


def held(seen: Case, rules: Policy) -> list[str]:
    """Give the notes that stand for mails."""
    return [step.action.text for step in plan_of(seen, rules).steps if isinstance(step.action, AddNote)]


MAILING = policy(rule_that(reply()))


def test_a_mail_to_a_customer_leaves() -> None:
    assert [step.action for step in plan_of(case(articles=(said("customer"),)), MAILING).steps] == [reply()]


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("", "'' is no mail address"),
        ("anna", "'anna' is no mail address"),
        ("@acme.example", "'@acme.example' is no mail address"),
        ("support@msp.example", "support@msp.example is an address of the helpdesk itself"),
        ("Help <Support@MSP.example>", "support@msp.example is an address of the helpdesk itself"),
        *(
            (f"{local}@acme.example", f"{local.lower()}@acme.example is a machine's address")
            for local in (
                *("MAILER-DAEMON", "postmaster", "noreply", "no-reply", "no_reply", "NoReply", "donotreply"),
                *("do-not-reply", "bounce", "bounces+123", "noreply-maps", "billing-noreply", "shop+no.reply"),
            )
        ),
    ],
)
def test_a_mail_to_what_is_no_customers_address_becomes_a_note(to: str, why: str) -> None:
    assert held(case(), policy(rule_that(reply(to)))) == [f"A mail to {to} was held back: {why}."]


@pytest.mark.parametrize("local", ["anna", "noreen", "reply", "b.ounce", "piano.reply", "bouncer", "postmaster2go"])
def test_people_who_are_called_like_machines_get_their_mail(local: str) -> None:
    assert held(case(), policy(rule_that(reply(f"{local}@acme.example")))) == []


def test_no_mail_answers_an_automatic_message() -> None:
    seen = case(articles=(said("customer"), article(id_="a2", is_automatic=True), said("agent", id_="a3")))

    assert held(seen, MAILING) == [
        "A mail to anna@acme.example was held back: the customer's last message is an automatic one."
    ]


def test_a_person_who_writes_after_his_machine_is_answered() -> None:
    seen = case(articles=(article(is_automatic=True), said("customer", id_="a2")))

    assert held(seen, MAILING) == []


def test_no_mail_leaves_from_a_group_without_an_address() -> None:
    assert held(case(group="Silent"), MAILING) == [
        "A mail to anna@acme.example was held back: group 'Silent' has no mail address to send from."
    ]


def test_a_mail_leaves_from_the_group_that_the_same_plan_moves_the_ticket_to() -> None:
    assert held(case(group="Silent"), policy(rule_that(reply(), MoveTo("Sales")))) == []
    assert held(case(group="Sales"), policy(rule_that(reply(), MoveTo("Silent")))) != []


def test_a_mail_held_back_is_noted_once_and_leaves_when_that_is_put_right() -> None:
    seen = case(group="Silent")
    noted = after(seen, plan_of(seen, MAILING))

    assert plan_of(noted, MAILING).steps == ()
    moved = case(group="Support", memory=noted.memory)
    assert [step.action for step in plan_of(moved, MAILING).steps] == [reply()]


def test_the_brake_counts_our_mails_on_the_ticket_within_the_hour() -> None:
    old = our_mail(id_="m0", at=NOW - timedelta(minutes=61))
    lately = tuple(our_mail(id_=f"m{count}") for count in (1, 2, 3))

    assert held(case(articles=(old, *lately[:2])), MAILING) == []
    assert held(case(articles=lately), MAILING) == [
        "A mail to anna@acme.example was not sent, and will not be: 3 mails of ours on this ticket within the hour, "
        "the brake is 3."
    ]


def test_mails_of_people_do_not_count_against_the_brake() -> None:
    assert held(case(articles=tuple(said("agent", id_=f"a{count}") for count in range(9))), MAILING) == []


def test_the_brake_counts_our_mails_to_the_address_over_all_tickets() -> None:
    assert held(case(mails_lately=5), MAILING) == []
    assert held(case(mails_lately=6), MAILING) == [
        "A mail to anna@acme.example was not sent, and will not be: 6 mails of ours to this address within the hour, "
        "the brake is 6."
    ]


def test_the_brake_counts_the_mails_of_the_same_plan() -> None:
    rules = policy(rule_that(*(reply(once=str(count)) for count in range(5))), per_ticket=2)

    assert [type(step.action) for step in plan_of(case(), rules).steps] == [
        SendReply,
        SendReply,
        AddNote,
        AddNote,
        AddNote,
    ]


def test_what_the_brake_held_back_is_not_sent_an_hour_later() -> None:
    seen = case(mails_lately=6)
    braked = after(seen, plan_of(seen, MAILING))

    later = case(memory=braked.memory, seen_at=NOW + timedelta(hours=5))
    assert plan_of(later, MAILING).steps == ()
    assert [dropped.why for dropped in plan_of(later, MAILING).dropped] == [
        "A mail to anna@acme.example was not sent, and will not be: the brake held it back before."
    ]


def test_a_brake_of_zero_sends_nothing_at_all() -> None:
    assert held(case(), policy(rule_that(reply()), per_ticket=0)) != []


def test_a_ticket_that_no_customer_has_written_on_may_be_mailed() -> None:
    assert held(case(articles=(article(Sender.AGENT),)), MAILING) == []
