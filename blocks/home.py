"""The home tab: what waits for somebody, to be decided right there, and what else concerns them.

Drawn whole each time. It says no time of its own, so that it changes only when something of it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from approvals import access
from approvals.errors import Reason
from approvals.escalation import ends_at
from approvals.model import Case
from approvals.quorum import tally
from approvals.roster import Person
from approvals.words import OutcomeStatus, Status, UserId
from blocks import actions, guide, home_operators, limits, queue
from blocks.commands import live_grant
from blocks.duty import turns_line
from blocks.home_parts import DIVIDER, code, heading, lines, plain_words
from blocks.home_view import HomeView, InDigest, Part
from blocks.listed import HOME
from blocks.message import small, words
from blocks.queue import Line
from blocks.rich import Block
from blocks.standing import EMOJI, OUTCOMES, risk_word, standing, title_of, verdict_word
from blocks.text import escape, listed, mention, when

__all__ = ["asleep", "home", "minimal"]

#: Requests that can be decided here at once, and the room for them: of 100 blocks the rest takes 50 at most.
#: Slack documents no number of characters, and refuses 250 kB (`view_too_large`).
_SHOWN: Final = 8
_BLOCKS: Final = 48
_CHARACTERS: Final = 30_000
#: Characters of one request's arguments: whoever looks here has more room than in a list.
_USUAL: Final = 900
_LEAST: Final = 250
_TITLE: Final = 100
_NAMED: Final = 3
_DIGESTS: Final = 8
_TURNS: Final = 6
_GROUPS: Final = 15
_VERDICTS: Final = {
    Status.APPROVED: "✅",
    Status.MODIFIED: "✏️",
    Status.REJECTED: "⛔",
    Status.ANSWERED: "💬",
}


def home(view: HomeView) -> dict[str, Any]:
    """The view that `views.publish` takes. Within Slack's limits whatever there is."""
    if not view.involved and not _concerned(view):
        return _view(_stranger(view))
    sections = [
        _waiting(view),
        _others(view),
        _on_call(view),
        _late(view),
        _grants(view),
        _decided(view),
        home_operators.overseen(view.overseen, view.roster) if view.overseen is not None else [],
    ]
    blocks: list[Block] = []
    for section in filter(None, sections):
        blocks += [*([DIVIDER] if blocks else []), *section]
    return _view([*blocks, _foot()])


def asleep() -> dict[str, Any]:
    """In the place of a home tab that nobody looked at for long: nothing on it can be out of date."""
    again = {
        "type": "button",
        "action_id": actions.HOME_AGAIN,
        "text": plain_words("Show what waits for me"),
        "style": "primary",
    }
    return _view(
        [
            heading("This page was left open"),
            words("It is not kept up to date any more. Open it again, or press the button."),
            {"type": "actions", "elements": [again]},
        ]
    )


def minimal(problem: str) -> dict[str, Any]:
    """Slack takes words alone when it refuses everything else."""
    return _view(
        [
            words("Slack would not show this page. Type `/hitl` in any channel to see what waits for you."),
            small(escape(problem, 200)),
        ]
    )


def _view(blocks: list[Block]) -> dict[str, Any]:
    return {"type": "home", "callback_id": actions.HOME, "blocks": blocks}


def _concerned(view: HomeView) -> bool:
    """Somebody in no group may have something here all the same: as a deputy, or from before."""
    parts = (view.waiting, view.others, view.overdue, view.parked, view.decided)
    return any(part.count for part in parts) or bool(view.digests) or view.grant_count > 0


def _stranger(view: HomeView) -> list[Block]:
    who = listed([mention(Person(each, each)) for each in view.operators[:_NAMED]], "or")
    ask = f" If it should ask you, talk to {who}." if who else ""
    return [
        heading("The approval desk for AI agents"),
        words(guide.what_it_is()),
        words(f"The policy asks nobody of a group that you are in, so nothing waits for you here.{ask}"),
        words(guide.how_to_use_it()),
    ]


# What waits for them


