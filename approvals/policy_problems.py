"""What is wrong with a policy file, said so that its author can put it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a policy from loading, or that it is warned of."""

    file: str
    #: counted from 1
    line: int
    #: the rule it is in, by name; None elsewhere
    rule: str | None
    #: `quorum`, `steps[1].after`, `risk.raise[0].when`; empty when it is about the whole file
    field: str
    #: what is wrong, and what would be right
    message: str

    def __str__(self) -> str:
        rule = f'rule "{self.rule}": ' if self.rule is not None else ""
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {rule}{field}{self.message}"


class PolicyError(Exception):
    """A policy that does not load, with everything that is wrong, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown `word`: the nearest known one, else all of them."""
    names = [str(name) for name in known]
    near = get_close_matches(word, names, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known here: {', '.join(names)}" if names else "none is defined"
