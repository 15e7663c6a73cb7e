"""A payload as people read it: every argument exact, the rule's summary first, nested ones by their path.

Arguments go into rich text, where Slack reads no markup. Sensitive ones are masked before anything else. A
payload may have a hundred thousand arguments of which a card shows forty: only what is shown is spelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from approvals.canonical import Json
from approvals.paths import Path, follow, is_array, matches
from blocks.text import spelled

#: Places in a payload, as a tree along their paths; what `{}` stands for belongs to them whole.
Places: TypeAlias = "dict[str | int, Places]"
#: The places that the rule calls sensitive; None for none.
Hidden: TypeAlias = "Places | None"

#: Between the names of a path; a ">" would look like a comparison.
_INTO: Final = " \u203a "
MASK: Final = "••••"
#: Longer values get a paragraph of their own.
IN_LINE: Final = 200
#: Text that reads as a number, an order's or a telephone's: no reader of a card takes it for anything else.
_FIGURES: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: Types of values with nothing inside.
PLAIN: Final = frozenset((str, int, float, bool, type(None)))


@dataclass(frozen=True, slots=True)
class Leaf:
    """One argument: where it is, and its value, exact but for a mask."""

    path: Path
    value: Json

    @property
    def shown(self) -> str:
        """The value as text."""
        return value_text(self.value)


def label_of(path: Path) -> str:
    """`("customer", "name")` as customer and name with an arrowhead between; places in lists count from 1."""
    words = [str(part + 1) if isinstance(part, int) else part or '""' for part in path]
    return _INTO.join(words) or "(everything)"


def places(paths: Iterable[Path]) -> Places | None:
    """The tree of some paths; None for none. What lies inside of another is the other's."""
    every = sorted(paths, key=len)
    tree: Places = {}
    for path in every:
        at = tree
        for part in path:
            inside = at.get(part)
            if inside == {}:
                break
            if inside is None:
                inside = at[part] = {}
            at = inside
    return {} if () in every[:1] else tree or None


def hidden_in(sensitive: Iterable[str], *values: Json) -> Hidden:
    """Where what the rule calls sensitive (`payload.card_number`) stands in any of the payloads."""
    return places(path for rule in sensitive for value in values for path in matches(value, rule))


def masked(value: Json, hidden: Hidden) -> Json:
    """`value` with •••• for what is hidden; `hidden` are places inside of it."""
    if hidden is None:
        return value
    if not hidden:
        return MASK
    if isinstance(value, Mapping):
        return {key: masked(each, hidden.get(key)) for key, each in value.items()}
    if is_array(value):
        return [masked(each, hidden.get(place)) for place, each in enumerate(value)]
    return value


def leaves(value: Json, path: Path = (), without: Places | None = None) -> Iterator[Leaf]:
    """Every argument of a masked payload, in order. Short lists of plain values are one argument."""
    if without == {}:
        return
    inside = _inside(value)
    if inside is None:
        yield Leaf(path, value)
        return
    for part, each in inside:
        less = without.get(part) if without else None
        if less is None and type(each) in PLAIN:
            yield Leaf((*path, part), each)
        else:
            yield from leaves(each, (*path, part), less)


def how_many(value: Json, without: Places | None = None) -> int:
    """How many `leaves` there are, counted without making them."""
    if without == {}:
        return 0
    inside = _inside(value)
    if inside is None:
        return 1
    if without is None:
        return sum(1 if type(each) in PLAIN else how_many(each) for _, each in inside)
    return sum(how_many(each, without.get(part)) for part, each in inside)


def _inside(value: Json) -> Iterable[tuple[str | int, Json]] | None:
    """What is spread into arguments of its own; None for what is one."""
    if isinstance(value, Mapping):
        return value.items() or None
    if is_array(value) and value and not reads_as_one(value):
        return enumerate(value)
    return None


def reads_as_one(items: Sequence[Json]) -> bool:
    """True for a list that is shown on one line: few plain values, and short ones."""
    if len(items) > 20 or any(isinstance(each, Mapping) or is_array(each) for each in items):
        return False
    return sum(len(each) if isinstance(each, str) else 8 for each in items) <= IN_LINE


def value_text(value: Json) -> str:
    """A value as text: strings bare where nobody misreads them, figures among them, otherwise as JSON.

    The text "750" reads as the number does; where the two have to be told apart, there is `spelled`.
    """
    if isinstance(value, str):
        return value if "\n" in value and "\n" in value.strip() else _line(value)
    if type(value) not in PLAIN and is_array(value) and value and reads_as_one(value):
        items = [_line(each) for each in value]
        if len(items) > 1 and not any("," in item or item.startswith('"') for item in items):
            return ", ".join(items)
    return spelled(value)


def _line(value: Json) -> str:
    return value if isinstance(value, str) and _FIGURES.fullmatch(value) else spelled(value)


def summary_first(payload: Mapping[str, Json], summary: tuple[str, ...]) -> Iterator[Leaf]:
    """Every argument of a masked payload, those that the rule names first."""
    told = _told(payload, summary)
    for path in told:
        yield from leaves(follow(payload, path), path)
    yield from leaves(payload, (), places(told))


def how_many_with_summary(payload: Mapping[str, Json], summary: tuple[str, ...]) -> int:
    """How many arguments `summary_first` gives."""
    told = _told(payload, summary)
    return sum(how_many(follow(payload, path)) for path in told) + how_many(payload, places(told))


def _told(payload: Mapping[str, Json], summary: tuple[str, ...]) -> list[Path]:
    found = (_find(payload, dotted) for dotted in summary)
    return list(dict.fromkeys(path for path in found if path is not None))


def _find(payload: Json, dotted: str) -> Path | None:
    path: Path = ()
    value = payload
    for word in dotted.split(".")[1:]:
        part: str | int = word
        if isinstance(value, Mapping) and word in value:
            value = value[word]
        elif is_array(value) and _is_place(word, len(value)):
            part = int(word)
            value = value[part]
        else:
            return None
        path = (*path, part)
    return path or None


def _is_place(word: str, length: int) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 7 and int(word) < length
