"""*Approve and allow similar*: says in words what would go through without asking, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from approvals.grants import Grant
from approvals.model import Case
from blocks import actions
from blocks.grant_words import at_most, in_a_sentence, may_differ, span, the_same
from blocks.message import words
from blocks.modal_parts import LASTS_BLOCK, State, View, note_input
from blocks.pages import Line, Piece, heading, tree
from blocks.reading import Reading
from blocks.rich import Block
from blocks.standing import title_of
from blocks.text import one_line
from blocks.wording import say

_BEYOND: Final = (
    "nothing may be added or left out, no number may go below zero, "
    "and nothing above {risk} risk goes through"
)
_ENDS: Final = "the time is over, somebody takes it back, or you may no longer decide these"
#: Minutes that are offered, as far as the rule lets them.
_SPANS: Final = (30, 60, 120, 240, 480, 1_440, 2_880, 10_080, 43_200)
#: Seconds, as a select's option carries them: `LONGEST` of `approvals.durations` has nine digits.
_SECONDS: Final = re.compile(r"[1-9][0-9]{0,9}")


def allow_modal(case: Case, grant: Grant, page: int = 1) -> View:
    """Part `page`, from 1, of what `grant` would let through, the longest that could be given on `case`."""
    sentence = in_a_sentence(grant, case)
    reading = Reading(
        actions.ALLOW_MODAL,
        title="Allow similar",
        above=words(say("allow_intro", title=title_of(case, 150), sentence=sentence, risk=str(grant.risk))),
        below=[_lasts(grant.until - grant.given_at), note_input()],
        submit="Approve and allow",
    )
    return reading.of(case, _terms(case, grant), page)


def _terms(case: Case, grant: Grant) -> Iterator[Piece]:
    same = list(the_same(grant, case))
    yield heading("Has to be the same", "" if same else "nothing")
    yield from tree(same)
    most = list(at_most(grant, case))
    yield heading("At most what you approve now", "" if most else "there are no other numbers in it")
    yield from tree(most)
    free = [one_line(name) for name in may_differ(grant, case)]
    yield from tree([Line("May differ", ", ".join(free) or "nothing")])
    yield from tree([Line("And", _BEYOND.format(risk=grant.risk)), Line("Until", _ENDS)])


def _lasts(longest: timedelta) -> Block:
    offered = [timedelta(minutes=each) for each in _SPANS if timedelta(minutes=each) < longest]
    options = [_option(each) for each in (*offered, longest)]
    return {
        "type": "input",
        "block_id": LASTS_BLOCK,
        "label": {"type": "plain_text", "text": "For how long?"},
        "element": {
            "type": "static_select",
            "action_id": actions.INPUT,
            "options": options,
            "initial_option": options[0],
        },
    }


def _option(lasts: timedelta) -> dict[str, Any]:
    text = {"type": "plain_text", "text": span(lasts)}
    return {"text": text, "value": str(int(lasts.total_seconds()))}


def lasts_of(state: State) -> timedelta:
    """How long was chosen; no time at all for what was never offered, which no grant lasts."""
    chosen = state.get(LASTS_BLOCK, {}).get(actions.INPUT, {}).get("selected_option") or {}
    value = chosen.get("value") if isinstance(chosen, dict) else None
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    return timedelta(seconds=int(found[0])) if found else timedelta()
