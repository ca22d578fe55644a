"""What one may read of the sandbox, and how much at a time."""

from __future__ import annotations

import base64

import httpx
import pytest

from connector.hosts.sandbox import Sandbox, tickets
from connector.hosts.sandbox.seed import add_customer
from tests.hosts.sandbox.conftest import Desk


async def _status(desk: Desk, authorization: str | None) -> tuple[int, str]:
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx.AsyncClient(trust_env=False, verify=False) as stranger:
        answer = await stranger.get(f"{desk.url}/api/v1/users/me", headers=headers)
    return answer.status_code, answer.json().get("error", "")


async def test_a_wrong_token_is_401_and_none_is_403(desk: Desk) -> None:
    desk.box.world.one("user", desk.demo.bot_id)["_password"] = "pw"
    right = base64.b64encode(b"policy-bot@msp.example:pw").decode()

    assert await _status(desk, None) == (403, "Authentication required")
    assert await _status(desk, "Token token=wrong") == (401, "Can't find User for Token")
    assert await _status(desk, "Basic d3Jvbmc6cHc=") == (401, "Invalid BasicAuth credentials")
    assert await _status(desk, f"Bearer {desk.demo.bot_token}") == (200, "")
    assert await _status(desk, f"Basic {right}") == (200, "")


async def test_a_token_holds_no_more_than_its_owner(desk: Desk) -> None:
    token = {"name": "wide", "permission": ["ticket.agent", "admin.webhook"]}
    secret = (await desk.bot.post("user_access_token", json=token)).json()["token"]

    answer = await desk.bot.get("webhooks", headers={"Authorization": f"Token token={secret}"})

    assert (answer.status_code, answer.json()["error"]) == (403, "Token authorization failed.")


async def test_a_customer_sees_his_own_tickets_without_internal_articles(desk: Desk) -> None:
    mine = await desk.ticket()
    other = await desk.ticket(customer="bernd@brandt.example")
    await desk.bot.post("ticket_articles", json={"ticket_id": mine["id"], "body": "secret", "internal": True})

    listed = [ticket["id"] for ticket in (await desk.carla.get("tickets")).json()]
    articles = (await desk.carla.get(f"ticket_articles/by_ticket/{mine['id']}")).json()
    forbidden = await desk.carla.get(f"tickets/{other['id']}")

    assert listed == [mine["id"]]
    assert "secret" not in [article["body"] for article in articles]
    assert forbidden.status_code == 403


async def test_a_group_without_access_is_403_and_an_unknown_ticket_404(desk: Desk) -> None:
    ticket = await desk.ticket()
    desk.box.world.one("user", desk.demo.bot_id)["group_ids"] = {"3": ["full"]}

    answers = [(await desk.bot.get(f"tickets/{id_}")).status_code for id_ in (ticket["id"], 4711, ticket["number"])]

    assert answers == [403, 404, 404]


@pytest.mark.parametrize(("query", "count"), [("per_page=1000", 100), ("per_page=3", 3), ("per_page=0", 0)])
async def test_a_page_of_tickets_has_at_most_a_hundred(desk: Desk, query: str, count: int) -> None:
    with desk.box.world.transaction():
        for _ in range(105):
            _plain_ticket(desk.box)

    listed = (await desk.bot.get(f"tickets?{query}&sort_by=updated_at&order_by=desc")).json()

    assert [ticket["id"] for ticket in listed] == list(range(1, count + 1))


def _plain_ticket(box: Sandbox) -> None:
    tickets.insert(box.world, {"title": "T", "group_id": 2, "customer_id": 2}, by=1)


async def test_a_sweep_finds_what_changed_since_inclusively(desk: Desk) -> None:
    first, second = await desk.ticket(), await desk.ticket()
    await desk.bot.post("tags/add", json={"object": "Ticket", "o_id": first["id"], "item": "swept"})
    since = (await desk.bot.get(f"tickets/{second['id']}")).json()["updated_at"]
    condition = {"ticket.updated_at": {"operator": "after (absolute)", "value": since}}

    found = await desk.bot.post(
        "tickets/search", json={"condition": condition, "sort_by": "updated_at", "order_by": "asc", "per_page": 200}
    )

    assert [ticket["id"] for ticket in found.json()] == [second["id"], first["id"]]


async def test_without_elasticsearch_a_query_is_a_substring(desk: Desk) -> None:
    ticket = await desk.ticket(title="Pump 7 leaks")

    found = {
        query: [row["id"] for row in (await desk.bot.get("tickets/search", params={"query": query})).json()]
        for query in ("ump 7", "state.name:new", "It is BROKEN", ticket["number"])
    }

    assert found == {
        "ump 7": [ticket["id"]],
        "state.name:new": [],
        "It is BROKEN": [ticket["id"]],
        ticket["number"]: [ticket["id"]],
    }


async def test_a_new_ticket_moves_the_updated_at_of_its_customer(desk: Desk) -> None:
    # So a sweep over users finds people of whom nothing else changed.
    before = desk.box.world.one("user", (await desk.carla.get("users/me")).json()["id"])["updated_at"]

    ticket = await desk.ticket()

    customer = (await desk.bot.get(f"users/{ticket['customer_id']}")).json()
    assert customer["updated_at"] > before
    assert customer["preferences"]["tickets_open"] == 1


async def test_a_user_of_a_known_domain_joins_its_company(desk: Desk) -> None:
    made = add_customer(desk.box.world, "new@DUBOIS.example", "New", "Person")

    assert made["organization_id"] == desk.demo.companies["Dubois Transports"]


async def test_an_etag_spares_the_body(desk: Desk) -> None:
    ticket = await desk.ticket()
    first = await desk.bot.get(f"tickets/{ticket['id']}")

    again = await desk.bot.get(f"tickets/{ticket['id']}", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


async def test_the_history_tells_transitions(desk: Desk) -> None:
    ticket = await desk.ticket()
    await desk.bot.put(f"tickets/{ticket['id']}", json={"state": "closed"})

    history = (await desk.bot.get(f"ticket_history/{ticket['id']}")).json()["history"]

    states = [(line["value_from"], line["value_to"]) for line in history if line.get("attribute") == "state"]
    assert states == [("new", "closed")]


async def test_acting_for_another_person_needs_admin_user(desk: Desk) -> None:
    params = {"title": "For Carla", "group": "Support", "article": {"body": "x", "type": "web"}}
    headers = {"From": "carla.moser@alpenglas.example"}

    bot, admin = [await who.post("tickets", json=params, headers=headers) for who in (desk.bot, desk.admin)]

    assert bot.status_code == 403
    carla = (await desk.carla.get("users/me")).json()["id"]
    assert (admin.json()["customer_id"], admin.json()["created_by_id"]) == (carla, carla)