def _waiting(view: HomeView) -> list[Block]:
    count = view.waiting.count
    if not count and not view.digests:
        return _empty()
    if not count:
        return [heading("Waiting for you"), *_in_digests(view.digests)]
    noun = "request waits" if count == 1 else "requests wait"
    shown = _fitting(view)
    left = count - len(shown)
    rest = [words(f"*{left:,} more wait for you*: `/hitl queue` lists all of them.")] if left > 0 else []
    items = [block for blocks in shown for block in (*blocks, DIVIDER)]
    return [heading(f"{count:,} {noun} for you"), *items[:-1], *rest, *_in_digests(view.digests)]


def _empty() -> list[Block]:
    return [
        heading("Nothing waits for you"),
        words("☀️ All quiet: when an agent asks for your decision, it appears here, with its buttons."),
        small(guide.what_it_is()),
    ]


def _fitting(view: HomeView) -> list[list[Block]]:
    """The blocks of as many requests as fit; where room is short, with fewer of their arguments."""
    blocks_left, left = _BLOCKS, _CHARACTERS
    shown: list[list[Block]] = []
    for line in view.waiting.lines[:_SHOWN]:
        blocks = _one(view, line, _USUAL)
        if limits.characters_of_blocks(blocks) > left // 2:
            blocks = _one(view, line, _LEAST)
        cost = limits.characters_of_blocks(blocks)
        if (cost > left or len(blocks) > blocks_left) and shown:
            break
        # A line between it and the next one.
        left, blocks_left = left - cost, blocks_left - len(blocks) - 1
        shown.append(blocks)
    return shown


def _one(view: HomeView, line: Line, room: int) -> list[Block]:
    if line.case.status.final:
        return [queue.decided(line.case)]
    head, *rest = queue.item(line, view.roster, HOME, room)
    return [head, small(_who_else(view, line.case)), *rest]


def _who_else(view: HomeView, case: Case) -> str:
    """Whether anybody else can, and in whose place they would."""
    used = tally(case, view.roster).used
    others = [
        profile.name
        for profile in view.roster.asked(case.asked)
        if profile.id != view.user
        and profile.id not in used
        and access.why_not_decide(case, profile.id, view.roster) is None
    ]
    absent = access.in_place_of(case, view.user, view.roster, used)
    place = f"You decide in {mention(view.roster.profile(absent).person)}'s place. " if absent else ""
    if not others:
        return f"{place}Nobody else can decide this."
    named: list[str] = [escape(name, 60) for name in others[:_NAMED]]
    if len(others) > _NAMED:
        named.append(f"{len(others) - _NAMED:,} more")
    return f"{place}{listed(named)} can decide it too."


def _in_digests(digests: Sequence[InDigest]) -> list[Block]:
    if not digests:
        return []
    told = [_in_digest(each) for each in digests[:_DIGESTS]]
    if len(digests) > _DIGESTS:
        told.append(f"…and {len(digests) - _DIGESTS:,} more digests")
    return [lines(told, "*In digests*")]


def _in_digest(each: InDigest) -> str:
    many = f"{each.count:,} request{'' if each.count == 1 else 's'}"
    name = escape(each.digest, 60)
    if each.permalink is None:
        return f"{many} for the next message of {name}: `/hitl digest {code(each.digest)}` sends it now"
    return f"<{each.permalink}|{many} in {name}>: clear them there"


# What they are asked besides


def _others(view: HomeView) -> list[Block]:
    if not view.others.count:
        return []
    told = [f"{_title(line)} · {_why_not_theirs(view, line.case)}" for line in view.others.lines]
    return [heading("Asked of you, decided by others"), _listed(told, view.others, "`/hitl queue all`")]


def _why_not_theirs(view: HomeView, case: Case) -> str:
    used = tally(case, view.roster).used
    if case.status.final:
        return f"{verdict_word(case)} meanwhile"
    if view.user in case.excused:
        return f"you handed it{_to_whom(case, view)}; {standing(case, view.roster)}"
    if view.user in used or access.in_place_of(case, view.user, view.roster, used) in used:
        return f"you approved it; {standing(case, view.roster)}"
    if access.why_not_decide(case, view.user, view.roster) is Reason.IS_REQUESTER:
        return f"it is on your behalf; {standing(case, view.roster)}"
    return f"somebody else has to decide it; {standing(case, view.roster)}"


