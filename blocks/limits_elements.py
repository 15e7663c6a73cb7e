"""Slack's rules for what stands inside blocks: text, options, confirmations, elements, rich text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from blocks import limits_numbers as most
from blocks.limits_shapes import (
    Check,
    Problem,
    Rule,
    Shape,
    boolean,
    exactly_one_of,
    list_of,
    of_type,
    one_of,
    string,
    typed,
    whole_number,
)


def plain_text(longest: int = most.TEXT_OBJECT) -> Check:
    """A `plain_text` object; only here may `emoji` stand (composition-objects/text-object)."""
    return typed({"plain_text": of_type("plain_text", {"text": string(longest)}, {"emoji": boolean})})


def any_text(longest: int = most.TEXT_OBJECT) -> Check:
    """A `plain_text` or `mrkdwn` object; only `mrkdwn` has `verbatim` (composition-objects/text-object)."""
    return typed(
        {
            "plain_text": of_type("plain_text", {"text": string(longest)}, {"emoji": boolean}),
            "mrkdwn": of_type("mrkdwn", {"text": string(longest)}, {"verbatim": boolean}),
        }
    )


ACTION_ID: Final = string(most.ACTION_ID)
STYLE: Final = one_of("primary", "danger")
DATE: Final = string(pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
TIME: Final = string(pattern=r"([01]\d|2[0-3]):[0-5]\d")
NUMBER: Final = string(pattern=r"-?\d+(\.\d+)?")
#: Ten digits, as block-elements/datetime-picker-element has it.
MOMENT: Final = whole_number(1_000_000_000, 9_999_999_999)

CONFIRM: Final = Shape(
    {
        "title": plain_text(most.CONFIRM_TITLE),
        "text": plain_text(most.CONFIRM_TEXT),
        "confirm": plain_text(most.CONFIRM_BUTTON),
        "deny": plain_text(most.CONFIRM_BUTTON),
    },
    {"style": STYLE},
)


def _option(text: Check, extra: Mapping[str, Check] | None = None) -> Shape:
    # A description is as long as a text may be, and is mrkdwn only where the text may be.
    return Shape({"text": text, "value": string(most.OPTION_VALUE)}, {"description": text, **(extra or {})})


#: In menus the text is plain (composition-objects/option-object).
MENU_OPTION: Final = _option(plain_text(most.OPTION_TEXT))
#: In radio buttons and checkboxes it may be mrkdwn.
BOX_OPTION: Final = _option(any_text(most.OPTION_TEXT))
#: Only an overflow menu's option has a `url`.
OVERFLOW_OPTION: Final = _option(plain_text(most.OPTION_TEXT), {"url": string(most.OPTION_URL)})
OPTION_GROUP: Final = Shape(
    {
        "label": plain_text(most.OPTION_GROUP_LABEL),
        "options": list_of(MENU_OPTION, most.SELECT_OPTIONS),
    }
)
FILTER: Final = Shape(
    {},
    {
        "include": list_of(one_of("im", "mpim", "private", "public")),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
DISPATCH_CONFIG: Final = Shape(
    {}, {"trigger_actions_on": list_of(one_of("on_enter_pressed", "on_character_entered"))}
)


def options_of(element: Mapping[str, object]) -> list[object]:
    """Every option an element offers, those in groups too."""
    found: list[object] = []
    options, groups = element.get("options"), element.get("option_groups")
    if isinstance(options, Sequence):
        found += options
    for group in groups if isinstance(groups, Sequence) else ():
        found += options_of(group)
    return found


def _initial_among_options(element: Mapping[str, object], path: str) -> Iterator[Problem]:
    chosen = element.get("initial_options")
    wanted = list(chosen) if isinstance(chosen, Sequence) else []
    if element.get("initial_option") is not None:
        wanted.append(element["initial_option"])
    offered = options_of(element)
    for option in wanted:
        if option not in offered:
            yield Problem(path, "initial option must exactly match one of the options")


def _range(low: str, high: str, value: str) -> Rule:
    """Numbers in strings or integers: low ≤ value ≤ high, as far as each is given."""

    def amount(element: Mapping[str, object], name: str, path: str) -> Decimal | None:
        given = element.get(name)
        if given is None:
            return None
        if name == value and isinstance(given, str) and low == "min_length":
            return Decimal(len(given))
        try:
            return Decimal(str(given))
        except InvalidOperation:
            return None  # not a number: the check of the field itself has said so

    def rule(element: Mapping[str, object], path: str) -> Iterator[Problem]:
        least, greatest, given = (amount(element, name, path) for name in (low, high, value))
        if least is not None and greatest is not None and least > greatest:
            yield Problem(path, f"{low} must not be greater than {high}")
        if given is not None and least is not None and given < least:
            yield Problem(path, f"{value} must not be less than {low}")
        if given is not None and greatest is not None and given > greatest:
            yield Problem(path, f"{value} must not be greater than {high}")

    return rule


def _whole_unless_decimal(element: Mapping[str, object], path: str) -> Iterator[Problem]:
    for name in ("initial_value", "min_value", "max_value"):
        if not element["is_decimal_allowed"] and "." in str(element.get(name, "")):
            yield Problem(f"{path}/{name}", "must be a whole number")


_NAMED: Final[dict[str, Check]] = {"action_id": ACTION_ID}
_FOCUS: Final[dict[str, Check]] = {"focus_on_load": boolean}
_HINTED: Final[dict[str, Check]] = {**_NAMED, **_FOCUS, "placeholder": plain_text(most.PLACEHOLDER)}
_MENU: Final[dict[str, Check]] = {**_HINTED, "confirm": CONFIRM}
_MANY: Final[dict[str, Check]] = {**_MENU, "max_selected_items": whole_number(1)}
_OPTIONS: Final[dict[str, Check]] = {
    "options": list_of(MENU_OPTION, most.SELECT_OPTIONS),
    "option_groups": list_of(OPTION_GROUP, most.SELECT_OPTION_GROUPS),
}
_CONVERSATIONS: Final[dict[str, Check]] = {"default_to_current_conversation": boolean, "filter": FILTER}
_ANSWERABLE: Final[dict[str, Check]] = {"response_url_enabled": boolean}
_QUERY: Final[dict[str, Check]] = {"min_query_length": whole_number(0)}
_DISPATCH: Final[dict[str, Check]] = {"dispatch_action_config": DISPATCH_CONFIG}
_IDS: Final = list_of(string())
_ONE_SOURCE: Final = exactly_one_of("options", "option_groups")

BUTTON: Final = of_type(
    "button",
    {"text": plain_text(most.BUTTON_TEXT)},
    {
        **_NAMED,
        "url": string(most.BUTTON_URL),
        "value": string(most.BUTTON_VALUE),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": string(most.ACCESSIBILITY_LABEL),
        "visible_to_user_ids": _IDS,
    },
)
OVERFLOW: Final = of_type(
    "overflow",
    {"options": list_of(OVERFLOW_OPTION, most.OVERFLOW_OPTIONS)},
    {**_NAMED, "confirm": CONFIRM},
)
IMAGE_ELEMENT: Final = of_type(
    "image",
    {"alt_text": string(most.IMAGE_ALT_TEXT)},
    {
        "image_url": string(most.IMAGE_URL),
        "slack_file": Shape(
            {}, {"id": string(), "url": string(most.IMAGE_URL)}, (exactly_one_of("id", "url"),)
        ),
    },
    exactly_one_of("image_url", "slack_file"),
)
SELECTS: Final[dict[str, Check]] = {
    "static_select": of_type(
        "static_select",
        {},
        {**_MENU, **_OPTIONS, "initial_option": MENU_OPTION},
        _ONE_SOURCE,
        _initial_among_options,
    ),
    "external_select": of_type("external_select", {}, {**_MENU, **_QUERY, "initial_option": MENU_OPTION}),
    "users_select": of_type("users_select", {}, {**_MENU, "initial_user": string()}),
    "conversations_select": of_type(
        "conversations_select",
        {},
        {**_MENU, **_CONVERSATIONS, **_ANSWERABLE, "initial_conversation": string()},
    ),
    "channels_select": of_type("channels_select", {}, {**_MENU, **_ANSWERABLE, "initial_channel": string()}),
}
MULTI_SELECTS: Final[dict[str, Check]] = {
    "multi_static_select": of_type(
        "multi_static_select",
        {},
        {**_MANY, **_OPTIONS, "initial_options": list_of(MENU_OPTION, most.SELECT_OPTIONS)},
        _ONE_SOURCE,
        _initial_among_options,
    ),
    "multi_external_select": of_type(
        "multi_external_select",
        {},
        {**_MANY, **_QUERY, "initial_options": list_of(MENU_OPTION, most.SELECT_OPTIONS)},
    ),
    "multi_users_select": of_type("multi_users_select", {}, {**_MANY, "initial_users": _IDS}),
    "multi_conversations_select": of_type(
        "multi_conversations_select", {}, {**_MANY, **_CONVERSATIONS, "initial_conversations": _IDS}
    ),
    "multi_channels_select": of_type("multi_channels_select", {}, {**_MANY, "initial_channels": _IDS}),
}
CHOICES: Final[dict[str, Check]] = {
    "checkboxes": of_type(
        "checkboxes",
        {"options": list_of(BOX_OPTION, most.CHECKBOX_OPTIONS)},
        {
            **_NAMED,
            **_FOCUS,
            "confirm": CONFIRM,
            "initial_options": list_of(BOX_OPTION, most.CHECKBOX_OPTIONS),
        },
        _initial_among_options,
    ),
    "radio_buttons": of_type(
        "radio_buttons",
        {"options": list_of(BOX_OPTION, most.RADIO_OPTIONS)},
        {**_NAMED, **_FOCUS, "confirm": CONFIRM, "initial_option": BOX_OPTION},
        _initial_among_options,
    ),
}
PICKERS: Final[dict[str, Check]] = {
    "datepicker": of_type("datepicker", {}, {**_MENU, "initial_date": DATE}),
    "timepicker": of_type("timepicker", {}, {**_MENU, "initial_time": TIME, "timezone": string()}),
}
#: Not beside a section's text (block-elements/datetime-picker-element).
DATETIME_PICKER: Final[dict[str, Check]] = {
    "datetimepicker": of_type(
        "datetimepicker", {}, {**_NAMED, **_FOCUS, "confirm": CONFIRM, "initial_date_time": MOMENT}
    )
}
FIELDS_TO_TYPE: Final[dict[str, Check]] = {
    "plain_text_input": of_type(
        "plain_text_input",
        {},
        {
            **_HINTED,
            **_DISPATCH,
            "initial_value": string(most.PLAIN_TEXT_INPUT),
            "multiline": boolean,
            "min_length": whole_number(0, most.PLAIN_TEXT_INPUT),
            "max_length": whole_number(1, most.PLAIN_TEXT_INPUT),
        },
        _range("min_length", "max_length", "initial_value"),
    ),
    "number_input": of_type(
        "number_input",
        {"is_decimal_allowed": boolean},
        {**_HINTED, **_DISPATCH, "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
        _range("min_value", "max_value", "initial_value"),
        _whole_unless_decimal,
    ),
    "email_text_input": of_type("email_text_input", {}, {**_HINTED, **_DISPATCH, "initial_value": string()}),
    "url_text_input": of_type("url_text_input", {}, {**_HINTED, **_DISPATCH, "initial_value": string()}),
}

IN_ACTIONS: Final = typed(
    {"button": BUTTON, "overflow": OVERFLOW, **SELECTS, **CHOICES, **PICKERS, **DATETIME_PICKER}
)
BESIDE_SECTION: Final = typed(
    {
        "button": BUTTON,
        "overflow": OVERFLOW,
        "image": IMAGE_ELEMENT,
        **SELECTS,
        **MULTI_SELECTS,
        **CHOICES,
        **PICKERS,
    }
)
IN_INPUT: Final = typed(
    {**SELECTS, **MULTI_SELECTS, **CHOICES, **PICKERS, **DATETIME_PICKER, **FIELDS_TO_TYPE}
)
