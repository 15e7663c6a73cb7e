"""Where today's policy is kept: read from its file, and never lost to a broken one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from approvals import policy
from approvals.policy import Policy, PolicyError, Problem
from approvals.words import Instant


@dataclass(slots=True)
class PolicyShelf:
    """The policy new requests are judged by; replaced whole, or not at all."""

    path: Path
    current: Policy
    loaded_at: Instant
    #: `print_of` what was in the file when it was read last, taken or not; None when it could not be read
    seen: str | None
    #: why the file as it is now was not taken; None while it is the one in force
    problem: str | None = None

    @classmethod
    def open(cls, path: Path, now: Instant) -> PolicyShelf:
        """Read the policy at start. Raises `PolicyError`, `OSError`: without a policy there is no bot."""
        raw = raw_of(path)
        return cls(path, _parsed(raw, path), now, print_of(raw))

    def reload(self, now: Instant) -> bool:
        """Read the file again; True when it was taken. A broken one leaves the policy as it was."""
        self.seen = None
        try:
            raw = raw_of(self.path)
            self.seen = print_of(raw)
            fresh = _parsed(raw, self.path)
        except (PolicyError, OSError) as wrong:
            self.problem = str(wrong)
            return False
        self.current, self.loaded_at, self.problem = fresh, now, None
        return True


def read(path: Path) -> Policy:
    """The policy in a file. Raises `PolicyError`, and `OSError` naming a file that cannot be read."""
    return _parsed(raw_of(path), path)


def raw_of(path: Path) -> bytes:
    """What is in the file. Raises `OSError` that names it."""
    try:
        return path.read_bytes()
    except OSError as away:
        why = away.strerror or type(away).__name__
        raise OSError(f"the policy {path} cannot be read: {why} (HITL_CONFIG says which file)") from away


def print_of(raw: bytes) -> str:
    """By which the content of a file is known again."""
    return hashlib.sha256(raw).hexdigest()


def _parsed(raw: bytes, path: Path) -> Policy:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw[: wrong.start].count(b"\n") + 1
        problem = Problem(str(path), line, None, "", "is not UTF-8: save the file as UTF-8")
        raise PolicyError([problem]) from wrong
    return policy.load(text, str(path))
