"""A request that somebody names by a piece of its id."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from approvals import access
from approvals.model import Case
from approvals.words import RequestId, UserId
from bot.desk.desk import Desk
from bot.desk.queue import Item
from store import cases, queue
from store.unit_of_work import Unit

#: Ids that a piece may stand for before somebody has to write more of it.
_MOST_MEANT: Final = 6
#: Ids looked up at once, and how often at most, for those that somebody may see.
_SOUGHT: Final = 50
_PAGES_SOUGHT: Final = 10
#: What was decided within it is found by the end of its id, as what is open is.
_LATELY: Final = timedelta(days=7)
#: Fewer letters of an id's end are none in particular.
_LEAST_OF_AN_END: Final = 4
_ID: Final = "req_"
#: Crockford's: o is zero, i and l are one.
_MIXED_UP: Final = str.maketrans("OIL", "011")
_PIECE: Final = re.compile(r"[0-9A-Za-z_-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meant:
    """Which request somebody named; where it is not one, those that it may be."""

    item: Item | None
    #: true when what was typed fits several that they may see, of which `among` are the newest
    ambiguous: bool = False
    among: tuple[RequestId, ...] = ()


async def meant(desk: Desk, user: UserId, typed: str) -> Meant:
    """The request that `user` names by its id, or by the beginning or the end of it.

    What they may not see is as if it were not there.
    """
    piece = _piece(typed)
    if piece is None:
        return Meant(None)
    roster, operators = desk.directory.roster(), desk.policies.current.operators
    since = desk.runtime.now() - _LATELY

    def looking(unit: Unit) -> Meant:
        sought = _Sought(unit, lambda case: access.may_see(case, user, roster, operators))
        beginning, end = partial(queue.beginning, unit, piece), piece.removeprefix(_ID)
        found = sought.among(beginning)
        if not found.seen and len(end) >= _LEAST_OF_AN_END:
            found = sought.among(partial(queue.ending, unit, end, since=since))
        return found.meant(piece)

    # In a thread of its own: of what fits, most may be others'.
    return await desk.store.read(looking, long=True)


@dataclass(frozen=True, slots=True)
class _Found:
    """What fits and may be seen, the newest first; `whole`: all that fits was looked at."""

    seen: tuple[Item, ...]
    whole: bool

    def meant(self, piece: str) -> Meant:
        exact = [each for each in self.seen if each.case.id == piece]
        if exact or (len(self.seen) == 1 and self.whole):
            return Meant((exact or self.seen)[0])
        return Meant(None, bool(self.seen), tuple(each.case.id for each in self.seen))


class _Sought:
    """Looks through ids, page by page, for those that somebody may see."""

    def __init__(self, unit: Unit, may_be_seen: Callable[[Case], bool]) -> None:
        self._unit = unit
        self._may_be_seen = may_be_seen

    def among(self, page: Callable[..., tuple[RequestId, ...]]) -> _Found:
        """Of what `page` gives, `limit` ids at most, all of them before the id `before`."""
        seen: list[Item] = []
        before: RequestId | None = None
        for _ in range(_PAGES_SOUGHT):
            ids = page(limit=_SOUGHT, before=before)
            by_id = {case.id: Item(case, card) for case, card in cases.with_cards(self._unit, ids)}
            seen += [by_id[id_] for id_ in ids if id_ in by_id and self._may_be_seen(by_id[id_].case)]
            if len(ids) < _SOUGHT:
                return _Found(tuple(seen[:_MOST_MEANT]), len(seen) <= _MOST_MEANT)
            if len(seen) > 1:
                break
            before = ids[-1]
        return _Found(tuple(seen[:_MOST_MEANT]), whole=False)


def _piece(typed: str) -> str | None:
    """What was typed as ids are spelled; None where no id can be spelled so."""
    bare = typed.strip().strip("`*_<>\"'“”.,").removeprefix("#")
    if _PIECE.fullmatch(bare) is None:
        return None
    if bare.casefold().startswith(_ID):
        bare = bare[len(_ID) :]
    return _ID + bare.upper().translate(_MIXED_UP)
