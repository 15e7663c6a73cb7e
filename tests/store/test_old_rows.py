"""Rows that an earlier version wrote load as they meant."""

from __future__ import annotations

import json
from typing import Any

from approvals.events import Commented
from approvals.machine import decide
from store.payloads import SPELLING
from store.spelling import joined
from tests.harness.cases import ALICE, NOON, an_open_case


def test_comments_of_before_they_could_change_still_load() -> None:
    """They belong to no message, were never changed, and the card shows what was posted."""
    case = decide(an_open_case(), Commented(ALICE, "hello", "C0:1.2"), NOON).case
    state: dict[str, Any] = joined(json.loads(SPELLING.write(case)), json.loads(SPELLING.write_apart(case)))
    state |= {"status": "pending", "version": case.version}
    state["chain"] = {"seq": case.chain.seq, "hash": case.chain.hash}
    for name in ("ref", "changes", "changed_at", "deleted"):
        del state["comments"][0][name]
    del state["display"]
    old = SPELLING.read_joined(state)
    [comment] = old.comments
    assert (comment.by, comment.text, comment.at) == (ALICE, "hello", NOON)
    assert (comment.ref, comment.changes, comment.changed_at, comment.deleted) == (None, 0, None, False)
    assert old.display is None
