"""What opens over Slack: to edit, to reject, to say that something cannot be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from approvals.canonical import Json
from approvals.fields import Field, Typed
from approvals.model import Case, Roster
from blocks import actions, limits, rich
from blocks.actions import Seen
from blocks.arguments import Places, hidden_in, places
from blocks.everything import everything_modal
from blocks.inputs import block_of, entry_of, input_of
from blocks.message import words
from blocks.rich import Block
from blocks.standing import approvers, title_of
from blocks.text import Mrkdwn, cut, one_line, plain, short
from blocks.wording import say

__all__ = [
    "NOTE_BLOCK",
    "REASON_BLOCK",
    "edit_modal",
    "errors_at",
    "everything_modal",
    "loading_modal",
    "note_of",
    "notice_modal",
    "reason_of",
    "reject_modal",
    "values_of",
]

View: TypeAlias = dict[str, Any]
#: `view.state.values`: block_id → action_id → what was typed or chosen.
State: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]

#: block_id of the optional note of an edit, and of a reject's reason.
NOTE_BLOCK: Final = "note"
REASON_BLOCK: Final = "reason"
#: Around the inputs stand an introduction, what cannot be edited, and the note.
_MOST_INPUTS: Final = limits.VIEW_BLOCKS - 5


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
    voided = bool(roster is not None and approvers(case, roster))
    intro = words(say("edit_intro", title=title_of(case, 150), needed=case.judgement.quorum, voided=voided))
    note = _text_input(
        NOTE_BLOCK, "Why?", "The agent reads it. Leave it empty if there is nothing to say.", optional=True
    )
    return _modal(
        "Edit",
        [intro, *inputs, *_not_editable(fixed), note],
        callback_id=actions.EDIT_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Approve with changes",
        close="Cancel",
    )


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


def note_of(state: State) -> str | None:
    """The note of an edit; None when it was left empty."""
    return _typed(state, NOTE_BLOCK)


def reason_of(state: State) -> str | None:
    """The reason of a reject; None when nothing but blanks was typed, which Slack lets through."""
    return _typed(state, REASON_BLOCK)


def _typed(state: State, block: str) -> str | None:
    value = state.get(block, {}).get(actions.INPUT, {}).get("value")
    return (value.strip() or None) if isinstance(value, str) else None


def reject_modal(case: Case) -> View:
    """Asks for the reason, which is required."""
    intro = words(say("reject_intro", title=title_of(case, 150), agent=case.request.agent))
    reason = _text_input(REASON_BLOCK, "Why?", "The agent reads it: say what would have to be different.")
    return _modal(
        "Reject",
        [intro, reason],
        callback_id=actions.REJECT_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Reject",
        close="Cancel",
    )


def _text_input(block: str, label: str, hint: str, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": block,
        "label": {"type": "plain_text", "text": label},
        "hint": {"type": "plain_text", "text": hint},
        "optional": optional,
        "element": {"type": "plain_text_input", "action_id": actions.INPUT, "multiline": True},
    }


def notice_modal(title: str, text: Mrkdwn) -> View:
    """Says one thing, a sentence of `blocks.replies`, where a modal is all that can be answered with."""
    return _modal(title, [words(text)], callback_id=actions.NOTICE_MODAL, close="Close")


def loading_modal() -> View:
    """Holds the place while what it shall show is made: a trigger lives three seconds."""
    return _modal("One moment", [words("Getting it …")], callback_id=actions.LOADING_MODAL, close="Close")


def _modal(title: str, blocks: list[Block], *, close: str, submit: str | None = None, **rest: str) -> View:
    view: View = {
        "type": "modal",
        "title": plain(title, limits.VIEW_TITLE),
        "close": {"type": "plain_text", "text": close},
        "blocks": blocks,
        **rest,
    }
    return view | {"submit": {"type": "plain_text", "text": submit}} if submit else view
