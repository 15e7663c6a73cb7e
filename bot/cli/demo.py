"""`hitl demo`: the main job on this machine, with no account anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option("--script", is_flag=True, help="Play one story from beginning to end, and print it.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Another policy than the sample one; the story then ends where that decides otherwise.",
)
def demo(*, script: bool, policy: Path | None) -> None:
    """Play the main job on this machine: a stand-in Slack, the real bot, agents that really call it.

    Exits 0 only if each step of the story happened. Ctrl-C leaves nothing behind.
    """
    from demo.script import main
    from demo.stage import POLICY

    if not script:
        click.echo(
            "There is no page in the browser yet, so this plays the script: hitl demo --script", err=True
        )
    sys.exit(main(policy or POLICY))
