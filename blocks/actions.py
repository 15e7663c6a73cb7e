"""What buttons, menus and modals are called, and what they carry.

What a button carries can only make a vote be refused (another payload than the one on the screen): it never
says who votes, nor for what.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, TypeAlias

from approvals.canonical import Digest
from approvals.gate_advice import Advice
from approvals.words import AgentName, BoardId, Instant, RequestId
from blocks.carried import Carried, Spelled, one_of

# action_id of a card's buttons and menu
APPROVE: Final = "approve"
EDIT: Final = "edit"
REJECT: Final = "reject"
# the same on a review: it was right, it should have been otherwise, undo it
LOOKS_RIGHT: Final = "looks_right"
CORRECT: Final = "correct"
FLAG: Final = "flag"
#: On a question without options; opens a modal to write the answer in.
ANSWER: Final = "answer"
#: One button an option, `hitl.answer.0`: this and the option's place. Which words that means is the request's
#: to say. The button's value is `Seen.encode()`, as everywhere.
ANSWER_OPTION: Final = "hitl.answer."
#: The options as a `static_select`; an option's value is `Chosen.encode()`.
ANSWER_SELECT: Final = "answer_select"
#: The overflow menu; which item was chosen is in the value: `Picked.decode`.
MORE: Final = "more"
#: *View everything* as a button of its own, where there is no menu.
VIEW: Final = "view"
#: *Revoke* beside a grant in `/hitl grants`; the value is the grant's id.
REVOKE: Final = "revoke_grant"

#: Turn a page of `/hitl queue`; their value is `listed.QueuePage.encode()`.
QUEUE_BACK: Final = "queue_back"
QUEUE_ON: Final = "queue_on"
QUEUE_PAGES: Final = (QUEUE_BACK, QUEUE_ON)
#: In `/hitl dead`: one again, whose id is the value, or all that are dead.
SEND_AGAIN: Final = "send_again"
SEND_ALL_AGAIN: Final = "send_all_again"
#: Turn a page of `/hitl dead`; their value is the place, from 0, of its first letter.
DEAD_BACK: Final = "dead_back"
DEAD_ON: Final = "dead_on"
DEAD_PAGES: Final = (DEAD_BACK, DEAD_ON)

#: The home tab's `callback_id`: what was clicked there was clicked in no message.
HOME: Final = "home"
#: Of a home tab that nobody looked at for long: draw it anew.
HOME_AGAIN: Final = "home_again"
#: Beside an agent in an operator's home tab. Its block says which agent (`home_view.agent_block`), the value
#: too; where the two do not agree, nothing happens.
PAUSE_LISTED: Final = "pause_agent"
RESUME_LISTED: Final = "resume_agent"

#: On a suggestion of the gate review; their value is `About.encode()`.
SHOW_REQUESTS: Final = "show_requests"
NOT_NOW: Final = "not_now"
#: Turn a page of `/hitl stats`; their value is `StatsPage.encode()`.
STATS_BACK: Final = "stats_back"
STATS_ON: Final = "stats_on"
STATS_PAGES: Final = (STATS_BACK, STATS_ON)

#: On a digest's message; their value is `OnBoard.encode()`. The message's place says which digest it is.
DIGEST_APPROVE: Final = "digest_approve_all"
DIGEST_REVIEW: Final = "digest_review"
DIGEST_REJECT: Final = "digest_reject_all"
#: *Pause this agent*, `hitl.pause.0`: this and the agent's place in `digest.agents_of`. The value is
#: `Pausing.encode()`; where place and value do not name the same agent, nobody is paused.
PAUSE_AGENT: Final = "hitl.pause."

# action_id inside modals
#: What becomes of one item of a digest: a `static_select`; an option's value is its `Pick`.
ITEM_PICK: Final = "digest_pick"
#: Buttons beside it; their value is `Seen.encode()`, and their row's `block_id` is `item:req_…`.
ITEM_EDIT: Final = "digest_edit"
ITEM_PULL_OUT: Final = "digest_pull_out"
ITEM_VIEW: Final = "digest_view"
#: Turn a page of a digest's *Review*; their value is `BoardPage.encode()`.
BOARD_BACK: Final = "board_back"
BOARD_ON: Final = "board_on"
BOARD_PAGES: Final = (BOARD_BACK, BOARD_ON)
#: Turn a page of the requests that a suggestion is about; their value is `About.encode()`.
REQUESTS_BACK: Final = "requests_back"
REQUESTS_ON: Final = "requests_on"
REQUESTS_PAGES: Final = (REQUESTS_BACK, REQUESTS_ON)
PAGE_FIRST: Final = "page_first"
PAGE_BACK: Final = "page_back"
PAGE_ON: Final = "page_on"
PAGE_LAST: Final = "page_last"
#: All that turn a page of *View everything*; their value is `Page.encode()`.
PAGES: Final = (PAGE_FIRST, PAGE_BACK, PAGE_ON, PAGE_LAST)
#: The same in the modal to confirm in, whose parts are read one after the other.
CONFIRM_BACK: Final = "confirm_back"
CONFIRM_ON: Final = "confirm_on"
CONFIRM_PAGES: Final = (CONFIRM_BACK, CONFIRM_ON)
#: action_id of every element that somebody fills in; the block_id tells which it is.
INPUT: Final = "input"

# callback_id of modals
EDIT_MODAL: Final = "edit_modal"
REJECT_MODAL: Final = "reject_modal"
#: *Approve* where something has to be typed, page by page; `private_metadata` is `Page.encode()`.
CONFIRM_MODAL: Final = "confirm_modal"
FLAG_MODAL: Final = "flag_modal"
ANSWER_MODAL: Final = "answer_modal"
ALLOW_MODAL: Final = "allow_modal"
#: What decides nothing, each from a card's menu; `private_metadata` is `Seen.encode()`.
ASK_MODAL: Final = "ask_modal"
HAND_OVER_MODAL: Final = "hand_over_modal"
SNOOZE_MODAL: Final = "snooze_modal"
EVERYTHING_MODAL: Final = "everything_modal"
REQUESTS_MODAL: Final = "requests_modal"
#: *Review* of a digest, a page of it; `private_metadata` is `BoardPage.encode()`.
DIGEST_MODAL: Final = "digest_modal"
#: *Reject all* of a digest asks why; `private_metadata` is `OnBoard.encode()`.
DIGEST_REJECT_MODAL: Final = "digest_reject_modal"
NOTICE_MODAL: Final = "notice_modal"
LOADING_MODAL: Final = "loading_modal"

#: event_type of a card's message metadata; `event_payload` is `{"request": id}`.
CARD_METADATA: Final = "hitl_card"
#: event_type of a digest's message; `event_payload` is `{"board": id}`.
BOARD_METADATA: Final = "hitl_board"
#: event_type of what is said once in a card's thread; `event_payload` is `{"request": id, "key": key}`, or,
#: of a whole digest, `{"board": id, "key": key}`.
NOTE_METADATA: Final = "hitl_note"
#: event_type of the gate review's regular post; `event_payload` is `{"key": key}`.
REVIEW_METADATA: Final = "hitl_review"


class Item(StrEnum):
    """What a card's menu offers."""

    VIEW = "view"
    #: *Ask the agent*
    ASK = "ask"
    HAND_OVER = "hand_over"
    SNOOZE = "snooze"
    #: *Approve and allow similar*
    ALLOW = "allow"


