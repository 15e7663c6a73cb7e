"""What an edit changed, as RFC 6902 operations.

Own, and not a library's: the common one compares arrays as Python does, where `1 == True`, and tells moves,
which say nothing to the person who reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import jsonpatch

from approvals.canonical import Json, canonical
from approvals.paths import Path, is_array, pointer, thawed


@dataclass(frozen=True, slots=True)
class Change:
    """One operation: `op` is `add`, `remove` or `replace`, `path` a JSON pointer; `remove` has no value."""

    op: str
    path: str
    value: Json = None


def changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[Change, ...]:
    """What makes `after` out of `before`, in order; `()` exactly when their digests are the same.

    Compared as canonical JSON: 750 and 750.0 are one number, 1 and true are two values. Arrays are compared
    from both ends, so that one entry more or less is one operation.
    """
    return tuple(_between((), before, after))


def changes_json(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[dict[str, Json]]:
    """`changes` in the contract's form: `{"op", "path", "value"}`, without `value` for a `remove`."""
    return [
        {"op": change.op, "path": change.path}
        | ({} if change.op == "remove" else {"value": thawed(change.value)})
        for change in changes(before, after)
    ]


def apply(before: Mapping[str, Json], operations: Sequence[Mapping[str, Json]]) -> Json:
    """`before` after RFC 6902 `operations`. Raises `jsonpatch.JsonPatchException` where they do not fit."""
    patch = jsonpatch.JsonPatch(cast(Any, operations))  # its stub wants a literal for each `op`
    result: Json = patch.apply(cast(Any, thawed(before)))
    return result


def same(one: Json, other: Json) -> bool:
    """True when both have one canonical spelling."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return canonical(one) == canonical(other)


def _between(path: Path, before: Json, after: Json) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _members(path, before, after)
    elif is_array(before) and is_array(after):
        yield from _entries(path, before, after)
    elif not same(before, after):
        yield Change("replace", pointer(path), after)


def _members(path: Path, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Change]:
    for key, value in before.items():
        if key in after:
            yield from _between((*path, key), value, after[key])
        else:
            yield Change("remove", pointer((*path, key)))
    for key, value in after.items():
        if key not in before:
            yield Change("add", pointer((*path, key)), value)


def _entries(path: Path, before: Sequence[Json], after: Sequence[Json]) -> Iterator[Change]:
    old, new = [canonical(item) for item in before], [canonical(item) for item in after]
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    kept = min(len(old), len(new)) - tail
    for index in range(head, kept):
        yield from _between((*path, index), before[index], after[index])
    for index in reversed(range(kept, len(old) - tail)):
        yield Change("remove", pointer((*path, index)))
    for index in range(kept, len(new) - tail):
        yield Change("add", pointer((*path, index)), after[index])


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))
