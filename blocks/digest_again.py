"""What stands in for a digest's message: where Slack shows it twice, refuses it, or lost the one before."""

from __future__ import annotations

from dataclasses import replace

from blocks import actions
from blocks.digest import message, metadata
from blocks.digest_board import BoardView
from blocks.digest_figures import nothing_here
from blocks.message import Message, small, words
from blocks.review_words import many
from blocks.rich import Block
from blocks.text import Mrkdwn, escape


def copy(view: BoardView) -> Message:
    """A second message of the same digest: it says so, and has no buttons."""
    whole = message(view)
    note = words("📑 *This is a copy.* Slack posted this digest twice; decide on the other message.")
    kept = [block for block in whole.blocks if block["type"] != "actions"]
    return replace(whole, text=Mrkdwn(f"This is a copy. {whole.text}"), blocks=[note, *kept])


def minimal(view: BoardView, why: str) -> Message:
    """The smallest legal one, for when Slack would refuse the whole. *Review* shows each item, and decides.

    `why` is for the operators who read it: the first problem that was found.
    """
    waiting = len(view.open) if not view.carried_on else 0
    some = f"{many(waiting, 'request')} {'waits' if waiting == 1 else 'wait'} here"
    left = some if waiting else nothing_here(view)
    note = Mrkdwn(f"⚠️ *This digest could not be shown whole*: {escape(why, 200)}. {left}.")
    blocks: list[Block] = [words(note), small(f"Digest {escape(view.board, 60)}")]
    if waiting and not view.clearing:
        blocks.append({"type": "actions", "block_id": "digest", "elements": [_review(view)]})
    return Message(Mrkdwn(f"{left}. This digest could not be shown whole."), blocks, metadata(view))


def bare(view: BoardView, smallest: Message) -> Message:
    """Words alone, for when Slack refuses even that: no button, old or new, is left."""
    left = view.open and not view.carried_on
    how = " Decide them in your queue: /hitl queue mine." if left else ""
    return replace(smallest, text=f"{smallest.text}{how}", blocks=[])


def posted_again(*, over: bool) -> Mrkdwn:
    """Heads a digest whose message was deleted, or cannot be changed any more."""
    what = "this is how it stands" if over else "decide here"
    return Mrkdwn(f"The message that this digest was in is gone or can no longer be changed: {what}.")


def _review(view: BoardView) -> Block:
    return {
        "type": "button",
        "action_id": actions.DIGEST_REVIEW,
        "text": {"type": "plain_text", "text": "Review", "emoji": False},
        "value": view.on.encode(),
    }
