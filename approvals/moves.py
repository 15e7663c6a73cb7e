"""The whole life of a request, as a table: what is not in it cannot happen.

The diagram in ARCHITECTURE.md is drawn from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from approvals.words import Status


class Move(StrEnum):
    """What can end a request."""

    POLICY_APPROVES = "the policy approves (auto, or an audit that is not sampled)"
    GRANT_APPROVES = "a grant lets it through"
    QUORUM_APPROVES = "the quorum approves"
    QUORUM_APPROVES_EDITED = "the quorum approves an edited payload"
    SILENCE_APPROVES = "nobody objects (soft)"
    SOMEBODY_REJECTS = "somebody rejects"
    SOMEBODY_ANSWERS = "somebody answers (question)"
    TIME_RUNS_OUT = "the last step expires"
    AGENT_WITHDRAWS = "the agent withdraws it"


#: (where it stands, what happens) → where it stands then. Final statuses have no way out.
MOVES: Mapping[tuple[Status, Move], Status] = {
    (Status.PENDING, Move.POLICY_APPROVES): Status.APPROVED,
    (Status.PENDING, Move.GRANT_APPROVES): Status.APPROVED,
    (Status.PENDING, Move.QUORUM_APPROVES): Status.APPROVED,
    (Status.PENDING, Move.QUORUM_APPROVES_EDITED): Status.MODIFIED,
    (Status.PENDING, Move.SILENCE_APPROVES): Status.APPROVED,
    (Status.PENDING, Move.SOMEBODY_REJECTS): Status.REJECTED,
    (Status.PENDING, Move.SOMEBODY_ANSWERS): Status.ANSWERED,
    (Status.PENDING, Move.TIME_RUNS_OUT): Status.TIMED_OUT,
    (Status.PENDING, Move.AGENT_WITHDRAWS): Status.CANCELLED,
}