def _to_whom(case: Case, view: HomeView) -> str:
    """A person, or a group that they had asked before its time."""
    taker = view.took.get(case.id)
    if taker is not None:
        return f" over to {escape(taker.name, 60)}"
    called = case.called.items()
    named = (name for name, each in called if each.by is not None and each.by.id == view.user)
    return next((f" over to {escape(name, 60)}" for name in named), " over")


def _late(view: HomeView) -> list[Block]:
    blocks: list[Block] = []
    if view.overdue.count:
        told = [f"{_title(line)} · {_due(line.case)}" for line in view.overdue.lines]
        blocks += [heading("Overdue"), _listed(told, view.overdue, "`/hitl queue overdue`")]
    if view.parked.count:
        told = [f"{_title(line)} · {_parked(line.case)}" for line in view.parked.lines]
        blocks += [heading("Parked"), _listed(told, view.parked, "`/hitl queue parked`")]
        blocks.append(small("They can still be decided: on their cards, or in `/hitl queue parked`."))
    return blocks


def _due(case: Case) -> str:
    ends = ends_at(case)
    return f"until {when(ends)}" if ends is not None else "open"


def _parked(case: Case) -> str:
    return f"since {when(case.parked_at)}" if case.parked_at is not None else "open again"


def _title(line: Line) -> str:
    case = line.case
    title = escape(title_of(case, _TITLE), _TITLE)
    linked = f"<{line.permalink}|{title}>" if line.permalink is not None else title
    return f"{EMOJI[case.judgement.risk]} {risk_word(case.judgement.risk)}: {linked}"


def _listed(told: Sequence[str], part: Part, where: str) -> Block:
    return lines(told, count=part.count, where=where)


# On call, grants, decided


def _on_call(view: HomeView) -> list[Block]:
    if not view.turns and not view.groups:
        return []
    told = [turns_line(each, view.now, 2) for each in view.turns[:_TURNS]]
    blocks = [words(each) for each in told]
    if len(view.turns) > _TURNS:
        blocks.append(small(f"{len(view.turns) - _TURNS:,} more groups: `/hitl oncall`"))
    if view.groups:
        names: list[str] = [escape(name, 60) for name in view.groups[:_GROUPS]]
        if len(view.groups) > _GROUPS:
            names.append(f"{len(view.groups) - _GROUPS:,} more")
        blocks.append(small(f"You are always asked in {listed(names)}."))
    return [heading("On call"), *blocks]


def _grants(view: HomeView) -> list[Block]:
    if not view.grant_count:
        return []
    more = view.grant_count - len(view.grants)
    rest = [small(f"{more:,} more: `/hitl grants`")] if more > 0 else []
    return [heading("What you let through"), *map(live_grant, view.grants), *rest]


def _decided(view: HomeView) -> list[Block]:
    part = view.decided
    if not part.count:
        return []
    many = f"{part.count:,}{' or more' if part.more else ''}"
    told = [_came_of(line.case, view.user, line.permalink) for line in part.lines]
    if part.count > len(part.lines):
        told.append(f"…and {part.count - len(part.lines):,} before")
    return [heading(f"Decided by you this week: {many}"), lines(told)]


def _came_of(case: Case, user: UserId, permalink: str | None) -> str:
    title = escape(title_of(case, _TITLE), _TITLE)
    linked = f"<{permalink}|{title}>" if permalink is not None else title
    decision = case.decision
    at = f" {when(decision.decided_at)}" if decision is not None else ""
    others = decision is not None and any(each.id != user for each in decision.by)
    how = f"{verdict_word(case)}{at}{' with others' if others else ''}"
    told = f"{_VERDICTS.get(case.status, '▫️')} {linked} · {how}"
    if case.outcome is None:
        return told
    emoji, word = OUTCOMES[case.outcome.status]
    detail = f": {escape(case.outcome.detail, 80)}" if case.outcome.detail else ""
    failed = case.outcome.status is OutcomeStatus.FAILED
    return f"{told} · {emoji} {f'*{word}*' if failed else word}{detail}"


def _foot() -> Block:
    return small("This page keeps itself up to date. `/hitl help` lists what else I can be asked.")
