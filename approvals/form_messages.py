"""What a schema's refusal says: a sentence for a person, without any value of the payload in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

#: Options and patterns beyond these are cut: a sentence has an end.
_MOST_OPTIONS = 12
_LONGEST = 120

_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMATS = {
    "date": "a date: 2026-11-20",
    "date-time": "a date with time and time zone: 2026-11-20T10:00:00Z",
    "time": "a time with time zone: 10:00:00Z",
    "duration": "a duration: PT15M",
    "email": "an e-mail address",
    "idn-email": "an e-mail address",
    "uri": "a URL with its scheme: https://example.com",
    "iri": "a URL with its scheme: https://example.com",
    "uuid": "a UUID",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "hostname": "a host name",
    "regex": "a regular expression",
}
_SENTENCES: dict[str, Callable[[Any], str]] = {
    "Type": lambda kind: f"must be {type_words(kind.types)}",
    "Enum": lambda kind: one_of(kind.options),
    "Constant": lambda kind: f"must be {shown(kind.expected_value)}",
    "Maximum": lambda kind: f"must be at most {number(kind.limit)}",
    "Minimum": lambda kind: f"must be at least {number(kind.limit)}",
    "ExclusiveMaximum": lambda kind: f"must be less than {number(kind.limit)}",
    "ExclusiveMinimum": lambda kind: f"must be more than {number(kind.limit)}",
    "MultipleOf": lambda kind: f"must be a multiple of {number(kind.multiple_of)}",
    "MaxLength": lambda kind: f"must have at most {counted(kind.limit, 'character')}",
    "MinLength": lambda kind: f"must have at least {counted(kind.limit, 'character')}",
    "Pattern": lambda kind: f"must match the pattern {_cut(kind.pattern)}",
    "Format": lambda kind: f"must be {_FORMATS.get(kind.format, f'a valid {_cut(kind.format)}')}",
    "MaxItems": lambda kind: f"must have at most {counted(kind.limit, 'entry', 'entries')}",
    "MinItems": lambda kind: f"must have at least {counted(kind.limit, 'entry', 'entries')}",
    "UniqueItems": lambda _: "must not have the same entry twice",
    "Contains": lambda _: "lacks an entry that it must have",
    "AdditionalItems": lambda kind: f"must have at most {counted(kind.limit, 'entry', 'entries')}",
    "UnevaluatedItems": lambda _: "has entries that are not allowed",
    "MaxProperties": lambda kind: f"must have at most {counted(kind.limit, 'member')}",
    "MinProperties": lambda kind: f"must have at least {counted(kind.limit, 'member')}",
    "Required": lambda _: "is missing",
    "FalseSchema": lambda _: "is not allowed here",
    "PropertyNames": lambda _: "has a member whose name is not allowed",
    "Not": lambda _: "is just what is not allowed here",
    "OneOfMultipleValid": lambda _: "fits more than one of the allowed shapes",
    "ContentEncoding": lambda kind: f"must be encoded as {_cut(kind.content_encoding)}",
    "ContentMediaType": lambda kind: f"must be {_cut(kind.content_media_type)}",
}


def sentence(error: ValidationError) -> str:
    """`must be at most 5,000`: what follows the field's name, without a full stop."""
    kind = error.kind
    if isinstance(kind, Kind.AnyOf | Kind.OneOfNotValid):
        return _none_of(error, kind.context)
    make = _SENTENCES.get(type(kind).__name__)
    return make(kind) if make is not None else "is not what the form asks for"


def _none_of(error: ValidationError, context: Sequence[Sequence[ValidationError]]) -> str:
    """Where the alternatives differ only in type, or in one value each, they can be named."""
    first = [branch[0] for branch in context if branch]
    at = list(error.instance_path)
    if first and all(list(inner.instance_path) in (at, []) for inner in first):
        if all(isinstance(inner.kind, Kind.Type) for inner in first):
            return f"must be {type_words([name for inner in first for name in _types(inner)])}"
        values = [inner.kind.expected_value for inner in first if isinstance(inner.kind, Kind.Constant)]
        if len(values) == len(context):
            return one_of(values)
    return "fits none of the allowed shapes"


def _types(error: ValidationError) -> Sequence[str]:
    return error.kind.types if isinstance(error.kind, Kind.Type) else ()


def type_words(types: Sequence[str]) -> str:
    """`text or null`."""
    named = sorted(types, key=lambda name: name == "null")
    words = list(dict.fromkeys(_TYPES.get(name, name) for name in named))
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def one_of(options: Sequence[Any]) -> str:
    """`must be one of return, goodwill, error`."""
    if len(options) == 1:
        return f"must be {shown(options[0])}"
    named = ", ".join(shown(option) for option in options[:_MOST_OPTIONS])
    return f"must be one of {named}{', …' if len(options) > _MOST_OPTIONS else ''}"


def shown(value: Any) -> str:
    """A schema's own value in a sentence: text as it is, everything else as JSON."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return _cut(value if isinstance(value, str) and value.strip() else json.dumps(value, ensure_ascii=False))


def number(value: Any) -> str:
    """`5,000`, `0.01`; whole floats without their `.0`."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,}"
    try:
        return f"{int(value):,}" if abs(value) < 10**15 else f"{value}"
    except (TypeError, ValueError):  # a Decimal that is no number: as it is
        return str(value)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 entry`, `3 entries`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
