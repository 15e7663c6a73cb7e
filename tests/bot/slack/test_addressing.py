"""Who is spoken to, and what Slack's spelling of a value means."""

from __future__ import annotations

import pytest

from bot.slack.addressing import addressed
from bot.slack.hearing import value_of

BOT = "U0HITL"


@pytest.mark.parametrize(
    ("wire", "to_us"),
    [
        ("<@U0HITL> approve", "approve"),
        ("  <@U0HITL|hitl>, approve it", "approve it"),
        ("<@U0HITL>: <@U0HITL> approve", "approve"),
        ("<@U0HITL>", ""),
        ("<@U0HITL>: :+1:", ":+1:"),
        ("\u200b<@U0HITL>\u200b\u00a0approve\ufeff", "approve"),
        ("please <@U0HITL> approve", None),
        ("<@U0HITLER> approve", None),
        ("&lt;@U0HITL&gt; approve", None),
        ("approve", None),
    ],
)
def test_who_begins_with_the_bots_name_speaks_to_it(wire: str, to_us: str | None) -> None:
    """What follows is what is said to it."""
    assert addressed(wire, BOT).to_us == to_us


@pytest.mark.parametrize(
    ("wire", "names_us"),
    [
        ("ask <@U0HITL> later", True),
        ("`<@U0HITL> approve` is how", False),
        ("```\n<@U0HITL> approve\n```", False),
        ("&gt; <@U0HITL> approve\nnever do that", False),
        ("&gt;&gt;&gt; so I said\n<@U0HITL> approve", False),
        ("&gt; quoted\n<@U0HITL> what is this", True),
        ("`code` <@U0HITL> `code`", True),
    ],
)
def test_a_name_in_code_or_in_a_quotation_speaks_to_nobody(wire: str, names_us: bool) -> None:
    """It only shows how somebody would."""
    found = addressed(wire, BOT)
    assert (found.to_us, found.names_us) == (None, names_us)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<http://acme.com|acme.com>", "acme.com"),
        ("<https://acme.com/x?a=1&amp;b=2>", "https://acme.com/x?a=1&b=2"),
        ("<https://evil.example|acme.com>", "https://evil.example"),
        ("<tel:+49301|+49301>", "+49301"),
        ("<@U0BOB|bob>", "U0BOB"),
        ("<#C0OPS|ops>", "C0OPS"),
        ("<!subteam^S0DIRECTORS|@directors>", "S0DIRECTORS"),
        ("<!here>", "@here"),
        ("Smith &amp; Sons &lt;1&gt;", "Smith & Sons <1>"),
        ("&amp;lt;", "&lt;"),
        ("<|x> <a|>", " a"),
    ],
)
def test_a_value_is_what_was_typed(wire: str, value: str) -> None:
    """Not what Slack's client made of it; a link that shows another address is that address."""
    assert value_of(wire) == value
