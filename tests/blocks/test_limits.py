"""Slack's rules, held against two libraries that each know a part of them, and by themselves beyond that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any

import blockkit as kit
import pytest
from blockkit.core import ComponentValidationError, FieldValidationError, RawText, Table
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models import blocks as sdk
from slack_sdk.models.views import View

from blocks import limits
from blocks.limits import Problem, problems_of_blocks, problems_of_message, problems_of_view

Json = dict[str, Any]


def plain(words: str = "Words") -> Json:
    """A plain text object."""
    return {"type": "plain_text", "text": words}


def mrkdwn(words: str = "Words") -> Json:
    """A mrkdwn object."""
    return {"type": "mrkdwn", "text": words}


def section(words: str = "Words", **more: Any) -> Json:
    """A paragraph."""
    return {"type": "section", "text": mrkdwn(words), **more}


def button(**more: Any) -> Json:
    """A button."""
    return {"type": "button", "text": plain(), "action_id": "go", **more}


def actions(*elements: Json, **more: Any) -> Json:
    """A row of elements."""
    return {"type": "actions", "elements": list(elements), **more}


def asking(element: Json, **more: Any) -> Json:
    """An input."""
    return {"type": "input", "label": plain(), "element": element, **more}


def option(value: str = "v", **more: Any) -> Json:
    """An option of a menu."""
    return {"text": plain(), "value": value, **more}


def select(count: int = 1, **more: Any) -> Json:
    """A select menu."""
    return {
        "type": "static_select",
        "action_id": "s",
        "options": [option(str(n)) for n in range(count)],
        **more,
    }


def modal(*blocks: Json, **more: Any) -> Json:
    """A modal."""
    return {"type": "modal", "title": plain(), "blocks": list(blocks) or [section()], **more}


def confirm(**more: Any) -> Json:
    """A confirmation dialog."""
    return {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain(), **more}


def rules_of(problems: list[Problem]) -> list[str]:
    """The problems as Slack says them."""
    return [str(each) for each in problems]


LEGAL: list[Json] = [
    section(fields=[mrkdwn(), plain()], accessory=button(style="danger", confirm=confirm(style="primary"))),
    section(accessory={"type": "overflow", "action_id": "o", "options": [option(url="https://example.com")]}),
    section(accessory={"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}),
    {"type": "section", "fields": [mrkdwn()], "block_id": "b", "expand": True},
    {"type": "header", "text": {**plain("x" * 150), "emoji": True}},
    {"type": "divider"},
    {"type": "context", "elements": [mrkdwn(), plain()]},
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", "title": plain()},
    {"type": "markdown", "text": "**bold**"},
    actions(button(value="x" * 2000, url="https://example.com"), select(), button(action_id="other")),
    actions({"type": "users_select", "action_id": "u"}, {"type": "datepicker", "initial_date": "2026-12-31"}),
    asking(
        {"type": "plain_text_input", "multiline": True, "max_length": 3000, "initial_value": "x"},
        optional=True,
    ),
    asking({"type": "number_input", "is_decimal_allowed": True, "min_value": "-1.5", "initial_value": "0"}),
    asking({"type": "email_text_input"}, hint=plain()),
    asking({"type": "url_text_input", "placeholder": plain("https://…")}),
    asking({"type": "timepicker", "initial_time": "09:30"}),
    asking({"type": "datetimepicker", "initial_date_time": 1_800_000_000}),
    asking({"type": "checkboxes", "options": [{**option(), "text": mrkdwn()}]}),
    asking({"type": "radio_buttons", "options": [option()], "initial_option": option()}),
    asking({"type": "multi_users_select", "max_selected_items": 2}),
    asking({"type": "static_select", "option_groups": [{"label": plain(), "options": [option()]}]}),
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "bold", "style": {"bold": True}},
                    {"type": "link", "url": "https://example.com"},
                    {"type": "user", "user_id": "U0ALICE"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code"}]},
        ],
    },
    {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_number", "value": 1, "text": "1"}]],
        "column_settings": [{"align": "right"}],
    },
]


@pytest.mark.parametrize("block", LEGAL, ids=lambda block: block["type"])
def test_legal_blocks_pass(block: Json) -> None:
    """What Slack's documentation shows as right has no problem."""
    assert rules_of(problems_of_blocks([block])) == []


