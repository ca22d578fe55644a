"""What an integration author would get wrong when writing, as the sandbox shows it too."""

from __future__ import annotations

import pytest

from tests.hosts.sandbox.conftest import Desk
from tests.hosts.sandbox.receiver import Receiver

CARLA = "carla.moser@alpenglas.example"


async def test_an_article_without_internal_is_public(desk: Desk) -> None:
    ticket = await desk.ticket()

    answer = await desk.bot.post("ticket_articles", json={"ticket_id": ticket["id"], "body": "seen by the customer"})

    assert answer.json()["internal"] is False
    seen = (await desk.carla.get(f"ticket_articles/by_ticket/{ticket['id']}")).json()
    assert "seen by the customer" in [article["body"] for article in seen]


async def test_a_mail_from_a_group_without_address_fails_and_undoes_the_whole_request(desk: Desk) -> None:
    ticket = await desk.ticket(group="Projects")
    mail = {"body": "mail", "type": "email", "to": CARLA}

    params = {"state": "open", "priority": "3 high", "preferences": {"a": 1}, "article": mail}
    answer = await desk.bot.put(f"tickets/{ticket['id']}", json=params)
    await desk.box.settle()

    assert answer.status_code == 500
    assert answer.json()["error"].startswith("Error ID")
    assert (await desk.bot.get(f"tickets/{ticket['id']}?all=true")).json()["ticket_article_ids"] == ticket[
        "article_ids"
    ]
    now = (await desk.bot.get(f"tickets/{ticket['id']}")).json()
    assert {key: ticket[key] for key in now} == now
    assert desk.box.outbox == []


async def test_an_administrator_reads_the_real_text_of_an_error(desk: Desk) -> None:
    params = {"title": "No customer", "group": "Sales", "article": {"body": "x"}}

    bot, admin = [await who.post("tickets", json=params) for who in (desk.bot, desk.admin)]

    assert "Please contact your administrator" in bot.json()["error"]
    assert admin.json() == {"error": "Missing required value for field 'customer_id'!"}


async def test_one_put_carries_fields_mail_and_memory(desk: Desk, hook: Receiver) -> None:
    ticket = await desk.ticket()
    await desk.hook(hook.url, "updated", {"ticket.action": {"operator": "is", "value": "update"}})
    mail = {"body": "Hello", "subject": "Re: Help", "type": "email", "to": CARLA, "preferences": {"mine": {"id": 7}}}

    params = {"state": "closed", "preferences": {"mine": {"b": 2}}, "article": mail}
    answer = await desk.bot.put(f"tickets/{ticket['id']}", json=params)
    await desk.box.settle()

    assert answer.json()["preferences"] == {"mine": {"b": 2}}
    [delivery] = hook.got
    assert (delivery.body["ticket"]["state"], delivery.body["article"]["body"]) == ("closed", "Hello")
    sent = (await desk.bot.get(f"ticket_articles/{answer.json()['article_ids'][-1]}")).json()
    assert sent["from"] == "Policy Bot via MSP Support <support@msp.example>"
    assert sent["preferences"] | {"delivery_status_date": None} == {
        "mine": {"id": 7},
        "email_address_id": 1,
        "delivery_retry": 1,
        "delivery_channel_id": 3,
        "delivery_status_message": None,
        "delivery_status": "success",
        "delivery_status_date": None,
    }
    assert f"Subject: Help [Ticket#{ticket['number']}]".encode() in desk.box.outbox[-1]


async def test_preferences_are_merged_by_key(desk: Desk) -> None:
    ticket = await desk.ticket(preferences={"a": {"x": 1}, "b": 1})

    await desk.bot.put(f"tickets/{ticket['id']}", json={"preferences": {"a": {"y": 2}}})

    assert (await desk.bot.get(f"tickets/{ticket['id']}")).json()["preferences"] == {"a": {"y": 2}, "b": 1}


async def test_unknown_fields_and_tags_in_a_put_are_ignored(desk: Desk) -> None:
    ticket = await desk.ticket(tags="one,two")

    answer = await desk.bot.put(f"tickets/{ticket['id']}", json={"nosuch": 1, "tags": "three", "number": "1"})

    assert answer.status_code == 200
    assert answer.json()["number"] == ticket["number"]
    tags = await desk.bot.get(f"tags?object=Ticket&o_id={ticket['id']}")
    assert tags.json() == {"tags": ["one", "two"]}


async def test_who_may_not_own_in_a_group_owns_nothing(desk: Desk) -> None:
    ticket = await desk.ticket()
    sara = next(user["id"] for user in desk.box.world.rows("user") if user["email"] == "sara@msp.example")
    ben = next(user["id"] for user in desk.box.world.rows("user") if user["email"] == "ben@msp.example")

    owners = [
        (await desk.bot.put(f"tickets/{ticket['id']}", json=params)).json()["owner_id"]
        for params in ({"owner_id": sara}, {"owner_id": ben}, {"group": "Sales"})
    ]

    assert owners == [1, ben, 1]


async def test_a_foreign_company_is_replaced_by_the_customers(desk: Desk) -> None:
    ticket = await desk.ticket()

    answer = await desk.bot.put(f"tickets/{ticket['id']}", json={"organization_id": desk.demo.companies["Esker Legal"]})

    assert answer.json()["organization_id"] == desk.demo.companies["Alpenglas GmbH"]


