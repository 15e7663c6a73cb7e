"""Cases that differ in payload and forms only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from approvals.canonical import Json, digest_of
from approvals.model import Case, Judgement, Request
from approvals.words import AgentName, Gate, RequestId, Risk


def case_of(
    payload: Mapping[str, Json],
    form: Mapping[str, Json] | None = None,
    rule: Mapping[str, Json] | None = None,
    **judged: Any,
) -> Case:
    """A pending refund; `form` is the agent's, `rule` the rule's, `judged` more of the judgement."""
    request = Request(
        id=RequestId("req_1"),
        agent=AgentName("billing"),
        action="issue_refund",
        payload=payload,
        created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        salt="salt",
        form=form,
    )
    judgement = Judgement(
        gate=Gate.HARD,
        risk=Risk.HIGH,
        rule="refunds",
        reasons=(),
        policy_version="sha256:0",
        ask=(),
        steps=(),
        title="Refund",
        form=rule,
        **judged,
    )
    digest = digest_of(payload)
    return Case(request, judgement, payload, digest, digest)
