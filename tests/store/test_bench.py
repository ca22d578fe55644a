"""The measurement measures."""

from bench.looks import measure
from connector.store import Store


async def test_a_tiny_measurement_runs(store: Store) -> None:
    speed = await measure(store, waiting=20, deliveries=8, claims=8)

    assert speed.waiting == 20
    assert min(speed.wakes_one_by_one, speed.wakes_together, speed.looks) > 0
