"""`response_url`: where the app may answer a click or a command, five times within half an hour."""

from __future__ import annotations

import copy
import json
import secrets
import time
from typing import Any

from aiohttp import web

from blocks import limits
from sandbox.app import KEPT, ResponseUrl
from sandbox.calls import Site
from sandbox.changes import Json
from sandbox.workspace import TEAM_ID, Message, NotThereError

_SAID = ("text", "blocks", "attachments")


class Answers:
    """Hands out response URLs and carries out what comes in by them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        #: When, to whom and what Slack would not have shown, and why; oldest first.
        self.refused: list[tuple[float, ResponseUrl, Json, list[limits.Problem]]] = []

    def new_url(self, channel: str, user: str, message: Message | None = None) -> str:
        """A URL for an answer to this person, about this message if one was clicked."""
        name, times = secrets.token_hex(12), self.site.times
        self.site.app.response_urls[name] = ResponseUrl(
            channel,
            user,
            time.monotonic() + times.response_url,
            times.response_url_uses,
            message.ts if message else None,
            message.thread_ts if message and message.thread_ts != message.ts else None,
        )
        while len(self.site.app.response_urls) > KEPT:
            self.site.app.response_urls.pop(next(iter(self.site.app.response_urls)))
        return f"{self.site.url}/actions/{TEAM_ID}/{name}"

    async def handle(self, request: web.Request) -> web.Response:
        """One POST to a response URL. Slack answers `ok`, or an error's code with 4xx."""
        place = self.site.app.response_urls.get(request.match_info["name"])
        if place is None or time.monotonic() > place.expires:
            return _refusal(404, "expired_url")
        if place.left <= 0:
            return _refusal(404, "used_url")
        try:
            body = json.loads(await request.text())
        except ValueError:
            return _refusal(400, "invalid_payload")
        if not isinstance(body, dict):
            return _refusal(400, "invalid_payload")
        problem = self.say(place, body)
        if problem is not None:
            return _refusal(400, problem)
        place.left -= 1
        return web.Response(text="ok")

    def say(self, place: ResponseUrl, body: Json) -> str | None:
        """Carry out an answer; the error's code when Slack would refuse it."""
        space = self.site.workspace
        original = self._original(place)
        if body.get("delete_original"):
            if original is not None:
                space.delete(original)
            return None
        problems = limits.problems_of_message({name: body.get(name) for name in _SAID})
        if problems:
            self.refused.append((time.time(), place, body, problems))
            space.changes.note("refused", channel=place.channel, user=place.user)
            return problems[0].code
        content: dict[str, Any] = {"text": str(body.get("text") or "")}
        content |= {name: copy.deepcopy(body.get(name) or []) for name in ("blocks", "attachments")}
        if body.get("replace_original") and original is not None:
            space.change(original, **content)
            return None
        aloud = body.get("response_type") == "in_channel"
        app = self.site.app
        message = Message(
            place.channel, space.new_ts(), app.bot_user, **content, bot_id=app.bot_id, app_id=app.app_id
        )
        message.only_for = None if aloud else place.user
        message.thread_ts = body.get("thread_ts") or place.thread_ts
        space.say(message)
        return None

    def _original(self, place: ResponseUrl) -> Message | None:
        if place.message_ts is None:
            return None
        try:
            return self.site.workspace.message(place.channel, place.message_ts)
        except NotThereError:
            return None


def _refusal(status: int, code: str) -> web.Response:
    return web.Response(status=status, text=code)
