"""What is different between two payloads, argument by argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from approvals.canonical import Json, canonical
from approvals.paths import Path, is_array
from blocks.arguments import MASK, PLAIN, Hidden, masked, reads_as_one, value_text
from blocks.text import spelled

#: What stands where nothing was, or is.
ABSENT: Final = "(none)"
#: Differences that are counted; how many more there are helps nobody.
_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One argument that is not what it was. Its values become text when they are shown."""

    path: Path
    #: the places in the values that are masked
    hidden: Hidden
    was: Json = None
    now: Json = None
    added: bool = False
    removed: bool = False

    @property
    def before(self) -> str:
        """As text, exact but for a mask."""
        return ABSENT if self.added else self._told(self.was)

    @property
    def after(self) -> str:
        """As text, exact but for a mask."""
        if self.removed:
            return ABSENT
        if self.hidden == {} and not self.added:
            return f"{MASK} (changed)"
        return self._told(self.now)

    def _told(self, value: Json) -> str:
        """The number 750 and the text "750" read alike: between those two the quotes are the difference."""
        was, now = masked(self.was, self.hidden), masked(self.now, self.hidden)
        alike = not (self.added or self.removed) and value_text(was) == value_text(now)
        return (spelled if alike else value_text)(masked(value, self.hidden))


@dataclass(frozen=True, slots=True)
class Some:
    """The first of the differences, and how many there are besides; more than a thousand are not counted."""

    first: tuple[Difference, ...] = ()
    more: int = 0

    def beyond(self, told: int) -> str:
        """How many there are besides the first `told`: `12`, `over 1,000`; empty for none."""
        if self.more > _COUNTED:
            return f"over {_COUNTED:,}"
        missing = max(len(self.first) - told, 0) + self.more
        return f"{missing:,}" if missing else ""


def some(found: Iterator[Difference], most: int) -> Some:
    """The first `most` of them."""
    return Some(tuple(islice(found, most)), sum(1 for _ in islice(found, _COUNTED + 1)))


def differences(before: Json, after: Json, hidden: Hidden, path: Path = ()) -> Iterator[Difference]:
    """What is different in `after`, in the order of `before`; compared as canonical JSON: 750 is 750.0."""
    if hidden == {}:
        if canonical(before) != canonical(after):
            yield Difference(path, hidden, before, after)
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and before and after:
        yield from _members(before, after, hidden, path)
    elif is_array(before) and is_array(after) and _alike(before, after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            if not _plainly_same(old, new):
                yield from differences(old, new, _below(hidden, place), (*path, place))
    elif not _same(before, after):
        yield Difference(path, hidden, before, after)


def _members(
    before: Mapping[str, Json], after: Mapping[str, Json], hidden: Hidden, path: Path
) -> Iterator[Difference]:
    for key, old in before.items():
        if key not in after:
            yield Difference((*path, key), _below(hidden, key), was=old, removed=True)
        elif not _plainly_same(old, after[key]):
            yield from differences(old, after[key], _below(hidden, key), (*path, key))
    for key, new in after.items():
        if key not in before:
            yield Difference((*path, key), _below(hidden, key), now=new, added=True)


def _below(hidden: Hidden, part: str | int) -> Hidden:
    return hidden.get(part) if hidden else None


def _plainly_same(old: Json, new: Json) -> bool:
    return type(old) is type(new) and type(old) in PLAIN and old == new


def _alike(before: Sequence[Json], after: Sequence[Json]) -> bool:
    """Lists of which entry is compared with entry: as long as each other, and not both on one line."""
    return len(before) == len(after) and not (reads_as_one(before) and reads_as_one(after))


def _same(before: Json, after: Json) -> bool:
    """Of two values that are not both objects with members, and if lists, short or of different lengths."""
    if is_array(before) and is_array(after):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return not before and not after
    return type_of(before) == type_of(after) and before == after


def type_of(value: Json) -> str:
    """The JSON type, with integers and other numbers as one."""
    if isinstance(value, bool) or value is None:
        return "literal"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if is_array(value) else "object"
