"""Payloads of nearly 256 KiB that are nothing but places: what an agent gone wrong might post."""

from __future__ import annotations

from collections.abc import Mapping

from approvals.canonical import Json

FLOODS: Mapping[str, dict[str, Json]] = {
    "flat": {f"key{number}": number for number in range(15_000)},
    "list": {"items": [{"a": number % 10, "b": number % 7} for number in range(10_000)]},
    "nested": {f"key{number}": {"a": number, "b": "x"} for number in range(6_000)},
}


def raised(value: Json) -> Json:
    """The same with every number one higher."""
    if isinstance(value, dict):
        return {key: raised(each) for key, each in value.items()}
    if isinstance(value, list):
        return [raised(each) for each in value]
    return value + 1 if isinstance(value, int) else value
