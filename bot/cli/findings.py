"""What `hitl doctor` says, line by line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do when that is not well."""

    what: str
    well: bool
    found: str
    #: true for what does not fail, but is worth knowing
    noted: bool = False

    def __str__(self) -> str:
        state = "FAIL" if not self.well else "note" if self.noted else "ok  "
        return f"{state}  {self.what}: {self.found}"
