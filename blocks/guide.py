"""What `/hitl` and a mention say of the bot, and a few words around cards and modals."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from approvals.model import Case
from blocks.message import Message, small
from blocks.text import Mrkdwn

_CARDS: Final = (
    "Agents ask here before they act, and sometimes afterwards. Each request is a card that says what it"
    " would do, why, and what happens then; whoever the policy asks decides with its buttons."
)
_COMMENTS: Final = "What you reply in a card's thread is kept with the request and sent to the agent."
_COMMANDS: Final = (
    "There you can also decide by words: `@hitl approve`, `@hitl edit amount=500` or `@hitl reject`, and your"
    " reason behind it. Begin with my name. `/hitl help` lists what else I can be asked."
)


def usage() -> Mrkdwn:
    """For `/hitl`, `/hitl help` and a mention."""
    return Mrkdwn(f"{_CARDS}\n{_COMMENTS}\n{_COMMANDS}")


def what_it_is() -> Mrkdwn:
    """In a sentence or two, for whoever never saw it."""
    return Mrkdwn(_CARDS)


def how_to_use_it() -> Mrkdwn:
    """What can be done besides clicking."""
    return Mrkdwn(f"{_COMMENTS}\n{_COMMANDS}")


def posted_again(*, final: bool) -> Mrkdwn:
    """Heads a card whose message was deleted, or cannot be changed any more."""
    what = "this is how it stands" if final else "decide here"
    return Mrkdwn(f"The message that this card was in is gone or can no longer be changed: {what}.")


def bare(case: Case, smallest: Message) -> Message:
    """A card of words alone, for when Slack refuses even the smallest one: no button, old or new, is left."""
    how = "" if case.status.final else f" Look at it, and decide it, with /hitl show {case.id}."
    return replace(smallest, text=f"{smallest.text}{how}", blocks=[])


def headed(message: Message, note: str) -> Message:
    """`message` with small print above it."""
    return replace(message, blocks=[small(note), *message.blocks])


def not_opened() -> Mrkdwn:
    """Slack refused to open a modal; why is in the log, and nothing that whoever clicked could mend."""
    return Mrkdwn("Slack did not open that. Nothing was decided. Please try again in a minute.")
