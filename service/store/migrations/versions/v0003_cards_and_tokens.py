"""Cards that were shown and what became of them, and tokens that were used; all by their hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "moodmarker_shown",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_moodmarker_shown_ends_at", "moodmarker_shown", ["ends_at"])
    op.create_table(
        "moodmarker_token",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("ends_at", sa.Double(), nullable=False),
    )
    op.create_index("ix_moodmarker_token_ends_at", "moodmarker_token", ["ends_at"])
    op.create_table(
        "moodmarker_feedback",
        sa.Column("card", sa.String(), primary_key=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )
