"""*Review* of a digest: each item with its arguments, and what is to become of it. And *Reject all*."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from approvals import digesting
from approvals.digest_choices import Pick
from approvals.model import Case
from approvals.words import Gate, Kind, RequestId
from blocks import actions, rich
from blocks.actions import BoardPage, Seen
from blocks.arguments import hidden_in, how_many_with_summary, masked, summary_first
from blocks.digest_board import BoardView, Entry, reviews
from blocks.digest_figures import nothing_here, obstacles, unread
from blocks.message import small, words
from blocks.modal_parts import REASON_BLOCK, State, View, modal, reason_of, text_input
from blocks.review_words import many
from blocks.rich import Block, Element
from blocks.standing import EMOJI, deciders, risk_word, title_of, verdict_word
from blocks.table import Table
from blocks.text import listed, plain, short

__all__ = ["ITEMS_A_PAGE", "item_of", "picks_of", "reason_of", "reject_all", "review", "say_why", "to_decide"]

#: Of a modal's 100 blocks each takes two, and the last block of a page asks why.
ITEMS_A_PAGE: Final = 15
#: block_id of an item's row of controls, which names its request.
_ROW: Final = re.compile(r"item:([A-Za-z0-9_-]{1,60})")
#: Characters and lines of one item's arguments, and of why its agent asks.
_ARGUMENTS: Final = 500
_LINES: Final = 8
_REASONING: Final = 150

#: What can be chosen, on an approval and on a review.
_CHOICES: Final = {
    Pick.APPROVE: ("Approve", "Looks right"),
    Pick.REJECT: ("Reject", "Flag"),
    Pick.LEAVE: ("Leave", "Leave"),
}


def review(view: BoardView, page: int, picks: Mapping[RequestId, Pick], reason: str) -> View:
    """Page `page`, from 1, of all that stands on `view`; one beyond the last is the last.

    `picks` are what somebody chose so far, `reason` what they wrote. What was not on the message that they
    came from is for the caller to leave out of `view`.
    """
    last = max(-(-len(view.entries) // ITEMS_A_PAGE), 1)
    number = min(max(page, 1), last)
    here = BoardPage(view.on, number)
    entries = view.entries[(number - 1) * ITEMS_A_PAGE : number * ITEMS_A_PAGE]
    blocks = [words(_intro(view)), *([words(unread(view.unread))] if view.unread else [])]
    blocks += [block for entry in entries for block in _item(view, entry, picks)]
    if last > 1:
        blocks += _turning(here, last)
    rest = {"callback_id": actions.DIGEST_MODAL, "private_metadata": here.encode()}
    if not view.open:
        return modal("Review", blocks, close="Close", **rest)
    blocks.append(_why(view, reason))
    return modal("Review", blocks, close="Cancel", submit=_submit(to_decide(view, picks)), **rest)


def to_decide(view: BoardView, picks: Mapping[RequestId, Pick]) -> int:
    """How many are decided when it is sent like that."""
    chosen = (view.pick(entry, picks.get(entry.case.id)) for entry in view.entries)
    return sum(pick is not Pick.LEAVE for pick in chosen)


def _submit(count: int) -> str:
    return f"Decide {count:,}" if count else "Leave all"


def _intro(view: BoardView) -> str:
    waiting = len(view.open)
    noun = "review" if reviews(view.open or view.entries) else "request"
    if not waiting:
        ended = ": all of these were decided meanwhile, or have cards of their own" if view.entries else ""
        return f"{nothing_here(view)}{ended}."
    count = f"{many(waiting, noun)} {'waits' if waiting == 1 else 'wait'} for you here."
    yes = "Looks right" if noun == "review" else "Approve"
    if view.clears:
        return f"{count} Each is set to *{yes}*: change any that you want otherwise. *Leave* decides nothing."
    return f"{count} Each is set to *Leave*, which decides nothing: choose what becomes of it."


def _why(view: BoardView, reason: str) -> Block:
    some = any(entry.case.judgement.gate is Gate.AUDIT for entry in view.open)
    no = "flag" if reviews(view.open) else "reject or flag" if some else "reject"
    hint = f"Needed if you {no} any; the agent reads it."
    asked = text_input(REASON_BLOCK, f"Why, for those that you {no}?", hint, optional=True)
    if reason:
        asked["element"]["initial_value"] = reason[: asked["element"]["max_length"]]
    return asked


def _turning(here: BoardPage, last: int) -> list[Block]:
    turns = []
    if here.number > 1:
        turns.append(_button(actions.BOARD_BACK, "Back", here.at(here.number - 1).encode()))
    if here.number < last:
        turns.append(_button(actions.BOARD_ON, "More", here.at(here.number + 1).encode()))
    note = f"Page {here.number:,} of {last:,}. What you choose is kept when you turn the page."
    return [small(note), {"type": "actions", "block_id": "turning", "elements": turns}]


# One item


def _item(view: BoardView, entry: Entry, picks: Mapping[RequestId, Pick]) -> list[Block]:
    case = entry.case
    if not view.waits_here(entry):
        how = _meanwhile(case)
        return [rich.block(rich.section(_title(entry), rich.text(f"  {how}", italic=True)))]
    told = rich.block(rich.section(_title(entry), _facts(case)), *_said(entry), *_arguments(case))
    return [told, _controls(view, entry, picks.get(case.id))]


def _title(entry: Entry) -> list[Element]:
    return rich.text(f"{entry.place + 1:,}. {title_of(entry.case, 150)}", bold=True)


def _facts(case: Case) -> list[Element]:
    risk = f"{EMOJI[case.judgement.risk]} {risk_word(case.judgement.risk)} risk"
    return rich.text(f"\n{risk} · {short(case.request.agent, 60)} · {short(case.request.action, 80)}")


def _said(entry: Entry) -> list[Element]:
    """Why it is left as it is, where it has to be; else why its agent asks."""
    case = entry.case
    if entry.changed:
        changed = "✏️ Changed since it was put here, so it is left: pull it out to decide it."
        return [rich.section(rich.text(changed))]
    why = obstacles(case)
    if case.request.kind is Kind.QUESTION:
        return [rich.section(rich.text("❔ A question: pull it out to answer it."))]
    if why:
        no = f"⚠️ Not approved in one click ({listed(why)}): pull it out, or "
        no += "edit or reject it." if _editable(case) else "reject it."
        return [rich.section(rich.text(no))]
    if case.request.reasoning and case.request.reasoning.strip():
        return [rich.section(rich.text("Why: "), rich.said(case.request.reasoning, _REASONING))]
    return []


def _arguments(case: Case) -> list[Element]:
    """The first of them, the rule's summary before the rest; what is left out is counted."""
    # What was done stays what it was, however it should have been.
    whole = case.request.payload if case.judgement.gate is Gate.AUDIT else case.payload
    payload = masked(whole, hidden_in(case.judgement.sensitive, whole))
    if not whole or not isinstance(payload, Mapping):
        return [rich.section(rich.text("No arguments." if not whole else str(payload)))]
    summary = case.judgement.summary
    table = Table(room=_ARGUMENTS, lines=_LINES)
    table.fill(summary_first(payload, summary), how_many_with_summary(payload, summary))
    return table.elements()


