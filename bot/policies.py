"""Where today's policy is kept: read from its file, and never lost to a broken one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from approvals import policy
from approvals.model import Instant
from approvals.policy import Policy, PolicyError


@dataclass(slots=True)
class PolicyShelf:
    """The policy new requests are judged by; replaced whole, or not at all."""

    path: Path
    current: Policy
    loaded_at: Instant
    #: why the file as it is now was not taken; None while it is the one in force
    problem: str | None = None

    @classmethod
    def open(cls, path: Path, now: Instant) -> PolicyShelf:
        """Read the policy at start. Raises `PolicyError`, `OSError`: without a policy there is no bot."""
        return cls(path, _read(path), now)

    def reload(self, now: Instant) -> bool:
        """Read the file again; True when it was taken. A broken one leaves the policy as it was."""
        try:
            fresh = _read(self.path)
        except (PolicyError, OSError) as wrong:
            self.problem = str(wrong)
            return False
        self.current, self.loaded_at, self.problem = fresh, now, None
        return True


def _read(path: Path) -> Policy:
    return policy.load(path.read_text(encoding="utf-8"), str(path))
