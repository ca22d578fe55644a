"""One Zammad, as its answers make us act: what is read again, what is counted, what is told to people."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connector.errors import Gone, Permanent, Transient
from connector.hosts.host import Write
from connector.hosts.zammad.client import ZammadClient
from connector.hosts.zammad.webhook import Proof
from connector.hosts.zammad.zammad import Zammad
from connector.model.action import MoveTo
from connector.model.case import Need
from connector.model.decision import Plan, Step
from tests.hosts.sandbox.recordings import exchanges
from tests.hosts.zammad.recorded import answer

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
RECORDED = {
    "/api/v1/users/me": "01-users-me",
    "/api/v1/groups": "06-groups-list-as-agent",
    "/api/v1/roles": "06-roles-list-as-agent",
    "/api/v1/ticket_states": "06-ticket_states-list-expand",
    "/api/v1/ticket_priorities": "06-ticket_priorities-list-as-agent",
    "/api/v1/email_addresses": "06-email_addresses-list-as-agent",
    "/api/v1/settings": "06-settings-list-as-agent",
    "/api/v1/tags": "05-tags-list",
    "/api/v1/http_logs/webhook": "07-http_logs-webhook",
}
Answering = Callable[[httpx.Request], httpx.Response | None]


class Replaying(httpx.AsyncBaseTransport):
    """Answer as recorded, unless `other` knows better."""

    def __init__(self, other: Answering = lambda _: None) -> None:
        self.asked: list[httpx.Request] = []
        self.other = other

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        self.asked.append(request)
        return self.other(request) or self._recorded(request)

    def _recorded(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/api/v1/tickets/"):
            return as_answered("03-tickets-show-full")
        return as_answered(RECORDED[path])

    def count(self, path: str) -> int:
        """Count the requests to a path."""
        return sum(each.url.path == path for each in self.asked)


def as_answered(name: str) -> httpx.Response:
    response = exchanges()[name]["response"]
    return httpx.Response(response["status"], json=response.get("body"))


async def on(transport: Replaying, use: Callable[[Zammad], Any]) -> Any:
    """Use a Zammad over this transport, and close it."""
    host = Zammad(ZammadClient("http://zammad.test", SecretStr("t"), transport=transport), Proof(secrets=[]))
    try:
        return await use(host)
    finally:
        await host.aclose()


async def test_fact_51_and_52_a_look_reads_the_lists_once_and_then_only_the_ticket_and_its_tags() -> None:
    transport = Replaying()

    async def twice(host: Zammad) -> None:
        await host.fetch("2", Need.NOTHING, now=NOW)
        transport.asked.clear()
        await host.fetch("2", Need.NOTHING, now=NOW)

    await on(transport, twice)

    assert sorted(str(each.url.raw_path.decode()) for each in transport.asked) == [
        "/api/v1/tags?object=Ticket&o_id=2",
        "/api/v1/tickets/2?full=true",
    ]


async def test_a_ticket_in_a_group_not_known_yet_makes_the_lists_be_read_again() -> None:
    def moved(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.startswith("/api/v1/tickets/") or not transport.asked[:12][11:]:
            return None
        body = json.loads(json.dumps(answer("03-tickets-show-full")))
        body["assets"]["Ticket"][str(body["id"])]["group_id"] = 99
        return httpx.Response(200, json=body)

    transport = Replaying(moved)

    async def thrice(host: Zammad) -> None:
        for _ in range(4):
            await host.fetch("2", Need.NOTHING, now=NOW)

    await on(transport, thrice)

    assert transport.count("/api/v1/groups") > 1


async def test_fact_20_after_a_refused_mail_the_lists_are_read_again_since_a_group_may_have_lost_its_address() -> None:
    def refuse(request: httpx.Request) -> httpx.Response | None:
        return as_answered("04-article-create-email-without-channel") if request.method == "PUT" else None

    transport = Replaying(refuse)
    write = Write(method="PUT", path="/api/v1/tickets/2", body={"article": {"type": "email"}}, steps=(), expect={})

    async def refused(host: Zammad) -> None:
        case = await host.fetch("2", Need.NOTHING, now=NOW)
        with pytest.raises(Transient, match="500 to PUT"):
            await host.perform(write, case)
        for _ in range(2):
            await host.fetch("2", Need.NOTHING, now=NOW)

    await on(transport, refused)

    assert transport.count("/api/v1/groups") == 2


async def test_after_a_plan_that_names_no_known_group_the_lists_are_read_again() -> None:
    transport = Replaying()
    plan = Plan(decision="01D", steps=(Step(rule="asked", action=MoveTo("New one")),))

    async def unknown(host: Zammad) -> None:
        case = await host.fetch("2", Need.NOTHING, now=NOW)
        with pytest.raises(Permanent, match="no group 'New one'"):
            host.writes(case, plan)
        await host.fetch("2", Need.NOTHING, now=NOW)

    await on(transport, unknown)

    assert transport.count("/api/v1/groups") == 2


async def test_fact_24_a_complaint_leaves_the_version_by_which_its_echo_is_known_and_ignored() -> None:
    case_ticket = answer("03-tickets-show-full")["assets"]["Ticket"]["2"]
    shown = {**case_ticket, "updated_at": "2026-11-21T20:00:00.000Z"}

    def ignore(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json=shown) if request.method == "PUT" else None

    write = Write(method="PUT", path="/api/v1/tickets/2", body={"nosuch": "x"}, steps=(), expect={"nosuch": "x"})

    async def complained(host: Zammad) -> Any:
        return await host.perform(write, await host.fetch("2", Need.NOTHING, now=NOW))

    done = await on(Replaying(ignore), complained)

    assert "nosuch" in done.complaint
    assert done.version == "2026-11-21T20:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "said"), [("03-tickets-show-404", "it was deleted"), ("03-tickets-show-no-group-access", "may not read")]
)
async def test_a_ticket_that_is_not_there_for_us_is_gone(name: str, said: str) -> None:
    def gone(request: httpx.Request) -> httpx.Response | None:
        return as_answered(name) if request.url.path == "/api/v1/tickets/2" else None

    with pytest.raises(Gone, match=said):
        await on(Replaying(gone), lambda host: host.fetch("2", Need.NOTHING, now=NOW))


async def test_fact_39_a_wrong_token_is_for_a_person_and_the_setting_is_named() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        return as_answered("01-users-me-bad-token")

    with pytest.raises(Permanent, match="HELPDESK_POLICY_ZAMMAD__TOKEN") as raised:
        await on(Replaying(refuse), lambda host: host.desk())

    assert not isinstance(raised.value, Gone)


async def test_fact_40_a_log_that_the_token_may_not_read_is_none() -> None:
    def refuse(request: httpx.Request) -> httpx.Response | None:
        return as_answered("07-webhook-create-as-agent-403")

    assert await on(Replaying(refuse), lambda host: host.failed_deliveries()) is None


async def test_fact_7_five_tries_are_counted_once_and_a_redirects_second_row_is_no_try() -> None:
    rows = [each for each in answer("07-http_logs-webhook") if isinstance(each, dict)]

    def log(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=rows)

    failed = await on(Replaying(log), lambda host: host.failed_deliveries())

    assert {(each.trigger, each.tries) for each in failed} == {
        ("retry wx", 5),
        ("retry w5", 5),
        ("retry w4", 5),
        ("retry w3", 5),
    }
    assert {each.ticket for each in failed} <= {"25", None}


async def test_fact_7_a_delivery_that_came_through_in_the_end_did_not_fail() -> None:
    row = next(each for each in answer("07-http_logs-webhook") if each["status"] == "500")
    later = row | {"id": row["id"] + 1, "status": "200", "created_at": "2026-11-21T19:59:00.000Z"}

    def log(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[later, row])

    assert await on(Replaying(log), lambda host: host.failed_deliveries()) == ()


async def test_fact_38_a_number_is_found_only_as_a_number() -> None:
    def found(request: httpx.Request) -> httpx.Response:
        return as_answered("03-search-query-number")

    assert await on(Replaying(found), lambda host: host.find("69002")) == "2"
    assert await on(Replaying(found), lambda host: host.find("6900")) is None


async def test_fact_43_a_raw_mail_is_read_only_of_what_came_by_mail_from_a_customer() -> None:
    articles = [each for each in answer("04-articles-by-ticket-with-system-note") if isinstance(each, dict)]
    source = exchanges()["04-article-plain-of-received-mail"]["response"]["body"]

    def answering(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.startswith("/api/v1/ticket_articles/"):
            return httpx.Response(200, json=articles)
        if request.url.path.startswith("/api/v1/ticket_article_plain/"):
            return httpx.Response(200, content=source.encode())
        return None

    transport = Replaying(answering)
    case = await on(transport, lambda host: host.fetch("2", Need.RAW_MAIL, now=NOW))

    mails = [each for each in articles if each["type"] == "email" and each["sender"] == "Customer"]
    assert [each.id for each in case.ticket.articles if each.raw == source.encode()] == [
        str(each["id"]) for each in mails
    ]
    asked = [each.url.path for each in transport.asked if "article_plain" in each.url.path]
    assert len(asked) == len(mails)


async def test_fact_37_a_sweep_of_one_moment_longer_than_a_page_ends_and_misses_nothing() -> None:
    rows = [{"id": id_, "updated_at": "2026-11-21T20:00:00.000Z"} for id_ in range(1, 6)]
    rows.append({"id": 6, "updated_at": "2026-11-21T20:00:00.001Z"})

    def search(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        since = asked["condition"]["ticket.updated_at"]["value"]
        found = [each for each in rows if str(each["updated_at"]) >= since]
        start = (asked["page"] - 1) * asked["per_page"]
        return httpx.Response(200, json=found[start : start + asked["per_page"]])

    client = ZammadClient("http://zammad.test", SecretStr("t"), page=2, transport=Replaying(search))
    found = [each["id"] async for each in client.tickets_updated_since("2026-11-21T19:00:00.000Z")]
    await client.aclose()

    assert found == [1, 2, 3, 4, 5, 6]
