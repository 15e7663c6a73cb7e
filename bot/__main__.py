"""The command `hitl`, also `python -m bot`."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click

#: Each command: the module and name it is found by, and its line in `hitl --help`.
COMMANDS = {
    "demo": (
        "bot.cli.demo:demo",
        "Live in it: a stand-in Slack in the browser, the real bot, agents that really call it.",
    ),
    "serve": ("bot.cli.serve:serve", "Run the bot until SIGTERM."),
    "doctor": (
        "bot.cli.doctor:doctor",
        "Look at settings, database, Slack, channels, groups and people; exit 1 where something would fail.",
    ),
    "policy": ("bot.cli.policy:policy_command", "The policy file: does it load, and what would it say."),
    "agent": ("bot.cli.agents:agent", "Who may ask: add, list and revoke agents."),
    "grants": ("bot.cli.grants:grants", "What approvers let through for a while: list and revoke."),
    "oncall": (
        "bot.cli.oncall:oncall",
        "Who is on call in GROUP, and when; without GROUP, who is now in each.",
    ),
    "stats": (
        "bot.cli.stats:stats",
        "How each rule and each agent fares, and what to do about it; times in seconds.",
    ),
    "audit": ("bot.cli.audit:audit", "The tamper-evident log: check it, take it elsewhere."),
    "export": ("bot.cli.export:export", "What the desk knows, as data for elsewhere."),
    "outbox": ("bot.cli.outbox:outbox", "Dead letters: what was tried for a day and given up."),
    "db": ("bot.cli.db:db", "The database's schema."),
}


class Hitl(click.Group):
    """Loads a command when it is called: to list the commands, no web server need be imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it; a name that is nearly one of ours is told which. Raises `UsageError`."""
        near = get_close_matches(args[0], COMMANDS, 1)
        if near and args[0] not in COMMANDS:
            ctx.fail(f"there is no command {args[0]!r}; did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(cls=Hitl, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="hitl-desk", prog_name="hitl")
def main() -> None:
    """hitl: the approval desk for AI agents, in Slack.

    New here? `hitl demo` opens it in your browser, on this machine, with no account anywhere.
    """


if __name__ == "__main__":
    main()
