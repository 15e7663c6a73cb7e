"""`hitl demo`: the main job on this machine, with no account anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option("--script", is_flag=True, help="Play one story from beginning to end, print it, and end.")
@click.option("--gallery", is_flag=True, help="Show every card, modal and message there is, instead.")
@click.option("--fast", is_flag=True, help="Let things happen at once, not every half minute.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where the page is: 8080, or a free one when that is taken. 0 is any free one.",
)
@click.option("--open", "browse", is_flag=True, help="Open the page in the browser as well.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Another policy than the sample one; a script then ends where that decides otherwise.",
)
def demo(
    *, script: bool, gallery: bool, fast: bool, port: int | None, browse: bool, policy: Path | None
) -> None:
    """Live in it: a stand-in Slack in the browser, the real bot, agents that really call it.

    Prints what to open, what to try first, and how to ask for something with curl; runs until Ctrl-C, which
    leaves nothing behind. With --script nobody is needed: it exits 0 only if each step of the story happened.
    With --gallery nothing runs: it shows all that Slack ever shows of a request, in light and dark.
    """
    from demo.stage import POLICY

    if script and (fast or browse or port is not None):
        raise click.UsageError("--script plays without the page; --fast, --port and --open are for the page")
    if gallery and (script or fast or policy is not None):
        raise click.UsageError("--gallery is the same every time: leave --script, --fast and --policy away")
    if script:
        from demo.script import main as play

        sys.exit(play(policy or POLICY))
    from demo.live import PortTaken
    from demo.live import main as show

    try:
        sys.exit(
            _hang(port, browse=browse) if gallery else show(policy or POLICY, port, fast=fast, browse=browse)
        )
    except PortTaken as taken:
        raise click.ClickException(str(taken)) from taken


def _hang(port: int | None, *, browse: bool) -> int:
    from bot.gallery.hanging import hung
    from demo.gallery import main as show

    return show(hung(), port, browse=browse)
