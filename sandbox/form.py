"""The inputs of a modal: found by their label, filled in, and put into `state.values` as Slack does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.changes import Json
from sandbox.words import elements_of, options_of
from sandbox.workspace import NotThereError, View

#: Elements that have a state, and the field of `state.values` that holds it.
STATE_FIELD = {
    **dict.fromkeys(("plain_text_input", "number_input", "email_text_input", "url_text_input"), "value"),
    **dict.fromkeys(("static_select", "external_select", "radio_buttons"), "selected_option"),
    **dict.fromkeys(("multi_static_select", "multi_external_select", "checkboxes"), "selected_options"),
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
#: The field of an element that says what it begins with.
INITIAL_FIELD = {
    field: field.replace("selected_", "initial_")
    for field in STATE_FIELD.values()
    if field.startswith("selected_")
} | {"value": "initial_value"}
REQUIRED = "Please complete this required field."
Values = Mapping[str, Any]


def name_of(block: Json, element: Json) -> str:
    """What an element is called that has its like in other blocks: menus of a list have one action_id."""
    return f"{block['block_id']}/{element['action_id']}"


def state_of(blocks: Sequence[Json], given: Values) -> Json:
    """`state.values`: what each input holds, what was given winning over what it began with.

    Values are given by `name_of`, by label, by block_id or by action_id: strings; for choices the words or
    the value of an option, or a list of them; for people and channels ids; for numbers also a number. Raises
    NotThereError for a value that fits no input, or no option.
    """
    values: Json = {}
    used: set[str] = set()
    for block in blocks:
        for element in elements_of(block):
            field = STATE_FIELD.get(element.get("type", ""))
            if field is None:
                continue
            label = str((block.get("label") or {}).get("text", ""))
            names = (name_of(block, element), block["block_id"], element["action_id"], label)
            name = next((each for each in names if each in given), None)
            held = element.get(INITIAL_FIELD[field])
            if name is not None:
                used.add(name)
                held = chosen(element, given[name])
            if held is None and field in ("selected_options", "selected_users"):
                held = []
            entry = {"type": element["type"], field: held}
            values.setdefault(block["block_id"], {})[element["action_id"]] = entry
    if set(given) - used:
        labels = [str((block.get("label") or {}).get("text", block.get("block_id"))) for block in blocks]
        raise NotThereError(f"no input for {sorted(set(given) - used)}; there is {labels}")
    return values


def state_of_view(view: View, given: Values) -> Json:
    """The same of a modal, in which menus keep what was chosen in them, also once the view was updated."""
    values, untouched = state_of(view.blocks, given), state_of(view.blocks, {})
    for block, elements in view.picked.items():
        for action, held in elements.items():
            if action in values.get(block, {}) and values[block][action] == untouched[block][action]:
                values[block][action] = held
    return values


def chosen(element: Json, value: Any) -> Any:
    """A value as the state of this element holds it. Raises NotThereError for an option nobody offers."""
    field = STATE_FIELD[element["type"]]
    if value is None:
        return None
    if field == "selected_option":
        return _option(element, value)
    if field == "selected_options":
        return [_option(element, each) for each in value]
    if field == "value":
        return None if value == "" else str(value)
    return value


def _option(element: Json, wanted: Any) -> Json:
    if isinstance(wanted, dict):
        return wanted
    offered = options_of(element)
    for option in offered:
        if wanted in (option["value"], option["text"]["text"]):
            return dict(option)
    raise NotThereError(f"{wanted!r} is not offered; there is {[each['text']['text'] for each in offered]}")


def mistakes(blocks: Sequence[Json], values: Json) -> dict[str, str]:
    """What Slack's own client tells at the fields before it sends anything; by block_id."""
    found: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        held = values[block["block_id"]][element["action_id"]][STATE_FIELD[element["type"]]]
        if held in (None, "", []):
            if not block.get("optional"):
                found[block["block_id"]] = REQUIRED
            continue
        problem = CHECKS[element["type"]](element, held) if element["type"] in CHECKS else None
        if problem:
            found[block["block_id"]] = problem
    return found


def _text(element: Json, held: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3_000)
    if len(held) < least:
        return f"Please use at least {least} characters."
    return f"Please use at most {most} characters." if len(held) > most else None


def _number(element: Json, held: str) -> str | None:
    try:
        number = Decimal(held)
    except InvalidOperation:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter at most {element['max_value']}."
    return None


def _email(element: Json, held: str) -> str | None:
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", held) else "Please enter a valid email address."


def _url(element: Json, held: str) -> str | None:
    return None if re.fullmatch(r"https?://[^\s/]+\S*", held) else "Please enter a valid URL."


def _many(element: Json, held: list[Any]) -> str | None:
    most = element.get("max_selected_items")
    return f"Please choose at most {most}." if most and len(held) > most else None


CHECKS: dict[str, Callable[[Json, Any], str | None]] = {
    "plain_text_input": _text,
    "number_input": _number,
    "email_text_input": _email,
    "url_text_input": _url,
    **dict.fromkeys(("multi_static_select", "multi_external_select", "multi_users_select"), _many),
    **dict.fromkeys(("multi_conversations_select", "multi_channels_select"), _many),
}
