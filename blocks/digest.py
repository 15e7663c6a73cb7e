"""A digest: one message that holds many requests, cleared in one pass.

It says how many there are of what, their sums, age and risk; three buttons; nothing else that waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from approvals import digesting
from approvals.escalation import as_if_shown, ends_at
from approvals.model import Case
from approvals.words import AgentName, Gate, Instant, StepKind
from blocks import actions
from blocks.actions import Pausing
from blocks.digest_board import BoardView, Entry, agents_of, busiest, reviews
from blocks.digest_figures import (
    age,
    all_obstacles,
    endings,
    fitting,
    nothing_here,
    outcomes,
    risk,
    unread,
    went_apart,
    what,
    what_plainly,
)
from blocks.message import Message, small, words
from blocks.review_words import many, roughly
from blocks.rich import Block
from blocks.standing import names
from blocks.text import Mrkdwn, escape, listed, mention, plain, when

__all__ = ["BoardView", "Entry", "agent_to_pause", "agents_of", "message", "metadata"]

#: Bytes of one paragraph, of Slack's 3,000 characters, and of what one part of the `text` takes of its 4,000.
_PARAGRAPH: Final = 2_000
_PHRASE: Final = 800
_FEW: Final = 600
#: People that are named.
_NAMED: Final = 8
#: Agents that can be paused from one message.
_PAUSABLE: Final = 5
_BUTTON: Final = 75
#: What comes within it came at once.
_MOMENT: Final = timedelta(seconds=1)


def message(view: BoardView) -> Message:
    """The message as it stands. Within Slack's limits whatever stands on it."""
    blocks = [*_head(view), *_now(view), *_so_far(view), *_missing(view)]
    if view.open and not view.carried_on:
        blocks += _footing(view)
        if not view.clearing:
            blocks += _buttons(view)
    return Message(_sentence(view), blocks, metadata(view))


def metadata(view: BoardView) -> dict[str, Any]:
    """By which it is found again after an answer was lost."""
    return {"event_type": actions.BOARD_METADATA, "event_payload": {"board": view.board}}


def agent_to_pause(agents: Sequence[AgentName], action: str, value: str) -> AgentName | None:
    """Whom *Pause this agent* means; `agents` are `agents_of` the board that it was pressed on.

    None where the button's place and what it carries do not name the same agent: the value alone pauses
    nobody.
    """
    place, named = actions.pausing_place(action), Pausing.decode(value)
    if place is None or named is None or place >= len(agents):
        return None
    return agents[place] if agents[place] == named.agent else None


# What heads it


def _head(view: BoardView) -> list[Block]:
    storm = [words(_storm(view))] if view.storm and view.entries else []
    waiting = view.open
    if view.carried_on:
        where = f"<{view.carried}|the newer message>" if view.carried is not None else "a newer message"
        return [*storm, words(f"➡️ *Carried over*: what was still open waits on {where} now.")]
    if not waiting:
        return [*storm, words(f"☑️ *{nothing_here(view)}*{_how_ended(view)}.")]
    return [*storm, words(_what_waits(view, waiting))]


def _how_ended(view: BoardView) -> str:
    return f": {_all_of(view)}" if view.entries else ""


def _all_of(view: BoardView) -> str:
    """`all 12 requests have ended`."""
    count, noun = len(view.entries), f"{'other ' if view.unread else ''}{_noun(view)}"
    apart = view.apart
    on_cards = any(entry.case.waits_in is None for entry in apart)
    on_message = any(entry.case.waits_in is not None for entry in apart)
    if count == 1:
        stands = "has a card of its own" if on_cards else "is on another message"
        return f"its one {noun} {stands if apart else 'has ended'}"
    every = f"both {noun}s" if count == 2 else f"all {many(count, noun)}"
    ends = [] if len(apart) == count else ["have ended"]
    cards = ["have cards of their own"] if on_cards else []
    return f"{every} {listed([*ends, *cards, *(['are on another message'] if on_message else [])], 'or')}"


def _what_waits(view: BoardView, waiting: tuple[Entry, ...]) -> str:
    summary = digesting.summary([entry.case for entry in waiting])
    left = f"*{_still(view)}* · " if len(waiting) < len(view.entries) else ""
    return f"{left}{fitting(what(summary), _PARAGRAPH)} · {age(summary, view.now)} · {risk(summary.risk)}"


def _still(view: BoardView) -> str:
    return f"{len(view.open):,} of {len(view.entries):,} still open"


def _noun(view: BoardView) -> str:
    return "review" if reviews(view.open or view.entries) else "request"


def _missing(view: BoardView) -> list[Block]:
    return [words(unread(view.unread))] if view.unread else []


