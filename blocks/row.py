"""One request in a list, with its card's buttons: what stands there, and what is asked before approving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from approvals.model import Case
from approvals.roster import Roster
from approvals.words import Gate
from blocks import actions, card_flaws, card_parts, card_question, card_status, rich
from blocks.card_buttons import buttons
from blocks.differences import Some
from blocks.listed import SHOWN, Listed
from blocks.message import Message, small, words
from blocks.rich import Block
from blocks.standing import edits, title_of, verdict_word
from blocks.text import Mrkdwn, escape

_TITLE: Final = 150
_REASON: Final = 300
#: Characters for the arguments of one request: at least, as usual, and what a card would have at most.
LEAST: Final = 250
USUAL: Final = 900
_ALL: Final = 6_000
#: Characters of what the rule and the agent say of it: usually, and where a card says it.
_BRIEF: Final = 120
_SAID: Final = 400
_APPROVING: Final = frozenset((actions.APPROVE, actions.LOOKS_RIGHT, actions.ANSWER_SELECT))


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a list, as it stands, and where its card is."""

    case: Case
    permalink: str | None
    #: false where whoever looks may not decide it, or has already: they get what looks, and no more
    decides: bool = True


def item(line: Line, roster: Roster, where: str, room: int = USUAL) -> list[Block]:
    """One request, with its card's buttons: what is asked, how it stands, the arguments within `room`.

    The row of buttons says by its `block_id` which request it is; `where` says in which list. Where not all
    stands here that a card would show, Slack asks before anything is approved.
    """
    case, changed = line.case, edits(line.case)
    told = _told(case, changed, room)
    # Under `manual` the modal that it is confirmed in shows all of it.
    whole = case.judgement.gate is Gate.MANUAL or (
        told == _told(case, changed, _ALL) and not _has_more_on_its_card(case)
    )
    return [*_head(line, roster), *told, _row(line, where, whole=whole)]


def shown(card: Message, line: Line) -> Message:
    """A card's content for one person alone: its row of buttons says which request it is.

    They are those that this person has a use for.
    """
    named = {"block_id": Listed(line.case.id, SHOWN).encode()}
    blocks = [
        {**_for_them(block, line), **named} if block["type"] == "actions" else block for block in card.blocks
    ]
    link = Mrkdwn(f"<{line.permalink}|Go to its card>") if line.permalink is not None else None
    return Message(card.text, [*blocks, *([small(link)] if link is not None else [])])


def decided(case: Case) -> Block:
    """In the place of one that was decided since the list was drawn."""
    return words(f"~{escape(title_of(case, _TITLE), _TITLE)}~ is {verdict_word(case)}.")


def _head(line: Line, roster: Roster) -> list[Block]:
    case = line.case
    title = escape(title_of(case, _TITLE), _TITLE)
    linked = f"<{line.permalink}|{title}>" if line.permalink is not None else title
    return [words(f"*{linked}*\n{card_status.open_status(case, roster)}")]


def _told(case: Case, changed: Some, room: int) -> list[Block]:
    """What a card shows of it besides, shorter."""
    whole = room >= _ALL
    reason = (case.request.reasoning or "").strip()
    quoted = rich.quote(reason, 1_500, lines=15) if whole else rich.quote(reason, _REASON, lines=4)
    why = [rich.block(rich.section(rich.text("Why", bold=True)), quoted)]
    then = _then(case, _SAID if whole else min(room // 5, _BRIEF))
    return [
        *card_flaws.flaws(case),
        *card_parts.edited(case, changed),
        *card_parts.arguments(case, max(room, LEAST)),
        *card_question.options(case, room),
        *(why if reason else []),
        *([small(" · ".join(then))] if then else []),
    ]


def _then(case: Case, most: int) -> list[Mrkdwn]:
    """What to go by, and what the agent says that comes of it, each in at most so many characters."""
    sure = case.request.confidence
    said = (
        ("📌 Rule to go by", case.judgement.guidance),
        ("How sure it is", None if sure is None else card_parts.sureness(sure)),
        *_comes_of_it(case),
        ("If nobody answers, it goes on with", case.request.default_answer),
    )
    return [Mrkdwn(f"*{title}*  {escape(words, most)}") for title, words in said if words]


def _comes_of_it(case: Case) -> tuple[tuple[str, str | None], ...]:
    told, gate = case.request.effects, case.judgement.gate
    if gate is Gate.QUESTION:
        return ()
    review, undo = gate is Gate.AUDIT, "It cannot be undone; the agent says"
    return (
        ("What it does" if review else "If approved", told.approve),
        ("If you flag it" if review else "If rejected", told.reject),
        (undo if case.judgement.irreversible else "Undo", told.rollback),
    )


def _has_more_on_its_card(case: Case) -> bool:
    """Whether a card tells of what a row has no room for: context, what was there before, what others say."""
    request = case.request
    before = request.supersedes is not None or request.review_of is not None
    return bool(before or request.context or card_status.sayings(case))


def _for_them(row: Block, line: Line) -> Block:
    """A card's buttons, for whoever looks: where they decide nothing, the menu with what only looks."""
    if line.decides or line.case.status.final:
        return row
    menus = [each for each in row["elements"] if each["type"] == "overflow"]
    looks = [{**menu, "options": menu["options"][:1]} for menu in menus]
    # The smallest card has a button instead.
    views = [each for each in row["elements"] if each["action_id"] == actions.VIEW]
    return {**row, "elements": looks or views}


def _row(line: Line, where: str, *, whole: bool) -> Block:
    case = line.case
    row = {**_for_them(buttons(case), line), "block_id": Listed(case.id, where).encode()}
    for element in [] if whole else row["elements"]:
        if element["action_id"] in _APPROVING or actions.option_of(element["action_id"]) is not None:
            element["confirm"] = _look_first(case, element)
    return row


def _look_first(case: Case, element: dict[str, Any]) -> dict[str, Any]:
    answers = case.judgement.gate is Gate.QUESTION
    return {
        "title": _words("Have you looked at it whole?"),
        "text": _words("This list does not show all of it. View everything does: it is in the menu beside."),
        "confirm": _words("Answer" if answers else element["text"]["text"]),
        "deny": _words("Not yet"),
    }


def _words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
