"""*Review* of a digest: each item with what can be chosen for it, paged, within Slack's limits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.views import View

from approvals.canonical import Json
from approvals.digest_choices import Pick
from approvals.words import STORM, RequestId, Risk
from blocks import actions
from blocks.actions import BoardPage, OnBoard, Seen
from blocks.digest import BoardView
from blocks.limits import problems_of_view
from blocks.modal_parts import REASON_BLOCK
from blocks.modals_digest import (
    ITEMS_A_PAGE,
    item_of,
    picks_of,
    reject_all,
    review,
    say_why,
    to_decide,
)
from sandbox.form import state_of
from tests.blocks.boards import AUDIT, BOARD, BOARDS, a_question, board, refund, refunds, stormed, voted
from tests.blocks.hostile import VALUES, WORDS
from tests.harness.cases import ALICE
from tests.harness.floods import FLOODS
from tests.harness.reading import everything_shown, read_view

GOLDEN = Path(__file__).parent / "golden" / "digest_reviews.txt"
NONE: Mapping[RequestId, Pick] = {}


def rows_of(view: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Each item's controls by their action, by request."""
    return {
        str(item_of(block["block_id"])): {each["action_id"]: each for each in block["elements"]}
        for block in view["blocks"]
        if item_of(block.get("block_id")) is not None
    }


def chosen(view: dict[str, Any]) -> dict[str, str]:
    """What each select of the page is set to, in words."""
    return {
        request: row[actions.ITEM_PICK]["initial_option"]["text"]["text"]
        for request, row in rows_of(view).items()
        if actions.ITEM_PICK in row
    }


def _whole() -> BoardView:
    """Something of everything: open, changed, decided, pulled out, breaking its form, a review."""
    few = board(
        [*refunds(2), voted(refund(3), ALICE), replace(refund(4), waits_in=None), refund(5, rule=AUDIT)]
    )
    return replace(few, entries=(replace(few.entries[0], changed=True), *few.entries[1:]))


REVIEWS: Mapping[str, Any] = {
    "something of everything": lambda: review(_whole(), 1, NONE, ""),
    "one rejected": lambda: review(board(refunds(2)), 1, {RequestId("req_0002"): Pick.REJECT}, "no receipt"),
    "reviews": lambda: review(BOARDS["open, reviews"](), 1, NONE, ""),
    "what is not cleared": lambda: review(BOARDS["storm of what is not cleared"](), 1, NONE, ""),
    "nothing left": lambda: review(BOARDS["cleared"](), 1, NONE, ""),
    "reject all": lambda: reject_all(BOARDS["open"]()),
    "reject all, reviews": lambda: reject_all(BOARDS["open, reviews"]()),
    "reject the one": lambda: reject_all(BOARDS["open, one"]()),
    "reject all, some reviews": lambda: reject_all(
        board([refund(1), *refunds(4, rule=AUDIT)[1:], a_question()])
    ),
}


