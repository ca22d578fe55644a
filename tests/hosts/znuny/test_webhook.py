"""A delivery of Znuny's is proven by what it carries, and read for the ticket alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connector.errors import Unverified
from connector.hosts.znuny.webhook import Proof, verify
from connector.model.event import Event
from tests.hosts.znuny import recorded

TOKEN, BASIC = SecretStr("webhook-secret-0123456789"), SecretStr("znuny:webhook-basic-pw")
BOTH = Proof(tokens=[TOKEN], basic=BASIC, header="X-Policy-Token")
BODY = b'{"Event":{"Event":"TicketCreate","TicketID":7},"Ticket":{}}'
GOOD = {"x-policy-token": "webhook-secret-0123456789", "authorization": "Basic em51bnk6d2ViaG9vay1iYXNpYy1wdw=="}

DELIVERIES = recorded.deliveries()
TOLD_BY_JWT = {"webhook-jwt-auth"}
NO_TICKET = {"webhook-tunnel-merge-and-company-3of3"}


def read(delivery: dict[str, Any], proof: Proof = BOTH) -> Event:
    headers = {name.lower(): value for name, value in delivery["headers"].items()}
    return verify(headers, json.dumps(delivery["body"]).encode(), proof, host="znuny")


@pytest.mark.parametrize("delivery", DELIVERIES, ids=lambda each: each["name"])
def test_a_recorded_delivery_is_proven_and_read(delivery: dict[str, Any]) -> None:
    if delivery["name"] in TOLD_BY_JWT:
        with pytest.raises(Unverified, match="Basic"):
            read(delivery)
        return
    event = read(delivery)

    told = delivery["body"]["Event"]
    told = delivery["body"] if isinstance(told, str) else told
    ticket = None if delivery["name"] in NO_TICKET else str(told.get("SourceKey") or told.get("TicketID"))
    assert (event.ticket, event.unreadable is None, event.version) == (ticket, ticket is not None, None)
    assert event.trigger == ("" if ticket is None else told["Event"])


def test_all_the_recorded_deliveries_are_here() -> None:
    assert len(DELIVERIES) == 70


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "Basic"),
        (GOOD | {"authorization": "Basic em51bnk6d3Jvbmc="}, "Basic"),
        (GOOD | {"authorization": "Basic %%%"}, "Basic"),
        (GOOD | {"authorization": "Bearer em51bnk6d2ViaG9vay1iYXNpYy1wdw=="}, "Basic"),
        (GOOD | {"x-policy-token": "webhook-secret-012345678"}, "X-Policy-Token"),
        (GOOD | {"x-policy-token": ""}, "X-Policy-Token"),
        ({name: value for name, value in GOOD.items() if name == "authorization"}, "X-Policy-Token"),
    ],
)
def test_a_delivery_that_lacks_one_of_both_is_refused(headers: dict[str, str], why: str) -> None:
    with pytest.raises(Unverified, match=why):
        verify(headers, BODY, BOTH, host="znuny")


@pytest.mark.parametrize("proof", [Proof(), Proof(tokens=[SecretStr("")], basic=SecretStr(""))])
def test_where_nothing_is_set_nothing_passes(proof: Proof) -> None:
    with pytest.raises(Unverified, match="neither"):
        verify({"x-helpdesk-policy-token": "", "authorization": "Basic "}, BODY, proof, host="znuny")


@pytest.mark.parametrize("token", ["old", "new"])
def test_either_of_two_tokens_passes_while_one_is_rotated_out(token: str) -> None:
    proof = Proof(tokens=[SecretStr("old"), SecretStr("new")])

    assert verify({"x-helpdesk-policy-token": token}, BODY, proof, host="znuny").ticket == "7"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"Event":{}}',
        b'{"Event":{"TicketID":true}}',
        b'{"Event":{"TicketID":"7; DROP"}}',
        b'{"Event":{"TicketID":"-7"}}',
        b'{"Event":{"TicketID":0}}',
        b'{"Event":{"TicketID":"\xd9\xa7"}}',
        b'{"Event":{"TicketID":"' + b"9" * 400 + b'"}}',
        b"[" * 100_000,
    ],
)
def test_an_authentic_body_that_cannot_be_read_is_an_event_that_says_so(body: bytes) -> None:
    event = verify(GOOD, body, BOTH, host="znuny")

    assert (event.ticket, bool(event.unreadable)) == (None, True)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_no_body_is_an_error(body: bytes) -> None:
    assert verify(GOOD, body, BOTH, host="znuny").ticket is None
