"""Requests in a list, each to be decided right there: what `/hitl`, `/hitl queue`, `/hitl show` answer.

`item` makes the blocks of one request wherever it is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from approvals.model import AgentName, Case, Gate, Roster
from blocks import actions, card_flaws, card_parts, card_question, card_status, limits, rich
from blocks.card_buttons import buttons
from blocks.differences import Some
from blocks.listed import SHOWN, Listed, QueuePage
from blocks.message import Message, small, words
from blocks.rich import Block
from blocks.standing import EMOJI, edits, risk_word, title_of, verdict_word
from blocks.text import Mrkdwn, escape, listed

#: How it is typed.
QUEUE: Final = "queue [mine|all|overdue|parked] [action:GLOB] [agent:NAME]"
SHOW: Final = "show ID"
#: Requests on one page, where they are short enough.
A_PAGE: Final = 5
_TITLE: Final = 150
_REASON: Final = 300
#: Characters for the arguments of one request: at least, as usual, and what a card would have at most.
_LEAST: Final = 250
_USUAL: Final = 900
#: Characters of what the rule and the agent say of it: usually, and where a card says it.
_BRIEF: Final = 120
_SAID: Final = 400
_ALL: Final = 6_000
#: Room that the lines around the items need.
_AROUND: Final = 1_200
#: Agents that are named where their requests wait unseen.
_HELD: Final = 5
_APPROVING: Final = frozenset((actions.APPROVE, actions.LOOKS_RIGHT, actions.ANSWER_SELECT))


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a list, as it stands, and where its card is."""

    case: Case
    permalink: str | None
    #: false where whoever looks may not decide it, or has already: they get what looks, and no more
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of somebody's queue."""

    page: QueuePage
    #: from the page's first request on; more than fit are left to the next page
    lines: Sequence[Line]
    #: how many there are in the whole list
    count: int
    #: how many wait for them in all lists; and how many they may see that wait for others
    mine: int
    others: int
    #: for operators: of which agents how many requests wait unseen
    held: Mapping[AgentName, int] = field(default_factory=dict)


def item(line: Line, roster: Roster, where: str, room: int = _USUAL) -> list[Block]:
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


def queue(listing: Listing, roster: Roster) -> Message:
    """A page of somebody's queue, with as many of its requests as a message holds."""
    page, text = listing.page, _headline(listing)
    if not listing.lines:
        return Message(text, [words(text), *_held(listing)])
    blocks: list[Block] = [words(_heading(listing))]
    shown = _fitting(listing, roster)
    for blocks_of_one in shown:
        blocks += [*blocks_of_one, {"type": "divider"}]
    turning = _turning(page, len(shown), listing.count)
    return Message(text, [*blocks[:-1], *turning, small(_beside(listing, len(shown))), *_held(listing)])


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


def not_a_list(typed: str, nearest: str | None) -> Message:
    """No such list and no such filter."""
    near = f" Did you mean `/hitl queue {nearest}`?" if nearest is not None else ""
    return _plain(f"There is no list `{_code(typed)}`.{near} Type it like this: `/hitl {QUEUE}`.")


def pattern_too_long(name: str, most: int) -> Message:
    """What a list is narrowed to goes into its buttons, which have little room."""
    return _plain(f"What follows `{name}:` may have {most} characters, without blanks or bars.")


def no_id() -> Message:
    """Nothing to show."""
    return _plain(f"Say which request: `/hitl {SHOW}`. Its id stands at the foot of its card.")


def no_request(typed: str) -> Message:
    """There is none, or none that they may see: the two look alike."""
    return _plain(
        f"There is no request `{_code(typed)}` that you are asked about. `/hitl queue all` lists them."
    )


def ambiguous(typed: str, among: Sequence[Case]) -> Message:
    """It may be several."""
    text = Mrkdwn(f"`{_code(typed)}` fits more than one request. Write more of the id.")
    told = [f"`{_code(case.id)}` {escape(title_of(case, 120), 120)}" for case in among]
    return Message(text, [words(text), *([words("\n".join(told))] if told else [])])


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
        *card_parts.arguments(case, max(room, _LEAST)),
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


def _fitting(listing: Listing, roster: Roster) -> list[list[Block]]:
    """The blocks of as many requests as fit; where room is short, with fewer of their arguments."""
    around = _AROUND + limits.characters_of_blocks(_held(listing))
    where, left = listing.page.encode(), limits.MESSAGE_CHARACTERS - around
    lines = listing.lines[:A_PAGE]
    shown: list[list[Block]] = []
    for place, line in enumerate(lines):
        blocks = _one(line, roster, where, _USUAL)
        if limits.characters_of_blocks(blocks) > left // (len(lines) - place):
            blocks = _one(line, roster, where, _LEAST)
        cost = limits.characters_of_blocks(blocks) + limits.BLOCK_CONTAINER
        if cost > left and shown:
            break
        left -= cost
        shown.append(blocks)
    return shown


