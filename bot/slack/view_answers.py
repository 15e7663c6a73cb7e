"""What Slack is answered to a modal that was submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from blocks import modals
from blocks.text import Mrkdwn

#: What Slack is answered: empty closes the modal.
ViewAnswer: TypeAlias = dict[str, Any]

#: Closes it, and all that it lies upon.
CLOSE: Final[ViewAnswer] = {"response_action": "clear"}


def error(block: str, sentence: str) -> ViewAnswer:
    """It stays open, with a sentence at one of its inputs."""
    return errors({block: sentence})


def errors(sentences: Mapping[str, str]) -> ViewAnswer:
    """The same at several, by block_id."""
    return {"response_action": "errors", "errors": dict(sentences)}


def instead(text: str, *, done: bool = False) -> ViewAnswer:
    """A modal that says `text` takes the place of the one that was submitted."""
    return told_instead("Counted" if done else "Not decided", Mrkdwn(text))


def told_instead(title: str, text: Mrkdwn) -> ViewAnswer:
    """The same under another title."""
    return {"response_action": "update", "view": modals.notice_modal(title, text)}


def only_this(answer: ViewAnswer) -> ViewAnswer:
    """The same for a modal upon another: what lies under it stays open."""
    return {} if answer == CLOSE else answer
