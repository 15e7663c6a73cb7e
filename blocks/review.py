"""The gate review in Slack: as `/hitl stats`, as the regular post, and the requests behind a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from approvals.gate_advice import QUIET_FOR, Advice, Suggestion
from approvals.gate_record import Record
from approvals.gate_review import GateReview
from approvals.words import Gate, Instant, Status
from blocks import actions
from blocks.actions import About, StatsPage
from blocks.limits import characters_of_blocks
from blocks.limits_numbers import MESSAGE_BLOCKS, MESSAGE_CHARACTERS
from blocks.message import Message, small, words
from blocks.modal_parts import View, modal
from blocks.review_words import advice, code_of, figures_line, headline, name_of
from blocks.rich import Block
from blocks.text import Mrkdwn, escape, plain, when

#: What the head, the buttons and the last line of a page weigh, and how many blocks they are.
_FRAME_CHARACTERS: Final = 2_500
_FRAME_BLOCKS: Final = 6
#: Requests in one page of *Show the requests*.
REQUESTS_A_PAGE: Final = 20
#: What the weekly post holds at most: whoever wants more asks for it.
_MOST_SUGGESTED: Final = 8
_MOST_RULES: Final = 10
_MOST_AGENTS: Final = 5


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request of a list."""

    record: Record
    #: empty where it was deleted after its time
    title: str
    action: str
    link: str | None


def stats(review: GateReview, suggestions: Sequence[Suggestion], quiet: int, asked: StatsPage) -> Message:
    """All of it, a page at a time: what to do, then each rule, then each agent. Pages count from 1."""
    text = headline(review)
    pages = _packed(_entries(review, suggestions))
    number = min(asked.number, len(pages))
    shown = [words(text), *_page(pages, number)]
    notes = [_quiet(quiet)] if quiet else []
    if len(pages) > 1:
        notes.append(f"Page {number} of {len(pages)}.")
    if notes:
        shown.append(small(" ".join(notes)))
    if len(pages) > 1:
        shown.append(_turning(asked, number, len(pages)))
    return Message(text, shown)


def weekly(review: GateReview, suggestions: Sequence[Suggestion], quiet: int, key: str) -> Message:
    """The regular post: what to do first, the busiest rules and agents below. `key` is the parcel's."""
    text = Mrkdwn(f"Gate review. {headline(review)}")
    entries = _entries(review, suggestions[:_MOST_SUGGESTED], _MOST_RULES, _MOST_AGENTS)
    pages = _packed(entries)
    days = max(1, round((review.until - review.since) / timedelta(days=1)))
    more = f"Everything: `/hitl stats {days}d`."
    shown = [words(text), *_page(pages, 1), small(" ".join([*([_quiet(quiet)] if quiet else []), more]))]
    metadata = {"event_type": actions.REVIEW_METADATA, "event_payload": {"key": key}}
    return Message(text, shown, metadata)


def counting() -> Message:
    """It takes longer than Slack waits for an answer."""
    text = Mrkdwn("Counting. The figures come here in a moment.")
    return Message(text, [words(text)])


def not_for_you() -> Message:
    """Whoever asks has nothing to do with the desk."""
    text = Mrkdwn("How this desk is doing is for those who are asked by its policy, and its operators.")
    return Message(text, [words(text)])


def not_yours_to_mute(rule: str) -> Mrkdwn:
    """*Not now* puts a suggestion off for everybody."""
    return Mrkdwn(
        f"*Not now* is for those whom `{code_of(rule)}` asks, and for operators: it puts the suggestion off "
        "for everybody. Nothing was changed."
    )


def not_a_time(typed: str, longest: timedelta) -> Message:
    """What was typed after `stats` is no number of days."""
    text = Mrkdwn(
        f"`{code_of(typed)}` is no time to look back: `/hitl stats 7d`, or up to `{longest.days}d`."
        if typed
        else "Say how far to look back: `/hitl stats 7d`."
    )
    return Message(text, [words(text)])


def muted(about: About, until: Instant) -> Mrkdwn:
    """Somebody wants to hear no more of it for now."""
    return Mrkdwn(
        f"This suggestion for `{code_of(about.rule)}` stays quiet until {when(until)}, for everybody."
    )


def requests_modal(about: About, lines: Sequence[RequestLine], *, more: bool, hidden: int = 0) -> View:
    """The requests that a suggestion is about, a page of them, each with its card.

    `hidden` is how many of this page the reader may not see.
    """
    intro = f"`{code_of(about.rule)}`: {_ABOUT[about.advice]}, oldest first."
    shown: list[Block] = [words(intro), *(words(_request(line)) for line in lines)]
    if hidden:
        left_out = "1 request is" if hidden == 1 else f"{hidden:,} requests are"
        shown.append(small(f"{left_out} not listed here: only those who are asked, and operators, see them."))
    elif not lines:
        shown.append(words("There are none (any more)."))
    turns = []
    if about.number > 1:
        turns.append(_button(actions.REQUESTS_BACK, "Back", about.at(about.number - 1).encode()))
    if more:
        turns.append(_button(actions.REQUESTS_ON, "More", about.at(about.number + 1).encode()))
    if turns:
        shown.append({"type": "actions", "elements": turns})
    return modal("Requests", shown, callback_id=actions.REQUESTS_MODAL, close="Close")


