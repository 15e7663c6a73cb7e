"""One field of a payload as an input of a modal, and back: what somebody typed, as `fields.entered` takes it.

Slack's own checks are looser or stricter than JSON Schema here and there. It is asked to check only what it
can check without ever refusing a right value; all else is said at the field when the modal is sent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from approvals.fields import Field, FieldKind, Typed, shown
from blocks import limits
from blocks.actions import INPUT
from blocks.text import plain, spelled

Element: TypeAlias = dict[str, Any]

_TALL: Final = frozenset({FieldKind.LONG_TEXT, FieldKind.LINES, FieldKind.JSON})
#: An option's value that stands for choosing nothing.
_NOTHING: Final = "none"
#: Slack documents no limit for a number's digits; longer ones are typed as text.
_MOST_DIGITS: Final = 40


def block_of(field_id: str) -> str:
    """The `block_id` of a field's input: the same for the same field, whatever its length."""
    return f"field-{hashlib.sha256(field_id.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def input_of(field: Field) -> Element | None:
    """The input block for `field`; None when what it holds cannot be shown in one unchanged."""
    element = _element(field)
    if element is None:
        return None
    block: Element = {
        "type": "input",
        "block_id": block_of(field.id),
        "label": plain(field.label, 150),
        "element": {**element, "action_id": INPUT},
        "optional": not field.required,
    }
    return block | {"hint": plain(field.hint, 300)} if field.hint else block


def _element(field: Field) -> Element | None:
    match field.kind:
        case FieldKind.INTEGER | FieldKind.NUMBER:
            return _number(field)
        case FieldKind.BOOLEAN:
            return _yes_or_no(field)
        case FieldKind.CHOICE:
            return _select(field)
        case FieldKind.CHOICES:
            return _select_many(field)
        case FieldKind.DATE:
            day = shown(field)
            return {"type": "datepicker", **({"initial_date": day} if day else {})}
        case FieldKind.DATE_TIME:
            at = shown(field)
            return {"type": "datetimepicker", **({"initial_date_time": at} if at else {})}
        case _:
            return _typed(field)


def _typed(field: Field) -> Element | None:
    value = shown(field) or ""
    if not isinstance(value, str) or len(value) > limits.PLAIN_TEXT_INPUT:
        return None
    # Slack refuses what is no address in an input for addresses; there the form says what is wrong.
    if field.kind is FieldKind.EMAIL and (not value or _is_address(value)):
        element: Element = {"type": "email_text_input"}
    elif field.kind is FieldKind.URL and (not value or re.fullmatch(r"https?://\S+", value)):
        element = {"type": "url_text_input"}
    else:
        element = {"type": "plain_text_input", "multiline": field.kind in _TALL or "\n" in value}
    return element | {"initial_value": value} if value else element


def _is_address(value: str) -> bool:
    # The pattern takes quadratic time, and no mail server takes a longer address (RFC 5321, 4.5.3.1).
    return len(value) <= 320 and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) is not None


def _number(field: Field) -> Element | None:
    whole = field.kind is FieldKind.INTEGER
    value = shown(field)
    initial = value if isinstance(value, str) else None
    if initial is not None and (len(initial) > _MOST_DIGITS or (whole and "." in initial)):
        return _typed(field)
    element: Element = {"type": "number_input", "is_decimal_allowed": not whole}
    if initial is not None:
        element["initial_value"] = initial
    for name, bound, sign in (("min_value", field.minimum, 1), ("max_value", field.maximum, -1)):
        text = None if bound is None else format(Decimal(spelled(bound)), "f")
        if text is None or len(text) > _MOST_DIGITS or (whole and "." in text):
            continue
        # Slack refuses a modal whose value breaks its bound already; the submit checks it anyway.
        if initial is None or (Decimal(initial) - Decimal(text)) * sign >= 0:
            element[name] = text
    return element


def _option(text: str, value: str) -> Element:
    return {"text": plain(text, limits.OPTION_TEXT), "value": value}


def _yes_or_no(field: Field) -> Element:
    options = [_option("Yes", "true"), _option("No", "false")]
    if field.optional or field.nullable:
        options.append(_option("Leave it empty", _NOTHING))
    element: Element = {"type": "radio_buttons", "options": options}
    if isinstance(field.value, bool):
        element["initial_option"] = options[0 if field.value else 1]
    return element


def _options(field: Field) -> list[Element]:
    return [_option(spelled(each), str(place)) for place, each in enumerate(field.options)]


def _select(field: Field) -> Element | None:
    options = _options(field)
    chosen = shown(field)
    initial = {"initial_option": options[int(chosen)]} if isinstance(chosen, str) else {}
    if not field.required:
        options.append(_option("Leave it empty", _NOTHING))
    return {"type": "static_select", **_grouped(options), **initial}


def _select_many(field: Field) -> Element | None:
    options = _options(field)
    chosen = shown(field)
    places = chosen if isinstance(chosen, list) else []
    initial = {"initial_options": [options[int(place)] for place in places]} if places else {}
    return {"type": "multi_static_select", **_grouped(options), **initial}


def _grouped(options: list[Element]) -> Element:
    """Options as a select takes them: a list has room for a hundred, and one more may say "none"."""
    most = limits.SELECT_OPTIONS
    if len(options) <= most:
        return {"options": options}
    starts = range(0, len(options), most)
    return {
        "option_groups": [
            {
                "label": plain(
                    f"{start + 1} to {min(start + most, len(options))}", limits.OPTION_GROUP_LABEL
                ),
                "options": options[start : start + most],
            }
            for start in starts
        ]
    }


def entry_of(field: Field, state: Mapping[str, Any]) -> Typed:
    """What one element of `view.state.values` says, as `fields.entered` takes it; None when left empty."""
    kind = state.get("type")
    if kind == "multi_static_select":
        return [option["value"] for option in state.get("selected_options") or ()]
    if kind in ("static_select", "radio_buttons"):
        chosen = (state.get("selected_option") or {}).get("value", _NOTHING)
        if chosen == _NOTHING:
            return None
        return chosen == "true" if field.kind is FieldKind.BOOLEAN else str(chosen)
    if kind == "datepicker":
        return _text_or_none(state.get("selected_date"))
    if kind == "datetimepicker":
        at = state.get("selected_date_time")
        return at if isinstance(at, int) and not isinstance(at, bool) else None
    return _text_or_none(state.get("value"))


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value != "" else None
