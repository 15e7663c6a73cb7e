"""What opens over Slack: to decide something, to see to it that it is decided, and to be told something.

The door to the modules that make them, each of which changes for its own reason.
"""

from __future__ import annotations

from blocks import actions
from blocks.confirming_words import not_confirmed, typed_of
from blocks.everything import everything_modal
from blocks.message import words
from blocks.modal_parts import (
    ANSWER_BLOCK,
    LASTS_BLOCK,
    NOTE_BLOCK,
    REASON_BLOCK,
    TYPED_BLOCK,
    State,
    View,
    modal,
    note_of,
    reason_of,
)
from blocks.modals_answer import answer_modal, answer_of
from blocks.modals_ask import QUESTION_BLOCK, ask_modal, question_of
from blocks.modals_confirm import confirm_modal
from blocks.modals_edit import edit_modal, errors_at, values_of
from blocks.modals_grant import allow_modal, lasts_of
from blocks.modals_hand_over import TAKER_BLOCK, Takers, hand_over_modal, taker_of
from blocks.modals_reject import flag_modal, reject_modal
from blocks.modals_snooze import AWAY_BLOCK, UNTIL_BLOCK, snooze_modal, until_of
from blocks.text import Mrkdwn

__all__ = [
    "ANSWER_BLOCK",
    "AWAY_BLOCK",
    "LASTS_BLOCK",
    "NOTE_BLOCK",
    "QUESTION_BLOCK",
    "REASON_BLOCK",
    "TAKER_BLOCK",
    "TYPED_BLOCK",
    "UNTIL_BLOCK",
    "State",
    "Takers",
    "View",
    "allow_modal",
    "answer_modal",
    "answer_of",
    "ask_modal",
    "confirm_modal",
    "edit_modal",
    "errors_at",
    "everything_modal",
    "flag_modal",
    "hand_over_modal",
    "lasts_of",
    "loading_modal",
    "not_confirmed",
    "note_of",
    "notice_modal",
    "question_of",
    "reason_of",
    "reject_modal",
    "snooze_modal",
    "taker_of",
    "typed_of",
    "until_of",
    "values_of",
]


def notice_modal(title: str, text: Mrkdwn) -> View:
    """Says one thing, a sentence of `blocks.replies`, where a modal is all that can be answered with."""
    return modal(title, [words(text)], callback_id=actions.NOTICE_MODAL, close="Close")


def loading_modal() -> View:
    """Holds the place while what it shall show is made: a trigger lives three seconds."""
    return modal("One moment", [words("Getting it …")], callback_id=actions.LOADING_MODAL, close="Close")
