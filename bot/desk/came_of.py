"""What came of clearing a digest, read from the requests: true whoever was interrupted, and where."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from approvals.digest_choices import Pick
from approvals.errors import Reason
from approvals.model import Case
from approvals.roster import Person
from approvals.voting import why_refused
from approvals.words import RequestId, Status
from blocks.cleared_words import Failed, NotCleared
from bot.desk import incidents
from bot.desk.desk import Desk
from store import cases
from store.boards import Board, Item
from store.clearings import Clearing
from store.errors import Unavailable
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Cleared:
    """What came of all of it."""

    clearing: Clearing
    approved: tuple[Case, ...]
    rejected: tuple[Case, ...]
    not_cleared: tuple[NotCleared, ...]
    #: those that they wanted to go on waiting, and that do
    left: int
    failed: tuple[Failed, ...] = ()
    #: those that wait as well, each on a card that it has by now
    on_cards: int = 0


@dataclass(frozen=True, slots=True)
class _Look:
    """An item as it is now."""

    item: Item
    case: Case
    #: why whoever cleared cannot decide it, where it is still pending there
    why: Reason | None


async def came_of(desk: Desk, clearing: Clearing, board: Board, items: Sequence[Item]) -> Cleared:
    """Of `items`, of which `clearing` was begun. Raises `Unavailable`."""
    approved: list[Case] = []
    rejected: list[Case] = []
    not_cleared: list[NotCleared] = []
    looks, failed = await _all_looks(desk, clearing, board, items)
    left = on_cards = 0
    for look in looks:
        case, pick = look.case, clearing.choices.of(look.item.place, look.item.request)
        if pick is Pick.LEAVE:
            on_cards += not case.status.final and case.waits_in is None
            left += not case.status.final and case.waits_in is not None
        elif not case.status.final and case.id in clearing.failed:
            failed.append(Failed(case.id, clearing.failed[case.id], case))
        elif not case.status.final:
            not_cleared.append(NotCleared(case, look.why))
        elif not _decided_by(case, clearing.by, pick):
            not_cleared.append(NotCleared(case, Reason.LATE))
        elif case.decision is not None and case.decision.decided_at >= clearing.begun_at:
            (rejected if pick is Pick.REJECT else approved).append(case)
    decided = tuple(approved), tuple(rejected)
    return Cleared(clearing, *decided, tuple(not_cleared), left, tuple(failed), on_cards)


async def failure(desk: Desk, request: RequestId, bug: Exception) -> str:
    """Log what kept one item from being decided, or read; its incident, of which the operators hear."""
    incident = incidents.number(desk.runtime)
    log.error("clearing %s failed (incident %s)", request, incident, exc_info=bug)
    await incidents.tell(desk, incident, bug)
    return incident


async def _all_looks(
    desk: Desk, clearing: Clearing, board: Board, items: Sequence[Item]
) -> tuple[list[_Look], list[Failed]]:
    """A hundred at a time; one that cannot be read must not hide the others."""
    looks: list[_Look] = []
    failed: list[Failed] = []
    for start in range(0, len(items), _PAGE):
        page = items[start : start + _PAGE]
        look = partial(_look, desk=desk, board=board, by=clearing.by)
        try:
            looks += await desk.store.read(partial(look, items=page))
            continue
        except Unavailable:
            raise
        except Exception:
            log.exception("items of the digest %s cannot be read together", board.id)
        for item in page:
            try:
                looks += await desk.store.read(partial(look, items=[item]))
            except Unavailable:
                raise
            except Exception as bug:  # noqa: BLE001  # it is logged, and said to whoever cleared
                known = clearing.failed.get(item.request)
                incident = known or await failure(desk, item.request, bug)
                failed.append(Failed(item.request, incident))
    return looks, failed


def _look(unit: Unit, desk: Desk, board: Board, by: Person, items: Sequence[Item]) -> list[_Look]:
    roster = desk.directory.roster()
    found = cases.some(unit, [item.request for item in items])
    looks = []
    for item in items:
        case = found[item.request]
        pending_here = not case.status.final and board.holds(case)
        why = why_refused(case, by.id, item.sight, roster) if pending_here else None
        looks.append(_Look(item, case, why))
    return looks


def _decided_by(case: Case, by: Person, pick: Pick) -> bool:
    """Whether it ended as they chose, by them: at this clearing, or before it by themselves."""
    ended_so = (Status.REJECTED,) if pick is Pick.REJECT else (Status.APPROVED, Status.MODIFIED)
    mine = case.decision is not None and any(person.id == by.id for person in case.decision.by)
    return mine and case.status in ended_so
