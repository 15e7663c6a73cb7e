"""What stands in the place of content that was deleted after its time."""

from __future__ import annotations

from typing import Final

from approvals.model import Case
from blocks import rich
from blocks.rich import Block, Element

_WHAT: Final = (
    ", as `keep` in the policy says: the arguments, and what was said of them."
    " Who decided what, and when, stays."
)


def content(case: Case) -> Element:
    """That it is gone, since when, and why; where `case.gone_at` is set."""
    assert case.gone_at is not None  # noqa: S101  # only called for what was deleted
    return rich.section(
        rich.text("🗑️ Its content was deleted", bold=True),
        rich.text(" "),
        [rich.date(case.gone_at)],
        rich.text(_WHAT),
    )


def on_card(case: Case) -> list[Block]:
    """In the place of the arguments, and of why it was asked."""
    return [rich.block(content(case))]


def not_compared(case: Case) -> Element:
    """Where what is asked now would be compared with `case`."""
    assert case.gone_at is not None  # noqa: S101  # only called for what was deleted
    return rich.section(
        rich.text("Its arguments were deleted "),
        [rich.date(case.gone_at)],
        rich.text(", after their time: what is different now is not known."),
    )
