"""The rule `contract`: is this covered?"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.model.action import AddNote, AddTag, MoveTo, Remember, SendReply
from connector.model.case import Case, Need
from connector.model.company import Company as Organisation
from connector.model.contract import Contract as Row
from connector.model.decision import Decision
from connector.model.ticket import State
from connector.policy.standing import contract_standing
from connector.reading.reading import Reading, Verdict, Words
from rules.contract import Contract, route_by_contract
from tests.cases import NOW, article, bound, case, company, contract, directory, person, policy, registry
from tests.memory_host import after, look, with_group

OPTIONS = Contract(tell_customer=False)
TELLING = Contract()


def acme(level: str = "", until: str = "") -> Organisation:
    return company("Acme GmbH", "acme.example", id_="11", support_contract=level, contract_valid_until=until)


def standing(seen: Case, options: Contract = OPTIONS) -> tuple[str, str]:
    found = contract_standing(seen, options)
    return found.kind, found.why


BOTH_NO = "Acme GmbH's support_contract is 'none', but by the registry Acme GmbH has gold"


@pytest.mark.parametrize(
    ("level", "until", "kind", "why"),
    [
        ("gold", "", "valid", "Acme GmbH has gold"),
        ("gold", "2026-12-31", "valid", "Acme GmbH has gold until 2026-12-31"),
        ("gold", "2026-03-10", "valid", "Acme GmbH has gold until 2026-03-10"),
        (" gold ", " 2026-12-31 ", "valid", "Acme GmbH has gold until 2026-12-31"),
        (
            "gold",
            "2026-03-09",
            "none",
            "Acme GmbH's gold ended on 2026-03-09, the ticket came on 2026-03-10, today is 2026-03-10",
        ),
        ("none", "", "none", "Acme GmbH's support_contract is 'none'"),
        ("None", "2026-12-31", "none", "Acme GmbH's support_contract is 'None'"),
        ("BRAK", "", "none", "Acme GmbH's support_contract is 'BRAK'"),
        ("нет", "", "none", "Acme GmbH's support_contract is 'нет'"),
        ("gold", "soon", "unknown", "Acme GmbH's contract_valid_until is 'soon', which is no date"),
        ("gold", "31.12.2026", "unknown", "Acme GmbH's contract_valid_until is '31.12.2026', which is no date"),
        ("gold", "2026-12-31 ?", "unknown", "Acme GmbH's contract_valid_until is '2026-12-31 ?', which is no date"),
        ("", "2026-12-31", "unknown", "neither Acme GmbH's field 'support_contract' nor a registry names a contract"),
        (" ", "", "unknown", "neither Acme GmbH's field 'support_contract' nor a registry names a contract"),
    ],
)
def test_the_companys_own_fields_tell_valid_none_and_unknown_apart(level: str, until: str, kind: str, why: str) -> None:
    assert standing(case(company=acme(level, until))) == (kind, why)


@pytest.mark.parametrize(("value", "kind"), [(True, "valid"), (False, "none"), (None, "unknown"), (0, "valid")])
def test_a_field_that_says_yes_or_no_is_understood(value: bool | int | None, kind: str) -> None:
    asked = replace(acme(), attributes={"support_contract": value})

    assert standing(case(company=asked))[0] == kind


@pytest.mark.parametrize(
    ("rows", "is_complete", "kind", "why"),
    [
        ([contract()], False, "valid", "Acme GmbH has gold"),
        ([contract("ACME  gmbh")], False, "valid", "Acme GmbH has gold"),
        ([contract("acme.example")], False, "valid", "Acme GmbH has gold"),
        ([contract("11")], False, "valid", "Acme GmbH has gold"),
        ([contract(level="")], False, "valid", "Acme GmbH has contract"),
        ([contract(valid_from="2026-03-10")], False, "valid", "Acme GmbH has gold"),
        (
            [contract(valid_from="2026-03-11")],
            False,
            "none",
            "Acme GmbH's gold starts on 2026-03-11, today is 2026-03-10",
        ),
        ([contract(valid_until="2026-03-10")], False, "valid", "Acme GmbH has gold until 2026-03-10"),
        (
            [contract(valid_until="2026-03-01"), contract(level="basic")],
            False,
            "valid",
            "Acme GmbH has basic",
        ),
        (
            [contract(valid_until="2026-03-02"), contract(level="basic", valid_until="2026-01-01")],
            False,
            "none",
            "Acme GmbH's gold ended on 2026-03-02, the ticket came on 2026-03-10, today is 2026-03-10",
        ),
        ([contract(level="none")], False, "none", "the registry's level for Acme GmbH is 'none'"),
        (
            [contract("Beta SA")],
            True,
            "none",
            "Acme GmbH is not in the contract registry, which lists everybody with one",
        ),
        (
            [contract("Beta SA")],
            False,
            "unknown",
            "neither Acme GmbH's field 'support_contract' nor a registry names a contract",
        ),
    ],
)
def test_the_registry_tells_valid_none_and_unknown_apart(
    rows: list[Row], is_complete: bool, kind: str, why: str
) -> None:
    known = registry(*rows, is_complete=is_complete)

    assert standing(case(company=acme(), registry=known)) == (kind, why)


@pytest.mark.parametrize(
    ("level", "until", "row", "kind"),
    [
        ("gold", "", contract(valid_until="2026-01-01"), "valid"),
        ("none", "", contract(valid_until="2026-01-01"), "none"),
        ("none", "", contract(), "unknown"),
        ("gold", "2026-01-01", contract(level="basic"), "unknown"),
        ("gold", "soon", contract(), "valid"),
        ("gold", "soon", contract(valid_until="2026-01-01"), "unknown"),
    ],
)
def test_the_fields_win_over_the_registry_but_where_they_deny_what_it_grants_nobody_knows(
    level: str, until: str, row: Row, kind: str
) -> None:
    known = registry(row)

    assert standing(case(company=acme(level, until), registry=known))[0] == kind


def test_the_reason_of_a_contradiction_holds_both_words() -> None:
    assert standing(case(company=acme("none"), registry=registry(contract()))) == ("unknown", BOTH_NO)


def test_the_field_that_grants_wins_over_a_complete_registry_that_does_not_list() -> None:
    assert standing(case(company=acme("gold"), registry=registry(is_complete=True)))[0] == "valid"


@pytest.mark.parametrize(
    ("zone", "seen_at", "kind"),
    [
        ("UTC", "2026-12-31T23:59:59+00:00", "valid"),
        ("UTC", "2027-01-01T00:00:00+00:00", "none"),
        ("Europe/Warsaw", "2026-12-31T22:59:59+00:00", "valid"),
        ("Europe/Warsaw", "2026-12-31T23:00:00+00:00", "none"),
        ("America/New_York", "2027-01-01T04:59:59+00:00", "valid"),
        ("America/New_York", "2027-01-01T05:00:00+00:00", "none"),
        ("Pacific/Auckland", "2026-12-31T11:00:00+00:00", "none"),
    ],
)
def test_the_last_day_is_counted_whole_in_the_companys_time_zone(zone: str, seen_at: str, kind: str) -> None:
    moment = datetime.fromisoformat(seen_at)

    assert standing(_at(moment, acme("gold", "2026-12-31"), zone))[0] == kind


@pytest.mark.parametrize(
    ("until", "seen_at", "kind"),
    [
        ("2026-03-29", "2026-03-29T21:59:59+00:00", "valid"),  # the clocks went forward that night
        ("2026-03-29", "2026-03-29T22:00:00+00:00", "none"),
        ("2026-03-28", "2026-03-28T22:59:59+00:00", "valid"),
        ("2026-03-28", "2026-03-28T23:00:00+00:00", "none"),
        ("2026-10-25", "2026-10-25T22:59:59+00:00", "valid"),  # and back that night
        ("2026-10-25", "2026-10-25T23:00:00+00:00", "none"),
    ],
)
def test_the_last_day_ends_at_midnight_on_days_when_the_clocks_change(until: str, seen_at: str, kind: str) -> None:
    moment = datetime.fromisoformat(seen_at)

    assert standing(_at(moment, acme("gold", until), "Europe/Warsaw"))[0] == kind


def test_a_field_with_a_moment_is_read_as_the_companys_day() -> None:
    noon = datetime.fromisoformat("2027-01-01T12:00:00+00:00")
    ends_at_midnight = acme("gold", "2026-12-31T23:00:00.000Z")

    assert standing(_at(noon, ends_at_midnight, "Europe/Warsaw")) == ("valid", "Acme GmbH has gold until 2027-01-01")


@pytest.mark.parametrize(("grace", "kind"), [(0, "none"), (8, "none"), (9, "valid"), (365, "valid")])
def test_days_of_grace_count_after_the_last_day(grace: int, kind: str) -> None:
    seen = case(company=acme("gold", "2026-03-01"))

    assert standing(seen, Contract(grace_days=grace))[0] == kind


def test_the_reason_names_the_days_of_grace() -> None:
    assert standing(case(company=acme("gold", "2026-03-01")), Contract(grace_days=2))[1] == (
        "Acme GmbH's gold ended on 2026-03-01 plus 2 days of grace, the ticket came on 2026-03-10, today is 2026-03-10"
    )


def test_a_contract_that_was_valid_when_the_ticket_came_covers_it_to_its_end() -> None:
    seen = case(company=acme("gold", "2026-03-10"), seen_at=NOW + timedelta(days=60))

    assert standing(seen) == ("valid", "Acme GmbH's gold ended on 2026-03-10, the ticket came on 2026-03-10")


def test_a_contract_begun_after_the_ticket_came_covers_it_too() -> None:
    seen = case(company=acme(), registry=registry(contract(valid_from="2026-03-12")), seen_at=NOW + timedelta(days=3))

    assert standing(seen)[0] == "valid"


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (case(customer=person("x@nowhere.example")), "the company of x@nowhere.example is not known"),
        (case(customer=person("")), "the company of the customer is not known"),
        (case(customer=person("tom@freemail.example")), "the company of tom@freemail.example is not known"),
        (
            case(
                directory=directory(acme("gold"), company("Beta SA", "acme.example", id_="12")),
                registry=registry(is_complete=True),
            ),
            "the company of anna@acme.example is not known",
        ),
    ],
)
def test_who_is_of_no_known_company_has_an_unknown_contract(seen: Case, why: str) -> None:
    assert standing(seen) == ("unknown", why)


def test_the_only_company_that_claims_the_domain_counts_before_the_host_has_written_it_down() -> None:
    assert standing(case(directory=directory(acme("gold"))))[0] == "valid"


def test_a_registry_that_goes_by_a_domain_known_only_to_us_is_understood_before_and_after_attaching() -> None:
    known = directory(company("Acme GmbH", "acme.example", "acme-works.example", id_="11"))
    rows = registry(contract("acme-works.example"))

    assert standing(case(directory=known, registry=rows))[0] == "valid"
    assert standing(case(company=acme(), directory=known, registry=rows))[0] == "valid"


# what follows from it

WHY = "Acme GmbH's support_contract is 'none'"
NOTE = AddNote(f"{WHY}. Therefore it is a matter of Sales.", once="none.none")


def decide(seen: Case, options: Contract = OPTIONS) -> Decision:
    return route_by_contract(seen, options)


def test_a_ticket_without_a_contract_goes_to_sales_with_tag_note_and_its_way_back() -> None:
    assert decide(case(company=acme("none"))) == Decision.act(
        WHY, MoveTo("Sales"), AddTag("no-contract"), NOTE, Remember("contract.came_from", "Support")
    )


def test_the_customer_is_told_once_in_the_language_he_wrote_in() -> None:
    polish = replace(case(company=acme("none"), articles=(article(),)), readings={"a1": reading("pl")})

    told = mails(decide(polish, TELLING))

    assert [(each.to, each.subject, each.once) for each in told] == [
        ("anna@acme.example", "Państwa zgłoszenie 10001", "none")
    ]
    assert "Firma Acme GmbH nie ma obecnie z nami umowy" in told[0].text


def test_whose_ticket_was_split_off_was_told_in_the_first_one() -> None:
    assert mails(decide(case(company=acme("none"), memory={"origin": "9 separate_topics a9.2"}), TELLING)) == []


def test_a_customer_without_an_address_is_told_nothing() -> None:
    seen = case(customer=person(""), company=acme("none"))

    assert mails(decide(seen, TELLING)) == []


def test_a_valid_contract_changes_nothing() -> None:
    assert decide(case(company=acme("gold"))) == Decision.skip("Acme GmbH has gold")


def test_an_unknown_contract_is_put_to_a_person_where_it_is() -> None:
    why = "neither Acme GmbH's field 'support_contract' nor a registry names a contract"

    assert decide(case(company=acme())) == Decision.act(
        why,
        AddTag("contract-unknown"),
        AddNote(
            "Is this covered by a contract? Neither Acme GmbH's field 'support_contract' nor a registry names a "
            "contract. A person must find out.",
            once="unknown",
        ),
    )


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (case(state=State.CLOSED, company=acme("none")), "ticket is closed, its work is over"),
        (case(state=State.MERGED, company=acme("none")), "ticket is merged, its work is over"),
        (case(customer=None), "the ticket has no customer"),
        (case(customer=person(is_system=True)), "the ticket has no customer"),
        (case(customer=person(is_agent=True), company=acme("none")), "anna@acme.example is an agent, not a customer"),
        (case(group="Sales", company=acme("none")), f"{WHY}; the ticket came to Sales by itself"),
    ],
)
def test_what_is_none_of_its_business_is_left_alone(seen: Case, why: str) -> None:
    assert decide(seen) == Decision.skip(why)


# its life, as the plan carries it out

RULES = policy(bound(route_by_contract, options=OPTIONS))


def lived(seen: Case) -> Case:
    return after(seen, look(seen, RULES)[1])


def test_a_ticket_comes_back_when_a_contract_appears() -> None:
    back = lived(replace(lived(case(company=acme("none"))), company=acme("gold", "2026-12-31")))

    assert (back.ticket.group, back.ticket.tags) == ("Support", frozenset())
    assert "Acme GmbH has gold until 2026-12-31. The ticket goes back to Support." in back.ticket.articles[-1].body


def test_a_ticket_that_a_person_took_out_of_sales_stays_there() -> None:
    moved = with_group(lived(case(company=acme("none"))), "Silent")

    assert lived(moved) == moved


def test_a_ticket_that_a_person_took_out_of_sales_is_not_moved_when_a_contract_appears() -> None:
    moved = with_group(lived(case(company=acme("none"))), "Silent")

    assert lived(replace(moved, company=acme("gold"))).ticket.group == "Silent"


def test_a_contract_that_comes_and_goes_moves_the_ticket_each_time_and_tells_each_fact_once() -> None:
    seen = lived(case(company=acme("none")))
    groups = [seen.ticket.group]
    for level in ("gold", "none", "gold"):
        seen = lived(replace(seen, company=acme(level)))
        groups.append(seen.ticket.group)

    assert groups == ["Sales", "Support", "Sales", "Support"]
    assert len(seen.ticket.articles) == 2


@pytest.mark.parametrize(("before", "after_"), [("", "none"), ("none", ""), ("", "gold")])
def test_marks_that_are_true_no_longer_are_taken_off(before: str, after_: str) -> None:
    tags = {"": {"contract-unknown"}, "none": {"no-contract"}, "gold": set()}
    seen = lived(case(company=acme(before)))
    assert seen.ticket.tags == tags[before]

    assert lived(replace(seen, company=acme(after_))).ticket.tags == tags[after_]


def test_a_persons_own_tag_of_that_name_stays() -> None:
    assert lived(case(company=acme("gold"), tags=["no-contract"])).ticket.tags == frozenset({"no-contract"})


def test_articles_are_read_only_where_a_mail_may_be_sent() -> None:
    mailing = policy(bound(route_by_contract, options=TELLING))

    assert (RULES.needs, mailing.needs) == (Need.NOTHING, Need.ARTICLES | Need.READING)


# what else a contract may say


def mails(decision: Decision) -> list[SendReply]:
    return [each for each in decision.actions if isinstance(each, SendReply)]


def reading(language: str = "en", *, critical: str = "") -> Reading:
    """Make the reading of a message in a language that tells, if at all, of a critical incident in these words."""
    words = (Words(text=critical, start=0, end=len(critical)),)
    verdict = Verdict(label="critical", score=0.9, words=words) if critical else None
    return Reading(language=language, text=critical, own_text=critical, critical=verdict)


def incident(**more: Any) -> Case:
    down = "Nobody in the whole company can work"
    seen = case(company=acme("none"), articles=(article(body=down),), **more)
    return replace(seen, readings={"a1": reading(critical=down)})


def test_a_critical_incident_is_worked_on_first_where_that_is_switched_on() -> None:
    spared = decide(incident(), Contract(spare_critical=True))

    assert [type(each) for each in spared.actions] == [AddNote]
    assert spared.reason.endswith("but the incident is critical: 'Nobody in the whole company can work'")
    assert isinstance(decide(incident()).actions[0], MoveTo)


def test_a_ticket_that_sales_has_already_is_not_taken_back_for_being_called_critical() -> None:
    in_sales = incident(group="Sales", memory={"contract.came_from": "Support"})

    decision = decide(in_sales, Contract(spare_critical=True, tell_customer=False))

    assert decision.actions[0] == MoveTo("Sales")


SERVICES = Contract(services_attribute="covers", service_attribute="service", tell_customer=False)


@pytest.mark.parametrize(
    ("service", "covers", "kind"),
    [
        ("Backup", "Mail, backup", "valid"),
        ("Telephony", "Mail, backup", "none"),
        ("", "Mail, backup", "valid"),
        ("Telephony", "", "valid"),
    ],
)
def test_a_contract_covers_the_services_that_it_names(service: str, covers: str, kind: str) -> None:
    organisation = company("Acme GmbH", id_="11", support_contract="gold", covers=covers)

    assert standing(case(company=organisation, attributes={"service": service}), SERVICES)[0] == kind


def test_the_registrys_services_count_as_well() -> None:
    rows = registry(replace(contract(), services=("Mail",)))
    seen = case(company=acme(), registry=rows, attributes={"service": "Telephony"})

    assert standing(seen, SERVICES) == ("none", "Acme GmbH's gold covers Mail, not Telephony")


def test_hours_that_are_used_up_are_told_to_agents_and_the_ticket_stays() -> None:
    counted = Contract(hours_attribute="hours", hours_used_attribute="used", tell_customer=False)
    spent = company("Acme GmbH", id_="11", support_contract="gold", hours="10", used="10,5")
    rules = policy(bound(route_by_contract, options=counted))

    seen = case(company=spent)
    tagged = after(seen, look(seen, rules)[1])
    more = replace(tagged, company=replace(spent, attributes=dict(spent.attributes) | {"hours": "20"}))

    assert tagged.ticket.group == "Support"
    assert tagged.ticket.tags == {"contract-hours-used"}
    assert "Acme GmbH used 10.5 of the 10 hours of its gold." in tagged.ticket.articles[-1].body
    assert after(more, look(more, rules)[1]).ticket.tags == frozenset()


def test_hours_that_nobody_can_read_are_put_to_a_person() -> None:
    counted = Contract(hours_attribute="hours")
    odd = company("Acme GmbH", id_="11", support_contract="gold", hours="many")

    assert standing(case(company=odd), counted) == (
        "unknown",
        "Acme GmbH's hours is 'many', which is no number of hours",
    )


def test_of_several_contracts_the_one_with_hours_left_counts() -> None:
    rows = registry(replace(contract(level="old"), hours=5.0, hours_used=5), replace(contract(), hours=5.0))

    assert contract_standing(case(company=acme(), registry=rows), OPTIONS).level == "gold"


def test_the_standing_tells_of_on_call_duty() -> None:
    on_call = Contract(on_call_attribute="duty")
    by_field = company("Acme GmbH", id_="11", support_contract="gold", duty="Ja")

    assert contract_standing(case(company=by_field), on_call).on_call
    assert contract_standing(
        case(registry=registry(replace(contract(), on_call=True)), company=acme()), OPTIONS
    ).on_call
    assert not contract_standing(case(company=acme("gold")), OPTIONS).on_call


@pytest.mark.parametrize(("zone", "kind"), [("", "valid"), ("Pacific/Auckland", "none"), ("America/New_York", "valid")])
def test_a_contracts_own_time_zone_says_when_its_last_day_ends(zone: str, kind: str) -> None:
    rows = registry(replace(contract(valid_until="2026-03-09"), time_zone=zone))
    late = datetime(2026, 3, 9, 22, 30, tzinfo=NOW.tzinfo)
    seen = case(company=acme(), registry=rows, seen_at=late)

    assert standing(replace(seen, ticket=replace(seen.ticket, created_at=late)))[0] == kind


def test_a_first_day_in_the_hosts_field_counts() -> None:
    begins = Contract(from_attribute="since")
    organisation = company("Acme GmbH", id_="11", support_contract="gold", since="2026-03-11")

    assert standing(case(company=organisation), begins) == (
        "none",
        "Acme GmbH's gold starts on 2026-03-11, today is 2026-03-10",
    )


def _at(moment: datetime, organisation: Organisation, zone: str) -> Case:
    seen = case(company=organisation, seen_at=moment)
    return replace(seen, ticket=replace(seen.ticket, created_at=moment), time_zone=ZoneInfo(zone))
