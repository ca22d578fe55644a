"""Name the tables and their columns.

The migrations build them; a test holds the two to each other.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from connector.store.columns import Instant, Json, Words

metadata = MetaData()

looks = Table(
    "looks",
    metadata,
    Column("host", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("due_at", Instant, nullable=False),  # of the next look; while leased it moves only when woken again
    Column("generation", BigInteger, nullable=False),  # raised by every wake
    Column("claimed", BigInteger),  # the generation at the latest claim; equal: nobody woke it since
    Column("attempts", Integer, nullable=False),  # looks that failed since the last that did not
    Column("woken_at", Instant, nullable=False),  # the first wake since the latest claim
    Column("reason", Text, nullable=False),
    Column("worker", Text),
    Column("lease", Text),  # a token made at each claim: who holds another one has lost the ticket
    Column("lease_until", Instant),
    Column("last_error", Words),
    Column("parked_at", Instant),
    PrimaryKeyConstraint("host", "ticket", name="looks_pkey"),
)
_unparked = looks.c.parked_at.is_(None)
Index("looks_due", looks.c.due_at, sqlite_where=_unparked, postgresql_where=_unparked)
Index("looks_worker", looks.c.worker)

deliveries = Table(
    "deliveries",
    metadata,
    Column("host", Text, nullable=False),
    Column("id", Words, nullable=False),
    Column("ticket", Words),
    Column("received_at", Instant, nullable=False),  # of the first
    Column("last_at", Instant, nullable=False),  # of the latest with this id
    Column("times", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("trigger", Words),
    Column("why", Words),
    PrimaryKeyConstraint("host", "id", name="deliveries_pkey"),
)
Index("deliveries_last_at", deliveries.c.last_at)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("ticket_number", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("seen_again", Integer, nullable=False),
    Column("policy_revision", Text, nullable=False),
    Column("facts", Json, nullable=False),
    Column("decisions", Json, nullable=False),
    Column("plan", Json, nullable=False),
    Column("results", Json, nullable=False),
    Column("durations", Json, nullable=False),
    Column("changed", Boolean, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("digest", Text, nullable=False),
    PrimaryKeyConstraint("id", name="audit_pkey"),
)
Index("audit_ticket", audit.c.host, audit.c.ticket, audit.c.last_at, audit.c.id)
Index("audit_last_at", audit.c.last_at, audit.c.id)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("lease_until", Instant, nullable=False),
    PrimaryKeyConstraint("name", name="leases_pkey"),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", Words, nullable=False),
    PrimaryKeyConstraint("name", name="marks_pkey"),
)

mails = Table(
    "mails",
    metadata,
    Column("id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("id", name="mails_pkey"),
)
Index("mails_address", mails.c.address, mails.c.at)