def _meanwhile(case: Case) -> str:
    """What became of it, where it does not wait here."""
    if not case.status.final:
        return "waits on a card of its own now"
    by = listed(short(name, 60) for name in deciders(case)[:3])
    return f"{verdict_word(case)}{f' by {by}' if by else ''}"


def _editable(case: Case) -> bool:
    """True where an edit is all that it takes: what needs more gets a card of its own for it."""
    judgement = case.judgement
    may = digesting.may_clear(judgement.gate, judgement.risk, judgement.quorum)
    return may and case.request.kind is not Kind.QUESTION


def _controls(view: BoardView, entry: Entry, chosen: Pick | None) -> Block:
    case = entry.case
    seen = Seen(case.id, case.sight).encode()
    edit = "Correct" if case.judgement.gate is Gate.AUDIT else "Edit"
    decidable = not entry.changed and case.request.kind is not Kind.QUESTION
    # Ten items have ten buttons of each kind: read aloud, each says which item it is for.
    which = f"{entry.place + 1:,}. {title_of(case, 75)}"
    elements = [
        *([_select(view, entry, chosen)] if decidable else []),
        *([_button(actions.ITEM_EDIT, edit, seen, which)] if decidable and _editable(case) else []),
        _button(actions.ITEM_PULL_OUT, "Pull out", seen, which),
        _button(actions.ITEM_VIEW, "View everything", seen, which),
    ]
    return {"type": "actions", "block_id": f"item:{case.id}", "elements": elements}


