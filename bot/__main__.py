"""The command `hitl`, also `python -m bot`."""

from __future__ import annotations

import click

from bot.cli.agents import agent
from bot.cli.audit import audit
from bot.cli.db import db
from bot.cli.demo import demo
from bot.cli.doctor import doctor
from bot.cli.outbox import outbox
from bot.cli.policy import policy_command
from bot.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="hitl-desk", prog_name="hitl")
def main() -> None:
    """hitl: the approval desk for AI agents, in Slack.

    New here? `hitl demo --script` plays the main job on this machine, with no account anywhere.
    """


for command in (demo, serve, doctor, policy_command, agent, audit, outbox, db):
    main.add_command(command)

if __name__ == "__main__":
    main()
