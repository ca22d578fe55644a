"""Znuny's errors come as 200, sessions end in between, and types wobble; recorded answers show it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connector.errors import Gone, Permanent, Transient
from connector.hosts.znuny import translate
from connector.hosts.znuny.client import ZnunyClient
from connector.hosts.znuny.lists import stock_lists, zone
from connector.model.message import Channel
from connector.model.ticket import Sender, State
from tests.hosts.znuny import recorded

EXCHANGES = recorded.exchanges()
LISTS = stock_lists(bot="2", address="policy-bot@helpdesk.test", queues=(), time_zone=zone("UTC"))
Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer, *, page: int = 500) -> ZnunyClient:
    """Make a client whose Znuny lets anybody in and answers so."""

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Session") and request.method == "POST":
            assert request.headers["X-OTRS-Header-Password"] == "secret"
            return httpx.Response(200, json={"SessionID": "s1"})
        return answer(request)

    transport = httpx.MockTransport(respond)
    return ZnunyClient("http://znuny.test/otrs", "bot", SecretStr("secret"), page=page, transport=transport)


def as_recorded(name: str) -> Answer:
    """Answer as Znuny did when it was recorded."""
    response = EXCHANGES[name]["response"]
    body = response["body"]
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {"Content-Type": response["headers"]["Content-Type"]}
    return lambda _: httpx.Response(response["status"], headers=headers, content=content.encode())


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("error-missing-ticket", Gone),
        ("error-get-no-permission", Gone),
        ("error-get-non-numeric", Gone),
        ("error-missing-ticket-among-others", Gone),
        ("error-bad-route", Transient),
    ],
)
async def test_an_error_that_came_as_success_is_an_error(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await client(as_recorded(name)).ticket("999999", articles=False)


@pytest.mark.parametrize(
    ("name", "error", "why"),
    [
        ("error-update-bad-queue", Permanent, "Queue"),
        ("error-update-bad-owner", Permanent, "Owner"),
        ("error-update-missing-ticket", Permanent, "TicketUpdate"),
        ("error-update-partial", Transient, "500"),
        ("error-update-readonly-user-note", Permanent, "TicketUpdate"),
        ("ticket-update-pending-without-time", Permanent, "pend"),
    ],
)
async def test_a_write_that_was_refused_is_an_error_that_says_why(name: str, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        await client(as_recorded(name)).send("PATCH", "/Ticket/1", {"Ticket": {"Title": "x"}})


def single() -> list[str]:
    """Name the recorded answers that hold one ticket."""
    bodies = {name: each["response"]["body"] for name, each in EXCHANGES.items() if name.startswith("ticket-get-")}
    return sorted(name for name, body in bodies.items() if len(body.get("Ticket", ())) == 1)


@pytest.mark.parametrize("name", single())
async def test_a_recorded_ticket_is_read(name: str) -> None:
    body = EXCHANGES[name]["response"]["body"]
    raw = await client(as_recorded(name)).ticket("1", articles=True)

    case = translate.case_of(
        translate.stock(raw, None),
        host="znuny",
        lists=LISTS,
        domains_attribute="MailDomains",
        now=translate.moment("2026-11-21 20:00:00", LISTS.time_zone),
    )

    told = body["Ticket"][0]
    assert (case.ticket.id, case.ticket.number) == (str(told["TicketID"]), told["TicketNumber"])
    assert case.ticket.article_count == len(told.get("Article", ()))
    assert case.ticket.created_at.tzinfo is not None
    assert case.ticket.state in State


def test_articles_of_each_kind_are_told_apart() -> None:
    told = EXCHANGES["ticket-get-after-updates"]["response"]["body"]["Ticket"][0]

    case = translate.case_of(
        translate.stock(told, None),
        host="znuny",
        lists=LISTS,
        domains_attribute="MailDomains",
        now=translate.moment("2026-11-21 20:00:00", LISTS.time_zone),
    )

    kinds = {(each.channel, each.sender, each.is_internal) for each in case.ticket.articles}
    assert {(Channel.EMAIL, Sender.CUSTOMER, False), (Channel.NOTE, Sender.AGENT, True)} <= kinds


async def test_a_search_that_finds_nothing_gives_nothing() -> None:
    assert await client(as_recorded("ticket-search-nothing")).search({"TicketNumber": "0"}, limit=2) == []


async def test_an_ended_session_is_renewed_once_and_the_request_sent_again() -> None:
    begun: list[str] = []
    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Session"):
            begun.append(f"s{len(begun) + 1}")
            return httpx.Response(200, json={"SessionID": begun[-1]})
        asked.append(request.headers["X-OTRS-Header-SessionID"])
        assert "X-OTRS-Header-Password" not in request.headers
        if asked[-1] == "s1":
            return httpx.Response(200, json=EXCHANGES["error-bad-session"]["response"]["body"])
        return httpx.Response(200, json={"Ticket": [{"TicketID": 1}]})

    znuny = ZnunyClient("http://znuny.test/otrs", "bot", SecretStr("secret"), transport=httpx.MockTransport(respond))

    assert await znuny.ticket("1", articles=False) == {"TicketID": 1}
    assert await znuny.ticket("1", articles=False) == {"TicketID": 1}
    assert (begun, asked) == (["s1", "s2"], ["s1", "s2", "s2"])


async def test_a_refused_login_is_for_a_person_and_names_the_settings() -> None:
    body = EXCHANGES["error-bad-login"]["response"]["body"]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    znuny = ZnunyClient("http://znuny.test/otrs", "bot", SecretStr("wrong"), transport=transport)

    with pytest.raises(Permanent, match="ZNUNY__PASSWORD"):
        await znuny.ticket("1", articles=False)


async def test_nothing_secret_stands_in_an_address() -> None:
    addresses: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        addresses.append(str(request.url))
        return httpx.Response(200, json={"SessionID": "s1", "Ticket": [{}], "SessionData": []})

    znuny = ZnunyClient("http://znuny.test/otrs", "bot", SecretStr("secret"), transport=httpx.MockTransport(respond))
    await znuny.ticket("1", articles=True)
    await znuny.me()
    await znuny.aclose()

    assert [each for each in addresses if "secret" in each or "s1" in each] == []


async def test_more_tickets_in_one_second_than_a_page_holds_are_all_found() -> None:
    changed = {str(number): "2026-11-21 20:00:00" for number in range(1, 8)} | {"8": "2026-11-21 20:00:01"}

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            query: dict[str, Any] = json.loads(request.content)
            found = [each for each, at in changed.items() if at >= query["TicketLastChangeTimeNewerDate"]]
            return httpx.Response(200, json={"TicketID": found[: query["Limit"]]} if found else {})
        asked = request.url.path.rpartition("/")[2].split(",")
        return httpx.Response(200, json={"Ticket": [{"TicketID": each, "Changed": changed[each]} for each in asked]})

    rows = [row async for row in client(respond, page=2).changed_by_search("2026-11-21 00:00:00")]

    assert [row["TicketID"] for row in rows] == list(changed)
