"""What `/hitl dead` answers: what could not be delivered, why, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from approvals.model import Case
from approvals.roster import Person
from approvals.words import Instant, UserId
from blocks import actions
from blocks.message import Message, small, words
from blocks.rich import Block
from blocks.standing import title_of
from blocks.text import Mrkdwn, escape, listed, mention, when

#: How it is typed.
DEAD: Final = "dead [all]"
#: Letters on one page: each may take 1,000 of a message's 12,000 characters.
A_PAGE: Final = 8
#: What each kind of parcel was to do, where it is nothing for an agent.
_WHAT: Final = {
    "card": "A card could not be shown",
    "thread": "Something could not be said in a card's thread",
    "reply": "Somebody could not be answered",
    "notice": "Somebody could not be told something in a direct message",
    "review": "The gate review could not be posted",
    "board": "A digest could not be shown",
    "note": "Something could not be said in a digest's thread",
    "clearing": "A digest could not be cleared",
    "home": "A home tab could not be drawn",
}
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class DeadLine:
    """One dead letter."""

    id: int
    #: the kind of parcel, by its name in the outbox
    kind: str
    #: of a callback, its type: `request.decided`
    event: str | None
    #: the request that it is about, and where its card is
    case: Case | None
    permalink: str | None
    since: Instant
    tries: int
    error: str


def dead(lines: Sequence[DeadLine], start: int, count: int) -> Message:
    """A page of dead letters from place `start` on, of `count`, each with a button to send it again."""
    if not lines:
        return _plain("Nothing was given up: there are no dead letters.")
    many, them = ("1 dead letter", "it") if count == 1 else (f"{count:,} dead letters", "them")
    text = Mrkdwn(
        f"{many}: tried for a day, or refused for good, and given up."
        f" Send {them} again once the cause is mended."
    )
    last = start + len(lines)
    part = f"From {start + 1:,} to {last:,}, of {count:,}. " if len(lines) < count else ""
    foot = Mrkdwn(f"{part}`/hitl dead all` sends all again, and so does `hitl outbox retry`.")
    return Message(text, [words(text), *map(letter, lines), _row(start, last, count), small(foot)])


def again(count: int) -> Mrkdwn:
    """They go out now."""
    if not count:
        return Mrkdwn("That was sent again already, or has gone: nothing is dead there any more.")
    return Mrkdwn(f"{count:,} dead letter{' is' if count == 1 else 's are'} on the way again.")


def for_operators(operators: Sequence[UserId]) -> Mrkdwn:
    """Not for everybody."""
    who = listed([mention(Person(each, each)) for each in operators[:_NAMED]], "or")
    asked = f" Ask {who}." if who else " The policy names no operators."
    return Mrkdwn(f"Dead letters are for the operators.{asked}")


def not_so(typed: str) -> Message:
    """Something else than `all` follows."""
    return _plain(f"`{escape(typed.replace('`', chr(39)), 80)}` is nothing I know here. Type `/hitl {DEAD}`.")


def letter(line: DeadLine) -> Block:
    """One of them, with a button to send it again."""
    what = _WHAT.get(line.kind, "Something could not be delivered")
    if line.event is not None and line.case is not None:
        agent = escape(line.case.request.agent, 60)
        what = f"{agent} could not be told `{escape(line.event, 60)}`"
    about = f": {_title(line.case, line.permalink)}" if line.case is not None else ""
    tries = f"{line.tries:,} {'try' if line.tries == 1 else 'tries'}"
    told = (
        f"📪 *{what}*{about}\n{escape(line.error or 'no reason was kept', 300)}\n"
        f"given up {when(line.since)} after {tries} · number {line.id}"
    )
    button = _button(actions.SEND_AGAIN, "Send again", str(line.id))
    button["accessibility_label"] = f"Send again: number {line.id}"
    return {**words(told), "block_id": f"letter:{line.id}", "accessory": button}


def _title(case: Case, permalink: str | None) -> Mrkdwn:
    title = escape(title_of(case, 120), 120)
    return Mrkdwn(f"<{permalink}|{title}>") if permalink is not None else title


def _row(start: int, last: int, count: int) -> Block:
    every = _button(actions.SEND_ALL_AGAIN, "Send all again", "all")
    every["confirm"] = {
        "title": _words("Send all again?"),
        "text": _words(f"Each of the {count:,} is tried again, for a day if need be."),
        "confirm": _words("Send all"),
        "deny": _words("Not yet"),
    }
    back = [_button(actions.DEAD_BACK, "Back", str(max(start - A_PAGE, 0)))] if start else []
    on = [_button(actions.DEAD_ON, "More", str(last))] if last < count else []
    return {"type": "actions", "elements": [*back, *on, every]}


def _button(action: str, text: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _words(text), "value": value}


def _words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def _plain(text: str) -> Message:
    return Message(Mrkdwn(text), [words(text)])
