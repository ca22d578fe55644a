"""What stands at Zammad's door is proven byte by byte, and read as far as it can be."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connector.errors import Unverified
from connector.hosts.zammad.webhook import Proof, verify
from connector.model.event import Event
from tests.hosts.sandbox.recordings import raw_deliveries

BODY = b'{"ticket":{"id":7,"updated_at":"2026-11-21T19:42:55.167Z"},"article":{}}'
PROOF = Proof(secrets=[SecretStr("s3cret")])


def signed(body: bytes = BODY, *, secret: str = "s3cret", algorithm: str = "sha1", **more: str) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, algorithm).hexdigest()
    return {"x-hub-signature": f"{algorithm}={digest}"} | {
        name.replace("_", "-"): value for name, value in more.items()
    }


def recorded(delivery: dict[str, Any]) -> tuple[dict[str, str], bytes, Proof]:
    headers = {name.lower(): value for name, value in delivery["headers"].items()}
    return headers, base64.b64decode(delivery["body_base64"]), Proof(secrets=[SecretStr(delivery["signature_token"])])


def test_all_208_deliveries_recorded_with_a_real_zammad_are_signed_with_sha1() -> None:
    assert [each["headers"]["X-Hub-Signature"][:5] for each in raw_deliveries()] == ["sha1="] * 208


@pytest.mark.parametrize("nth", range(len(raw_deliveries())))
def test_a_recorded_delivery_is_proven_and_read_and_with_one_byte_altered_it_is_refused(nth: int) -> None:
    headers, body, proof = recorded(raw_deliveries()[nth])

    event = verify(headers, body, proof, host="zammad")

    content = json.loads(body)
    ticket = content.get("ticket")
    assert event.delivery == headers["x-zammad-delivery"]
    if isinstance(ticket, dict) and "id" in ticket:
        assert (event.ticket, event.version, event.unreadable) == (str(ticket["id"]), ticket["updated_at"], None)
        assert datetime.fromisoformat(str(event.version)).tzinfo is not None
    else:
        assert event.ticket is None
        assert event.unreadable
    altered = bytearray(body)
    altered[len(body) // 2] ^= 1
    with pytest.raises(Unverified, match="does not match"):
        verify(headers, bytes(altered), proof, host="zammad")


@given(st.binary(max_size=60), st.integers(min_value=0), st.integers(1, 255))
def test_no_altered_body_passes(body: bytes, at: int, by: int) -> None:
    headers = signed(body)
    altered = bytearray(body or b"x")
    altered[at % len(altered)] ^= by

    with pytest.raises(Unverified):
        verify(headers, bytes(altered), PROOF, host="zammad")


def test_the_signature_is_over_the_raw_bytes_not_over_what_they_mean() -> None:
    spaced = json.dumps(json.loads(BODY)).encode()

    with pytest.raises(Unverified):
        verify(signed(BODY), spaced, PROOF, host="zammad")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_both_algorithms_are_accepted(algorithm: str) -> None:
    assert verify(signed(algorithm=algorithm), BODY, PROOF, host="zammad").ticket == "7"


def test_an_upper_case_digest_is_the_same_digest() -> None:
    headers = signed()
    name, _, digest = headers["x-hub-signature"].partition("=")

    assert verify({"x-hub-signature": f"{name}={digest.upper()}"}, BODY, PROOF, host="zammad").ticket == "7"


def test_where_sha256_is_required_sha1_is_refused() -> None:
    strict = replace(PROOF, require_sha256=True)

    assert verify(signed(algorithm="sha256"), BODY, strict, host="zammad").ticket == "7"
    with pytest.raises(Unverified, match="sha256 is required"):
        verify(signed(), BODY, strict, host="zammad")


@pytest.mark.parametrize("secret", ["old", "new"])
def test_while_a_secret_is_rotated_out_both_are_accepted(secret: str) -> None:
    rotating = Proof(secrets=[SecretStr("old"), SecretStr("new")])

    assert verify(signed(secret=secret), BODY, rotating, host="zammad").ticket == "7"
    with pytest.raises(Unverified):
        verify(signed(secret="older"), BODY, rotating, host="zammad")


@pytest.mark.parametrize("secrets", [[], [SecretStr("")]])
def test_without_a_secret_the_door_is_closed(secrets: list[SecretStr]) -> None:
    with pytest.raises(Unverified):
        verify(signed(secret=""), BODY, Proof(secrets=secrets), host="zammad")


@pytest.mark.parametrize(
    "signature",
    ["", "sha1", "sha1=", "=abc", "md5=" + hashlib.md5(BODY).hexdigest(), "sha1=zz", "sha1=\xe9", "SHA1=\u2028"],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    with pytest.raises(Unverified):
        verify({"x-hub-signature": signature}, BODY, PROOF, host="zammad")


def test_basic_credentials_are_asked_for_on_top_of_the_signature() -> None:
    proof = replace(PROOF, basic=SecretStr("zammad:pass:word"))
    right = base64.b64encode(b"zammad:pass:word").decode()

    assert verify(signed(authorization=f"Basic {right}"), BODY, proof, host="zammad").ticket == "7"
    for wrong in (f"Bearer {right}", "Basic ", "Basic !!!", "Basic " + base64.b64encode(b"zammad:x").decode(), ""):
        with pytest.raises(Unverified, match="Basic"):
            verify(signed(authorization=wrong), BODY, proof, host="zammad")
    with pytest.raises(Unverified, match="signature"):
        verify({"authorization": f"Basic {right}"}, BODY, proof, host="zammad")


def test_a_bearer_token_is_asked_for_on_top_of_the_signature() -> None:
    proof = replace(PROOF, bearer=SecretStr("t0ken"))

    assert verify(signed(authorization="Bearer t0ken"), BODY, proof, host="zammad").ticket == "7"
    for wrong in ("Bearer t0ke", "Bearer t0kenn", "Basic t0ken", "Bearer \u00e9", ""):
        with pytest.raises(Unverified, match="bearer"):
            verify(signed(authorization=wrong), BODY, proof, host="zammad")


def test_a_trigger_name_of_utf_8_that_came_as_latin_1_is_read() -> None:
    as_handed_on = "Größe geändert ✓".encode().decode("latin-1")

    assert verify(signed(x_zammad_trigger=as_handed_on), BODY, PROOF, host="zammad").trigger == "Größe geändert ✓"


def test_a_recorded_trigger_name_beyond_ascii_is_read() -> None:
    names = {verify(*recorded(each), host="zammad").trigger for each in raw_deliveries()}

    assert any(not name.isascii() and "\ufffd" not in name for name in names)


def test_without_a_delivery_id_the_digest_of_the_body_stands_for_it() -> None:
    event = verify(signed(), BODY, PROOF, host="zammad")

    assert event == Event(
        host="zammad", ticket="7", delivery=hashlib.sha256(BODY).hexdigest(), version="2026-11-21T19:42:55.167Z"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"no json",
        b"null",
        b"[]",
        b"7",
        b'"ticket"',
        b"{}",
        b'{"ticket":null}',
        b'{"ticket":[7]}',
        b'{"ticket":{}}',
        b'{"ticket":{"id":null}}',
        b'{"ticket":{"id":"7"}}',
        b'{"ticket":{"id":true}}',
        b'{"ticket":{"id":0}}',
        b'{"ticket":{"id":-1}}',
        b'{"ticket":{"id":7.5}}',
        b'{"ticket":{"id":1e999}}',
        b'{"ticket":{"id":' + b"9" * 5000 + b"}}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"ticket":{"id":NaN}}',
    ],
)
def test_an_authentic_body_that_cannot_be_read_is_an_event_that_says_so(body: bytes) -> None:
    event = verify(signed(body, x_zammad_delivery="d1"), body, PROOF, host="zammad")

    assert (event.ticket, event.version, event.delivery) == (None, None, "d1")
    assert event.unreadable


@given(st.binary(max_size=200))
def test_no_authentic_body_is_ever_an_error(body: bytes) -> None:
    event = verify(signed(body), body, PROOF, host="zammad")

    assert (event.ticket is None) == (event.unreadable is not None)


def test_why_a_body_cannot_be_read_is_told_without_quoting_it() -> None:
    body = b'{"password": "hunter2", '

    assert "hunter2" not in str(verify(signed(body), body, PROOF, host="zammad").unreadable)


def test_a_version_that_is_no_text_is_none() -> None:
    body = b'{"ticket":{"id":7,"updated_at":12}}'

    event = verify(signed(body), body, PROOF, host="zammad")

    assert (event.ticket, event.version) == ("7", None)
