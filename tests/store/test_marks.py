"""How far a job has come."""

from connector.store import Store, marks


async def test_nothing_is_read_before_something_is_written(store: Store) -> None:
    assert await marks.read(store, "sweep:zammad") is None


async def test_the_latest_value_is_read(store: Store) -> None:
    await marks.write(store, "sweep:zammad", "2024-05-06T09:30:00Z")
    await marks.write(store, "sweep:zammad", "2024-05-06T09:40:00Z")
    await marks.write(store, "sweep:znuny", "17")

    assert await marks.read(store, "sweep:zammad") == "2024-05-06T09:40:00Z"