def _one(line: Line, roster: Roster, where: str, room: int) -> list[Block]:
    return [decided(line.case)] if line.case.status.final else item(line, roster, where, room)


def _headline(listing: Listing) -> Mrkdwn:
    """The whole of it in a sentence or two: what phones show."""
    only, count = _only(listing.page), listing.count
    if not count:
        none, others = _NONE[listing.page.which], listing.others
        more = f" {_requests(others)} for others: `/hitl queue all`." if others and _is_mine(listing) else ""
        return Mrkdwn(f"{none}{only}.{more}")
    first = f" First: {_risk(listing.lines[0].case)}." if listing.lines else ""
    return Mrkdwn(f"{_counted(listing)}{only}.{first}")


def _heading(listing: Listing) -> Mrkdwn:
    return Mrkdwn(f"*{_counted(listing)}*{_only(listing.page)}, what will hurt first at the top")


def _counted(listing: Listing) -> str:
    count, which = listing.count, listing.page.which
    many = f"{count:,} request{'' if count == 1 else 's'}"
    one = count == 1
    return {
        "mine": f"{many} {'waits' if one else 'wait'} for you",
        "all": f"{many} that you may see {'is' if one else 'are'} open",
        "overdue": f"{many} {'is' if one else 'are'} overdue",
        "parked": f"{many} {'is' if one else 'are'} parked, and can still be decided",
    }[which]


def _requests(count: int) -> str:
    return f"{count:,} request waits" if count == 1 else f"{count:,} requests wait"


def _risk(case: Case) -> Mrkdwn:
    title = escape(title_of(case, 120), 120)
    return Mrkdwn(f"{EMOJI[case.judgement.risk]} {risk_word(case.judgement.risk)} risk, {title}")


def _only(page: QueuePage) -> str:
    told = [
        f"{name} `{_code(glob)}`" for name, glob in (("action", page.action), ("agent", page.agent)) if glob
    ]
    return f" (only {listed(told)})" if told else ""


def _is_mine(listing: Listing) -> bool:
    return listing.page.which == "mine"


def _turning(page: QueuePage, shown: int, count: int) -> list[Block]:
    """Buttons to the parts before and behind; none where all of it is shown."""
    elements = []
    if page.start > 0:
        elements.append(_page_button(actions.QUEUE_BACK, "Back", page.at(max(page.start - A_PAGE, 0))))
    if page.start + shown < count:
        elements.append(_page_button(actions.QUEUE_ON, "More", page.at(page.start + shown)))
    return [{"type": "actions", "elements": elements}] if elements else []


def _page_button(action: str, text: str, page: QueuePage) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _words(text), "value": page.encode()}


def _beside(listing: Listing, shown: int) -> Mrkdwn:
    """Where the rest is."""
    first, last = listing.page.start + 1, listing.page.start + shown
    span = f"{first:,}" if first == last else f"{first:,} to {last:,}"
    part = f"{span} of {listing.count:,}. " if shown < listing.count else ""
    if _is_mine(listing) and listing.others:
        part += f"{_requests(listing.others)} for others: `/hitl queue all`. "
    return Mrkdwn(f"{part}Only you see this list. `/hitl help` says what else I can be asked.")


def _held(listing: Listing) -> list[Block]:
    """What waits until its agent goes on is in no list: whose it is, and how many, those with most first."""
    if listing.page.which not in ("mine", "all") or not listing.held:
        return []
    most = sorted(listing.held.items(), key=lambda each: (-each[1], each[0]))
    told = [f"{_requests(count)} unseen until `{_code(agent)}` goes on" for agent, count in most[:_HELD]]
    more = sum(count for _, count in most[_HELD:])
    told += [f"{_requests(more)} for other agents"] if more else []
    return [small(Mrkdwn(f"⏸️ {listed(told)}: `/hitl resume AGENT`."))]


#: When a list is empty.
_NONE: Final = {
    "mine": "Nothing waits for you",
    "all": "Nothing is open that you are asked about",
    "overdue": "Nothing is overdue that you are asked about",
    "parked": "Nothing is parked that you are asked about",
}


def _words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def _code(text: str) -> Mrkdwn:
    """Words of others between backticks."""
    return escape(text.replace("`", "'"), 80)


def _plain(text: str) -> Message:
    return Message(Mrkdwn(text), [words(text)])
