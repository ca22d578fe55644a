"""The sandbox answers as the recorded Zammad did."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from connector.hosts.sandbox import Sandbox
from connector.hosts.sandbox.payload import encode, sign
from connector.hosts.sandbox.serve import serve
from tests.hosts.sandbox import between
from tests.hosts.sandbox.receiver import receiver
from tests.hosts.sandbox.recordings import exchanges, order, raw_deliveries, uncovered
from tests.hosts.sandbox.replay import Replay

STATUSES = {"/status/500": 500, "/status/404": 404, "/status/302": 302}


async def _run() -> Replay:
    time = [datetime(2026, 11, 21, 19, 36, 35, tzinfo=UTC)]
    box = Sandbox(clock=lambda: time[0], pace=0.0005, patience=0.1)
    async with serve(box) as url, receiver() as hook, httpx.AsyncClient(trust_env=False, verify=False) as client:
        hook.answer = lambda path: STATUSES.get(path, None if path.startswith("/slow") else 200)
        replay = Replay(box=box, url=url, client=client, hook=hook, time=time)
        between.settle_in(replay)
        await replay.run()
    return replay


@pytest.fixture(scope="module")
def replayed() -> Replay:
    """Replay everything once; knows for each recording where the sandbox differs."""
    return asyncio.run(_run())


@pytest.mark.parametrize("name", sorted(exchanges()))
def test_the_sandbox_answers_as_zammad_did(replayed: Replay, name: str) -> None:
    differs = replayed.found.get(name, ["was not replayed"])

    if name in uncovered():
        assert differs, f"{name} is covered: take it out of uncovered.txt"
    else:
        assert not differs, "\n".join(differs)


def test_the_order_names_every_recording_once() -> None:
    assert sorted(name for _, name in order()) == sorted(exchanges())


def test_at_least_nine_of_ten_recordings_are_covered() -> None:
    assert uncovered().keys() <= exchanges().keys()
    assert len(uncovered()) <= len(exchanges()) / 10


def test_the_values_agree_too_where_neither_chance_nor_time_decides(
    replayed: Replay, record_property: Callable[[str, object], None]
) -> None:
    # What is left: rows whose order PostgreSQL leaves open, stock texts, and what the recorder did unseen.
    record_property("agreement", f"{replayed.equal} of {replayed.values} values equal")

    assert replayed.equal / replayed.values > 0.94


def test_json_is_encoded_and_signed_byte_for_byte_as_recorded() -> None:
    wrong = []
    for delivery in raw_deliveries():
        raw, headers = b64decode(delivery["body_base64"]), delivery["headers"]
        if encode(json.loads(raw)) != raw or (
            "X-Hub-Signature" in headers and sign(raw, delivery["signature_token"]) != headers["X-Hub-Signature"]
        ):
            wrong.append(headers["X-Zammad-Trigger"])

    assert wrong == []
    assert hmac.new(b"k", b"x", hashlib.sha1).hexdigest() in sign(b"x", "k")
