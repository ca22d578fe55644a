"""The door: what it takes in, what it refuses, and what it says."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from connector.store.overview import State
from connector.web import hooks as module
from tests import wire
from tests.stand import OBSERVING, SECRET, Stand, stand, until
from tests.web.conftest import LIMIT

TICKET = 1
BODY = wire.body_about(TICKET)


def url(made: Stand, host: str = "zammad") -> str:
    return f"{made.door}/hooks/{host}"


def signed(body: bytes, secret: str = SECRET, algorithm: str = "sha1") -> dict[str, str]:
    return {"X-Hub-Signature": wire.sign(body, secret, algorithm), "X-Zammad-Delivery": "d1", "X-Zammad-Trigger": "new"}


async def test_a_signed_delivery_is_202_with_a_small_fixed_json_and_its_wake_up_is_on_disk(tmp_path: Path) -> None:
    async with stand(tmp_path, policy=OBSERVING, settle_seconds=60) as made:
        answer = await wire.post(url(made), BODY, signed(BODY))
        (row,) = [row for row in await made.looks() if row.ticket == str(TICKET)]
        (delivery,) = await made.deliveries()

    assert (answer.status, answer.body) == (202, b'{"outcome":"woken"}')
    assert answer.headers["content-type"] == "application/json"
    assert (row.state, row.reason) == (State.WAITING, "webhook")
    assert (delivery.id, delivery.ticket, delivery.outcome, delivery.trigger) == ("d1", str(TICKET), "woken", "new")


UNPROVEN = {
    "no signature": {},
    "an empty one": {"X-Hub-Signature": ""},
    "no digest": {"X-Hub-Signature": "sha1="},
    "letters that no digest has": {"X-Hub-Signature": "sha1=ünicode"},
    "no algorithm": {"X-Hub-Signature": wire.sign(BODY, SECRET).removeprefix("sha1=")},
    "an algorithm that nobody may use": {"X-Hub-Signature": wire.sign(BODY, SECRET).replace("sha1", "md5")},
    "another secret": {"X-Hub-Signature": wire.sign(BODY, "another secret")},
    "no secret": {"X-Hub-Signature": wire.sign(BODY, "")},
    "another body": {"X-Hub-Signature": wire.sign(BODY + b" ", SECRET)},
    "a digest cut short": {"X-Hub-Signature": wire.sign(BODY, SECRET)[:-1]},
}


async def test_a_delivery_that_cannot_be_proven_is_401_and_leaves_no_trace(made: Stand) -> None:
    answers = {why: await wire.post(url(made), BODY, headers) for why, headers in UNPROVEN.items()}

    assert {why: answer.status for why, answer in answers.items()} == dict.fromkeys(UNPROVEN, 401)
    assert {answer.body for answer in answers.values()} == {b'{"error":"unverified"}'}
    assert await made.deliveries() == []
    assert await made.looks() == []


async def test_a_signature_that_came_second_proves_nothing(made: Stand) -> None:
    head = f"POST /hooks/zammad HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(BODY)}\r\n"
    both = f"X-Hub-Signature: sha1=00\r\nX-Hub-Signature: {wire.sign(BODY, SECRET)}\r\n\r\n"
    answer = await wire.speak(url(made), [head.encode() + both.encode() + BODY])

    assert answer.status == 401


async def test_sha256_is_as_good_as_sha1(made: Stand) -> None:
    assert (await wire.post(url(made), BODY, signed(BODY, algorithm="sha256"))).status == 202


async def test_while_a_secret_is_rotated_both_are_valid_and_no_third(tmp_path: Path) -> None:
    async with stand(tmp_path, policy=OBSERVING, zammad={"webhook_secrets": f"new-one, {SECRET}"}) as made:
        statuses = [
            (await wire.post(url(made), BODY, signed(BODY, secret))).status
            for secret in ("new-one", SECRET, f"new-one, {SECRET}")
        ]

    assert statuses == [202, 202, 401]


async def test_without_a_secret_nothing_comes_in(tmp_path: Path) -> None:
    async with stand(tmp_path, policy=OBSERVING, zammad={"webhook_secrets": ""}) as made:
        statuses = [(await wire.post(url(made), BODY, signed(BODY, secret))).status for secret in ("", SECRET)]

    assert statuses == [401, 401]


async def test_credentials_on_top_must_be_there_and_right(tmp_path: Path) -> None:
    zammad = {"webhook_basic": "zammad:p:w", "require_sha256": True}
    async with stand(tmp_path, policy=OBSERVING, zammad=zammad) as made:
        head = signed(BODY, algorithm="sha256")
        right, wrong = {"Authorization": "Basic emFtbWFkOnA6dw=="}, {"Authorization": "Basic emFtbWFkOnB3"}
        statuses = [
            (await wire.post(url(made), BODY, head | extra)).status
            for extra in (right, wrong, {}, {"Authorization": "Basic ÿ"}, {"Authorization": "Bearer zammad:p:w"})
        ]
        sha1 = await wire.post(url(made), BODY, signed(BODY) | right)

    assert statuses == [202, 401, 401, 401, 401]
    assert sha1.status == 401


async def test_a_body_announced_too_large_is_413_before_it_is_read(made: Stand) -> None:
    headers = signed(b"") | {"Content-Length": str(LIMIT + 1)}
    answer = await wire.post(url(made), b"", headers)

    assert (answer.status, answer.content) == (413, {"error": "too_large"})


async def test_a_body_streamed_too_large_is_413_and_not_read_to_its_end(made: Stand) -> None:
    sent = 0

    def endless() -> object:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 10_000

    answer = await wire.stream(url(made), endless(), signed(b""))  # type: ignore[arg-type]  # an endless generator

    assert answer.status == 413
    assert sent < 5_000


async def test_a_streamed_body_of_fair_size_is_taken_in(made: Stand) -> None:
    body = wire.body_about(TICKET, title="x" * (LIMIT // 2))
    answer = await wire.stream(url(made), [body[:100], body[100:]], signed(body))

    assert answer.status == 202


async def test_a_body_that_never_ends_is_408(made: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ", 0.05)
    answer = await wire.post(url(made), BODY[:-1], signed(BODY) | {"Content-Length": str(len(BODY))})

    assert (answer.status, answer.content) == (408, {"error": "unfinished"})


async def test_a_client_that_hangs_up_halfway_is_counted_and_harms_nobody(
    made: Stand, capfd: pytest.CaptureFixture[str]
) -> None:
    host, port = made.door.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /hooks/zammad HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    await until(lambda: b'outcome="unfinished"} 1.0' in made.house.metrics.exposition(None))
    answer = await wire.post(url(made), BODY, signed(BODY))

    assert answer.status == 202
    assert "Traceback" not in "".join(capfd.readouterr())


UNREADABLE = {
    b"no json at all \xff": "the body is no JSON (UnicodeDecodeError)",
    b"": "the body is no JSON (JSONDecodeError)",
    b"[" * 50_000: "the body is no JSON (RecursionError)",
    b'{"event": "custom"}': "the body has no object `ticket`; the webhook needs Zammad's default payload",
    b'{"ticket": {"id": true}}': "`ticket.id` is no ticket id",
    b'{"ticket": {"id": "7"}}': "`ticket.id` is no ticket id",
}


async def test_an_authentic_body_that_cannot_be_read_is_202_and_recorded(made: Stand) -> None:
    answers = [
        await wire.post(url(made), body, signed(body) | {"X-Zammad-Delivery": str(number)})
        for number, body in enumerate(UNREADABLE)
    ]
    recorded = sorted(await made.deliveries(), key=lambda each: int(each.id))

    assert {(answer.status, answer.body) for answer in answers} == {(202, b'{"outcome":"unreadable"}')}
    assert [(each.outcome, each.ticket, each.why) for each in recorded] == [
        ("unreadable", None, why) for why in UNREADABLE.values()
    ]


async def test_a_delivery_tried_again_is_one_delivery_seen_twice(made: Stand) -> None:
    for _ in range(2):
        await wire.post(url(made), BODY, signed(BODY))
    (delivery,) = await made.deliveries()

    assert delivery.times == 2


async def test_a_host_that_is_not_set_up_is_404_and_the_answer_names_those_that_are(made: Stand) -> None:
    answer = await wire.post(url(made, "znuny"), BODY, signed(BODY))

    assert (answer.status, answer.content) == (404, {"error": "no host of this name is set up; set up: zammad"})
