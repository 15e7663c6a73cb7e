"""Modals, one upon another: opened at once, and filled once there is something to show."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from blocks import guide, modals, replies
from blocks.limits import problems_of_view
from blocks.text import Mrkdwn
from bot.slack.front import Front
from bot.slack.payloads import Click
from bot.slack.troubles import SlackTrouble, Trouble, said

log = logging.getLogger(__name__)

View: TypeAlias = dict[str, Any]
#: Seconds for a modal, which no answer waits for: more than one call to Slack may take.
_WITHIN: Final = 12.0


class Layers:
    """Each of its calls may wait for Slack: only tasks make them."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def start(self, click: Click, work: Callable[[], Awaitable[None]]) -> None:
        """Do what the answer to `click` does not wait for; whoever clicked is told what went wrong."""
        self._front.tasks.start(self._guarded(click, work), f"modal {click.action}")

    def refuse(self, click: Click, words: Mrkdwn) -> None:
        """Say why not: upon the modal that was clicked in, else to whoever clicked alone."""
        if click.view is None:
            self._front.say(click, words)
        else:
            self.start(click, lambda: self.push(click, modals.notice_modal("Not decided", words)))

    async def open(self, click: Click) -> str | None:
        """One that holds the place, as a trigger lives three seconds: its id; None where Slack gave up."""
        return await self._show(click, "views.open", modals.loading_modal())

    async def push(self, click: Click, view: View) -> None:
        """Another upon the one that was clicked in."""
        await self._show(click, "views.push", view)

    async def fill(self, shown: str, view: View) -> None:
        """Put `view` into the place of one that is open; whoever closed it meanwhile needs none."""
        problems = problems_of_view(view)
        if problems:
            log.error("a modal would be refused: %s at %s", problems[0].rule, problems[0].path)
        try:
            await said(self._front.out.connection.client.views_update(view_id=shown, view=view))
        except SlackTrouble as trouble:
            log.warning("a modal could not be filled: %s", trouble)

    async def _show(self, click: Click, method: str, view: View) -> str | None:
        client = self._front.out.connection.client
        arguments = {"trigger_id": click.trigger, "view": view}
        try:
            shown = await said(client.api_call(method, json=arguments), method)
        except SlackTrouble as trouble:
            log.warning("a modal could not be opened: %s", trouble)
            if trouble.trouble is Trouble.TOKEN:
                self._front.out.identity.refused(trouble.code)
            late = trouble.trouble in (Trouble.EXPIRED, Trouble.AWAY)
            self._front.say(click, replies.took_too_long() if late else guide.not_opened())
            return None
        return str(shown["view"]["id"])

    async def _guarded(self, click: Click, work: Callable[[], Awaitable[None]]) -> None:
        wrong = await self._front.answered(work, _WITHIN)
        if wrong is not None:
            self._front.tell(click, wrong)
