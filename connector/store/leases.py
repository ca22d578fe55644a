"""Let a job that several daemons know run in one of them at a time."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from connector.store.database import Store
from connector.store.tables import leases


async def take(store: Store, name: str, holder: str, *, now: datetime, lease: timedelta) -> bool:
    """Take a named lease, or hold it for longer; False says that another has it.

    To run a job once in a while, leave the lease to run out; `give_back` lets the next one run at once.
    """
    insert = store.insert(leases)
    taken = await store.write(
        insert.values(name=name, holder=holder, lease_until=now + lease)
        .on_conflict_do_update(
            index_elements=[leases.c.name],
            set_={"holder": insert.excluded.holder, "lease_until": insert.excluded.lease_until},
            where=or_(leases.c.holder == holder, leases.c.lease_until <= now),
        )
        .returning(leases.c.name)
    )
    return bool(taken)


async def give_back(store: Store, name: str, holder: str) -> bool:
    """Let go of a lease; False says that it was not ours any more."""
    return bool(
        await store.write(
            delete(leases).where(leases.c.name == name, leases.c.holder == holder).returning(leases.c.name)
        )
    )
