"""What a question's card says besides: the whole question, its options, and what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from approvals.model import Case
from approvals.words import Gate, Status, Via
from blocks import rich
from blocks.rich import Block, Element
from blocks.text import one_line, plain, short

#: Characters of one option, and of all of them, on a card; and of all of them however long the rest is.
_OPTION: Final = 300
_OPTIONS: Final = 3_000
_FEW: Final = 400
_ANSWER: Final = 1_500
#: Characters on one button or in one entry of a menu (Slack's limit), and in all of them.
_BUTTON: Final = 75
_BUTTONS: Final = 2_500
_LEAST: Final = 20


def on_buttons(options: Sequence[str]) -> list[str]:
    """What buttons or a menu say; what does not fit bears its number, and the card lists all whole."""
    most = _most(options)
    if not _numbered(options, most):
        return list(options)
    return [_on_button(place, option, most) for place, option in enumerate(options, 1)]


def _on_button(place: int, option: str, most: int) -> str:
    if plain(option, most)["text"] == option:
        return option
    return f"{place}. {short(option, most - len(f'{place}. '))}"


def _numbered(options: Sequence[str], most: int) -> bool:
    """True when some would not stand on their buttons as they are."""
    return any(plain(option, most)["text"] != option for option in options)


def _most(options: Sequence[str]) -> int:
    """Characters of each: what Slack takes, or less where many would crowd out the rest of the card."""
    together = sum(min(len(option), _BUTTON) for option in options)
    return _BUTTON if together <= _BUTTONS else max(_BUTTONS // len(options), _LEAST)


def options(case: Case, room: int) -> list[Block]:
    """Every option as it is, numbered, when buttons cannot hold them; as many as `room` takes."""
    asked = case.request.options
    if case.status.final or not _numbered(asked, _most(asked)):
        return []
    return [
        rich.block(
            rich.section(rich.text("The answers to choose from", bold=True)),
            *_listed(asked, min(max(room, _FEW), _OPTIONS)),
        )
    ]


def _listed(options: Sequence[str], room: int) -> Iterable[Element]:
    for place, option in enumerate(options, 1):
        line = rich.said(option, _OPTION) or rich.text("(empty)")
        room -= sum(len(each["text"]) for each in line)
        if room < 0:
            yield rich.section(
                rich.text(f"… {len(options) - place + 1:,} more: View everything", italic=True)
            )
            return
        yield rich.section(rich.label(f"{place}."), line)


def whole(case: Case, most: int) -> list[Block]:
    """The question, where the header could not hold it."""
    title = one_line(case.judgement.title)
    if case.judgement.gate is not Gate.QUESTION or len(title) <= most:
        return []
    return [rich.block(rich.quote(title, 400, lines=4))]


def answered(case: Case) -> list[Block]:
    """The answer, exactly: somebody's, or the agent's own best guess that holds as nobody gave one."""
    decision = case.decision
    if decision is None or decision.answer is None:
        return []
    guess = decision.via is Via.TIMEOUT or decision.verdict is Status.TIMED_OUT
    heading = "Its best guess, which it goes on with" if guess else "The answer"
    return [
        rich.block(
            rich.section(rich.text(heading, bold=True)), rich.quote(decision.answer, _ANSWER, lines=15)
        )
    ]
