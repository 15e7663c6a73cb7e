"""A case as it is read once its content was deleted after its time."""

from __future__ import annotations

from types import SimpleNamespace

from approvals.model import Case
from approvals.words import Instant
from store.payloads import SPELLING, joined_case


def emptied(case: Case, at: Instant) -> Case:
    """What the store makes of the row of `case` that is left: its content was deleted `at`."""
    return joined_case(
        SimpleNamespace(
            state=SPELLING.write(case),
            status=case.status,
            version=case.version,
            chain_seq=case.chain.seq,
            chain_hash=case.chain.hash,
            emptied_at=at,
            content=None,
        )
    )
