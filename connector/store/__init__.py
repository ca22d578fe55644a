"""Keep what must outlive a crash: the tickets to look at, and what was decided.

Open it with `async with open_store(url) as store`, then give it to the functions of `looks` (wake, claim, settle),
`overview` (what a person sees and may do), `deliveries`, `audit`, `leases` and `marks`.
"""

from connector.store.database import Store, open_store
from connector.store.engine import sqlite_url
from connector.store.migrate import migrate

__all__ = ["Store", "migrate", "open_store", "sqlite_url"]
