"""Asks why: to reject what was asked, or to flag what was done."""

from __future__ import annotations

from approvals.model import Case
from blocks import actions, rich
from blocks.actions import Seen
from blocks.message import words
from blocks.modal_parts import REASON_BLOCK, View, modal, text_input
from blocks.standing import title_of
from blocks.wording import say


def reject_modal(case: Case) -> View:
    """Asks for the reason, which is required."""
    intro = words(say("reject_intro", title=title_of(case, 150), agent=case.request.agent))
    reason = text_input(REASON_BLOCK, "Why?", "The agent reads it: say what would have to be different.")
    return modal(
        "Reject",
        [intro, reason],
        callback_id=actions.REJECT_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Reject",
        close="Cancel",
    )


def flag_modal(case: Case) -> View:
    """Says that the agent is told to roll it back, and asks for the reason, which is required."""
    intro = say(
        "flag_intro",
        title=title_of(case, 150),
        agent=case.request.agent,
        irreversible=case.judgement.irreversible,
    )
    undo = case.request.effects.rollback
    how = [rich.block(rich.titled("How it is undone", rich.said(undo, 400)))] if undo else []
    reason = text_input(REASON_BLOCK, "Why?", "The agent reads it: say what is wrong with it.")
    return modal(
        "Flag",
        [words(intro), *how, reason],
        callback_id=actions.FLAG_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Flag",
        close="Cancel",
    )
