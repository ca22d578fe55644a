"""Orders wait for the word of enough registered persons."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.errors import Misconfigured
from connector.model.action import AddNote, AddTag, RemoveTag, SendReply, SetState
from connector.model.case import Case
from connector.model.decision import Plan
from connector.model.people import ORDERS, PERMISSIONS
from connector.model.ticket import State
from connector.policy.file import parse_policy
from connector.policy.policy import Policy
from rules.approval import Approval, hold_until_approved
from rules.written_permissions import hold_until_confirmed_in_writing
from tests.cases import NOW, bound, policy
from tests.memory_host import after, look
from tests.rules.letters import ANNA, ASKED, BEA, CARL, SERVER, answered, asking, mailed, phoned, reading, registered

ORDER = "Please order a laptop for the new colleague."
ALL = registered(ANNA, BEA, CARL)


def approving(**options: object) -> Policy:
    """Make a policy of this rule alone."""
    return policy(bound(hold_until_approved, options=Approval.model_validate(options)))


def ordered(made: Policy, **options: object) -> Case:
    """Make a ticket with an order by phone that was held an hour ago."""
    given = {"asks": "equipment_order", "people": ALL} | options
    start = asking(phoned(ORDER), seen_at=ASKED, **given)  # type: ignore[arg-type]  # passed on
    return replace(after(start, look(start, made)[1]), seen_at=NOW)


def asked(plan: Plan) -> list[str]:
    return [step.action.to for step in plan.steps if isinstance(step.action, SendReply)]


def notes(plan: Plan) -> list[str]:
    return [step.action.text for step in plan.steps if isinstance(step.action, AddNote)]


def test_an_order_by_phone_waits_and_the_registered_are_asked() -> None:
    start = asking(phoned(ORDER), asks="equipment_order", people=ALL)

    _, plan = look(start, approving(approvals=2))

    assert asked(plan) == [ANNA, BEA]
    assert AddTag("approval-held") in [step.action for step in plan.steps]
    assert "needs approval by 2 of those registered for Acme GmbH" in notes(plan)[0]


def test_a_change_of_rights_is_no_order_unless_said_so() -> None:
    (verdict,), plan = look(asking(people=ALL), approving())

    assert (verdict.decision.reason, plan.steps) == ("none of 1 messages asks for equipment_order in its own words", ())


def test_two_different_persons_release_and_one_of_them_twice_does_not() -> None:
    two = approving(approvals=2)
    case = ordered(two)

    once = answered(case, mailed(BEA, id_="20"))
    twice = answered(once, mailed(BEA, id_="21"))
    both = answered(twice, mailed(CARL, id_="22"))

    assert look(once, two)[1].steps == ()
    assert look(twice, two)[1].steps == ()
    assert RemoveTag("approval-held") in [step.action for step in look(both, two)[1].steps]
    assert notes(look(both, two)[1])[0].count("SHA-256") == 2


def test_a_proven_order_of_a_registered_person_is_one_of_two() -> None:
    two = approving(approvals=2)
    case = asking(mailed(ANNA, ORDER, id_="10"), asks="equipment_order", people=ALL)

    (verdict,), plan = look(case, two)

    assert asked(plan) == [BEA, CARL]
    assert "1 of 2 yes" in verdict.decision.reason


def test_a_proven_order_of_a_registered_person_suffices_where_one_is_enough() -> None:
    case = asking(mailed(ANNA, ORDER, id_="10"), asks="equipment_order", people=ALL)

    _, plan = look(case, approving())

    assert asked(plan) == []
    assert [note.partition(":")[0] for note in notes(plan)] == ["In writing from the beginning"]


def test_the_requester_can_be_left_out_of_it() -> None:
    case = asking(mailed(ANNA, ORDER, id_="10"), asks="equipment_order", people=ALL)

    _, plan = look(case, approving(requester_counts=False))

    assert asked(plan) == [BEA, CARL]


def test_one_proven_no_ends_it() -> None:
    two = approving(approvals=2)
    case = answered(ordered(two), mailed(BEA, id_="20"), mailed(CARL, "No, we do not order that.", id_="21"))

    _, plan = look(case, two)

    assert notes(plan)[0].startswith("Refused in writing")
    assert look(after(case, plan), two)[1].steps == ()


def test_a_forged_no_ends_nothing() -> None:
    made = approving()
    case = answered(ordered(made), mailed(BEA, "No.", stamps=[f"{SERVER}; dmarc=fail header.from=acme.example"]))

    (verdict,), plan = look(case, made)

    assert RemoveTag("approval-held") not in [step.action for step in plan.steps]
    assert "dmarc=fail" in verdict.decision.reason


def test_a_person_registered_for_rights_alone_approves_no_order() -> None:
    people = registered(BEA, matters={PERMISSIONS})
    made = approving()

    (verdict,), _ = look(answered(ordered(made, people=people), mailed(BEA)), made)

    assert f"{BEA} is not registered for orders at Acme GmbH" in verdict.decision.reason


def test_who_approves_both_kinds_is_registered_for_both() -> None:
    both = approving(requests=["equipment_order", "permission_change"])
    people = registered(BEA, matters={ORDERS})

    (verdict,), _ = look(answered(ordered(both, people=people), mailed(BEA)), both)

    assert f"{BEA} is not registered for orders and permissions at Acme GmbH" in verdict.decision.reason


def test_it_reminds_only_those_who_have_not_said_yes_and_lapses() -> None:
    two = approving(approvals=2)
    case = answered(ordered(two), mailed(BEA))
    reminded = replace(case, seen_at=ASKED + timedelta(days=2))
    over = replace(case, seen_at=ASKED + timedelta(days=14))

    assert asked(look(reminded, two)[1]) == [ANNA]
    assert notes(look(over, two)[1])[0].startswith("Lapsed")


def test_a_registered_persons_yes_after_it_lapsed_is_too_late() -> None:
    made = approving()
    over = replace(ordered(made), seen_at=ASKED + timedelta(days=14))
    over = after(over, look(over, made)[1])

    assert look(answered(over, mailed(BEA, at=ASKED + timedelta(days=15))), made)[1].steps == ()


def test_with_written_permissions_a_ticket_waits_until_both_are_content() -> None:
    made = policy(
        bound(hold_until_confirmed_in_writing),
        bound(hold_until_approved, options=Approval(requests=("permission_change",), approvals=2)),
    )
    start = asking(people=ALL, seen_at=ASKED)
    case = replace(after(start, look(start, made)[1]), seen_at=NOW)
    first = answered(case, mailed(ANNA, id_="20"))
    first = replace(first, ticket=replace(first.ticket, state=State.PENDING, state_name="pending reminder"))
    _, plan = look(first, made)
    between = after(first, plan)
    last = answered(between, mailed(BEA, id_="21"))
    last = replace(last, ticket=replace(last.ticket, state=State.PENDING, state_name="pending reminder"))

    assert (between.ticket.state, between.ticket.tags) == (State.PENDING, frozenset({"approval-held"}))
    done = after(last, look(last, made)[1])
    assert (done.ticket.state, done.ticket.tags) == (State.OPEN, frozenset())
    assert look(done, made)[1].steps == ()


def test_the_state_is_set_once_however_many_rules_hold() -> None:
    made = policy(
        bound(hold_until_confirmed_in_writing),
        bound(hold_until_approved, options=Approval(requests=("permission_change",))),
    )

    _, plan = look(asking(people=ALL), made)

    assert len([step for step in plan.steps if isinstance(step.action, SetState)]) == 1


@pytest.mark.parametrize("given", ["approvals: 0", "requests: []", "requests: [password]", "approvals: many"])
def test_options_that_cannot_be_meant_are_refused(given: str) -> None:
    with pytest.raises(Misconfigured):
        parse_policy(f"rules: {{approval: {{{given}}}}}", "policy.yaml", {"approval": hold_until_approved})  # type: ignore[dict-item]


def test_the_words_of_an_order_are_read_in_its_own_language() -> None:
    made = approving()
    case = answered(
        ordered(made, language="hu"), mailed(BEA, "Igen, jóváhagyom."), a20=reading("Igen, jóváhagyom.", language="hu")
    )

    assert RemoveTag("approval-held") in [step.action for step in look(case, made)[1].steps]