#: Whole seconds since 1970, as moments are carried.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _seconds(moment: Instant) -> str:
    return str(int((moment - _EPOCH).total_seconds()))


def _moment(seconds: str) -> Instant:
    return _EPOCH + timedelta(seconds=int(seconds))


_ID: Final = Spelled("[A-Za-z0-9_-]{1,60}")
_WORDS: Final = Spelled(".+")
#: From 1.
_Number: TypeAlias = Annotated[int, Spelled("[1-9][0-9]{0,5}", int)]
_Moment: TypeAlias = Annotated[Instant, Spelled("[0-9]{1,11}", _moment, _seconds)]


@dataclass(frozen=True, slots=True)
class Seen(Carried):
    """Which request was on the screen, and which payload of it. At most 128 characters when encoded."""

    SHAPE = "v1:{request}:{digest}"
    request: Annotated[RequestId, _ID]
    digest: Annotated[Digest, Spelled("[0-9a-f]{64}")]


@dataclass(frozen=True, slots=True)
class Picked(Carried):
    """What somebody chose from a card's menu, whose options' values take 150 characters."""

    SHAPE = "{item}|{seen}"
    item: Annotated[Item, one_of(Item)]
    seen: Seen


@dataclass(frozen=True, slots=True)
class Page(Carried):
    """One page, from 1, of *View everything*."""

    SHAPE = "{number}|{seen}"
    seen: Seen
    number: _Number


