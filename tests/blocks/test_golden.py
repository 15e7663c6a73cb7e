"""Realistic cards as people read them, kept as text: a change of wording is seen, and read, in review.

`HITL_REGENERATE=1 pytest tests/blocks/test_golden.py` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blocks import limits
from blocks.card import card
from tests.blocks.states import STATES
from tests.harness.reading import read_message

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


def test_no_golden_file_is_left_over() -> None:
    """Every file in the folder belongs to a state that is still tested."""
    assert {path.name for path in GOLDEN.glob("card_*.txt")} == {f"card_{name}.txt" for name in STATES}
