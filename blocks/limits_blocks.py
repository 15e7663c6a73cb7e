"""Slack's rules for one block by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from blocks import limits_numbers as most
from blocks.limits_elements import BESIDE_SECTION, IMAGE_ELEMENT, IN_ACTIONS, IN_INPUT, any_text, plain_text
from blocks.limits_shapes import (
    Check,
    Problem,
    Shape,
    at_least_one_of,
    boolean,
    exactly_one_of,
    is_list,
    list_of,
    of_type,
    one_of,
    string,
    typed,
    whole_number,
)

_NAMED: Final[dict[str, Check]] = {"block_id": string(most.BLOCK_ID)}

# Rich text (blocks/rich-text-block)
_STYLED: Final[dict[str, Check]] = {
    "style": Shape(
        {},
        dict.fromkeys(
            ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"),
            boolean,
        ),
    )
}
_INLINE: Final = typed(
    {
        "text": of_type("text", {"text": string()}, _STYLED),
        "link": of_type("link", {"url": string(3_000)}, {**_STYLED, "text": string(), "unsafe": boolean}),
        "user": of_type("user", {"user_id": string()}, _STYLED),
        "usergroup": of_type("usergroup", {"usergroup_id": string()}, _STYLED),
        "channel": of_type("channel", {"channel_id": string()}, _STYLED),
        "emoji": of_type("emoji", {"name": string()}, {"unicode": string(), "skin_tone": whole_number(1, 6)}),
        "broadcast": of_type("broadcast", {"range": one_of("here", "channel", "everyone")}, {}),
        "color": of_type("color", {"value": string(pattern=r"#?([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})")}, {}),
        "date": of_type(
            "date",
            {"timestamp": whole_number(0), "format": string()},
            {"url": string(3_000), "fallback": string(), **_STYLED},
        ),
    }
)
_BORDER: Final[dict[str, Check]] = {"border": whole_number(0, 1)}
_RICH_SECTION: Final = of_type("rich_text_section", {"elements": list_of(_INLINE, least=0)}, {})
_RICH_PARTS: Final[dict[str, Check]] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_list": of_type(
        "rich_text_list",
        {
            "style": one_of("bullet", "ordered"),
            "elements": list_of(typed({"rich_text_section": _RICH_SECTION}), least=0),
        },
        {**_BORDER, "indent": whole_number(0, 8), "offset": whole_number(0)},
    ),
    "rich_text_preformatted": of_type(
        "rich_text_preformatted", {"elements": list_of(_INLINE, least=0)}, {**_BORDER, "language": string()}
    ),
    "rich_text_quote": of_type("rich_text_quote", {"elements": list_of(_INLINE, least=0)}, _BORDER),
}
_RICH_TEXT: Final = of_type("rich_text", {"elements": list_of(typed(_RICH_PARTS))}, _NAMED)


def _unique_action_ids(block: Mapping[str, object], path: str) -> Iterator[Problem]:
    """In one block no `action_id` stands twice (block-elements)."""
    elements = block.get("elements")
    seen: set[object] = set()
    for index, element in enumerate(elements if isinstance(elements, Sequence) else ()):
        action_id = element.get("action_id")
        if action_id is not None and action_id in seen:
            rule = f'`action_id` "{action_id}" already exists for another element'
            yield Problem(f"{path}/elements/{index}/action_id", rule)
        seen.add(action_id)


def _table_within_bounds(block: Mapping[str, object], path: str) -> Iterator[Problem]:
    if characters_of(block) > most.TABLE_CHARACTERS:
        yield Problem(path, f"must be less than {most.TABLE_CHARACTERS + 1} characters in all cells together")


def _is_number(value: object, path: str) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield Problem(path, "must be a number")


_CELL: Final = typed(
    {
        "raw_text": of_type("raw_text", {"text": string(most.TABLE_CHARACTERS)}, {}),
        "raw_number": of_type("raw_number", {"value": _is_number, "text": string()}, {}),
        "rich_text": _RICH_TEXT,
    }
)
_COLUMN: Final = Shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})

_BOTH_SURFACES: Final[dict[str, Check]] = {
    "header": of_type("header", {"text": plain_text(most.HEADER_TEXT)}, _NAMED),
    "section": of_type(
        "section",
        {},
        {
            **_NAMED,
            "text": any_text(most.SECTION_TEXT),
            "fields": list_of(any_text(most.SECTION_FIELD_TEXT), most.SECTION_FIELDS),
            "accessory": BESIDE_SECTION,
            "expand": boolean,
        },
        at_least_one_of("text", "fields"),
    ),
    "context": of_type(
        "context",
        {
            "elements": list_of(
                typed({"image": IMAGE_ELEMENT, "plain_text": any_text(), "mrkdwn": any_text()}),
                most.CONTEXT_ELEMENTS,
            )
        },
        _NAMED,
    ),
    "actions": of_type(
        "actions", {"elements": list_of(IN_ACTIONS, most.ACTIONS_ELEMENTS)}, _NAMED, _unique_action_ids
    ),
    "divider": of_type("divider", {}, _NAMED),
    "input": of_type(
        "input",
        {"label": plain_text(most.INPUT_LABEL), "element": IN_INPUT},
        {**_NAMED, "hint": plain_text(most.INPUT_HINT), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": _RICH_TEXT,
    "image": of_type(
        "image",
        {"alt_text": string(most.IMAGE_ALT_TEXT)},
        {
            **_NAMED,
            "image_url": string(most.IMAGE_URL),
            "slack_file": Shape({}, {"id": string(), "url": string()}, (exactly_one_of("id", "url"),)),
            "title": plain_text(most.IMAGE_TITLE),
        },
        exactly_one_of("image_url", "slack_file"),
    ),
}
#: Only messages have these two (blocks/markdown-block, blocks/table-block).
_MESSAGES_ONLY: Final[dict[str, Check]] = {
    "markdown": of_type("markdown", {"text": string(most.MARKDOWN_TEXT)}, _NAMED),
    "table": of_type(
        "table",
        {"rows": list_of(list_of(_CELL, most.TABLE_COLUMNS), most.TABLE_ROWS)},
        {**_NAMED, "column_settings": list_of(_COLUMN, most.TABLE_COLUMNS)},
        _table_within_bounds,
    ),
}

IN_MESSAGE: Final = typed({**_BOTH_SURFACES, **_MESSAGES_ONLY})
IN_VIEW: Final = typed(_BOTH_SURFACES)
_CONTENT: Final = frozenset({"text", "alt_text", "url", "image_url"})


def characters_of(value: object) -> int:
    """How many characters of content a block, or part of one, holds: every `text`, `alt_text`, `url`."""
    if isinstance(value, Mapping):
        return sum(
            len(each) if name in _CONTENT and isinstance(each, str) else characters_of(each)
            for name, each in value.items()
        )
    return sum(characters_of(each) for each in value) if is_list(value) else 0
