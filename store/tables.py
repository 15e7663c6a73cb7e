"""Every table, and the only place that names a column.

Instants are integer microseconds since 1970 UTC: both databases sort, compare and keep them exactly.
Values of `approvals` are JSON in TEXT (`store.spelling`); a column stands beside them where something is
searched or sorted by it. Partial indexes hold only what is still open, so they do not grow with history.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

#: Names constraints the same in both databases, so that migrations can speak of them.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Exact, where going through a float would round."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> datetime:
    """The moment in UTC. What is none was not written by us, and reads as the last there is."""
    try:
        return _EPOCH + timedelta(microseconds=number)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware datetime, kept as integer microseconds since 1970 UTC."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        """To the database."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        """From the database."""
        return None if value is None else from_microseconds(value)


#: Ids sort by their bytes, and so by creation, whatever language the database was made for.
Id = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
#: SQLite numbers rows by itself only where the key is INTEGER in so many letters.
_Counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _request() -> sa.ForeignKey:
    """A new one for each column: SQLAlchemy ties it to the first that takes it."""
    return sa.ForeignKey("cases.id")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


#: What its condition fixes stands in it too: else SQLite takes an index that holds all that is pending.
_HELD = ("waits_in", "status", "agent", "id")

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("gate", sa.Text, nullable=False),
    sa.Column("risk", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("due_at", Moment),
    sa.Column("decided_at", Moment),
    sa.Column("parked_at", Moment),
    sa.Column("claimed_at", Moment),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("chain_seq", sa.BigInteger, nullable=False),
    sa.Column("chain_hash", sa.Text, nullable=False),
    # The link that the last anchor fixed, and that anchor's number; 0 before the first.
    sa.Column("anchored_seq", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("anchor", sa.BigInteger, nullable=False, server_default="0"),
    # When the payload was deleted after its time.
    sa.Column("emptied_at", Moment),
    # While no card of its own shows it: its digest's name, or that its agent is paused.
    sa.Column("waits_in", sa.Text),
    # `Case.sight` while it waits in a digest: else putting it on a message would need its payload.
    sa.Column("sight", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Index("ix_cases_agent_id", "agent", "id"),
    sa.Index("ix_cases_agent_status_id", "agent", "status", "id"),
    sa.Index("ix_cases_pending", "id", **_where("status = 'pending'")),
    sa.Index("ix_cases_due_at", "due_at", "id", **_where("due_at IS NOT NULL")),
    sa.Index("ix_cases_keeping", "decided_at", **_where("decided_at IS NOT NULL AND emptied_at IS NULL")),
    sa.Index("ix_cases_unanchored", "id", **_where("chain_seq > anchored_seq")),
    sa.Index("ix_cases_waits_in", "waits_in", "id", **_where("waits_in IS NOT NULL AND status = 'pending'")),
    sa.Index("ix_cases_held", *_HELD, **_where("waits_in = 'a pause' AND status = 'pending'")),
    sa.Index("ix_cases_decided", "decided_at", "id", **_where("decided_at IS NOT NULL")),
)

payloads = sa.Table(
    "payloads",
    metadata,
    sa.Column("request", Id, _request(), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("request", Id, _request(), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("prev", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("ix_facts_at", "at", "request", "seq"),
    sqlite_with_rowid=False,
)

anchors = sa.Table(
    "anchors",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("heads", sa.Text, nullable=False),
    sa.Column("prev", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _Counter, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    # Empty where a parcel belongs to no request: NULLs would escape the unique key.
    sa.Column("request", Id, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    # When somebody may take it; while it is leased, the end of the lease.
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("first_tried_at", Moment),
    sa.Column("last_error", sa.Text),
    sa.Column("lease", sa.Text),
    # The earlier parcel of its request that it waits for; that one's end wakes it.
    sa.Column("behind", sa.BigInteger),
    sa.Column("finished_at", Moment),
    sa.UniqueConstraint("request", "kind", "key"),
    sa.Index("ix_outbox_waiting", "priority", "due_at", "id", **_where("state = 'waiting'")),
    sa.Index("ix_outbox_lane", "lane", **_where("state = 'waiting' AND lane <> ''")),
    sa.Index("ix_outbox_lease", "lease", **_where("lease IS NOT NULL")),
    sa.Index("ix_outbox_dead", "id", **_where("state = 'dead'")),
    sa.Index("ix_outbox_done", "finished_at", **_where("state = 'done'")),
)

cards = sa.Table(
    "cards",
    metadata,
    sa.Column("request", Id, _request(), primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("ts", sa.Text, nullable=False),
    sa.Column("permalink", sa.Text),
    # The thread it was put in; empty where it heads its own.
    sa.Column("thread_ts", sa.Text, nullable=False),
    # Of one that was posted anew: since when the first of them could be seen.
    sa.Column("first_ts", sa.Text),
    sa.UniqueConstraint("channel", "ts"),
    sa.Index("ix_cards_thread", "channel", "thread_ts", **_where("thread_ts <> ''")),
)

reminders = sa.Table(
    "reminders",
    metadata,
    # Those that are in a thread now, of a request's card or of a digest: one, but while a new one takes its
    # place.
    sa.Column("about", Id, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("ts", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

agents = sa.Table(
    "agents",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("token_hash", sa.Text, nullable=False),
    sa.Column("webhook_secret", sa.Text, nullable=False),
    sa.Column("callback_url", sa.Text),
    sa.Column("callback_hosts", sa.Text, nullable=False),
    sa.Column("actions", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
    sa.Column("last_seen", Moment),
    # While it is paused: since when, and by whom.
    sa.Column("paused_at", Moment),
    sa.Column("paused_by", sa.Text),
    sa.UniqueConstraint("token_hash"),
)

keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("agent", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request", Id, _request(), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_idempotency_keys_created_at", "created_at"),
    sqlite_with_rowid=False,
)

usergroups = sa.Table(
    "usergroups",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("members", sa.Text, nullable=False),
    sa.Column("as_of", Moment, nullable=False),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("as_of", Moment, nullable=False),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("giver", sa.Text, nullable=False),
    # The request it was given on.
    sa.Column("request", Id, _request(), nullable=False),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
    sa.Column("revoked_by", sa.Text),
    sa.Column("uses", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("used_at", Moment),
    # The whole of it as it was given.
    sa.Column("state", sa.Text, nullable=False),
    sa.Index("ix_grants_live", "agent", "action", "until", **_where("revoked_at IS NULL")),
    sa.Index("ix_grants_request", "request"),
    sa.Index("ix_grants_until", "until"),
)

cron_runs = sa.Table(
    "cron_runs",
    metadata,
    # What recurs, with its expression and zone: where these change, it begins anew.
    sa.Column("name", sa.Text, primary_key=True),
    # The last scheduled time that was carried out.
    sa.Column("at", Moment, nullable=False),
)

muted_suggestions = sa.Table(
    "muted_suggestions",
    metadata,
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("advice", sa.Text, primary_key=True),
    sa.Column("until", Moment, nullable=False),
    # Who did not want to hear of it.
    sa.Column("by", sa.Text, nullable=False),
)

overrides = sa.Table(
    "overrides",
    metadata,
    sa.Column("id", _Counter, primary_key=True),
    sa.Column("group_name", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("starts", Moment, nullable=False),
    sa.Column("ends", Moment, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Index("ix_overrides_ends", "ends"),
    sa.Index("ix_overrides_group_name", "group_name", "ends"),
)

absences = sa.Table(
    "absences",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("deputy", sa.Text, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Index("ix_absences_until", "until"),
)

handoffs = sa.Table(
    "handoffs",
    metadata,
    # Up to when the handoffs of a group were announced to both.
    sa.Column("group_name", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
)

boards = sa.Table(
    "boards",
    metadata,
    # One message that holds many requests: a digest.
    sa.Column("id", Id, primary_key=True),
    # Their order, which ids do not tell: these are made from clocks, and clocks are set back.
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    # Where it is to go; empty: to the policy's own channel.
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("ask", sa.Text, nullable=False),
    # Whether *Approve all* may clear what it holds: 0 or 1.
    sa.Column("clears", sa.Integer, nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    # Since when nothing on it waits for anybody. Where what still did goes instead: while it is not closed,
    # that message is not up, and this one stands.
    sa.Column("closed_at", Moment),
    sa.Column("carried_to", Id),
    # Where it is in Slack.
    sa.Column("posted_channel", sa.Text),
    sa.Column("posted_ts", sa.Text),
    sa.Column("permalink", sa.Text),
    sa.Index("ix_boards_seq", "seq", unique=True),
    sa.Index("ix_boards_open", "digest", "seq", **_where("closed_at IS NULL")),
    sa.Index("ix_boards_carried_to", "carried_to", **_where("carried_to IS NOT NULL")),
    sa.Index("ix_boards_posted", "posted_channel", "posted_ts", unique=True),
)

board_items = sa.Table(
    "board_items",
    metadata,
    sa.Column("board", Id, sa.ForeignKey("boards.id"), primary_key=True),
    # From 0, in the order in which they stand on it.
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("request", Id, _request(), nullable=False),
    # `Case.sight` when it was put there: what was not on the message cannot be cleared by it.
    sa.Column("sight", sa.Text, nullable=False),
    sa.Index("ix_board_items_request", "request", "board"),
    sqlite_with_rowid=False,
)

drafts = sa.Table(
    "drafts",
    metadata,
    # What somebody chose so far in a digest's *Review*.
    sa.Column("board", Id, sa.ForeignKey("boards.id"), primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("choices", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

clearings = sa.Table(
    "clearings",
    metadata,
    # Somebody clears a digest: kept until each item is decided, or refused.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("board", Id, sa.ForeignKey("boards.id"), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("done_at", Moment),
    sa.Index("ix_clearings_open", "board", **_where("done_at IS NULL")),
)

recent_cards = sa.Table(
    "recent_cards",
    metadata,
    # Kept while the policy has a `storm`: how many requests came lately that a channel is shown.
    sa.Column("id", _Counter, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    # It was asked earlier, and came from another message; and whether it stands on a storm's.
    sa.Column("moved", sa.Integer, nullable=False, server_default="0"),
    sa.Column("gathered", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_recent_cards_channel", "channel", "at"),
    sa.Index("ix_recent_cards_at", "at"),
)

homes = sa.Table(
    "homes",
    metadata,
    # Who looked at their home tab, and when they last did: it is kept true for them for a while.
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("looked_at", Moment, nullable=False),
    # A digest of what it shows, and Slack's name for that version; empty while that is not known.
    sa.Column("print", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("ix_homes_looked_at", "looked_at"),
)

musters = sa.Table(
    "musters",
    metadata,
    # What cards were last shown of who is in a group, as a digest: a restart shows anew what is different.
    sa.Column("group_name", sa.Text, primary_key=True),
    sa.Column("print", sa.Text, nullable=False),
)
