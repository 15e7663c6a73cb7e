"""`python -m sandbox`: a Slack workspace on loopback, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from sandbox.app import App
from sandbox.server import SlackStandIn


async def serve(port: int, request_url: str | None) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    async with SlackStandIn(app=App(request_url=request_url), port=port) as slack:
        lines = {
            "HITL_SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
        }
        if request_url is None:
            lines["SLACK_APP_TOKEN"] = slack.app_token
        sys.stdout.write("".join(f"export {name}={value}\n" for name, value in lines.items()))
        sys.stdout.write(f"# the workspace in a browser: {slack.url}\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument(
        "--deliver-to", metavar="URL", help="the bot's /slack/events; without it, Socket Mode"
    )
    args = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(args.port, args.deliver_to))


if __name__ == "__main__":
    main()
