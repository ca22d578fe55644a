"""Wishes and differences, without a helpdesk; what is written has the shape that was recorded with a real one."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from connector.errors import Misconfigured
from connector.hosts.zammad.changes import Change, Verb, differences, is_ours
from connector.hosts.zammad.wishes import EVENTS, NAME, Asked, Bot, Kind, Wish, wishes
from connector.policy.helpdesk import Helpdesk
from tests.hosts.sandbox.recordings import exchanges

ASKED = Asked(
    endpoint="https://policy.example.com/hooks/zammad",
    secret=SecretStr("secret"),
    groups=("Sales",),
    tags={"contract": ("no-contract",)},
    company_fields={"domains": "text", "support_contract": "choice", "contract_valid_until": "date"},
    helpdesk=Helpdesk.model_validate(
        {
            "calendars": {"office": {"holidays": {"2026-12-25": "Christmas"}}},
            "service_classes": {"premium": {"calendar": "office", "first_response": "4h"}},
        }
    ),
    bot=Bot(login="bot@example.com", exists=False),
)
RECORDED = {
    Kind.WEBHOOK: ("07-webhook-create",),
    Kind.TRIGGER: ("07-trigger-create-ticket-updated-always",),
    Kind.MACRO: ("06-macros-create",),
    Kind.OVERVIEW: ("06-overviews-create",),
    Kind.SLA: ("06-slas-create",),
    Kind.CALENDAR: ("06-calendars-create",),
    Kind.ROLE: ("06-roles-create",),
    Kind.GROUP: ("06-groups-create",),
    Kind.ATTRIBUTE: ("02-oma-create-select", "02-oma-create-date"),
}


def wish(kind: Kind) -> Wish:
    """Take the first wish of a kind."""
    return next(each for each in wishes(ASKED) if each.kind is kind)


def stored(each: Wish, id_: int = 7) -> dict[str, Any]:
    """Pretend that the host holds it, with keys of its own."""
    named = {"login": each.name} if each.kind is Kind.USER else {"name": each.name}
    return {"id": id_, **named, **each.at_birth, **each.fields, "updated_at": "2026-01-01T00:00:00.000Z"}


def only(found: tuple[Change, ...]) -> Change:
    """Take the one change."""
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("kind", RECORDED)
def test_what_is_written_are_fields_that_a_real_zammad_has_taken_or_shown(kind: Kind) -> None:
    known: set[str] = set()
    for name in RECORDED[kind]:
        entry = exchanges()[name]
        known |= set(entry["request"]["body"]) | set(entry["response"]["body"])

    written = {field for each in wishes(ASKED) if each.kind is kind for field in {**each.at_birth, **each.fields}}

    assert written <= known


def test_triggers_fire_for_every_change_and_for_both_sides_of_a_merge() -> None:
    made = [each for each in wishes(ASKED) if each.kind is Kind.TRIGGER]

    assert [each.fields["condition"]["ticket.action"]["value"] for each in made] == list(EVENTS.values())
    assert {each.fields["execution_condition_mode"] for each in made} == {"always"}


def test_what_is_there_is_kept_although_the_host_adds_keys_and_writes_numbers_as_text() -> None:
    sla = replace(wish(Kind.SLA), fields={**wish(Kind.SLA).fields, "calendar_id": 1})
    row = stored(sla) | {"first_response_time": "240", "data": {}}

    assert only(differences([sla], {Kind.SLA: [row]})).verb is Verb.KEEP


def test_one_clause_more_in_a_condition_is_a_difference() -> None:
    trigger = replace(wish(Kind.TRIGGER), fields={"condition": wish(Kind.TRIGGER).fields["condition"]})
    narrowed = trigger.fields["condition"] | {"ticket.group_id": {"operator": "is", "value": ["1"]}}
    row = stored(trigger) | {"condition": narrowed, "note": "Made by helpdesk-policy"}

    change = only(differences([trigger], {Kind.TRIGGER: [row]}))

    assert (change.verb, dict(change.fields)) == (
        Verb.UPDATE,
        {"condition": (narrowed, trigger.fields["condition"])},
    )


@pytest.mark.parametrize(
    ("held", "verb"), [("secret", Verb.KEEP), ("old", Verb.KEEP), ("********", Verb.KEEP), ("x", Verb.UPDATE)]
)
def test_a_secret_that_is_accepted_or_masked_is_left_alone(held: str, verb: Verb) -> None:
    row = stored(wish(Kind.WEBHOOK)) | {"signature_token": held}

    found = differences([wish(Kind.WEBHOOK)], {Kind.WEBHOOK: [row]}, accepted=["secret", "old"])

    assert only(found).verb is verb


def test_a_name_is_compared_as_zammad_does_and_a_foreign_thing_is_a_clash() -> None:
    row = stored(wish(Kind.WEBHOOK)) | {"name": NAME.upper(), "note": "by hand"}

    found = differences([wish(Kind.WEBHOOK)], {Kind.WEBHOOK: [row]})
    adopted = differences([wish(Kind.WEBHOOK)], {Kind.WEBHOOK: [row]}, adopt=True)

    assert (only(found).verb, only(adopted).verb) == (Verb.CLASH, Verb.UPDATE)


def test_a_user_keeps_the_roles_that_he_has() -> None:
    user = next(each for each in wishes(ASKED) if each.kind is Kind.USER)
    role = {"id": 9, "name": f"{NAME} bot"}

    change = only(differences([user], {Kind.USER: [stored(user) | {"role_ids": [2]}], Kind.ROLE: [role]}))

    assert change.fields["role_ids"] == ([2], [2, 9])


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TAG])
def test_what_was_made_is_known_again_by_its_mark(kind: Kind) -> None:
    for each in wishes(ASKED):
        if each.kind is kind:
            assert is_ours(kind, stored(each))


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Misconfigured, match="is no address for deliveries"):
        wishes(replace(ASKED, endpoint="policy.example.com"))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"calendars": {"o": {"hours": {"mon": ["8-16"]}}}}, "write a span as in 08:00-16:00"),
        ({"calendars": {"o": {"time_zone": "Mars"}}}, "no time zone"),
        ({"service_classes": {"p": {"calendar": "x"}}}, "names the calendar 'x'"),
        ({"calendars": {"o": {}}, "service_classes": {"p": {"calendar": "o", "update": "2 days"}}}, "30m, 4h or 1h30m"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_how_to_write_it(content: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Helpdesk.model_validate(content)
