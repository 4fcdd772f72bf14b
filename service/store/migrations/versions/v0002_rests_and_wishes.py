"""Until when a patient rests after a try that failed, and what was asked of a server by a subscription."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns, each with what the rows that are there would have."""
    for table, column, present in (
        ("moodmarker_work", sa.Column("rests_until", sa.Double(), nullable=False), "0"),
        ("moodmarker_cursor", sa.Column("wish", sa.String(), nullable=False), "''"),
    ):
        column.server_default = sa.DefaultClause(sa.text(present))
        with op.batch_alter_table(table) as altered:
            altered.add_column(column)
        with op.batch_alter_table(table) as altered:
            altered.alter_column(column.name, server_default=None)
