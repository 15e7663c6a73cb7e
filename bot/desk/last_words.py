"""Whether a thread hears of the end: where that says more than the card, which changes anyway."""

from __future__ import annotations

from typing import Final

from approvals.canonical import Json
from approvals.model import Case
from approvals.words import Instant, StepKind, Via
from bot.desk import gathering
from store import cases, outbox
from store.outbox import ParcelKind
from store.parcels import UPDATES
from store.unit_of_work import Unit

#: The steps of a schedule that say something in the thread.
_HEARD: Final = (StepKind.REMIND, StepKind.ESCALATE)


def say_decided(unit: Unit, before: Case, after: Case, now: Instant) -> None:
    """Have its thread told that `after` is the end: behind all that is new in the channel.

    Where it was decided with a reason or with changes, and where others read the thread, as something stands
    there already. Slack takes one message a second for a channel: each that adds nothing holds up a new card.
    """
    if not (_with_words(after) or _is_read(before, after) or _is_answered_in(unit, before)):
        return
    place = cases.place_of(unit, after)
    channel = gathering.channel_of(after) if place is None else place.channel
    body: Json = {"note": "decided"}
    outbox.put(
        unit,
        ParcelKind.THREAD,
        request=after.id,
        key="decided",
        lane=outbox.lane_of(channel),
        body=body,
        now=now,
        priority=UPDATES,
    )


def _with_words(case: Case) -> bool:
    """Decided by people who said why, or changed something."""
    decision = case.decision
    return decision is not None and decision.via is Via.HUMAN and (bool(decision.reason) or case.round > 0)


def _is_read(before: Case, after: Case) -> bool:
    """Somebody was called there, or spoke."""
    steps = before.judgement.steps
    called = any(
        step.do in _HEARD for step in (*steps[: before.fired], *map(steps.__getitem__, before.ahead))
    )
    return called or bool(after.comments or after.escalated or after.excused or after.missed)


def _is_answered_in(unit: Unit, before: Case) -> bool:
    """Some approved before, by words that were answered in the thread."""
    return bool(before.votes) and outbox.was_in_thread(unit, before.id)
