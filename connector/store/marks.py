"""Remember how far a job has come."""

from sqlalchemy import select

from connector.store.database import Store
from connector.store.tables import marks


async def read(store: Store, name: str) -> str | None:
    """Return what was last written under a name."""
    rows = await store.read(select(marks.c.value).where(marks.c.name == name))
    return rows[0].value if rows else None


async def write(store: Store, name: str, value: str) -> None:
    """Write a value under a name, in place of the one before."""
    insert = store.insert(marks)
    await store.write(
        insert.values(name=name, value=value)
        .on_conflict_do_update(index_elements=[marks.c.name], set_={"value": insert.excluded.value})
        .returning(marks.c.name)
    )
