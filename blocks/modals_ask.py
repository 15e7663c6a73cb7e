"""*Ask the agent*: a question to it, which stands in the card's thread for everybody."""

from __future__ import annotations

from typing import Final

from approvals.model import Case
from blocks import actions
from blocks.actions import Seen
from blocks.message import words
from blocks.modal_parts import State, View, modal, text_input, typed_in
from blocks.standing import title_of
from blocks.wording import say

QUESTION_BLOCK: Final = "question"


def ask_modal(case: Case) -> View:
    """Room for 3,000 characters, and what becomes of them."""
    agent = case.request.agent
    told = say(
        "ask_intro",
        title=title_of(case, 150),
        agent=agent,
        called=case.request.callback_url is not None,
        open=not case.status.final,
    )
    return modal(
        "Ask the agent",
        [words(told), text_input(QUESTION_BLOCK, "Your question")],
        callback_id=actions.ASK_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Ask",
        close="Cancel",
    )


def question_of(state: State) -> str | None:
    """What was asked; None for blanks."""
    return typed_in(state, QUESTION_BLOCK)