@dataclass(frozen=True, slots=True)
class Chosen(Carried):
    """Which option of a question, from 0, somebody chose from its menu, whose values take 150 characters."""

    SHAPE = "{place}|{seen}"
    place: Annotated[int, Spelled("0|[1-9][0-9]?", int)]
    seen: Seen


@dataclass(frozen=True, slots=True)
class About(Carried):
    """Which suggestion of which gate review, by its rule and its time; and a page, from 1, of it."""

    SHAPE = "{advice}|{since}|{until}|{number}|{rule}"
    rule: Annotated[str, _WORDS]
    advice: Annotated[Advice, one_of(Advice)]
    since: _Moment
    until: _Moment
    number: _Number = 1

    def at(self, number: int) -> About:
        """Another page of the same."""
        return replace(self, number=number)


@dataclass(frozen=True, slots=True)
class StatsPage(Carried):
    """One page, from 1, of `/hitl stats` as it was asked for then: `days` back from `until`."""

    SHAPE = "{days}|{until}|{number}"
    days: Annotated[int, Spelled("[1-9][0-9]{0,3}", int)]
    until: _Moment
    number: _Number = 1

    def at(self, number: int) -> StatsPage:
        """Another page of the same."""
        return replace(self, number=number)


@dataclass(frozen=True, slots=True)
class OnBoard(Carried):
    """Which digest was on the screen, and how many items stood on it: what came later it does not clear."""

    SHAPE = "b1:{board}:{shown}"
    board: Annotated[BoardId, _ID]
    shown: Annotated[int, Spelled("0|[1-9][0-9]{0,5}", int)]


@dataclass(frozen=True, slots=True)
class BoardPage(Carried):
    """One page, from 1, of a digest's *Review*."""

    SHAPE = "{number}|{on}"
    on: OnBoard
    number: _Number = 1

    def at(self, number: int) -> BoardPage:
        """Another page of the same."""
        return replace(self, number=number)


@dataclass(frozen=True, slots=True)
class Pausing(Carried):
    """Whom *Pause this agent* named. It can only make the click be refused: see `PAUSE_AGENT`."""

    SHAPE = "{on}|{agent}"
    on: OnBoard
    agent: Annotated[AgentName, _WORDS]


def pausing_place(action: str) -> int | None:
    """Which agent, by its place in `digest.agents_of`, `hitl.pause.3` stands for; None for other actions."""
    place = action.removeprefix(PAUSE_AGENT)
    return int(place) if place != action and re.fullmatch(r"0|[1-9][0-9]{0,3}", place) else None


def option_of(action: str) -> int | None:
    """Which option, from 0, the button `hitl.answer.3` stands for; None for any other action."""
    place = action.removeprefix(ANSWER_OPTION)
    return int(place) if place != action and re.fullmatch(r"[0-9]", place) else None