#: What is wrong, and a part of the problem, as Slack says it.
WRONG: list[tuple[Json, str]] = [
    ({"type": "nonsense"}, "unsupported type: nonsense [json-pointer:/blocks/0/type]"),
    ({"type": "header", "text": mrkdwn()}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
    ({"type": "header"}, "missing required field: text [json-pointer:/blocks/0]"),
    ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    (section("x" * 3001), "must be less than 3001 characters"),
    ({"type": "section"}, "must define at least one of: text, fields"),
    (
        section(fields=[plain("x" * 2001)]),
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (section(fields=[plain()] * 11), "no more than 10 items allowed"),
    (section(colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
    (section(block_id="x" * 256), "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    ({"type": "section", "text": {**mrkdwn(), "emoji": True}}, "invalid additional property: emoji"),
    (section(accessory={"type": "plain_text_input"}), "unsupported type: plain_text_input"),
    ({"type": "context", "elements": []}, "no less than 1 items allowed"),
    ({"type": "context", "elements": [plain()] * 11}, "no more than 10 items allowed"),
    ({"type": "context", "elements": [button()]}, "unsupported type: button"),
    (actions(), "no less than 1 items allowed"),
    (actions(*(button(action_id=str(n)) for n in range(26))), "no more than 25 items allowed"),
    (actions(button(), button()), '`action_id` "go" already exists for another element'),
    (actions(button(action_id="x" * 256)), "must be less than 256 characters"),
    (actions(button(text=plain("x" * 76))), "must be less than 76 characters"),
    (actions(button(text=mrkdwn())), "unsupported type: mrkdwn"),
    (actions(button(value="x" * 2001)), "must be less than 2001 characters"),
    (actions(button(value="")), "must be more than 0 characters"),
    (actions(button(value=7)), "must be a string"),
    (actions(button(url="x" * 3001)), "must be less than 3001 characters"),
    (actions(button(style="loud")), "must be a valid enum value: primary, danger"),
    (actions(button(confirm=confirm(title=plain("x" * 101)))), "must be less than 101 characters"),
    (actions(button(confirm=confirm(text=plain("x" * 301)))), "must be less than 301 characters"),
    (actions(button(confirm=confirm(deny=plain("x" * 31)))), "must be less than 31 characters"),
    (actions({"type": "plain_text_input", "action_id": "p"}), "unsupported type: plain_text_input"),
    (
        actions({"type": "overflow", "options": [option(str(n)) for n in range(6)]}),
        "no more than 5 items allowed",
    ),
    (actions(select(101)), "no more than 100 items allowed"),
    (actions(select(0)), "no less than 1 items allowed"),
    (actions(select(option_groups=[])), "no less than 1 items allowed"),
    (actions({"type": "static_select"}), "must define exactly one of: options, option_groups"),
    (actions(select(initial_option=option("other"))), "initial option must exactly match one of the options"),
    (actions({"type": "overflow", "options": [option("x" * 151)]}), "must be less than 151 characters"),
    (actions({"type": "overflow", "options": [{"text": plain()}]}), "missing required field: value"),
    (actions(select(placeholder=plain("x" * 151))), "must be less than 151 characters"),
    (asking({"type": "checkboxes", "options": [option(str(n)) for n in range(11)]}), "no more than 10 items"),
    (
        asking({"type": "radio_buttons", "options": [option(str(n)) for n in range(11)]}),
        "no more than 10 items",
    ),
    (asking({"type": "plain_text_input", "max_length": 3001}), "must be between 1 and 3000"),
    (
        asking({"type": "plain_text_input", "max_length": 2, "initial_value": "xxx"}),
        "must not be greater than",
    ),
    (asking({"type": "plain_text_input", "initial_value": "x" * 3001}), "must be less than 3001 characters"),
    (asking({"type": "number_input"}), "missing required field: is_decimal_allowed"),
    (
        asking({"type": "number_input", "is_decimal_allowed": False, "min_value": "1.5"}),
        "must be a whole number",
    ),
    (asking({"type": "number_input", "is_decimal_allowed": True, "min_value": 1}), "must be a string"),
    (asking({"type": "datepicker", "initial_date": "31.12.2026"}), "must match the pattern"),
    (asking({"type": "timepicker", "initial_time": "24:00"}), "must match the pattern"),
    (asking({"type": "datetimepicker", "initial_date_time": 99}), "must be between"),
    (asking(button()), "unsupported type: button"),
    (asking({"type": "plain_text_input"}, label=plain("x" * 2001)), "must be less than 2001 characters"),
    (asking({"type": "plain_text_input"}, hint=plain("x" * 2001)), "must be less than 2001 characters"),
    ({"type": "image", "alt_text": "a"}, "must define exactly one of: image_url, slack_file"),
    ({"type": "image", "image_url": "https://example.com"}, "missing required field: alt_text"),
    ({"type": "markdown", "text": "x" * 12001}, "must be less than 12001 characters"),
    (
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}],
        },
        "0",
    ),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}, "no more than 20 items allowed"),
    (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101},
        "no more than 100 items allowed",
    ),
    (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 6000}] * 2]},
        "10001 characters in all cells",
    ),
]


