"""Wake the tickets that no webhook told us of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.hosts.host import Host, Touched
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
    """Tickets changed since, all woken, without those that the sweep before woke for the same change."""
    lost: int | None
    """New failures in the host's delivery log, their tickets woken; None where the log may not be read."""
    seen: frozenset[Touched] = frozenset()
    """Changes that the next sweep will meet again because of its overlap."""


async def sweep(
    host: Host,
    store: Store,
    *,
    now: datetime,
    holder: str,
    every: timedelta,
    first: timedelta,
    since: datetime | None = None,
    seen: frozenset[Touched] = frozenset(),
) -> Swept | None:
    """Sweep one host, once over all daemons; None where another has just done so.

    Looks further than the watermark where `since` says so. `first` is how far the very first sweep reaches back. The
    watermark is the host's own time of the last change seen, so a difference of clocks loses nothing; it is moved only
    after the wake-ups are on disk, and not over a stretch of time that was not swept. `seen` is what the sweep before
    saw and woke: else the last tickets of the day would be looked at with every sweep of the night.
    """
    name = lease_of(host.name)
    if since is None and not await leases.take(store, name, holder, now=now, lease=every * 0.9):
        return None
    mark = await marks.read(store, name)
    known = datetime.fromisoformat(mark) if mark else None
    start = since or (known - OVERLAP if known else now - first)
    until, changed = start, 0
    batch: list[str] = []
    latest: list[Touched] = []
    async for touched in host.changed_since(start):
        latest.append(touched)
        until = max(until, touched.at)
        if touched in seen:
            continue
        batch.append(touched.ticket)
        changed += 1
        if len(batch) >= BATCH:
            await looks.wake_many(store, host.name, batch, now=now, reason="sweep")
            batch = []
            latest = [each for each in latest if each.at >= until - OVERLAP]
    await looks.wake_many(store, host.name, batch, now=now, reason="sweep")
    leaves_a_gap = since is not None and (known is None or since > known)
    if not leaves_a_gap and (known is None or until > known):
        await marks.write(store, name, until.isoformat())
    return Swept(
        since=start,
        until=until,
        changed=changed,
        lost=await _wake_lost(host, store, now=now),
        seen=frozenset(each for each in latest if each.at >= until - OVERLAP),
    )


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
