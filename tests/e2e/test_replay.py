"""The deliveries of a real Zammad, byte by byte, against the running daemon."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

from tests import wire
from tests.stand import OBSERVING, Stand, stand

RECORDED = wire.recorded()
SECRETS = ",".join(sorted({each.secret for each in RECORDED}))
TICKETS = {str(json.loads(each.body)["ticket"]["id"]) for each in RECORDED}
SETTLE = 4.0
"""Seconds; on any machine all of the deliveries come within it, so that they are one burst for each ticket."""


def altered(delivery: wire.Delivery, chance: Random) -> wire.Delivery:
    """Change one bit of the body, wherever chance says."""
    body = bytearray(delivery.body)
    body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return wire.Delivery(headers=delivery.headers, body=bytes(body), secret=delivery.secret)


async def send(made: Stand, deliveries: Iterable[wire.Delivery]) -> Counter[tuple[int, bytes]]:
    """Send them side by side, eight at a time, and count the answers."""
    slots = asyncio.Semaphore(8)

    async def post(delivery: wire.Delivery) -> tuple[int, bytes]:
        async with slots:
            answer = await wire.post(f"{made.door}/hooks/zammad", delivery.body, delivery.headers)
        return answer.status, answer.body

    return Counter(await asyncio.gather(*map(post, deliveries)))


async def test_recorded_deliveries_are_all_taken_in_as_one_look_a_ticket_and_altered_ones_are_all_refused(
    tmp_path: Path,
) -> None:
    chance = Random(1)
    secrets = {"webhook_secrets": SECRETS}
    async with stand(tmp_path, policy=OBSERVING, hooked=False, settle_seconds=SETTLE, zammad=secrets) as made:
        for number in range(max(map(int, TICKETS))):
            made.mail(f"Somebody <somebody{number}@freemail.example>")
        refused = await send(made, (altered(each, chance) for each in RECORDED))
        untouched = await made.looks()
        taken = await send(made, RECORDED)
        recorded = await made.deliveries()
        await made.idle(within=30)
        looked_at = Counter({row.ticket: row.seen_again + 1 for row in await made.decisions(limit=1000)})

    assert len(RECORDED) == 208
    assert refused == {(401, b'{"error":"unverified"}'): 208}
    assert untouched == []
    assert taken == {(202, b'{"outcome":"woken"}'): 208}
    assert sum(each.times for each in recorded) == 208
    assert {each.ticket for each in recorded} == TICKETS
    assert looked_at == dict.fromkeys(TICKETS | {"1"}, 1)  # ticket 1 by the first sweep
