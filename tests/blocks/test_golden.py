"""Realistic cards as people read them, kept as text: a change of wording is seen, and read, in review.

`HITL_REGENERATE=1 pytest tests/blocks/test_golden.py` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from approvals.fields import fields
from blocks import limits
from blocks.card import card
from blocks.everything import everything_modal
from blocks.modals import edit_modal, reject_modal
from tests.blocks.states import STATES, a_whole_life
from tests.harness.reading import read_message, read_view

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", STATES)
def test_a_card_reads_as_it_was_agreed(name: str) -> None:
    """Each state's card is word for word the one that was read and agreed on, and legal."""
    call = card(STATES[name]()).as_call()
    text = read_message(call)
    kept = GOLDEN / f"card_{name}.txt"
    if os.environ.get("HITL_REGENERATE"):
        kept.write_text(text, encoding="utf-8")
    assert limits.problems_of_message(call, updating=True) == []
    assert text == kept.read_text(encoding="utf-8")


def test_everything_reads_as_it_was_agreed() -> None:
    """View everything of a whole life: asked, refused, changed, approved, taken up, carried out."""
    case, facts = a_whole_life()
    view = everything_modal(case, facts)
    text = read_view(view)
    kept = GOLDEN / "everything.txt"
    if os.environ.get("HITL_REGENERATE"):
        kept.write_text(text, encoding="utf-8")
    assert limits.problems_of_view(view) == []
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STATES)
def test_slacks_own_models_agree(name: str) -> None:
    """Slack's SDK builds every block of every card and modal again, and objects to nothing."""
    view = STATES[name]()
    modals = [
        edit_modal(view.case, fields(view.case)),
        reject_modal(view.case),
        everything_modal(view.case, ()),
    ]
    for blocks in (card(view).blocks, *(modal["blocks"] for modal in modals)):
        assert [block.to_dict()["type"] for block in Block.parse_all(blocks)] == [
            each["type"] for each in blocks
        ]
    for modal in modals:
        View(**modal).validate_json()


def test_no_golden_file_is_left_over() -> None:
    """Every file in the folder belongs to a state that is still tested."""
    assert {path.name for path in GOLDEN.glob("card_*.txt")} == {f"card_{name}.txt" for name in STATES}
