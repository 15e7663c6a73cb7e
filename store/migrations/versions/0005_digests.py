"""Digests: messages that hold many requests, who clears them, how full channels are; and paused agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make their tables and columns."""
    op.add_column("agents", sa.Column("paused_at", sa.BigInteger(), nullable=True))
    op.add_column("agents", sa.Column("paused_by", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("waits_in", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("sight", sa.Text(), nullable=True))
    _index("ix_cases_waits_in", "cases", ["waits_in", "id"], "waits_in IS NOT NULL AND status = 'pending'")
    held = ["waits_in", "status", "agent", "id"]
    _index("ix_cases_held", "cases", held, "waits_in = 'a pause' AND status = 'pending'")
    _boards()
    op.create_table(
        "drafts",
        sa.Column("board", _ID, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["board"], ["boards.id"], name=op.f("fk_drafts_board_boards")),
        sa.PrimaryKeyConstraint("board", "person", name=op.f("pk_drafts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "clearings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("board", _ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["board"], ["boards.id"], name=op.f("fk_clearings_board_boards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearings")),
    )
    _index("ix_clearings_open", "clearings", ["board"], "done_at IS NULL")
    op.create_table(
        "recent_cards",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recent_cards")),
    )
    op.create_index("ix_recent_cards_channel", "recent_cards", ["channel", "at"], unique=False)
    op.create_index("ix_recent_cards_at", "recent_cards", ["at"], unique=False)


def _boards() -> None:
    op.create_table(
        "boards",
        sa.Column("id", _ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ask", sa.Text(), nullable=False),
        sa.Column("clears", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("carried_to", _ID, nullable=True),
        sa.Column("posted_channel", sa.Text(), nullable=True),
        sa.Column("posted_ts", sa.Text(), nullable=True),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boards")),
    )
    op.create_index("ix_boards_seq", "boards", ["seq"], unique=True)
    _index("ix_boards_open", "boards", ["digest", "seq"], "closed_at IS NULL")
    _index("ix_boards_carried_to", "boards", ["carried_to"], "carried_to IS NOT NULL")
    op.create_index("ix_boards_posted", "boards", ["posted_channel", "posted_ts"], unique=True)
    op.create_table(
        "board_items",
        sa.Column("board", _ID, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request", _ID, nullable=False),
        sa.Column("sight", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["board"], ["boards.id"], name=op.f("fk_board_items_board_boards")),
        sa.ForeignKeyConstraint(["request"], ["cases.id"], name=op.f("fk_board_items_request_cases")),
        sa.PrimaryKeyConstraint("board", "place", name=op.f("pk_board_items")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_board_items_request", "board_items", ["request", "board"], unique=False)


def _index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)
