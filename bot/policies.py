"""Where today's policy is kept: read from its file, and never lost to a broken one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from approvals import policy
from approvals.model import Instant
from approvals.policy import Policy, PolicyError, Problem


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
        return cls(path, read(path), now)

    def reload(self, now: Instant) -> bool:
        """Read the file again; True when it was taken. A broken one leaves the policy as it was."""
        try:
            fresh = read(self.path)
        except (PolicyError, OSError) as wrong:
            self.problem = str(wrong)
            return False
        self.current, self.loaded_at, self.problem = fresh, now, None
        return True


def read(path: Path) -> Policy:
    """The policy in a file. Raises `PolicyError`, and `OSError` naming a file that cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as away:
        why = away.strerror or type(away).__name__
        raise OSError(f"the policy {path} cannot be read: {why} (HITL_CONFIG says which file)") from away
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw[: wrong.start].count(b"\n") + 1
        problem = Problem(str(path), line, None, "", "is not UTF-8: save the file as UTF-8")
        raise PolicyError([problem]) from wrong
    return policy.load(text, str(path))
