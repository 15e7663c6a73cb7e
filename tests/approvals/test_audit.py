"""The chain of facts: whatever is done to it, it shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from approvals.audit import Fact, FactKind, head_of, link, verify
from approvals.model import ChainHead
from approvals.words import RequestId
from tests.harness.cases import NOON


def a_chain(length: int = 4) -> list[Fact]:
    """`length` facts of one request."""
    head, facts = ChainHead(), []
    for number in range(length):
        at = NOON + timedelta(seconds=number)
        facts.append(
            link(
                head,
                RequestId("req_01"),
                at,
                kind=FactKind.COMMENTED,
                by="person:U0ALICE",
                body={"n": number},
            )
        )
        head = head_of(facts[-1])
    return facts


def test_an_untouched_chain_verifies() -> None:
    """Nothing is wrong with a chain as it was written, nor with an empty one."""
    facts = a_chain()
    assert verify(facts, head_of(facts[-1])) is None
    assert verify([], ChainHead()) is None


def test_every_field_of_a_fact_is_covered() -> None:
    """Changing any one thing of any one fact breaks the chain at that fact."""
    facts = a_chain()
    head = head_of(facts[-1])
    changed: dict[str, Any] = {
        "request": RequestId("req_02"),
        "at": NOON + timedelta(microseconds=1),
        "kind": FactKind.APPROVED,
        "by": "person:U0MALLORY",
        "body": {"n": 99},
        "prev": "0" * 64,
        "hash": "0" * 64,
    }
    for name, value in changed.items():
        forged = [*facts[:1], replace(facts[1], **{name: value}), *facts[2:]]
        broken = verify(forged, head)
        assert broken is not None, name
        assert broken.seq == 2, name


def test_a_missing_fact_is_missed() -> None:
    """Taking out the first, a middle or the last fact is seen, and named by its number."""
    facts = a_chain()
    head = head_of(facts[-1])
    for place in range(4):
        broken = verify([*facts[:place], *facts[place + 1 :]], head)
        assert broken is not None
        assert broken.seq == place + 1


def test_a_chain_written_anew_does_not_fit_its_head() -> None:
    """Rewriting the whole chain consistently does not help: the head elsewhere says otherwise."""
    forged = a_chain(3)
    assert verify(forged, head_of(a_chain(4)[-1])) is not None


def test_a_moment_is_the_same_in_every_zone() -> None:
    """Read back in another time zone, a fact still verifies."""
    from datetime import timezone

    facts = a_chain()
    moved = [replace(fact, at=fact.at.astimezone(timezone(timedelta(hours=5)))) for fact in facts]
    assert verify(moved, head_of(facts[-1])) is None
