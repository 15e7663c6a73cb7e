"""*Approve* under `gate: manual`: everything is read, part by part, and then confirmed by typing."""

from __future__ import annotations

from collections.abc import Iterator

from approvals import confirming
from approvals.canonical import Json
from approvals.model import Case
from approvals.roster import Roster
from blocks import actions
from blocks.arguments import hidden_in, label_of, leaves, masked
from blocks.confirming_words import confirm_input
from blocks.message import words
from blocks.modal_parts import View, note_input
from blocks.pages import LONGEST_LABEL, Piece, as_json, as_listed, heading
from blocks.reading import Reading
from blocks.standing import approvers, title_of
from blocks.wording import say


def confirm_modal(case: Case, roster: Roster, page: int = 1) -> View:
    """Part `page`, from 1, of the arguments as they would be approved; under the last one stands the input.

    Only what is sensitive is masked. A part beyond the last is the last.
    """
    pieces = [heading("What exactly", case.request.action), *_whole(case)]
    word = confirming.word(case.judgement, case.payload) or confirming.CONFIRM
    reading = Reading(
        actions.CONFIRM_MODAL,
        title="Approve",
        above=words(_intro(case, roster)),
        below=[*confirm_input(word), note_input()],
        submit="Approve",
    )
    return reading.of(case, pieces, page)


def _intro(case: Case, roster: Roster) -> str:
    missing = case.judgement.quorum - len(approvers(case, roster)) - 1
    return say("confirm_intro", title=title_of(case, 150), agent=case.request.agent, missing=max(missing, 0))


def _whole(case: Case) -> Iterator[Piece]:
    payload: Json = masked(case.payload, hidden_in(case.judgement.sensitive, case.payload))
    yield from as_listed(payload)
    if any(len(label_of(leaf.path)) > LONGEST_LABEL for leaf in leaves(payload)):
        # Lists cut such names.
        yield heading("As JSON")
        yield from as_json(payload)
