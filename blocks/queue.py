"""Requests in a list, each to be decided right there: what `/hitl`, `/hitl queue`, `/hitl show` answer.

What one of them looks like, wherever it is listed, is `blocks.row`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from approvals.model import Case
from approvals.roster import Roster
from approvals.words import AgentName
from blocks import actions, limits
from blocks.listed import QueuePage
from blocks.message import Message, small, words
from blocks.rich import Block
from blocks.row import LEAST, USUAL, Line, decided, item, shown
from blocks.standing import EMOJI, risk_word, title_of
from blocks.text import Mrkdwn, escape, listed

__all__ = [
    "A_PAGE",
    "QUEUE",
    "SHOW",
    "Line",
    "Listing",
    "ambiguous",
    "decided",
    "item",
    "no_id",
    "no_request",
    "not_a_list",
    "pattern_too_long",
    "queue",
    "shown",
]

#: How it is typed.
QUEUE: Final = "queue [mine|all|overdue|parked] [action:GLOB] [agent:NAME]"
SHOW: Final = "show ID"
#: Requests on one page, where they are short enough.
A_PAGE: Final = 5
#: Room that the lines around the items need.
_AROUND: Final = 1_200
#: Agents that are named where their requests wait unseen.
_HELD: Final = 5


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


def not_a_list(typed: str, nearest: str | None) -> Message:
    """No such list and no such filter."""
    near = f" Did you mean `/hitl queue {nearest}`?" if nearest is not None else ""
    return _plain(f"There is no list `{_code(typed)}`.{near} Type it like this: `/hitl {QUEUE}`.")


def one_list(wanted: Sequence[str]) -> Message:
    """Several lists at once."""
    names = listed([f"`/hitl queue {_code(name)}`" for name in wanted], "or")
    return _plain(f"I show one list at a time: {names}.")


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


def _fitting(listing: Listing, roster: Roster) -> list[list[Block]]:
    """The blocks of as many requests as fit; where room is short, with fewer of their arguments."""
    around = _AROUND + limits.characters_of_blocks(_held(listing))
    where, left = listing.page.encode(), limits.MESSAGE_CHARACTERS - around
    lines = listing.lines[:A_PAGE]
    shown: list[list[Block]] = []
    for place, line in enumerate(lines):
        blocks = _one(line, roster, where, USUAL)
        if limits.characters_of_blocks(blocks) > left // (len(lines) - place):
            blocks = _one(line, roster, where, LEAST)
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