def _select(view: BoardView, entry: Entry, chosen: Pick | None) -> dict[str, Any]:
    case = entry.case
    options = {
        pick: {
            "text": {"type": "plain_text", "text": said[case.judgement.gate is Gate.AUDIT]},
            "value": str(pick),
        }
        for pick, said in _CHOICES.items()
        if pick is not Pick.APPROVE or view.may_approve(entry)
    }
    return {
        "type": "static_select",
        "action_id": actions.ITEM_PICK,
        "placeholder": {"type": "plain_text", "text": "What becomes of it"},
        "options": list(options.values()),
        "initial_option": options[view.pick(entry, chosen)],
    }


def _button(action: str, text: str, value: str, which: str | None = None) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text, "emoji": False},
        "value": value,
    }
    return button | {"accessibility_label": plain(f"{text}: {which}", 75)["text"]} if which else button


# What comes back


def item_of(block_id: object) -> RequestId | None:
    """Which request's row that is; None for any other block. `Seen` of its buttons has to agree."""
    match = _ROW.fullmatch(block_id) if isinstance(block_id, str) else None
    return RequestId(match[1]) if match else None


def picks_of(values: State) -> dict[RequestId, Pick]:
    """What is chosen on the page that was sent, or turned; a row that no version of ours made is left out.

    It names what somebody wants, not what they may: items that are not on the digest are for the caller.
    """
    found: dict[RequestId, Pick] = {}
    for block, elements in values.items():
        request = item_of(block)
        chosen = (elements.get(actions.ITEM_PICK) or {}).get("selected_option") or {}
        if request is not None and chosen.get("value") in list(Pick):
            found[request] = Pick(chosen["value"])
    return found


def say_why() -> dict[str, str]:
    """`{block_id: sentence}` for `response_action: errors`: some are rejected, and nobody says why."""
    return {REASON_BLOCK: "Say why you reject them: the agents read it."}


# Reject all


def reject_all(view: BoardView) -> View:
    """Asks for the reason, which is required, and holds for each of them: there is one at least."""
    waiting = view.rejectable
    left = len(view.open) - len(waiting)
    flagged = sum(entry.case.judgement.gate is Gate.AUDIT for entry in waiting)
    mixed = 0 < flagged < len(waiting)
    does, intro = _no_to_some(len(waiting) - flagged, flagged) if mixed else _no_to_all(waiting)
    if left:
        intro += f" {left:,} {'stays' if left == 1 else 'stay'} open: questions, and what changed meanwhile."
    asked = text_input(REASON_BLOCK, "Why?", "The agents read it: say what would have to be different.")
    return modal(
        "Reject all",
        [words(intro), asked],
        callback_id=actions.DIGEST_REJECT_MODAL,
        private_metadata=view.on.encode(),
        submit=f"{does} {len(waiting):,}",
        close="Cancel",
    )


def _no_to_all(waiting: Sequence[Entry]) -> tuple[str, str]:
    """What the button does, and what that means: all of them are requests, or all are reviews."""
    noun, does, then = (
        ("review", "flag", "to roll it back") if reviews(waiting) else ("request", "reject", "no")
    )
    one = len(waiting) == 1
    which = f"the {noun} that waits" if one else f"all {many(len(waiting), noun)} that wait"
    told = "Its agent is" if one else "Their agents are"
    return does.capitalize(), f"You {does} {which} here. {told} told {then}, and why."


def _no_to_some(rejected: int, flagged: int) -> tuple[str, str]:
    """The same where some of them were done already."""
    which = f"reject {many(rejected, 'request')} and flag {many(flagged, 'review')}"
    return "Reject or flag", f"You {which} here. Their agents are told no, or to roll it back, and why."
