"""Action names by pattern: `delete_*`, as a shell's globs, upper and lower case apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate


class Globs:
    """Several patterns that are asked as one."""

    __slots__ = ("_shape", "patterns")

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self.patterns = tuple(patterns)
        # `translate` writes patterns that never backtrack twice over the same text.
        self._shape = re.compile("|".join(map(translate, self.patterns))) if self.patterns else None

    def match(self, action: str) -> bool:
        """True when one of the patterns is for `action`."""
        return self._shape is not None and self._shape.match(action) is not None

    def __repr__(self) -> str:
        return f"Globs({list(self.patterns)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Globs) and self.patterns == other.patterns

    def __hash__(self) -> int:
        return hash(self.patterns)