@pytest.mark.parametrize(("block", "told"), WRONG)
def test_wrong_blocks_are_told(block: Json, told: str) -> None:
    """Each rule that is broken is said, with its place."""
    assert any(told in line for line in rules_of(problems_of_blocks([block]))), problems_of_blocks([block])


@pytest.mark.parametrize(
    "block",
    [None, 7, "section", [], {}, {"type": None}, {"type": ["section"]}, {"type": "section", "text": "x"}],
)
def test_anything_at_all_is_answered(block: Any) -> None:
    """What is no block is a problem and never an exception."""
    assert problems_of_message({"text": "x", "blocks": [block]}) != []
    assert problems_of_view({"type": "modal", "title": plain(), "blocks": [block]}) != []
    assert (
        problems_of_message({"text": "x", "blocks": block if block is not None else 7}) != [] or block == []
    )


def test_a_message_as_a_whole() -> None:
    """Blocks are counted, ids are unique in attachments too, tables stand alone, characters are counted."""
    assert problems_of_blocks([{"type": "divider"}] * 50) == []
    assert rules_of(problems_of_blocks([{"type": "divider"}] * 51)) == [
        "no more than 50 items allowed [json-pointer:/blocks]"
    ]
    twice = {
        "text": "x",
        "blocks": [section(block_id="a")],
        "attachments": [{"blocks": [section(block_id="a")]}],
    }
    assert rules_of(problems_of_message(twice)) == [
        '`block_id` "a" already exists for another block [json-pointer:/attachments/0/blocks/0/block_id]'
    ]
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    assert [each.code for each in problems_of_blocks([table, table])] == ["only_one_table_allowed"]
    long_markdown = [{"type": "markdown", "text": "x" * 6001}] * 2
    assert "in all markdown blocks" in problems_of_blocks(long_markdown)[0].rule
    assert [each.code for each in problems_of_message({})] == ["no_text"]
    assert [each.code for each in problems_of_message({"attachments": [{"nonsense": 1}]})] == [
        "invalid_attachments"
    ]


def test_characters_of_a_message() -> None:
    """Our own budget lies under what Slack refuses, and each block costs more than its words."""
    block = section("x" * 3000)
    assert limits.characters_of_blocks([block]) == 3000 + limits.BLOCK_CONTAINER
    assert problems_of_blocks([block] * 4) == []
    assert [each.code for each in problems_of_blocks([block] * 5)] == ["msg_blocks_too_long"]
    assert limits.MESSAGE_CHARACTERS < limits.MESSAGE_CHARACTERS_REFUSED


