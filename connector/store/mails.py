"""Count the mails of ours that left for an address, for the brake; addresses are kept as hashes."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, func, select

from connector.store.database import Store
from connector.store.tables import mails


async def record(store: Store, mail: str, address: str, *, now: datetime) -> None:
    """Record one mail under an id of its own; recorded twice it counts once."""
    insert = store.insert(mails).values(id=mail, address=_hashed(address), at=now).on_conflict_do_nothing()
    await store.write(insert.returning(mails.c.id))


async def count(store: Store, address: str, *, since: datetime) -> int:
    """Count the mails to an address after a moment."""
    counting = select(func.count()).where(mails.c.address == _hashed(address), mails.c.at > since)
    rows = await store.read(counting)
    return int(rows[0][0])


async def prune(store: Store, *, before: datetime) -> int:
    """Forget mails sent before a moment; return how many they were."""
    return len(await store.write(delete(mails).where(mails.c.at < before).returning(mails.c.id)))


def _hashed(address: str) -> str:
    return sha256(address.strip().casefold().encode()).hexdigest()
