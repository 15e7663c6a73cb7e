"""Whether Slack would show what the bot sends: its own `blocks.validate` on a scene of each shape there is.

Our book of Slack's rules (`blocks.limits`) is checked by tests; this asks whoever wrote the rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.cli.findings import Finding
from bot.gallery.hall import hall
from bot.gallery.life import Place, Scene
from bot.slack.connection import Connection
from bot.slack.troubles import SlackTrouble, Trouble, heard

_METHOD: Final = "blocks.validate"
#: How it refuses what it was shown: docs.slack.dev/reference/methods/blocks.validate.
_REFUSED: Final = frozenset({"invalid_blocks", "invalid_message", "invalid_view"})
_VIEWS: Final = (Place.MODAL, Place.HOME)


async def of_gallery(connection: Connection) -> Finding:
    """One line for all of them: the first that Slack would not show, or how many it would."""
    told = list(samples())
    for number, scene in enumerate(told):
        try:
            problem = await _refusal(connection, scene)
        except SlackTrouble as trouble:
            return _unchecked(trouble, number, len(told))
        if problem is not None:
            return Finding(
                "messages", False, f"Slack would not show “{scene.moment}”: {problem}; report this"
            )
    return Finding(
        "messages", True, f"Slack would show each of {len(told)} kinds of cards, modals and replies"
    )


def samples() -> Iterator[Scene]:
    """One scene of each shape: what stands where is Slack's to judge; characters our own book counts."""
    seen: set[str] = set()
    for story in hall():
        for scene in story.scenes:
            shape = f"{scene.place in _VIEWS} {json.dumps(_shape(scene.content.get('blocks')))}"
            if scene.place is not Place.AGENT and shape not in seen:
                seen.add(shape)
                yield scene


def _shape(value: Any) -> Any:
    """What is left of blocks without their words: types, names, and each different thing of a list once."""
    if isinstance(value, Mapping):
        return {name: each if name == "type" else _shape(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(_shape(each)) for each in value})
    return type(value).__name__


async def _refusal(connection: Connection, scene: Scene) -> str | None:
    """What Slack has against it; None for nothing. Raises `SlackTrouble` where it does not say."""

    async def validated() -> AsyncSlackResponse:
        names = ("text", "blocks")
        argument, content = "view", dict(scene.content)
        if scene.place not in _VIEWS:
            argument, content = "message", {name: scene.content[name] for name in names}
        try:
            return await connection.client.api_call(_METHOD, data={argument: json.dumps(content)})
        except SlackApiError as refused:
            if refused.response.get("error") in _REFUSED:
                return refused.response  # type: ignore[no-any-return]  # the SDK leaves it untyped
            raise

    answer = await heard(validated())
    if answer.get("ok"):
        return None
    [first, *_] = answer.get("errors") or [{}]
    return f"{first.get('message') or answer.get('error')} at {first.get('pointer') or 'its top'}"


def _unchecked(trouble: SlackTrouble, done: int, every: int) -> Finding:
    """Nothing fails for want of this check."""
    why = f"Slack says {trouble.code}"
    if trouble.code == "unknown_method":
        why = f"this Slack does not know {_METHOD}"
    if trouble.trouble is Trouble.BUSY:
        why = f"Slack wants a pause of {trouble.retry_after or 1:g} s"
    return Finding("messages", True, f"{done} of {every} kinds were checked: {why}", noted=True)