def test_text_of_an_update() -> None:
    """An update's text is counted in bytes after escaping; a post's may be longer."""
    assert problems_of_message({"text": "x" * 40_000}) == []
    assert problems_of_message({"text": "é" * 2_000}, updating=True) == []
    assert [each.code for each in problems_of_message({"text": "é" * 2_001}, updating=True)] == [
        "msg_too_long"
    ]
    assert limits.bytes_of_text("a & b &amp; c") == len("a &amp; b &amp; c")


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"event_type": "card"}, "invalid_metadata_format"),
        ({"event_type": "a card", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "card", "event_payload": []}, "invalid_metadata_format"),
        ({"event_type": "card", "event_payload": {"x": "y" * 20_000}}, "metadata_too_large"),
    ],
)
def test_metadata(metadata: Json, code: str) -> None:
    """Metadata has a type and an object, and is not too large; an empty object removes it."""
    assert problems_of_message({"text": "x", "metadata": metadata})[0].code == code
    assert problems_of_message({"text": "x", "metadata": {}}) == []
    assert (
        problems_of_message({"text": "x", "metadata": {"event_type": "card", "event_payload": {"a": 1}}})
        == []
    )


TYPING = asking({"type": "plain_text_input", "focus_on_load": True})


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (modal(TYPING), "missing required field: submit"),
        (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/title/text]"),
        (modal(submit=plain("x" * 25)), "must be less than 25 characters [json-pointer:/submit/text]"),
        (modal(close=plain("x" * 25)), "must be less than 25 characters [json-pointer:/close/text]"),
        (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
        (modal(callback_id="x" * 256), "must be less than 256 characters"),
        (modal(*([section()] * 101)), "no more than 100 items allowed"),
        ({"type": "modal", "title": plain(), "blocks": []}, "no less than 1 items allowed"),
        (
            modal(TYPING, {**TYPING, "block_id": "b"}, submit=plain()),
            "only one element may set focus_on_load",
        ),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}), "unsupported type: table"),
        (modal(section(block_id="a"), section(block_id="a")), "already exists for another block"),
        ({"type": "home", "blocks": [section()], "title": plain()}, "invalid additional property: title"),
        ({"type": "page", "blocks": [section()]}, "unsupported type: page"),
    ],
)
def test_wrong_views_are_told(view: Json, told: str) -> None:
    """Each rule that a modal or home tab breaks is said, as invalid arguments."""
    problems = problems_of_view(view)
    assert any(told in line for line in rules_of(problems)), problems
    assert {each.code for each in problems} == {"invalid_arguments"}


def test_legal_views_pass() -> None:
    """A modal with inputs and a submit button, and a home tab, have no problem."""
    assert problems_of_view(modal(TYPING, submit=plain(), close=plain(), private_metadata="")) == []
    assert problems_of_view(modal(*([section()] * 100), notify_on_close=True, external_id="x")) == []
    assert problems_of_view({"type": "home", "blocks": [section(), actions(button())]}) == []


# What two libraries refuse, we refuse: each case is what would reach Slack, and what builds it there.

