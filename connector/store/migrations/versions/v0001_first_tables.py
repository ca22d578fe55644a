"""Create the first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create looks, deliveries, audit, leases and marks. Moments are microseconds since 1970."""
    unparked = sa.text("parked_at IS NULL")
    op.create_table(
        "looks",
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("claimed", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("woken_at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("lease", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("last_error", sa.Text),
        sa.Column("parked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("host", "ticket", name="looks_pkey"),
    )
    op.create_index("looks_due", "looks", ["due_at"], sqlite_where=unparked, postgresql_where=unparked)
    op.create_index("looks_worker", "looks", ["worker"])

    op.create_table(
        "deliveries",
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text),
        sa.Column("why", sa.Text),
        sa.PrimaryKeyConstraint("host", "id", name="deliveries_pkey"),
    )
    op.create_index("deliveries_last_at", "deliveries", ["last_at"])

    op.create_table(
        "audit",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("ticket_number", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("seen_again", sa.Integer, nullable=False),
        sa.Column("policy_revision", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("decisions", sa.JSON, nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("results", sa.JSON, nullable=False),
        sa.Column("durations", sa.JSON, nullable=False),
        sa.Column("changed", sa.Boolean, nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="audit_pkey"),
    )
    op.create_index("audit_ticket", "audit", ["host", "ticket", "last_at", "id"])
    op.create_index("audit_last_at", "audit", ["last_at", "id"])

    op.create_table(
        "leases",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="leases_pkey"),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="marks_pkey"),
    )
