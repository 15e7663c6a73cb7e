"""Where each request's card is in Slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from approvals.words import RequestId
from store.statements import or_update
from store.tables import cards
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class CardRef:
    """A message in Slack. `thread_ts` is set where the card was put in somebody's thread."""

    channel: str
    ts: str
    permalink: str | None = None
    thread_ts: str | None = None


_PLACE = or_update(
    cards,
    ("request",),
    lambda new: {
        **{name: new[name] for name in ("channel", "ts", "permalink", "thread_ts")},
        "first_ts": sa.func.coalesce(cards.c.first_ts, cards.c.ts),
    },
)
#: What `ref_of` is made of.
PLACE = (cards.c.channel, cards.c.ts, cards.c.permalink, cards.c.thread_ts)
_OF = sa.select(*PLACE).where(cards.c.request == sa.bindparam("request_"))
_AT = sa.select(cards.c.request).where(
    cards.c.channel == sa.bindparam("channel_"), cards.c.ts == sa.bindparam("ts_")
)
_IN_THREAD = (
    sa.select(cards.c.request)
    .where(
        cards.c.channel == sa.bindparam("channel_"),
        cards.c.thread_ts == sa.bindparam("ts_"),
        cards.c.thread_ts != sa.literal_column("''"),
    )
    .order_by(cards.c.request)
)


def place(u: Unit, request: RequestId, ref: CardRef) -> None:
    """Remember where the card is; one that was posted anew replaces the old place."""
    row = {
        "request": request,
        "channel": ref.channel,
        "ts": ref.ts,
        "permalink": ref.permalink,
        "thread_ts": ref.thread_ts or "",
    }
    u.insert(_PLACE, row)
    u.touched.add(request)
    u.cards[request] = ref


def of(u: Unit, request: RequestId) -> CardRef | None:
    """Where the card of `request` is."""
    row = u.read(_OF, {"request_": request}, of=(cards,), only={"request": request}).first()
    if row is None:
        return None
    u.cards[request] = ref_of(row)
    return u.cards[request]


def at(u: Unit, channel: str, ts: str) -> RequestId | None:
    """Whose card that message is."""
    found: RequestId | None = u.read(_AT, {"channel_": channel, "ts_": ts}, of=(cards,)).scalar()
    return found


def in_thread(u: Unit, channel: str, thread_ts: str) -> tuple[RequestId, ...]:
    """Cards that were put in that thread of somebody else's, oldest request first."""
    return tuple(u.read(_IN_THREAD, {"channel_": channel, "ts_": thread_ts}, of=(cards,)).scalars())


def ref_of(row: Any) -> CardRef:
    """From the columns `PLACE`."""
    return CardRef(row.channel, row.ts, row.permalink, row.thread_ts or None)
