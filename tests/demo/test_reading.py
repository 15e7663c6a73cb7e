"""Block Kit, read aloud."""

from __future__ import annotations

from typing import Any

import pytest

from demo.reading import buttons_of, mrkdwn, names_of, read
from sandbox.server import SlackStandIn
from sandbox.workspace import Message

NAMES = {"U0ALICE": "alice"}


def _message(*blocks: dict[str, Any], text: str = "on a phone") -> Message:
    return Message("C0", "1.1", "U0BOT", text, blocks=list(blocks))


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("*bold* and _slanted_ and ~gone~", "bold and slanted and gone"),
        ("snake_case_names and 2*3*4", "snake_case_names and 2*3*4"),
        ("<@U0ALICE> and <@U0NOBODY|x>", "@alice and @U0NOBODY"),
        ("<https://a.example|the shop> <https://b.example>", "the shop https://b.example"),
        ("<!date^1764000000^{date_short} {time}|24 Nov, 16:00 UTC>", "24 Nov, 16:00 UTC"),
        ("&lt;@U0ALICE&gt; &amp;lt;", "<@U0ALICE> &lt;"),
    ],
)
def test_markup_is_read_as_slack_shows_it(markup: str, seen: str) -> None:
    """Styles vanish, mentions are names, links are their words, dates their fallback, entities characters."""
    assert mrkdwn(markup, NAMES) == seen


def test_a_message_without_blocks_is_its_text() -> None:
    """What has no blocks is read as it was written."""
    assert read(_message(text="one\ntwo"), NAMES) == ["one", "two"]


def test_every_kind_of_block_has_its_lines() -> None:
    """Headings, fields, small print, quotes, lists and buttons come in their order."""
    rich = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0ALICE"}]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "it\nbroke"}]},
            {
                "type": "rich_text_list",
                "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "link", "url": "https://a.example"}]}
                ],
            },
        ],
    }
    menu = {"type": "overflow", "options": [{"text": {"type": "plain_text", "text": "View"}, "value": "v"}]}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Approve"}}
    message = _message(
        {"type": "header", "text": {"type": "plain_text", "text": "Refund"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*amount*"}]},
        {"type": "divider"},
        rich,
        {"type": "context", "elements": [{"type": "image", "image_url": "u", "alt_text": "a lamp"}]},
        {"type": "actions", "elements": [button, menu]},
    )
    assert read(message, NAMES) == [
        "Refund",
        "amount",
        "",
        "@alice",
        "  | it",
        "  | broke",
        "• https://a.example",
        "a lamp",
        "[ Approve ] [ ⋯ ]",
    ]
    assert buttons_of(message) == ["Approve", "⋯"]


def test_a_block_nobody_here_knows_is_still_read() -> None:
    """A kind that has no reader yet shows its words instead of breaking the story."""
    video = {"type": "video", "title": {"type": "plain_text", "text": "How it broke"}, "alt_text": "a film"}
    assert read(_message(video), NAMES) == ["How it broke", "a film"]


def test_people_are_called_what_slack_calls_them() -> None:
    """Names are those of the workspace."""
    assert names_of(SlackStandIn().workspace)["U0ALICE"] == "alice"
