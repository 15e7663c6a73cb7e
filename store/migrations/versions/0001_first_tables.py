"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _agents()
    _anchors()
    _cases()
    _outbox()
    _people()
    _usergroups()
    _cards()
    _facts()
    _idempotency_keys()
    _payloads()


def _id() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _agents() -> None:
    op.create_table(
        "agents",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("webhook_secret", sa.Text(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("callback_hosts", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seen", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_agents")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_agents_token_hash")),
    )


def _anchors() -> None:
    op.create_table(
        "anchors",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_anchors")),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", _id(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("parked_at", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("chain_seq", sa.BigInteger(), nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False),
        sa.Column("anchored_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("anchor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("emptied_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_agent_id", "cases", ["agent", "id"], unique=False)
    op.create_index("ix_cases_agent_status_id", "cases", ["agent", "status", "id"], unique=False)
    op.create_index(
        "ix_cases_due_at",
        "cases",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_cases_keeping",
        "cases",
        ["decided_at"],
        unique=False,
        sqlite_where=sa.text("decided_at IS NOT NULL AND emptied_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NOT NULL AND emptied_at IS NULL"),
    )
    op.create_index(
        "ix_cases_pending",
        "cases",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_cases_unanchored",
        "cases",
        ["id"],
        unique=False,
        sqlite_where=sa.text("chain_seq > anchored_seq"),
        postgresql_where=sa.text("chain_seq > anchored_seq"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request", _id(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("first_tried_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("behind", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("request", "kind", "key", name=op.f("uq_outbox_request_kind_key")),
    )
    op.create_index(
        "ix_outbox_dead",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_outbox_done",
        "outbox",
        ["finished_at"],
        unique=False,
        sqlite_where=sa.text("state = 'done'"),
        postgresql_where=sa.text("state = 'done'"),
    )
    op.create_index(
        "ix_outbox_lane",
        "outbox",
        ["lane"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting' AND lane <> ''"),
        postgresql_where=sa.text("state = 'waiting' AND lane <> ''"),
    )
    op.create_index(
        "ix_outbox_lease",
        "outbox",
        ["lease"],
        unique=False,
        sqlite_where=sa.text("lease IS NOT NULL"),
        postgresql_where=sa.text("lease IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["priority", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )


def _usergroups() -> None:
    op.create_table(
        "usergroups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usergroups")),
    )


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("request", _id(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("thread_ts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["cases.id"], name=op.f("fk_cards_request_cases")),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_cards")),
        sa.UniqueConstraint("channel", "ts", name=op.f("uq_cards_channel_ts")),
    )
    op.create_index(
        "ix_cards_thread",
        "cards",
        ["channel", "thread_ts"],
        unique=False,
        sqlite_where=sa.text("thread_ts <> ''"),
        postgresql_where=sa.text("thread_ts <> ''"),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("request", _id(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["cases.id"], name=op.f("fk_facts_request_cases")),
        sa.PrimaryKeyConstraint("request", "seq", name=op.f("pk_facts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_facts_at", "facts", ["at", "request", "seq"], unique=False)


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", _id(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["cases.id"], name=op.f("fk_idempotency_keys_request_cases")),
        sa.PrimaryKeyConstraint("agent", "key", name=op.f("pk_idempotency_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)


def _payloads() -> None:
    op.create_table(
        "payloads",
        sa.Column("request", _id(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["cases.id"], name=op.f("fk_payloads_request_cases")),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_payloads")),
    )
