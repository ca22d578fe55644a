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
    after the wake-ups are on disk, and not over a stretch of time that was not swept.
    """
    name = lease_of(host.name)
    if since is None and not await leases.take(store, name, holder, now=now, lease=every * 0.9):
        return None
    mark = await marks.read(store, name)
    known = datetime.fromisoformat(mark) if mark else None
    start = since or (known - OVERLAP if known else now - first)
    until, changed = start, 0
    batch: list[str] = []
    async for touched in host.changed_since(start):
        batch.append(touched.ticket)
        until, changed = max(until, touched.at), changed + 1
        if len(batch) >= BATCH:
            await looks.wake_many(store, host.name, batch, now=now, reason="sweep")
            batch = []
    await looks.wake_many(store, host.name, batch, now=now, reason="sweep")
    leaves_a_gap = since is not None and (known is None or since > known)
    if not leaves_a_gap and (known is None or until > known):
        await marks.write(store, name, until.isoformat())
    return Swept(since=start, until=until, changed=changed, lost=await _wake_lost(host, store, now=now))


def lease_of(host: str) -> str:
    """Name the lease and the watermark of a host's sweeps."""
    return f"sweep {host}"


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