def _storm(view: BoardView) -> str:
    """So many, in so short a time, and whose."""
    return f"🌪️ *Too many cards for this channel*: {_how_many_came(view)}."


def _how_many_came(view: BoardView) -> str:
    cases = [entry.case for entry in view.entries]
    agents = busiest(cases, view.agents)
    came = _came(view, cases)
    if len(agents) == 1:
        return f"{came}, {'from' if len(cases) == 1 else 'all from'} {escape(agents[0][0], 60)}"
    told = [f"{count:,} from {escape(agent, 60)}" for agent, count in agents[:_PAUSABLE]]
    more = len(agents) - _PAUSABLE
    return f"{came}, {listed([*told, *([f'the rest from {more:,} more agents'] if more > 0 else [])])}"


def _came(view: BoardView, cases: Sequence[Case]) -> str:
    """How many, and since when; what was escalated to whom this message asks came from other messages."""
    groups = tuple(group for group in view.ask if any(group in case.escalated for case in cases))
    fresh = [case for case in cases if not set(case.escalated) & set(view.ask)]
    moved = len(cases) - len(fresh)
    told = []
    if fresh:
        asked = [case.request.created_at for case in fresh]
        span = max(asked) - min(asked)
        within = f"in {roughly(span)}" if span >= _MOMENT else "at once"
        told.append(f"{many(len(fresh), 'request')} came {within}" if len(fresh) > 1 else "1 request came")
    if moved:
        what = many(moved, "request") if not fresh else f"{moved:,}"
        to = fitting([escape(group, 60) for group in groups], _FEW, " and ")
        told.append(f"{what} {'was' if moved == 1 else 'were'} escalated to {to}")
    return " and ".join(told)


# How it goes


def _now(view: BoardView) -> list[Block]:
    """Who is clearing it, and how far that is."""
    if not view.clearing or view.carried_on or not view.open:
        return []
    done, count = len(view.entries) - len(view.open), len(view.entries)
    who = listed([mention(person) for person in view.clearing[:_NAMED]])
    verb = "is" if len(view.clearing) == 1 else "are"
    return [words(f"⏳ {who} {verb} clearing it: {done:,} of {count:,} done")]


def _so_far(view: BoardView) -> list[Block]:
    """Who decided how many, what left the message, and what came of it."""
    told = fitting([each.told() for each in endings(view.ended)], _PARAGRAPH)
    lines = [told, went_apart(view.apart), outcomes(view.ended)]
    return [words(line) for line in lines if line]


def _footing(view: BoardView) -> list[Block]:
    """Small print: who may decide, what the buttons say of reviews, what happens by itself, what is left."""
    waiting = view.open
    may = "Who may review" if reviews(waiting) else "Who may decide"
    notes = [f"{may}: {_who_may(view)}", *_of_reviews(waiting)]
    return [small(*notes, *_by_itself(view, waiting), *_not_cleared(view, waiting))]


def _of_reviews(waiting: tuple[Entry, ...]) -> list[str]:
    """What the buttons mean where the agent acted already."""
    if not any(entry.case.judgement.gate is Gate.AUDIT for entry in waiting):
        return []
    these = "These are" if reviews(waiting) else "Some of these are"
    return [f"{these} done already: *Approve all* says that they look right, *Reject all* flags them"]


def _who_may(view: BoardView) -> str:
    people = view.roster.asked(view.ask)
    if not people:
        return f"{_groups(view)} (but nobody there can at the moment)"
    named = []
    for each in people[:_NAMED]:
        deputy = view.roster.deputy(each.id)
        away = f" (away: {escape(deputy.name, 60)})" if deputy is not None else ""
        named.append(f"{escape(each.name, 60)}{away}")
    more = [f"{len(people) - _NAMED:,} more"] if len(people) > _NAMED else []
    return f"{_groups(view)} ({fitting([*named, *more], _PHRASE, ', ')})"


def _groups(view: BoardView) -> str:
    return fitting([escape(group, 60) for group in view.ask], _FEW, " or ") or "nobody"


def _by_itself(view: BoardView, waiting: tuple[Entry, ...]) -> list[str]:
    """When silence lets the first of them through, and when the first of the others ends."""
    soft = [entry.case for entry in waiting if entry.case.judgement.gate is Gate.SOFT]
    others = [entry.case for entry in waiting if entry.case.judgement.gate is not Gate.SOFT]
    told = []
    first = _first_end(soft, view.now)
    if first is not None:
        some = "They go" if len(soft) == len(waiting) > 1 else _some(len(soft))
        at = when(first[0]) if len(soft) == 1 else f"the first {when(first[0])}"
        told.append(f"{some} ahead unless somebody objects, {at}")
    end = _first_end([case for case in others if case.parked_at is None], view.now)
    if end is not None:
        told.append(f"If nobody decides, the first {_ends(end[1])} {when(end[0])}")
    return told


