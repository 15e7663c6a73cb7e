"""What the program knows of itself, for its operators: the composition root says where to ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from approvals.words import Instant


class PolicyFile(Protocol):
    """The file that the policy came from."""

    @property
    def loaded_at(self) -> Instant:
        """When what is in force was read."""

    @property
    def problem(self) -> str | None:
        """Why the file as it is now was not taken; None while it is the one in force."""


async def _asks_nobody() -> Mapping[str, str | None]:
    return {}


@dataclass(slots=True)
class Program:
    """Filled in once everything is built; until then nothing is known."""

    #: what it needs, each by name → why that is not there, None when it is
    needs: Callable[[], Awaitable[Mapping[str, str | None]]] = _asks_nobody
    policy_file: PolicyFile | None = None
