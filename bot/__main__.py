"""The command `hitl`, also `python -m bot`."""

from __future__ import annotations

from importlib import import_module

import click

#: Each command, and the module and name it is found by.
COMMANDS = {
    "demo": "bot.cli.demo:demo",
    "serve": "bot.cli.serve:serve",
    "doctor": "bot.cli.doctor:doctor",
    "policy": "bot.cli.policy:policy_command",
    "agent": "bot.cli.agents:agent",
    "audit": "bot.cli.audit:audit",
    "outbox": "bot.cli.outbox:outbox",
    "db": "bot.cli.db:db",
}


class Hitl(click.Group):
    """Loads a command when it is called: to list dead letters, no web server need be imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.command(cls=Hitl, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="hitl-desk", prog_name="hitl")
def main() -> None:
    """hitl: the approval desk for AI agents, in Slack.

    New here? `hitl demo --script` plays the main job on this machine, with no account anywhere.
    """


if __name__ == "__main__":
    main()