_ABOUT: Final[Mapping[Advice, str]] = {
    Advice.GENTLER: "let through as they were, and could have been held more gently",
    Advice.MODIFIED: "approved with changes",
    Advice.UNANSWERED: "not answered in time",
    Advice.FLAGGED: "flagged in review",
    Advice.GRANTS: "let through by a grant",
}


def _entries(
    review: GateReview,
    suggestions: Sequence[Suggestion],
    most_rules: int | None = None,
    most_agents: int | None = None,
) -> list[list[Block]]:
    """What must stay together, in order."""
    entries = [_suggested(each, review, place) for place, each in enumerate(suggestions)]
    for heading, several, most in (
        ("Rules", review.rules, most_rules),
        ("Agents", review.agents, most_agents),
    ):
        lines = [[words(figures_line(name, figures))] for name, figures in several[:most]]
        if lines:
            lines[0].insert(0, words(f"*{heading}*"))
        left = len(several) - len(lines)
        if left:
            lines.append([small(f"…and {left:,} more")])
        entries += lines
    return entries


def _suggested(suggestion: Suggestion, review: GateReview, place: int) -> list[Block]:
    value = About(suggestion.rule, suggestion.advice, review.since, review.until).encode()
    buttons: Block = {
        "type": "actions",
        "block_id": f"suggestion:{place}",
        "elements": [
            _button(actions.SHOW_REQUESTS, "Show the requests", value, suggestion.rule),
            _button(actions.NOT_NOW, "Not now", value, suggestion.rule),
        ],
    }
    return [words(advice(suggestion)), buttons]


def _packed(entries: Iterable[list[Block]]) -> list[list[list[Block]]]:
    """As many entries on a page as Slack takes in one message."""
    pages: list[list[list[Block]]] = [[]]
    characters = blocks = 0
    for entry in entries:
        weight = characters_of_blocks(entry)
        full = (
            characters + weight > MESSAGE_CHARACTERS - _FRAME_CHARACTERS
            or blocks + len(entry) > MESSAGE_BLOCKS - _FRAME_BLOCKS
        )
        if full and pages[-1]:
            pages.append([])
            characters = blocks = 0
        pages[-1].append(entry)
        characters, blocks = characters + weight, blocks + len(entry)
    return pages


def _page(pages: list[list[list[Block]]], number: int) -> list[Block]:
    return [block for entry in pages[number - 1] for block in entry]


def _turning(asked: StatsPage, number: int, last: int) -> Block:
    turns = []
    if number > 1:
        turns.append(_button(actions.STATS_BACK, "Back", asked.at(number - 1).encode()))
    if number < last:
        turns.append(_button(actions.STATS_ON, "More", asked.at(number + 1).encode()))
    return {"type": "actions", "block_id": "turning", "elements": turns}


def _request(line: RequestLine) -> Mrkdwn:
    record = line.record
    title = escape(line.title or line.action, 150)
    ended = record.decided_at
    verdicts = _VERDICTS | (_REVIEWS if record.gate is Gate.AUDIT else {})
    at = f"{verdicts[record.verdict]} {when(ended)}" if ended is not None else "parked"
    link = f" · <{line.link}|card>" if line.link else ""
    return Mrkdwn(f"*{title}*\n{name_of(record.agent)} · {at} · `{code_of(record.id)}`{link}")


_VERDICTS: Final = {
    Status.PENDING: "pending",
    Status.APPROVED: "approved",
    Status.MODIFIED: "approved with changes",
    Status.REJECTED: "rejected",
    Status.ANSWERED: "answered",
    Status.TIMED_OUT: "timed out",
    Status.CANCELLED: "withdrawn",
}
_REVIEWS: Final = {
    Status.APPROVED: "looked right",
    Status.MODIFIED: "corrected",
    Status.REJECTED: "flagged",
    Status.TIMED_OUT: "not reviewed",
}


def _button(action: str, label: str, value: str, rule: str | None = None) -> dict[str, Any]:
    """With a `rule`, whoever has it read aloud hears which of several suggestions it belongs to."""
    button = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "value": value,
    }
    return (
        button
        if rule is None
        else button | {"accessibility_label": plain(f"{label}: rule {rule}", 75)["text"]}
    )


def _quiet(count: int) -> str:
    verb = "suggestion is" if count == 1 else "suggestions are"
    return f"{count:,} {verb} quiet for now (*Not now*, for {QUIET_FOR.days} days)."
