"""`hitl serve`: the bot."""

from __future__ import annotations

import asyncio
import signal
import sys

import click

from approvals.policy import PolicyError
from bot import logs
from bot.app import Bot, running
from bot.cli.common import asynchronous, read_settings
from bot.runtime import SystemRuntime
from bot.settings import Settings
from store.errors import SchemaBehind, Unavailable


@click.command()
@asynchronous
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
    settings = read_settings()
    logs.set_up(settings.log)
    missing = settings.missing_for_slack()
    if missing:
        raise click.ClickException(
            f"set {' and '.join(missing)}; to try it without Slack: hitl demo --script"
        )
    try:
        await _serve(settings)
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


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings, SystemRuntime()) as bot:
        reloads: set[asyncio.Task[None]] = set()
        loop.add_signal_handler(signal.SIGHUP, _reload, bot, reloads)
        click.echo(f"ready api={bot.api.url} slack={bot.slack}")
        sys.stdout.flush()
        await stop.wait()


def _reload(bot: Bot, reloads: set[asyncio.Task[None]]) -> None:
    task = asyncio.create_task(bot.reload(), name="reload")
    reloads.add(task)
    task.add_done_callback(reloads.discard)
