"""The input in which an approver types what confirms it, and what is said when it is something else."""

from __future__ import annotations

from typing import Final

from approvals import confirming
from approvals.field import words as in_words
from approvals.model import Case
from blocks import limits, rich
from blocks.modal_parts import TYPED_BLOCK, State, text_input, typed_in
from blocks.rich import Block
from blocks.text import plain, short

_LABEL: Final = "To approve, type"


def confirm_input(word: str) -> list[Block]:
    """Asks for `word`; where an input's label cannot show it exactly, it stands above."""
    label = f"{_LABEL} {word}"
    if plain(label, limits.INPUT_LABEL)["text"] == label:
        return [text_input(TYPED_BLOCK, label, lines=False)]
    exact = rich.block(rich.section(rich.text(f"{_LABEL}:")), rich.code(word))
    return [exact, text_input(TYPED_BLOCK, f"{_LABEL} what stands above", lines=False)]


def edit_input(case: Case) -> Block:
    """The same where the arguments are being changed: what has to be typed may change with them."""
    word = confirming.word(case.judgement, case.payload) or confirming.CONFIRM
    named = _named(case)
    if named is None:
        return text_input(TYPED_BLOCK, f"{_LABEL} {word}", lines=False)
    now = f"Now it is {short(word, 100)}."
    hint = f"As it is after your changes, or {confirming.CONFIRM} if there is none. {now}"
    return text_input(TYPED_BLOCK, f"{_LABEL} the {named}", hint, lines=False)


def _named(case: Case) -> str | None:
    """What the rule names to be typed, in words: `payload.service_name` is service name."""
    path = case.judgement.confirm
    return None if path is None else short(in_words(path.rpartition(".")[2]).lower(), 60)


def not_confirmed(word: str | None) -> str:
    """At the input, when something else was typed."""
    return f"Type {short(word or confirming.CONFIRM, 100)} exactly as it stands here."


def typed_of(state: State) -> str | None:
    """What was typed to confirm it; None for blanks, or where nothing was asked for."""
    return typed_in(state, TYPED_BLOCK)
