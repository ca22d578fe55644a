"""Wake the tickets that no webhook told us of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.hosts.host import Host
from connector.store import Store, leases, looks, marks

OVERLAP = timedelta(minutes=2)
"""How far each sweep reaches back before the last change it saw: changes are committed out of order."""
BATCH = 500
"""Tickets woken in one transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """What a sweep found."""

    since: datetime
    until: datetime
    """The last change seen; the next sweep starts a little before."""
    changed: int
    """Tickets changed since, all woken."""
    lost: int | None
    """New failures in the host's delivery log, their tickets woken; None where the log may not be read."""


async def sweep(
    host: Host,
    store: Store,
    *,
    now: datetime,
    holder: str,
    every: timedelta,
    first: timedelta,
    since: datetime | None = None,
) -> Swept | None:
    """Sweep one host, once over all daemons; None where another has just done so.

    Looks further than the watermark where `since` says so. `first` is how far the very first sweep reaches back. The
    watermark is the host's own time of the last change seen, so a difference of clocks loses nothing; it is moved only
    after the wake-ups are on disk.
    """
    lease = f"sweep {host.name}"
    if since is None and not await leases.take(store, lease, holder, now=now, lease=every * 0.9):
        return None
    mark = await marks.read(store, lease)
    start = since or (datetime.fromisoformat(mark) - OVERLAP if mark else now - first)
    until, changed = start, 0
    batch: list[str] = []
    async for touched in host.changed_since(start):
        batch.append(touched.ticket)
        until, changed = max(until, touched.at), changed + 1
        if len(batch) >= BATCH:
            await looks.wake_many(store, host.name, batch, now=now, reason="sweep")
            batch = []
    await looks.wake_many(store, host.name, batch, now=now, reason="sweep")
    if mark is None or until > datetime.fromisoformat(mark):
        await marks.write(store, lease, until.isoformat())
    return Swept(since=start, until=until, changed=changed, lost=await _wake_lost(host, store, now=now))


async def _wake_lost(host: Host, store: Store, *, now: datetime) -> int | None:
    """Wake the tickets of deliveries that failed in vain; each failure counts once, by the time of its last try."""
    failed = await host.failed_deliveries()
    if failed is None:
        return None
    name = f"failed deliveries {host.name}"
    mark = await marks.read(store, name)
    after = datetime.fromisoformat(mark) if mark else None
    new = [each for each in failed if after is None or each.last_at > after]
    await looks.wake_many(store, host.name, [each.ticket for each in new if each.ticket], now=now, reason="sweep")
    if new:
        await marks.write(store, name, max(each.last_at for each in new).isoformat())
    return len(new)
