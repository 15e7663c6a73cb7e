"""*Answer*: a question without options is answered in one's own words."""

from __future__ import annotations

from approvals.model import Case
from blocks import actions, rich
from blocks.actions import Seen
from blocks.message import words
from blocks.modal_parts import ANSWER_BLOCK, State, View, modal, text_input, typed_in
from blocks.standing import title_of
from blocks.wording import say


def answer_modal(case: Case) -> View:
    """The question, what happens if nobody answers, and room for 3,000 characters."""
    intro = words(say("answer_intro", title=title_of(case, 150), agent=case.request.agent))
    default = case.request.default_answer
    silence = [rich.block(rich.titled("If nobody answers", rich.said(default, 400)))] if default else []
    hint = "The first answer counts, and the agent reads it as you write it."
    return modal(
        "Answer",
        [intro, *silence, text_input(ANSWER_BLOCK, "Your answer", hint)],
        callback_id=actions.ANSWER_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Answer",
        close="Cancel",
    )


def answer_of(state: State) -> str:
    """What was answered; empty for blanks."""
    return typed_in(state, ANSWER_BLOCK) or ""
