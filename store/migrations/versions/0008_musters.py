"""What was last shown of who is in a group: a restart shows anew what is different."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "musters",
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("print", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_name", name=op.f("pk_musters")),
    )
