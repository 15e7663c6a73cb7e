"""What people write, as they typed it: Slack's own spelling is not for an agent's model."""

from __future__ import annotations

import pytest

from bot.slack.payloads import plainly


@pytest.mark.parametrize(
    ("wire", "typed"),
    [
        ("why &lt;5 &amp;&amp; &gt;3?", "why <5 && >3?"),
        ("ask <@U0BOB|bob>, or <@U0CAROL>", "ask @bob, or @U0CAROL"),
        ("see <#C0OPS|ops>", "see #ops"),
        ("<!here> <!subteam^S0DIRECTORS|@directors>", "@here @directors"),
        ("<https://example.com/a?b=1&amp;c=2|the receipt>", "the receipt (https://example.com/a?b=1&c=2)"),
        ("<https://example.com>", "https://example.com"),
        ("&amp;lt; stays what was typed", "&lt; stays what was typed"),
        ("nothing special", "nothing special"),
    ],
)
def test_a_comment_reads_as_it_was_typed(wire: str, typed: str) -> None:
    """Mentions by their name, links by their address, and the three escaped characters as themselves."""
    assert plainly(wire) == typed
