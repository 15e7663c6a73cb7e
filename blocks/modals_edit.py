"""The form in which the arguments are changed, or, on a review, what they should have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from approvals import confirming
from approvals.canonical import Json
from approvals.fields import Field, Typed
from approvals.model import Case
from approvals.roster import Roster
from approvals.words import Gate
from blocks import actions, limits, rich
from blocks.actions import Seen
from blocks.arguments import Places, hidden_in, places
from blocks.confirming_words import edit_input
from blocks.inputs import block_of, entry_of, input_of
from blocks.message import words
from blocks.modal_parts import NOTE_BLOCK, State, View, modal, note_input, text_input
from blocks.rich import Block
from blocks.standing import approvers, title_of
from blocks.text import cut, one_line, short
from blocks.wording import say

#: Around the inputs stand an introduction, what cannot be edited, what confirms it, and the note.
_MOST_INPUTS: Final = limits.VIEW_BLOCKS - 6


def edit_modal(case: Case, fields: Sequence[Field], roster: Roster | None = None) -> View:
    """One input for each field; what is sent is approved as it is entered.

    A field whose value does not fit an input unchanged has none, and the modal says so: `values_of` leaves it
    out, which means that it stays as it is.
    """
    made = [(field, input_of(field)) for field in fields]
    inputs = [block for _, block in made if block is not None][:_MOST_INPUTS]
    shown = {block["block_id"] for block in inputs}
    fixed = [field.label for field, _ in made if block_of(field.id) not in shown]
    if _keeps_back(case, fields):
        fixed.append("What is masked, or too long or too much for this form")
    review = case.judgement.gate is Gate.AUDIT
    confirm = [edit_input(case)] if confirming.word(case.judgement, case.payload) is not None else []
    return modal(
        "Correct" if review else "Edit",
        [_intro(case, roster), *inputs, *_not_editable(fixed), *confirm, _note(case)],
        callback_id=actions.EDIT_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Send the correction" if review else "Approve with changes",
        close="Cancel",
    )


def _intro(case: Case, roster: Roster | None) -> Block:
    return words(
        say(
            "edit_intro",
            title=title_of(case, 150),
            agent=case.request.agent,
            review=case.judgement.gate is Gate.AUDIT,
            needed=case.judgement.quorum,
            voided=bool(roster is not None and approvers(case, roster)),
        )
    )


def _note(case: Case) -> Block:
    if case.judgement.gate is not Gate.AUDIT:
        return note_input()
    return text_input(NOTE_BLOCK, "What was wrong?", "The agent reads it, and learns from it.", optional=True)


def _keeps_back(case: Case, fields: Sequence[Field]) -> bool:
    """True when some arguments have no field at all."""
    if hidden_in(case.judgement.sensitive, case.payload) is not None:
        return True
    return _is_beside(places(field.path for field in fields), case.payload)


def _is_beside(fields: Places | None, value: Json) -> bool:
    """True when something in `value` is in none of the places that have a field."""
    if fields == {}:
        return False
    if fields is None or not isinstance(value, Mapping):
        return not isinstance(value, Mapping) or bool(value)
    return any(_is_beside(fields.get(key), each) for key, each in value.items())


def _not_editable(labels: list[str]) -> list[Block]:
    if not labels:
        return []
    named = ", ".join(short(label, 60) for label in labels[:10])
    more = f" and {len(labels) - 10:,} more" if len(labels) > 10 else ""
    note = rich.text(f"{named}{more}: stays as it is.")
    return [rich.block(rich.section(rich.text("Not editable here", bold=True), rich.text("  "), note))]


def values_of(state: State, fields: Sequence[Field]) -> dict[str, Typed]:
    """What was entered, by field id, for `approvals.fields.entered`. Fields without an input are left out."""
    found: dict[str, Typed] = {}
    for field in fields:
        element = state.get(block_of(field.id), {}).get(actions.INPUT)
        if element is not None:
            found[field.id] = entry_of(field, element)
    return found


def errors_at(errors: Mapping[str, str], fields: Sequence[Field]) -> dict[str, str]:
    """`{block_id: sentence}` for `response_action: errors`.

    What is wrong with a field without an input is said at the note: Slack drops an error without one.
    """
    shown = {field.id: field.label for field in fields if input_of(field) is not None}
    inputs = list(shown)[:_MOST_INPUTS]
    found: dict[str, str] = {}
    for field_id, sentence in errors.items():
        known = field_id in inputs
        block = block_of(field_id) if known else NOTE_BLOCK
        text = cut(one_line(sentence), 300) or "This does not fit."
        if not known and field_id:
            text = f"{short(field_id.lstrip('/'), 60)}: {text}"
        found[block] = f"{found[block]} {text}" if block in found else text
    return {block: cut(text, 600) for block, text in found.items()}