BY_SDK: list[tuple[Json, Callable[[], Any]]] = [
    (section("x" * 3001), lambda: sdk.SectionBlock(text="x" * 3001)),
    ({"type": "section"}, sdk.SectionBlock),
    (section(fields=[mrkdwn()] * 11), lambda: sdk.SectionBlock(text="x", fields=["x"] * 11)),
    ({"type": "header", "text": plain("x" * 151)}, lambda: sdk.HeaderBlock(text="x" * 151)),
    (section(block_id="x" * 256), lambda: sdk.SectionBlock(text="x", block_id="x" * 256)),
    (
        {"type": "context", "elements": [plain()] * 11},
        lambda: sdk.ContextBlock(elements=[sdk.PlainTextObject(text="x")] * 11),
    ),
    (actions(*[button()] * 26), lambda: sdk.ActionsBlock(elements=[sdk.ButtonElement(text="x")] * 26)),
    (actions(button(text=plain("x" * 76))), lambda: sdk.ButtonElement(text="x" * 76)),
    (actions(button(value="x" * 2001)), lambda: sdk.ButtonElement(text="x", value="x" * 2001)),
    (actions(button(url="x" * 3001)), lambda: sdk.ButtonElement(text="x", url="x" * 3001)),
    (actions(button(action_id="x" * 256)), lambda: sdk.ButtonElement(text="x", action_id="x" * 256)),
    (actions(button(style="loud")), lambda: sdk.ButtonElement(text="x", style="loud")),
    (
        actions(button(accessibility_label="x" * 76)),
        lambda: sdk.ButtonElement(text="x", accessibility_label="x" * 76),
    ),
    (
        actions({"type": "overflow", "options": [option()] * 6}),
        lambda: sdk.OverflowMenuElement(options=[sdk.Option(text="x", value="v")] * 6),
    ),
    (
        actions(select(101)),
        lambda: sdk.StaticSelectElement(options=[sdk.Option(text="x", value="v")] * 101),
    ),
    (
        actions({"type": "overflow", "options": [option("x" * 151)]}),
        lambda: sdk.Option(text="x", value="x" * 151),
    ),
    (
        actions({"type": "overflow", "options": [{"text": plain("x" * 76), "value": "v"}]}),
        lambda: sdk.Option(text="x" * 76, value="v"),
    ),
    (
        actions(button(confirm=confirm(title=plain("x" * 101)))),
        lambda: sdk.ConfirmObject(title="x" * 101, text="x"),
    ),
    (
        asking({"type": "plain_text_input"}, label=plain("x" * 2001)),
        lambda: sdk.InputBlock(label="x" * 2001, element=sdk.PlainTextInputElement()),
    ),
    (
        asking({"type": "datepicker", "initial_date": "tomorrow"}),
        lambda: sdk.DatePickerElement(initial_date="tomorrow"),
    ),
    ({"type": "markdown", "text": "x" * 12001}, lambda: sdk.MarkdownBlock(text="x" * 12001)),
    ({"type": "table", "rows": []}, lambda: sdk.TableBlock(rows=[])),
    (
        {"type": "image", "image_url": "x" * 3001, "alt_text": "a"},
        lambda: sdk.ImageBlock(image_url="x" * 3001, alt_text="a"),
    ),
]


@pytest.mark.parametrize(("block", "build"), BY_SDK)
def test_what_slack_sdk_refuses(block: Json, build: Callable[[], Any]) -> None:
    """What slack_sdk's models refuse has a problem here as well."""
    with pytest.raises(SlackObjectFormationError):
        build().validate_json()
    assert problems_of_blocks([block]) != []


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": plain("x" * 25)},
        {"submit": plain("x" * 25)},
        {"close": plain("x" * 25)},
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"blocks": [section()] * 101},
        {"type": "home", "submit": plain()},
        {"type": "page"},
    ],
)
def test_views_that_slack_sdk_refuses(wrong: Json) -> None:
    """What slack_sdk refuses in a view has a problem here as well."""
    view = {**modal(), **wrong}
    with pytest.raises(SlackObjectFormationError):
        View(**view).validate_json()
    assert problems_of_view(view) != []


