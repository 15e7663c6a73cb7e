"""`hitl serve`: the bot."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from bot.cli.common import asynchronous_under_load, read_settings

if TYPE_CHECKING:
    from bot.app import Bot
    from bot.settings import Settings

log = logging.getLogger(__name__)

#: So many new objects, and not Python's 700, before it is looked which of them are garbage: a request makes
#: some hundreds, nearly none in a circle. With what is loaded set aside it saves a tenth of all work.
_YOUNG_OBJECTS = 5_000


@click.command()
@asynchronous_under_load
async def serve() -> None:
    """Run the bot until SIGTERM. SIGHUP reads the policy again.

    Socket Mode when SLACK_APP_TOKEN is set, else Slack's HTTP endpoint. Prints one line when it is ready.

    \b
    SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, SLACK_APP_TOKEN   the app's, from its pages in Slack
    HITL_CONFIG             the policy                       hitl.yml
    HITL_DATABASE_URL       or postgresql+asyncpg://…        sqlite+aiosqlite:///hitl.db
    HITL_API_HOST, _PORT    the agents' endpoint             127.0.0.1, 8765
    HITL_SLACK_HOST, _PORT  Slack's endpoint, without a      0.0.0.0, 3000
                            Socket Mode token
    HITL_SLACK_API_URL      GovSlack, or a stand-in          https://slack.com/api/
    HITL_RATE_LIMIT         calls a second for each agent    100
    HITL_LOG                text or json, on stderr          text

    A port of 0 takes a free one.
    """
    # First of all: what is imported takes most of a second, in which a SIGHUP would end the process.
    signals = Signals.heard()
    from bot import logs

    settings = read_settings()
    logs.set_up(settings.log)
    missing = settings.missing_for_slack()
    if missing:
        raise click.ClickException(f"set {' and '.join(missing)}; to try it without Slack: hitl demo")
    await _serve(settings, signals)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the operator signalled."""

    #: SIGTERM, SIGINT
    stop: asyncio.Event
    #: SIGHUP
    again: asyncio.Event

    @classmethod
    def heard(cls) -> Signals:
        """Listen from now on, before anything that takes time: an unheard SIGHUP ends a process."""
        signals = cls(asyncio.Event(), asyncio.Event())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, signals.stop.set)
        loop.add_signal_handler(signal.SIGHUP, signals.again.set)
        return signals


async def _serve(settings: Settings, signals: Signals) -> None:
    from approvals.policy import PolicyError
    from bot.app import running
    from bot.runtime import SystemRuntime
    from store.errors import SchemaBehind, Unavailable

    try:
        async with running(settings, SystemRuntime()) as bot:
            await _serving(bot, signals)
    except PolicyError as wrong:
        raise click.ClickException(f"the policy does not load:\n{wrong}") from wrong
    except SchemaBehind as behind:
        raise click.ClickException(f"{behind}\nRun: hitl db upgrade") from behind
    except Unavailable as away:
        raise click.ClickException(
            f"the database cannot be reached: {away}\nCheck HITL_DATABASE_URL."
        ) from away
    except OSError as wrong:
        raise click.ClickException(f"cannot start: {wrong}") from wrong


async def _serving(bot: Bot, signals: Signals) -> None:
    _spare_the_collector()
    rereading = asyncio.create_task(reread(bot.reload, signals.again), name="reread")
    click.echo(f"ready api={bot.api.url} slack={bot.slack}")
    sys.stdout.flush()
    await signals.stop.wait()
    rereading.cancel()
    await asyncio.wait([rereading])


def _spare_the_collector() -> None:
    """What is loaded by now stays. Walked again by each full collection, it stopped everybody for 0.2 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


async def reread(reload: Callable[[], Awaitable[None]], again: asyncio.Event) -> None:
    """Until cancelled: `reload` each time `again` is set, never two at once. What it raises is logged."""
    while True:
        await again.wait()
        again.clear()
        try:
            await reload()
        except Exception:
            # The bot goes on with the policy it has, and the next SIGHUP is another chance.
            log.exception("the policy could not be read again")
