"""What buttons, menus and modals carry, there and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import Digest
from approvals.gate_advice import Advice
from approvals.words import AgentName, BoardId, RequestId
from blocks import limits
from blocks.actions import (
    ANSWER_OPTION,
    About,
    BoardPage,
    Chosen,
    Item,
    OnBoard,
    Page,
    Pausing,
    Picked,
    Seen,
    StatsPage,
    option_of,
)
from blocks.listed import Listed, QueuePage

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SEEN = Seen(RequestId("req_" + "0" * 26), Digest("ab" * 32))


#: As they stand on messages that were posted.
WRITTEN = {
    f"v1:req_{'0' * 26}:{'ab' * 32}": SEEN,
    f"hand_over|{SEEN.encode()}": Picked(Item.HAND_OVER, SEEN),
    f"12|{SEEN.encode()}": Page(SEEN, 12),
    f"0|{SEEN.encode()}": Chosen(0, SEEN),
    "gentler|1767009600|1767614400|3|a rule|of two\nlines": About(
        "a rule|of two\nlines", Advice.GENTLER, NOON - timedelta(days=7), NOON, 3
    ),
    "30|1767614400|1": StatsPage(30, NOON),
    "b1:dig_1:0": OnBoard(BoardId("dig_1"), 0),
    "2|b1:dig_1:500": BoardPage(OnBoard(BoardId("dig_1"), 500), 2),
    "b1:dig_1:7|mail|agent": Pausing(OnBoard(BoardId("dig_1"), 7), AgentName("mail|agent")),
    "queue|mine|10|pay_*|": QueuePage("mine", 10, "pay_*"),
    "item:req_1:queue|all|0||": Listed(RequestId("req_1"), "queue|all|0||"),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_what_was_written_once_is_read_for_ever(text: str) -> None:
    """Messages that were posted by earlier versions still have their buttons."""
    value = WRITTEN[text]
    assert value.encode() == text
    assert type(value).decode(text) == value
    assert type(value).decode(f"x{text}") is None


def test_what_a_button_carries_comes_back() -> None:
    """Request and digest survive the way through Slack, in every form, within each form's limit."""
    assert Seen.decode(SEEN.encode()) == SEEN
    picked, page = Picked(Item.VIEW, SEEN), Page(SEEN, 12)
    assert Picked.decode(picked.encode()) == picked
    assert Page.decode(page.encode()) == page
    chosen = Chosen(99, SEEN)
    assert Chosen.decode(chosen.encode()) == chosen
    assert max(len(picked.encode()), len(chosen.encode())) <= limits.OPTION_VALUE
    assert [option_of(f"{ANSWER_OPTION}{place}") for place in range(5)] == [0, 1, 2, 3, 4]


@given(st.none() | st.integers() | st.text() | st.text().map(lambda rest: SEEN.encode() + rest + "x"))
def test_garbage_is_nothing(value: object) -> None:
    """A value that we did not make is None, never an error."""
    assert Seen.decode(value) is None
    assert Picked.decode(value) is None
    assert Page.decode(value) is None
    assert Chosen.decode(value) is None


@pytest.mark.parametrize("value", ["explode|" + SEEN.encode(), "0|" + SEEN.encode(), "view|", "view"])
def test_what_is_almost_right_is_nothing(value: str) -> None:
    """An item, page or option that does not exist is None."""
    assert (Picked.decode(value), Page.decode(value)) == (None, None)
    assert Chosen.decode(value) is None or value.startswith("0|")


@pytest.mark.parametrize("action", ["hitl.answer.", "hitl.answer.10", "hitl.answer.-1", "hitl.answer.٣", "3"])
def test_no_other_action_is_an_option(action: str) -> None:
    """What no version of ours put on a button stands for no option."""
    assert option_of(action) is None
    assert Chosen.decode(f"{action.removeprefix(ANSWER_OPTION)}|") is None
