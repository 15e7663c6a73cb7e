"""A message as it goes to Slack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blocks.rich import Block


@dataclass(frozen=True, slots=True)
class Message:
    """What `chat.postMessage`, `chat.update` and `chat.postEphemeral` take, but for where it goes."""

    #: a full sentence: what phones and screen readers get
    text: str
    blocks: list[Block]
    #: `{"event_type", "event_payload"}`, by which a message is found again after a lost answer
    metadata: dict[str, Any] | None = None

    def as_call(self) -> dict[str, Any]:
        """Arguments for `chat.update`."""
        call: dict[str, Any] = {"text": self.text, "blocks": self.blocks}
        if self.metadata is not None:
            call["metadata"] = self.metadata
        return call

    def as_post(self) -> dict[str, Any]:
        """Arguments for `chat.postMessage`: as `as_call`, and no link unfolds into a preview."""
        return {**self.as_call(), "unfurl_links": False, "unfurl_media": False}


def words(text: str) -> Block:
    """A paragraph of mrkdwn in which Slack links nothing by itself."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def small(*texts: str) -> Block:
    """Small print in mrkdwn."""
    elements = [{"type": "mrkdwn", "text": text, "verbatim": True} for text in texts]
    return {"type": "context", "elements": elements}
