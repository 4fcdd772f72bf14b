"""Leases, the work queue, and the cursors of subscriptions with what they have told of."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "moodmarker_lease",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_moodmarker_lease_ends_at", "moodmarker_lease", ["ends_at"])
    op.create_table(
        "moodmarker_work",
        sa.Column("server", sa.String(), primary_key=True),
        sa.Column("patient", sa.String(), primary_key=True),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("holder", sa.String()),
        sa.Column("held_until", sa.Double(), nullable=False),
    )
    op.create_index("ix_moodmarker_work_due_at", "moodmarker_work", ["due_at"])
    op.create_table(
        "moodmarker_cursor",
        sa.Column("subscription", sa.String(), primary_key=True),
        sa.Column("server", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("last_event", sa.BigInteger()),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("needs_resync", sa.Boolean(), nullable=False),
        sa.Column("resyncs", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.Double()),
        sa.Column("heartbeat_seconds", sa.Integer()),
        sa.Column("since", sa.Double()),
    )
    op.create_table(
        "moodmarker_seen",
        sa.Column("subscription", sa.String(), primary_key=True),
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("ends_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_moodmarker_seen_age", "moodmarker_seen", ["subscription", "ends_at"])
