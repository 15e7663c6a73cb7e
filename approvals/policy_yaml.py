"""YAML → values that know their line. Scalars are read by YAML 1.2's core schema.

PyYAML reads YAML 1.1, where `no` is false, `09:00` is 540 and `2026-01-05` a date; here they are texts.
Nothing is constructed, and what is expanded is counted, so that no file can do more than be refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from approvals.policy_problems import Problem

#: Characters of a policy file. Ones that people keep have some thousand.
LONGEST = 256 * 1024
#: Values in a file, with every alias written out.
MOST_NODES = 20_000
#: Levels of a file; a form's JSON Schema may need many.
DEEPEST = 64

Scalar: TypeAlias = "str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class YamlNode:
    """One value of the file. `of` is a scalar, a list, or a map whose keys are texts."""

    of: Scalar | tuple[YamlNode, ...] | Mapping[str, YamlNode]
    #: counted from 1; of a map's value: where its key stands
    line: int


class BadYaml(Exception):
    """The file is no YAML that is taken. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


_PLAIN = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"})
_WORDS: Mapping[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
#: Longer ones are read as doubles, which is what they would become in JSON anyway.
_INT = re.compile(r"[-+]?[0-9]{1,17}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?", re.ASCII)


def read(text: str, filename: str, problems: list[Problem]) -> YamlNode:
    """The file's value. What can be read past is noted in `problems`; raises `BadYaml` for what cannot."""
    if len(text) > LONGEST:
        raise _bad(filename, 1, f"is larger than {LONGEST // 1024} KiB")
    try:
        # The base loader resolves nothing by itself, so an explicit tag can be told from none.
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(filter(None, (error.context, error.problem)))
        raise _bad(filename, mark.line + 1 if mark else 1, f"not YAML: {what}") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise _bad(filename, line, "not YAML: a character that is not allowed") from error
    except RecursionError:
        raise _bad(filename, 1, "is nested too deep") from None
    if root is None:
        raise _bad(filename, 1, "is empty: a policy needs `channel`, `groups` and `default`")
    return _Reading(filename, problems).node(root, root.start_mark.line + 1, 0)


def _bad(filename: str, line: int, message: str) -> BadYaml:
    return BadYaml((Problem(filename, line, None, "", message),))


class _Reading:
    def __init__(self, filename: str, problems: list[Problem]) -> None:
        self._filename = filename
        self._nodes = 0
        self._problems = problems

    def _wrong(self, line: int, message: str) -> None:
        self._problems.append(Problem(self._filename, line, None, "", message))

    def node(self, node: yaml.Node, line: int, depth: int) -> YamlNode:
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > DEEPEST:
            raise _bad(self._filename, line, "too many values" if depth <= DEEPEST else "is nested too deep")
        if node.tag not in _PLAIN:
            self._wrong(line, f"tags are not taken here: leave {node.tag} away")
        if isinstance(node, yaml.MappingNode):
            return YamlNode(self._map(node, depth), line)
        if isinstance(node, yaml.SequenceNode):
            items = (self.node(item, item.start_mark.line + 1, depth + 1) for item in node.value)
            return YamlNode(tuple(items), line)
        return YamlNode(_scalar(str(node.value), plain=getattr(node, "style", None) is None), line)

    def _map(self, node: yaml.MappingNode, depth: int) -> dict[str, YamlNode]:
        values: dict[str, YamlNode] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(line, "a key must be a word")
                continue
            name = str(key.value)
            if name == "<<":
                self._wrong(line, "merge keys (<<) are not taken: write the fields out")
            elif name in values:
                self._wrong(line, f"`{name}` stands here twice (first on line {values[name].line})")
            values.setdefault(name, self.node(value, line, depth + 1))
        return values


def _scalar(text: str, *, plain: bool) -> Scalar:
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