BY_KIT: list[tuple[Json, Callable[[], Any]]] = [
    (section("x" * 3001), lambda: kit.Section("x" * 3001)),
    (section(""), lambda: kit.Section("")),
    ({"type": "header", "text": plain("")}, lambda: kit.Header("")),
    ({"type": "context", "elements": [plain()] * 11}, lambda: kit.Context([kit.Text("x")] * 11)),
    (actions(*[button()] * 26), lambda: kit.Actions([kit.Button("x")] * 26)),
    (actions(button(value="")), lambda: kit.Button("x", value="")),
    (actions(button(confirm=confirm(text=plain("x" * 301)))), lambda: kit.Confirm("x", "x" * 301, "x", "x")),
    (
        actions(button(confirm=confirm(text=mrkdwn()))),
        lambda: kit.Confirm("x", kit.Text("*x*").type("mrkdwn"), "x", "x"),
    ),
    (actions({"type": "overflow", "options": [option("")]}), lambda: kit.Option("x", "")),
    (
        actions(select(placeholder=plain("x" * 151))),
        lambda: kit.StaticSelect(options=[kit.Option("x", "v")], placeholder="x" * 151),
    ),
    (
        actions(select(initial_option=option("other"))),
        lambda: kit.StaticSelect(options=[kit.Option("x", "v")], initial_option=kit.Option("x", "other")),
    ),
    (
        asking({"type": "checkboxes", "options": [option()] * 11}),
        lambda: kit.Checkboxes(options=[kit.Option("x", "v")] * 11),
    ),
    (
        asking({"type": "plain_text_input", "max_length": 3001}),
        lambda: kit.PlainTextInput(max_length=3001),
    ),
    (
        asking({"type": "plain_text_input", "max_length": 1, "initial_value": "xx"}),
        lambda: kit.PlainTextInput(max_length=1, initial_value="xx"),
    ),
    (
        asking({"type": "number_input", "is_decimal_allowed": False, "initial_value": "1.5"}),
        lambda: kit.NumberInput(is_decimal_allowed=False, initial_value=1.5),
    ),
    (
        asking({"type": "number_input", "is_decimal_allowed": True, "initial_value": "3", "max_value": "2"}),
        lambda: kit.NumberInput(is_decimal_allowed=True, initial_value=3, max_value=2),
    ),
    (
        {"type": "section", "text": {**mrkdwn(), "emoji": True}},
        lambda: kit.Text("x", type="mrkdwn").emoji(True),
    ),
    ({"type": "image", "alt_text": "a"}, lambda: kit.Image(alt_text="a")),
    ({"type": "markdown", "text": ""}, lambda: kit.Markdown("")),
]


@pytest.mark.parametrize(("block", "build"), BY_KIT)
def test_what_blockkit_refuses(block: Json, build: Callable[[], Any]) -> None:
    """What blockkit refuses has a problem here as well."""
    with pytest.raises((ComponentValidationError, FieldValidationError)):
        build().build()
    assert problems_of_blocks([block]) != []


def test_what_blockkit_builds() -> None:
    """What blockkit builds and holds to be right has no problem here."""
    euro = kit.Option("Euro", "eur")
    ask = kit.Confirm("Sure?", "It cannot be undone", "Yes", "No", style="danger")
    message: list[Any] = [
        kit.Header("Refund 750 EUR"),
        kit.Section("Arrived *broken*", accessory=kit.Button("Approve", action_id="a", confirm=ask)),
        kit.Section(fields=[kit.Text("amount"), kit.Text("750")]),
        kit.Divider(),
        kit.Context([kit.Text("asked by billing-agent")]),
        kit.Actions(
            [
                kit.Overflow(options=[euro]),
                kit.StaticSelect(options=[euro], initial_option=euro),
                kit.UsersSelect(),
            ]
        ),
        kit.Input("When", kit.DatePicker(initial_date=date(2026, 12, 31))),
        kit.Input("At", kit.TimePicker(initial_time=time(9, 30))),
        kit.Input("Amount", kit.NumberInput(is_decimal_allowed=True, min_value=1, initial_value=2.5)),
        Table([[RawText("a"), RawText("b")]]),
    ]
    assert rules_of(problems_of_blocks([each.build() for each in message])) == []
    reason = kit.Input("Reason", kit.PlainTextInput(multiline=True), hint="Two words will do")
    view: Any = kit.Modal("Reject", [reason], submit="Reject", close="Cancel", private_metadata="req_1")
    assert rules_of(problems_of_view(view.build())) == []


def test_what_slack_sdk_builds() -> None:
    """What slack_sdk builds and holds to be right has no problem here."""
    euro = sdk.Option(text="Euro", value="eur")
    made = [
        sdk.HeaderBlock(text="Refund"),
        sdk.SectionBlock(text="x", fields=["a", "b"], accessory=sdk.ButtonElement(text="x", action_id="a")),
        sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="x")]),
        sdk.DividerBlock(),
        sdk.ActionsBlock(elements=[sdk.OverflowMenuElement(options=[euro], action_id="o")]),
        sdk.InputBlock(label="x", element=sdk.CheckboxesElement(options=[euro], action_id="c")),
        sdk.ImageBlock(image_url="https://example.com/a.png", alt_text="a"),
        sdk.MarkdownBlock(text="x"),
    ]
    assert rules_of(problems_of_blocks([each.to_dict() for each in made])) == []