async def test_waiting_needs_a_time_which_may_be_past(desk: Desk) -> None:
    ticket = await desk.ticket()

    without = await desk.bot.put(f"tickets/{ticket['id']}", json={"state": "pending reminder"})
    past = await desk.bot.put(
        f"tickets/{ticket['id']}", json={"state": "pending close", "pending_time": "2020-01-01T00:00:00Z"}
    )
    desk.box.run_scheduler()

    assert (without.status_code, past.status_code) == (422, 200)
    assert (await desk.bot.get(f"tickets/{ticket['id']}?expand=true")).json()["state"] == "closed"


async def test_a_ticket_is_created_with_its_links_tags_and_origin_at_once(desk: Desk) -> None:
    old = await desk.ticket()

    new = await desk.ticket(tags="split", preferences={"origin": old["id"]}, links={"Ticket": {"parent": [old["id"]]}})

    links = (await desk.bot.get(f"links?link_object=Ticket&link_object_value={old['id']}")).json()["links"]
    back = (await desk.bot.get(f"links?link_object=Ticket&link_object_value={new['id']}")).json()["links"]
    assert [(link["link_type"], link["link_object_value"]) for link in links] == [("parent", new["id"])]
    assert [(link["link_type"], link["link_object_value"]) for link in back] == [("child", old["id"])]
    assert new["preferences"] == {"origin": old["id"]}


async def test_links_are_added_by_number_and_removed_by_id(desk: Desk) -> None:
    one, two = await desk.ticket(), await desk.ticket()
    link = {"link_type": "normal", "link_object_target": "Ticket", "link_object_target_value": one["id"]}
    by_number = {**link, "link_object_source": "Ticket", "link_object_source_number": two["number"]}
    by_id = {**link, "link_object_source": "Ticket", "link_object_source_value": two["id"]}

    added = [(await desk.bot.post("links/add", json=by_number)).json()["id"] for _ in range(2)]
    kept = await desk.bot.request("DELETE", "links/remove", json=by_number)
    still = (await desk.bot.get(f"links?link_object=Ticket&link_object_value={one['id']}")).json()["links"]
    await desk.bot.request("DELETE", "links/remove", json=by_id)
    gone = (await desk.bot.get(f"links?link_object=Ticket&link_object_value={one['id']}")).json()["links"]

    assert added == [1, None]
    assert (kept.status_code, kept.json()) == (201, [])
    assert (len(still), len(gone)) == (1, 0)


async def test_another_company_moves_the_customers_tickets_and_wakes_triggers(desk: Desk, hook: Receiver) -> None:
    ticket = await desk.ticket()
    await desk.hook(hook.url, "updated", {"ticket.action": {"operator": "is", "value": "update"}})
    new = desk.demo.companies["Cordis Klinik"]

    await desk.bot.put(f"users/{ticket['customer_id']}", json={"organization_id": new})
    await desk.box.settle()

    [delivery] = hook.got
    assert delivery.body["ticket"]["organization_id"] == new
    assert delivery.body["ticket"]["updated_by"]["login"] == "-"


@pytest.mark.parametrize(
    ("how", "made"),
    [
        ({"customer": "new@ferrum.example"}, 422),
        ({"customer": None, "customer_id": "guess:new@ferrum.example"}, 201),
        ({"customer": {"email": "new@ferrum.example", "firstname": "Nele"}}, 201),
    ],
)
async def test_an_unknown_customer_must_be_guessed_or_written_out(
    desk: Desk, how: dict[str, object], made: int
) -> None:
    answer = await desk.bot.post("tickets", json={"title": "T", "group": "Sales", "article": {"body": "x"}, **how})

    assert answer.status_code == made
    if made == 201:
        assert answer.json()["organization_id"] == desk.demo.companies["Ferrum Stahlbau"]


async def test_an_attribute_takes_values_only_after_its_migration(desk: Desk) -> None:
    company = f"organizations/{desk.demo.companies['Esker Legal']}"
    attribute = {"name": "seats", "object": "Organization", "display": "Seats", "data_type": "integer"}
    await desk.admin.post("object_manager_attributes", json={**attribute, "data_option": {"default": 0}})

    before = (await desk.bot.put(company, json={"seats": 5})).json()
    await desk.admin.post("object_manager_attributes_execute_migrations", json={})
    after = (await desk.bot.put(company, json={"seats": 5})).json()

    assert "seats" not in before
    assert after["seats"] == 5


async def test_select_and_date_values_are_hardly_checked(desk: Desk) -> None:
    company = f"organizations/{desk.demo.companies['Esker Legal']}"

    answer = await desk.bot.put(company, json={"support_contract": "diamond", "contract_valid_until": "31.01.2027"})

    assert answer.json()["support_contract"] == "diamond"
    assert answer.json()["contract_valid_until"] == "2027-01-31"


async def test_a_ticket_of_a_company_with_an_sla_has_a_clock(desk: Desk) -> None:
    hours = {day: {"active": True, "timeframes": [["09:00", "17:00"]]} for day in ("mon", "tue", "wed", "thu", "fri")}
    calendar = {"name": "Office", "timezone": "Europe/Berlin", "business_hours": hours}
    made = (await desk.admin.post("calendars", json=calendar)).json()
    premium = {"organization.support_contract": {"operator": "is", "value": ["premium"]}}
    sla = {"name": "4 h", "first_response_time": 240, "calendar_id": made["id"], "condition": premium}
    await desk.admin.post("slas", json=sla)

    ticket = await desk.ticket()  # on a Monday at 10:00 in Berlin

    assert ticket["first_response_escalation_at"].startswith("2026-11-23T13:00:00")
