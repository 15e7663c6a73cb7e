"""When a card that was posted anew could be seen first; what a storm is made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("cards", sa.Column("first_ts", sa.Text()))
    for name in ("moved", "gathered"):
        op.add_column("recent_cards", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