def _some(count: int) -> str:
    return "One of them goes" if count == 1 else f"{count:,} of them go"


def _first_end(cases: list[Case], now: Instant) -> tuple[Instant, Case] | None:
    """When the last step of the first of them is due, and which that is."""
    ends = ((ends_at(as_if_shown(case, now)), case) for case in cases)
    return min(((end, case) for end, case in ends if end is not None), key=lambda each: each[0], default=None)


def _ends(case: Case) -> str:
    if case.judgement.gate is Gate.AUDIT:
        return "counts as unreviewed"
    return "is parked" if case.judgement.steps[-1].do is StepKind.PARK else "expires"


def _not_cleared(view: BoardView, waiting: tuple[Entry, ...]) -> list[str]:
    told = []
    if not view.clears:
        why = all_obstacles(waiting)
        because = f" ({why})" if why else ""
        told.append(f"No *Approve all*: these may not be approved in one click{because}")
    changed = sum(entry.changed for entry in waiting)
    if changed:
        them = "was changed since, and is left as it is: pull it" if changed == 1 else _CHANGED
        told.append(f"✏️ {changed:,} {them} out in *Review*")
    return told


_CHANGED: Final = "were changed since, and are left as they are: pull them"


# What can be done


def _buttons(view: BoardView) -> list[Block]:
    value = view.on.encode()
    count = many(len(view.open), _noun(view))
    spoken = f"Approve all {count}" if not reviews(view.open) else f"Approve all: {count} look right"
    rejected = view.rejectable
    spoken_no = f"Reject all {many(len(rejected), _noun(view))} and say why"
    approve = _button(actions.DIGEST_APPROVE, "Approve all", value, spoken, "primary")
    elements = [
        *([approve] if view.clears else []),
        _button(actions.DIGEST_REVIEW, "Review", value, f"Review {count} one by one"),
        *([_button(actions.DIGEST_REJECT, "Reject all", value, spoken_no, "danger")] if rejected else []),
    ]
    row: Block = {"type": "actions", "block_id": "digest", "elements": elements}
    return [row, *_pausing(view)] if view.storm else [row]


def _pausing(view: BoardView) -> list[Block]:
    """One button an agent, for those with the most requests."""
    cases = [entry.case for entry in view.entries]
    order = agents_of(view)
    agents = [agent for agent, _ in busiest(cases, view.agents)][:_PAUSABLE]
    one = len(order) == 1
    elements = [
        _button(
            f"{actions.PAUSE_AGENT}{order.index(agent)}",
            "Pause this agent" if one else f"Pause this agent: {agent}",
            Pausing(view.on, agent).encode(),
            f"Pause this agent: {agent}",
        )
        for agent in agents
    ]
    return [{"type": "actions", "block_id": "pause", "elements": elements}]


def _button(action: str, text: str, value: str, spoken: str, style: str | None = None) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": action,
        "text": plain(text, _BUTTON),
        "value": value,
        "accessibility_label": plain(spoken, _BUTTON)["text"],
    }
    return button | {"style": style} if style else button


# On phones


def _sentence(view: BoardView) -> Mrkdwn:
    """All of it in a sentence or two, at every stage."""
    waiting = view.open
    ends = [each.plainly() for each in endings(view.ended)]
    done = f" {fitting(ends, _PHRASE, ', ')}." if ends else ""
    if view.carried_on:
        return Mrkdwn(f"What was still open waits on a newer message.{done}")
    if not waiting:
        came = outcomes(view.ended)
        return Mrkdwn(f"{nothing_here(view)}{_how_ended(view)}.{done}{f' {came}.' if came else ''}")
    if view.clearing:
        people = listed(escape(name, 60) for name in names(view.clearing[:_NAMED], {}))
        verb = "is" if len(view.clearing) == 1 else "are"
        return Mrkdwn(f"{people} {verb} clearing it: {_still(view)}.{done}")
    summary = digesting.summary([entry.case for entry in waiting])
    of_them = fitting(what_plainly(summary), _PHRASE)
    count = len(waiting)
    left = f" of {len(view.entries):,}" if count < len(view.entries) else ""
    noun = f"{_noun(view)}{'' if count == 1 and not left else 's'}"
    ask = f"{count:,}{left} {noun} {'waits' if count == 1 else 'wait'} for {_groups(view)}"
    crowd = f"Too many cards: {_how_many_came(view)}. " if view.storm else ""
    return Mrkdwn(f"{crowd}{ask}: {of_them} · {age(summary, view.now)} · {risk(summary.risk)}.{done}")