def test_every_review_reads_as_it_was_agreed() -> None:
    """All of them, word for word, in one file that can be read aloud; each legal, for Slack's SDK too."""
    told = []
    for name, made in REVIEWS.items():
        view = made()
        assert problems_of_view(view) == []
        View(**view).validate_json()
        told.append(f"[{name}]\n{read_view(view).rstrip()}")
    text = "\n\n".join(told) + "\n"
    if os.environ.get("HITL_REGENERATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_all_are_set_to_be_approved() -> None:
    """*Review* begins with what *Approve all* would do, and says how many that decides."""
    view = review(board(refunds(3)), 1, NONE, "")
    assert set(chosen(view).values()) == {"Approve"}
    assert view["submit"]["text"] == "Decide 3"
    assert BoardPage.decode(view["private_metadata"]) == BoardPage(OnBoard(BOARD, 3), 1)


def test_what_was_chosen_before_is_there_again() -> None:
    """A page that is turned back to shows what was chosen on it, and the reason that was written."""
    picks = {RequestId("req_0001"): Pick.REJECT, RequestId("req_0003"): Pick.LEAVE}
    view = review(board(refunds(3)), 1, picks, "no receipt")
    assert list(chosen(view).values()) == ["Reject", "Approve", "Leave"]
    assert view["submit"]["text"] == "Decide 2"
    assert view["blocks"][-1]["element"]["initial_value"] == "no receipt"


def test_what_one_click_may_not_approve_cannot_be_set_to_it() -> None:
    """Neither by the select, which has no such option, nor by a choice that was kept."""
    risky = board([stormed(refund(1, rule={"risk": Risk.HIGH}))], digest=STORM, clears=False)
    picks = {RequestId("req_0001"): Pick.APPROVE}
    row = rows_of(review(risky, 1, picks, ""))["req_0001"]
    options = [each["text"]["text"] for each in row[actions.ITEM_PICK]["options"]]
    assert options == ["Reject", "Leave"]
    assert actions.ITEM_EDIT not in row
    assert to_decide(risky, picks) == 0
    assert to_decide(risky, {RequestId("req_0001"): Pick.REJECT}) == 1


def test_a_board_that_does_not_clear_leaves_all() -> None:
    """Nothing on it is decided unless somebody chooses so."""
    view = review(BOARDS["storm of what is not cleared"](), 1, NONE, "")
    assert set(chosen(view).values()) == {"Leave"}
    assert view["submit"]["text"] == "Leave all"


def test_what_changed_or_was_decided_meanwhile_is_named_and_left() -> None:
    """It has nothing to choose, and counts for nothing, whatever was chosen before."""
    view = _whole()
    shown = review(view, 1, NONE, "")
    assert set(chosen(shown)) == {"req_0002", "req_0005"}
    assert set(rows_of(shown)["req_0001"]) == {actions.ITEM_PULL_OUT, actions.ITEM_VIEW}
    assert {"req_0003", "req_0004"}.isdisjoint(rows_of(shown))
    words = everything_shown(shown)
    for said in ("Changed since it was put here", "approved by Alice", "waits on a card of its own"):
        assert said in words
    every = {entry.case.id: Pick.REJECT for entry in view.entries}
    assert to_decide(view, every) == 2


def test_each_button_carries_what_was_on_the_screen() -> None:
    """Edit, Pull out and View everything name the request and the payload that stood beside them."""
    case = refund(1)
    row = rows_of(review(board([case]), 1, NONE, ""))["req_0001"]
    for action in (actions.ITEM_EDIT, actions.ITEM_PULL_OUT, actions.ITEM_VIEW):
        assert Seen.decode(row[action]["value"]) == Seen(case.id, case.sight)


def test_a_thousand_items_are_paged() -> None:
    """Every page is legal, every item stands on one of them, and the buttons lead there and back."""
    view = board(refunds(1_000))
    found: list[str] = []
    number, pages = 1, 0
    while number:
        page = review(view, number, NONE, "why")
        assert problems_of_view(page) == []
        assert page["submit"]["text"] == "Decide 1,000"
        found += rows_of(page)
        turns = {
            each["action_id"]: BoardPage.decode(each["value"])
            for block in page["blocks"]
            if block.get("block_id") == "turning"
            for each in block["elements"]
        }
        back, on = turns.get(actions.BOARD_BACK), turns.get(actions.BOARD_ON)
        assert (back.number if back else 0) == number - 1
        number, pages = on.number if on else 0, pages + 1
    assert found == [entry.case.id for entry in view.entries]
    assert pages == -(-1_000 // ITEMS_A_PAGE)
    assert review(view, 10_000, NONE, "")["private_metadata"].startswith(f"{pages}|")


@given(st.dictionaries(st.integers(1, 30), st.sampled_from(list(Pick))), st.text(max_size=20))
@settings(max_examples=30, deadline=None)
def test_what_was_chosen_reads_back(picked: dict[int, Pick], reason: str) -> None:
    """What Slack sends of a page is what the page was set to."""
    view = board(refunds(ITEMS_A_PAGE))
    picks = {RequestId(f"req_{number:04}"): pick for number, pick in picked.items()}
    sent = picks_of(state_of(review(view, 1, picks, reason)["blocks"], {}))
    assert sent == {entry.case.id: picks.get(entry.case.id, Pick.APPROVE) for entry in view.entries}


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"note": {"digest_pick": {"selected_option": {"value": "approve"}}}},
        {"item:req_1": {"other": {"selected_option": {"value": "approve"}}}},
        {"item:req_1": {"digest_pick": {"selected_option": None}}},
        {"item:req_1": {"digest_pick": {"selected_option": {"value": "all of them"}}}},
        {"item:req 1": {"digest_pick": {"selected_option": {"value": "approve"}}}},
    ],
)
def test_what_no_page_of_ours_sends_is_left_out(state: Any) -> None:
    """A block, an action or a value from elsewhere chooses nothing."""
    assert picks_of(state) == {}


def test_the_error_stands_at_the_reason() -> None:
    """Slack drops an error at a block that the modal does not have."""
    inputs = [each["block_id"] for each in REVIEWS["reviews"]()["blocks"] if each["type"] == "input"]
    assert list(say_why()) == inputs == [REASON_BLOCK]
    assert [
        each["block_id"] for each in reject_all(board(refunds(1)))["blocks"] if each["type"] == "input"
    ] == inputs


@given(words=WORDS.filter(bool), payload=st.dictionaries(WORDS, VALUES, max_size=4))
@settings(max_examples=40, deadline=None)
def test_nobody_writes_into_a_review(words: str, payload: dict[str, Json]) -> None:
    """Titles, reasons and arguments of agents are legal and inert, however they are spelled."""
    case = refund(1, payload, action=words, reasoning=words, rule={"title": words})
    view = review(board([case, voted(case, ALICE)]), 1, NONE, words)
    assert problems_of_view(view) == []
    # Rich text takes no markup; nothing here may be mrkdwn that an agent wrote.
    told = [each["text"]["text"] for each in view["blocks"] if each["type"] == "section"]
    assert all("<" not in each for each in told)


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_arguments_is_cut_and_counted(name: str) -> None:
    """A payload of thousands takes a few lines of its page, and says that there is more."""
    view = review(board([refund(number, FLOODS[name]) for number in (1, 2)]), 1, NONE, "")
    assert problems_of_view(view) == []
    assert "more: View everything" in everything_shown(view)
    assert len(everything_shown(view)) < 3_000


def test_what_is_sensitive_is_masked() -> None:
    """As on cards."""
    secret = refund(1, {"amount": 1, "card": "4111"}, rule={"sensitive": ("payload.card",)})
    shown = everything_shown(review(board([secret]), 1, NONE, ""))
    assert "4111" not in shown
    assert "••••" in shown
