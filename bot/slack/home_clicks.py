"""What is clicked in a home tab besides the buttons of requests: agents are paused, and go on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from approvals.words import AgentName
from blocks import actions, replies
from blocks.home_view import agent_of
from bot.desk import pausing
from bot.slack.front import Front
from bot.slack.lists import Lists
from bot.slack.pause_commands import paused, resumed
from bot.slack.payloads import Click
from store.errors import Unavailable

log = logging.getLogger(__name__)


class HomeClicks:
    """Each method starts a task and returns at once."""

    def __init__(self, front: Front, lists: Lists) -> None:
        self._front = front
        self._lists = lists

    def pause(self, click: Click) -> None:
        """Nothing new of that agent goes ahead."""

        async def pausing_it(agent: AgentName) -> None:
            self._front.say(click, paused(await pausing.pause(self._front.desk, agent, click.by), agent).text)

        self._with_agent(click, pausing_it)

    def resume(self, click: Click) -> None:
        """It goes on, and what waited."""

        async def resuming(agent: AgentName) -> None:
            came = await pausing.resume(self._front.desk, agent, click.by)
            self._front.say(click, resumed(came, agent).text)
            if came.requests:
                await pausing.release(self._front.desk, click.by)

        self._with_agent(click, resuming)

    def _with_agent(self, click: Click, work: Callable[[AgentName], Awaitable[None]]) -> None:
        """The agent of the row; what the button carries can only have it refused."""
        agent = agent_of(click.block)
        if agent is None or agent != click.value:
            self._front.say(click, replies.unknown_button())
            return

        async def working() -> None:
            await work(agent)
            await self._front.homes.used(click.by.id)

        self._lists.start(click, working)

    def again(self, click: Click) -> None:
        """Nothing to do: whatever is clicked in a home tab has it drawn anew."""

    def used(self, click: Click) -> None:
        """It was in a home tab: that shows what came of it, now."""
        if click.modal == actions.HOME:
            self._front.tasks.start(self._drawn_anew(click), "home")

    async def _drawn_anew(self, click: Click) -> None:
        try:
            await self._front.homes.used(click.by.id)
        except Unavailable as away:
            # Whoever clicked was told that; the tab is drawn with the next change.
            log.warning("a home tab stays as it was: %s", away)
