"""One place in a policy file: its value, where it stands, and how to say what is wrong with it.

Readers never raise: they note a problem and give None, so that one pass finds everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from approvals import cron, durations
from approvals.canonical import Json
from approvals.policy_problems import Problem, meant
from approvals.policy_yaml import YamlNode

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)

#: Slack's ids, by their first letter.
_IDS = {
    "user": (re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII), "a Slack user id, like U0ALICE"),
    "channel": (re.compile(r"[CGD][A-Z0-9]{1,30}", re.ASCII), "a Slack channel id, like C0APPROVALS"),
    "usergroup": (re.compile(r"S[A-Z0-9]{1,30}", re.ASCII), "a Slack user group id, like S0DIRECTORS"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", re.ASCII)
_PATH = re.compile(r"payload(\.[^.\s]{1,200}){1,32}")


@dataclass(frozen=True, slots=True)
class Place:
    """A value of the file."""

    node: YamlNode
    file: str
    problems: list[Problem]
    field: str = ""
    rule: str | None = None

    @property
    def line(self) -> int:
        """Where it stands, counted from 1."""
        return self.node.line

    def wrong(self, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, self.line, self.rule, self.field, message))

    def missing(self, name: str, why: str = "") -> None:
        """Note that the field `name` is not there."""
        self._at(self.node, name).wrong(f"is missing{why}")

    def in_rule(self, name: str) -> Place:
        """The same place; problems in it name the rule, and fields count from there."""
        return Place(self.node, self.file, self.problems, "", name)

    def _at(self, node: YamlNode, part: str) -> Place:
        dot = "." if self.field and not part.startswith("[") else ""
        return Place(node, self.file, self.problems, f"{self.field}{dot}{part}", self.rule)

    # ── maps and lists ──

    def fields(self, *known: str, needs: tuple[str, ...] = ()) -> dict[str, Place]:
        """The fields of a map: unknown ones are refused, needed ones missed."""
        if not isinstance(self.node.of, Mapping):
            self.entries()
            return {}
        for name, node in self.node.of.items():
            if name not in known:
                self._at(node, name).wrong(f"unknown field; {meant(name, known)}")
        for name in needs:
            if name not in self.node.of:
                self.missing(name)
        return self._said({name: node for name, node in self.node.of.items() if name in known})

    def entries(self) -> dict[str, Place] | None:
        """The entries of a map with keys of the author's own; None when it is none."""
        if not isinstance(self.node.of, Mapping):
            self.wrong(f"must be a map of fields, not {self._what()}")
            return None
        return self._said(self.node.of)

    def _said(self, nodes: Mapping[str, YamlNode]) -> dict[str, Place]:
        """Fields with a value: a `when:` that was left empty must not count as none, which takes all."""
        places = {name: self._at(node, name) for name, node in nodes.items()}
        for place in places.values():
            if place.node.of is None:
                place.wrong("has no value: give it one, or leave it away")
        return {name: place for name, place in places.items() if place.node.of is not None}

    def items(self) -> tuple[Place, ...]:
        """The items of a list."""
        if not isinstance(self.node.of, tuple):
            self.wrong(f"must be a list, not {self._what()}")
            return ()
        return tuple(self._at(node, f"[{index}]") for index, node in enumerate(self.node.of))

    def one_or_more(self) -> tuple[Place, ...]:
        """A list, or its only item without brackets."""
        return self.items() if isinstance(self.node.of, tuple) else (self,)

    # ── scalars ──

    def text(self, longest: int = 3_000) -> str | None:
        """A text that is not blank."""
        value = self.node.of
        if not isinstance(value, str) or not value.strip():
            self.wrong(f"must be a text, not {self._what()}")
            return None
        if len(value) > longest:
            self.wrong(f"has {len(value)} characters; at most {longest} are taken")
            return None
        return value

    def whole(self, least: int, most: int) -> int | None:
        """A whole number within bounds."""
        value = self.node.of
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(f"must be a whole number from {least} to {most}, not {self._what()}")
            return None
        return value

    def share(self) -> float | None:
        """A number above 0, at most 1."""
        value = self.node.of
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            self.wrong(f"must be a number above 0 and at most 1, not {self._what()}")
            return None
        return float(value)

    def flag(self) -> bool | None:
        """`true` or `false`."""
        if not isinstance(self.node.of, bool):
            self.wrong(f"must be true or false, not {self._what()}")
            return None
        return self.node.of

    def word(self, words: type[Word]) -> Word | None:
        """One of an enumeration's words."""
        value = self.node.of
        if not isinstance(value, str):
            self.wrong(f"must be one of {', '.join(words)}, not {self._what()}")
        elif value not in tuple(words):
            self.wrong(f"{value!r} is not known; {meant(value, words)}")
        else:
            return words(value)
        return None

    def name(self) -> str | None:
        """A name of the author's own."""
        value = self.node.of
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self.wrong(f"must be a name of letters, digits, - _ and ., not {self._what()}")
            return None
        return value

    def slack(self, what: str) -> str | None:
        """A Slack id: of a `user`, `channel` or `usergroup`."""
        shape, words = _IDS[what]
        value = self.node.of
        if not isinstance(value, str) or not shape.fullmatch(value):
            self.wrong(f"must be {words}, not {self._what()}")
            return None
        return value

    def path(self) -> str | None:
        """A dotted path into the payload."""
        value = self.node.of
        if not isinstance(value, str) or not _PATH.fullmatch(value):
            self.wrong(f"must be a path like payload.amount, not {self._what()}")
            return None
        return value

    def duration(self) -> timedelta | None:
        """A duration as `approvals.durations` reads it."""
        try:
            return durations.duration(
                str(self.node.of) if isinstance(self.node.of, str | int) else self._what()
            )
        except ValueError as error:
            self.wrong(str(error))
            return None

    def day(self) -> date | None:
        """A date, `2026-01-05`."""
        value = self.node.of
        try:
            return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
        except ValueError:
            self.wrong(f"must be a date like 2026-01-05, not {self._what()}")
            return None

    def zone(self) -> str | None:
        """The name of an IANA time zone."""
        value = self.node.of
        try:
            return ZoneInfo(value if isinstance(value, str) else "").key
        except (ValueError, OSError, KeyError):
            self.wrong(f"must be an IANA time zone, like Europe/Berlin, not {self._what()}")
            return None

    def cron(self) -> str | None:
        """A crontab(5) expression."""
        value = self.node.of
        flaw = cron.flaw(value) if isinstance(value, str) else f"must be a text, not {self._what()}"
        if flaw is not None:
            self.wrong(flaw)
            return None
        return str(value)

    def json(self) -> Json:
        """The value as JSON has it."""
        return _json(self.node)

    def _what(self) -> str:
        value = self.node.of
        if isinstance(value, Mapping):
            return "a map"
        if isinstance(value, tuple):
            return "a list"
        return "nothing" if value is None else repr(value)[:60]


def got(fields: Mapping[str, Place], name: str, read: Callable[[Place], T | None]) -> T | None:
    """What `read` gives of a field; None where there is no such field, or something is wrong with it."""
    return read(fields[name]) if name in fields else None


def each(places: Iterable[Place], read: Callable[[Place], T | None]) -> tuple[T, ...]:
    """What `read` gives of each place, without those where something is wrong."""
    values = (read(place) for place in places)
    return tuple(value for value in values if value is not None)


def _json(node: YamlNode) -> Json:
    if isinstance(node.of, Mapping):
        return {name: _json(value) for name, value in node.of.items()}
    if isinstance(node.of, tuple):
        return [_json(value) for value in node.of]
    return node.of
