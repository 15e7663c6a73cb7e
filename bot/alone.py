"""Whether this process is the only one that serves a SQLite file.

A lock on a file beside the database, which the system gives back when the process dies, however it dies. Who
holds it knows that leases found in the outbox belong to nobody any more, and need not wait until they end.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Alone:
    """The lock, while it is held."""

    descriptor: int

    def release(self) -> None:
        """Give it back."""
        os.close(self.descriptor)


def alone_with(database: Path) -> Alone | None:
    """Hold the lock of `database`; None where another process does."""
    lock = database.with_name(database.name + ".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Alone(descriptor)
