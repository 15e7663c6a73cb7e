"""Who the bot is in its workspace, and whether its token holds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.troubles import SlackTrouble, Trouble, heard

log = logging.getLogger(__name__)

#: Seconds between two looks at a token that does not hold, or at a Slack that does not answer.
_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True)
class Bot:
    """What auth.test says of the token."""

    team: str
    user: str
    bot: str
    #: as Slack's `x-oauth-scopes` lists them; empty when it did not
    scopes: frozenset[str] = frozenset()


class Identity:
    """The bot's own ids, asked for once; and whether Slack still takes its token."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        #: called each time the token holds again: what waited for it may go on
        self.on_well: Callable[[], None] = lambda: None
        self._wanted = asyncio.Event()
        self._wanted.set()
        #: None until auth.test succeeded once
        self.bot: Bot | None = None
        #: why Slack cannot be spoken to, by Slack's own name for it; None when it can
        self.problem: str | None = "not asked yet"
        #: what the last look ran into, also where that says nothing of the token; None when it went well
        self.stumbled: str | None = None

    @property
    def well(self) -> bool:
        """True when the last thing heard from Slack was not that the token does not hold."""
        return self.problem is None

    def refused(self, code: str) -> None:
        """A call was refused because of the token: look at it until it holds again."""
        if self.problem is None:
            log.error("Slack does not take the token any more: %s. What is to be sent waits.", code)
        self.problem = code
        self._wanted.set()

    async def check(self) -> bool:
        """Ask Slack once; True when the token holds."""
        try:
            answer = await heard(self._client.auth_test())
        except SlackTrouble as trouble:
            self.stumbled = trouble.code
            if trouble.trouble is Trouble.TOKEN or self.bot is None:
                self.problem = trouble.code
            return False
        scopes = str(answer.headers.get("x-oauth-scopes") or answer.headers.get("X-OAuth-Scopes") or "")
        self.bot = Bot(
            team=str(answer.get("team_id")),
            user=str(answer.get("user_id")),
            bot=str(answer.get("bot_id")),
            scopes=frozenset(filter(None, (scope.strip() for scope in scopes.split(",")))),
        )
        if self.problem is not None:
            log.info("Slack is connected: the bot is %s in %s", self.bot.user, self.bot.team)
        self.problem = self.stumbled = None
        self._wanted.clear()
        self.on_well()
        return True

    async def watch(self) -> None:
        """Until cancelled: whenever the token is in doubt, ask with growing pauses until it holds."""
        while True:
            await self._wanted.wait()
            for pause in chain(_PAUSES, repeat(_PAUSES[-1])):
                if await self.check():
                    break
                log.warning("Slack cannot be used yet: %s. Asking again in %g s.", self.problem, pause)
                await asyncio.sleep(pause)
