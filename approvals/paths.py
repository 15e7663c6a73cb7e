"""Where in a JSON value something stands: one path, three spellings.

Dotted (`payload.items.0.price`) is what agents and policies read and write, a JSON pointer (RFC 6901,
`/items/0/price`) is what changes and fields are named by, and a tuple is what the program walks along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, TypeGuard

from approvals.canonical import Json

Path: TypeAlias = "tuple[str | int, ...]"

#: A key longer than this is cut in a dotted path: it is for people, and must not carry a payload out.
_LONGEST_KEY = 80


def dotted(root: str, path: Path) -> str:
    """`payload.items.0.price`, always encodable: a lone surrogate in a key is shown escaped."""
    return ".".join(filter(None, (root, *(_shown(part) for part in path))))


def _shown(part: str | int) -> str:
    text = str(part).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}…"


def pointer(path: Path) -> str:
    """`/items/0/price`; the empty string is the whole value."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def follow(value: Json, path: Path) -> Json:
    """What stands at `path`. Raises `LookupError` where there is nothing."""
    for part in path:
        if isinstance(part, str):
            if not isinstance(value, Mapping):
                raise LookupError(pointer(path))
            value = value[part]
        else:
            if not is_array(value):
                raise LookupError(pointer(path))
            value = value[part]
    return value


def is_array(value: Json) -> TypeGuard[Sequence[Json]]:
    """True for what JSON calls an array (a string is a Python sequence as well)."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def thawed(value: Json) -> Json:
    """A copy out of plain dicts and lists, which libraries want and callers may change."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [thawed(item) for item in value]
    return value


def matches(value: Json, wanted: str, root: str = "payload") -> Iterator[Path]:
    """Every place in `value` that the dotted path `wanted` (`payload.card.number`) means.

    Read generously, because it decides what stays hidden: a name that meets an array goes for each of
    its items, and a key may itself hold dots.
    """
    names = wanted.split(".")
    if names[0] == root:
        yield from _matches(value, names[1:], ())


def _matches(value: Json, names: Sequence[str], path: Path) -> Iterator[Path]:
    if not names:
        yield path
    elif isinstance(value, Mapping):
        for count in range(1, len(names) + 1):
            key = ".".join(names[:count])
            if key in value:
                yield from _matches(value[key], names[count:], (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            rest = names[1:] if names[0] == str(index) else names
            yield from _matches(item, rest, (*path, index))


def overlap(one: str, other: str) -> bool:
    """Whether one of two dotted paths leads into the other, or both are the same."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
