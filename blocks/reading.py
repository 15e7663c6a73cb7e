"""A modal that is read part by part before it can be sent: its inputs stand under the last part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from approvals.model import Case
from blocks import actions
from blocks.actions import Page, Seen
from blocks.message import small
from blocks.modal_parts import View, modal
from blocks.pages import Piece, Turn, laid_out, paged, turning
from blocks.rich import Block


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands around the parts."""

    callback_id: str
    title: str
    #: over every part
    above: Block
    #: under the last: the inputs
    below: list[Block]
    submit: str

    def of(self, case: Case, pieces: Iterable[Piece], page: int) -> View:
        """Part `page`, from 1; a part beyond the last is the last."""
        pages = paged(pieces)
        last = len(pages)
        number = min(max(page, 1), last)
        seen = Seen(case.id, case.sight)
        blocks = [self.above, *laid_out(pages[number - 1])]
        if last > 1:
            more = "" if number == last else ": read on, the last one asks you"
            blocks += [small(f"Part {number} of {last}{more}"), turning(seen, last, _turns(number, last))]
        ends = number == last
        return modal(
            self.title,
            [*blocks, *self.below] if ends else blocks,
            callback_id=self.callback_id,
            private_metadata=Page(seen, number).encode(),
            submit=self.submit if ends else None,
            close="Cancel",
        )


def _turns(number: int, last: int) -> list[Turn]:
    turns = [Turn(actions.CONFIRM_BACK, "Part before", number - 1)] if number > 1 else []
    return turns + ([Turn(actions.CONFIRM_ON, "Next part", number + 1)] if number < last else [])
