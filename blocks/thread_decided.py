"""What a thread hears of the end: once, with what was changed and what people said. Nobody is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from approvals.model import Case
from approvals.roster import Roster
from approvals.words import Gate, Status
from blocks import card_parts, card_status
from blocks.card import note_metadata
from blocks.card_text import sentence
from blocks.differences import Some
from blocks.message import Message, words
from blocks.standing import edits
from blocks.text import Mrkdwn

_EMOJI: Final = {
    Status.APPROVED: "✅",
    Status.MODIFIED: "✅",
    Status.REJECTED: "❌",
    Status.ANSWERED: "☑️",
    Status.TIMED_OUT: "⌛",
    Status.CANCELLED: "↩️",
}
#: Where a reviewer says how it was, as on the card.
_OF_REVIEWS: Final = {Status.MODIFIED: "✏️", Status.REJECTED: "🚩"}


def decided_note(case: Case, roster: Roster, key: str) -> Message:
    """Who ended it, how and why, as it was decided: what became of it since then is the card's to say."""
    then = replace(case, outcome=None)
    told = card_status.sayings(then)
    changed = edits(then, card_parts.MOST_CHANGES)
    decision = then.decision
    alone = replace(then, decision=replace(decision, reason=None)) if decision is not None and told else then
    line = Mrkdwn(f"{emoji_of(then)} {sentence(alone, roster, Some())}")
    text = Mrkdwn(f"{emoji_of(then)} {sentence(then, roster, changed)}")
    blocks = [words(line), *card_parts.edited(then, changed), *told]
    return Message(text, blocks, note_metadata(case, key))


def emoji_of(case: Case) -> str:
    """How it ended, as its card shows it; empty while it is open."""
    review = case.judgement.gate is Gate.AUDIT
    return (_OF_REVIEWS if review else {}).get(case.status) or _EMOJI.get(case.status, "")
