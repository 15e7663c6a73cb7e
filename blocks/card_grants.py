"""What was let through beyond a card's own request: for how long, how often, and how to take it back."""

from __future__ import annotations

from typing import Final

from approvals.grants import Grant
from approvals.words import Instant
from blocks import rich
from blocks.rich import Block, Element
from blocks.text import short

_GRANTS: Final = 3


def grants(given: tuple[Grant, ...], now: Instant) -> list[Block]:
    """The grants that were given on this card, the last ones: live, or how they ended."""
    return [rich.block(*(_told(grant, now) for grant in given[-_GRANTS:]))] if given else []


def _told(grant: Grant, now: Instant) -> Element:
    if grant.live(now):
        return rich.section(
            rich.text("🔁 Similar requests go through until ", bold=True),
            [rich.date(grant.until)],
            rich.text(f" ({grant.uses:,} so far"),
            [*rich.text(", the last "), rich.date(grant.used_at)] if grant.used_at is not None else [],
            rich.text("). Take it back: "),
            [{"type": "text", "text": f"/hitl revoke {short(grant.id, 60)}", "style": {"code": True}}],
        )
    taken_back = grant.revoked_at is not None
    return rich.section(
        rich.text("🔁 Similar requests went through until "),
        [rich.date(grant.ends_at)],
        rich.text(f"{', when that was ended' if taken_back else ''} ({grant.uses:,} in all)."),
    )
