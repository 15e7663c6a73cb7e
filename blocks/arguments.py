"""A payload as people read it: every argument exact, the rule's summary first, nested ones by their path.

Arguments go into rich text, where Slack reads no markup. Sensitive ones are masked before anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from approvals.canonical import Json
from approvals.paths import Path, follow, is_array, matches
from blocks import rich
from blocks.rich import Element
from blocks.text import cut, one_line, short, spelled, visible

#: The places in a payload that the rule calls sensitive.
Hidden: TypeAlias = frozenset[Path]

#: Between the names of a path; a ">" would look like a comparison.
_INTO: Final = " \u203a "
MASK: Final = "••••"
#: What stands where nothing was, or is.
ABSENT: Final = "(none)"
#: Longer values get a paragraph of their own.
_IN_LINE: Final = 200
_LONGEST: Final = 1_500
_LINES: Final = 15


@dataclass(frozen=True, slots=True)
class Leaf:
    """One argument: where it is, and its value as text, exact but for a mask."""

    path: Path
    shown: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One argument that is not what it was. Both as text, exact but for a mask."""

    path: Path
    before: str
    after: str


def label_of(path: Path) -> str:
    """`("customer", "name")` as customer and name with an arrowhead between; places in lists count from 1."""
    words = (str(part + 1) if isinstance(part, int) else part or '""' for part in path)
    return _INTO.join(words) or "(everything)"


def hidden_in(sensitive: Iterable[str], *values: Json) -> Hidden:
    """Where what the rule calls sensitive (`payload.card_number`) stands in any of the payloads."""
    return frozenset(path for rule in sensitive for value in values for path in matches(value, rule))


def masked(value: Json, hidden: Hidden, path: Path = ()) -> Json:
    """A copy of `value`, which is at `path`, in which what is hidden is ••••."""
    if not hidden:
        return value
    if path in hidden:
        return MASK
    if isinstance(value, Mapping):
        return {key: masked(each, hidden, (*path, key)) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [masked(each, hidden, (*path, place)) for place, each in enumerate(value)]
    return value


def leaves(value: Json, path: Path = ()) -> Iterator[Leaf]:
    """Every argument of a masked payload, in order. Short lists of plain values are one argument."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str) and value and not _reads_as_one(value):
        for place, each in enumerate(value):
            yield from leaves(each, (*path, place))
    else:
        yield Leaf(path, value_text(value))


def _reads_as_one(items: Sequence[Json]) -> bool:
    if len(items) > 20 or any(isinstance(each, Mapping) or is_array(each) for each in items):
        return False
    return sum(len(each) if isinstance(each, str) else 8 for each in items) <= _IN_LINE


def value_text(value: Json) -> str:
    """A value as text, exact: strings bare where that is unambiguous, otherwise as JSON."""
    if isinstance(value, Sequence) and not isinstance(value, str) and value and _reads_as_one(value):
        items = [spelled(each) for each in value]
        if len(items) > 1 and not any("," in item or item.startswith('"') for item in items):
            return ", ".join(items)
    return value if isinstance(value, str) and "\n" in value.strip() else spelled(value)


def summary_first(payload: Mapping[str, Json], summary: tuple[str, ...]) -> Iterator[Leaf]:
    """Every argument of a masked payload, those that the rule names first."""
    told: list[Path] = []
    for dotted in summary:
        path = _find(payload, dotted)
        if path is not None and path not in told:
            told.append(path)
            yield from leaves(follow(payload, path), path)
    for leaf in leaves(payload):
        if not any(leaf.path[: len(path)] == path for path in told):
            yield leaf


def _find(payload: Json, dotted: str) -> Path | None:
    path: Path = ()
    value = payload
    for word in dotted.split(".")[1:]:
        part: str | int = word
        if isinstance(value, Mapping) and word in value:
            value = value[word]
        elif isinstance(value, Sequence) and not isinstance(value, str) and _is_place(word, len(value)):
            part = int(word)
            value = value[part]
        else:
            return None
        path = (*path, part)
    return path or None


def _is_place(word: str, length: int) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 7 and int(word) < length


def differences(before: Json, after: Json, hidden: Hidden, path: Path = ()) -> Iterator[Difference]:
    """What is different in `after`, argument by argument; compared as canonical JSON: 750 is 750.0."""
    if spelled(before) == spelled(after) and type_of(before) == type_of(after):
        return
    if path in hidden:
        yield Difference(path, MASK, f"{MASK} (changed)")
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and before and after:
        for key in dict.fromkeys((*before, *after)):
            here = (*path, key)
            if key not in before:
                yield Difference(here, ABSENT, value_text(masked(after[key], hidden, here)))
            elif key not in after:
                yield Difference(here, value_text(masked(before[key], hidden, here)), ABSENT)
            else:
                yield from differences(before[key], after[key], hidden, here)
    elif _lists_alike(before, after):
        pairs = zip(before, after, strict=True)  # type: ignore[arg-type]  # _lists_alike: both are lists
        for place, (old, new) in enumerate(pairs):
            yield from differences(old, new, hidden, (*path, place))
    else:
        texts = (value_text(masked(value, hidden, path)) for value in (before, after))
        yield Difference(path, *texts)


def type_of(value: Json) -> str:
    """The JSON type, with integers and other numbers as one."""
    if isinstance(value, bool) or value is None:
        return "literal"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if is_array(value) else "object"


def _lists_alike(before: Json, after: Json) -> bool:
    if not (is_array(before) and is_array(after)) or len(before) != len(after):
        return False
    return not (_reads_as_one(before) and _reads_as_one(after))


@dataclass(slots=True)
class Table:
    """Lines of "label  value" that grow until room or lines run out; then they say how many are missing."""

    room: int
    lines: int = 40
    left_out: int = 0
    _done: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def add(self, leaf: Leaf) -> None:
        """One argument, on a line, or in a paragraph of its own when it is long."""
        long = len(leaf.shown) > _IN_LINE or "\n" in leaf.shown
        name = short(label_of(leaf.path), 120)
        if long:
            most = min(_LONGEST, max(self.room - len(name) - 10, 100))
            shown = cut(visible(leaf.shown.replace("\r\n", "\n")), most, lines=_LINES)
        else:
            shown = one_line_exact(leaf.shown)
        self._take(name, shown, long=long)

    def change(self, each: Difference) -> None:
        """One argument, old → new."""
        before, after = (cut(one_line(side), 300) for side in (each.before, each.after))
        self._take(short(label_of(each.path), 120), f"{before} → {after}", long=False)

    def _take(self, name: str, shown: str, *, long: bool) -> None:
        cost = len(name) + len(shown) + 4
        tall = shown.count("\n") + 2 if long else 1
        if self.left_out or cost > self.room or tall > self.lines:
            self.left_out += 1
            return
        self.room -= cost
        self.lines -= tall
        line = [*rich.label(name), *([] if long else rich.text(shown))]
        self._open += [*rich.text("\n"), *line] if self._open else line
        if long:
            self._close()
            self._done.append({"type": "rich_text_quote", "elements": rich.text(shown)})

    def _close(self) -> None:
        if self._open:
            self._done.append(rich.section(self._open))
            self._open = []

    def elements(self) -> list[Element]:
        """Paragraphs for a rich text block; empty when nothing was added."""
        if self.left_out:
            gap = "\n" if self._open else ""
            more = f"{gap}… {self.left_out:,} more: View everything"
            self._open += rich.text(more, italic=True)
        self._close()
        return self._done


def one_line_exact(shown: str) -> str:
    """A value on one line with its blanks kept."""
    return visible(shown).replace("\n", " ⏎ ").replace("\t", "⇥")
