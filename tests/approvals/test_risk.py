"""How risky a request is found to be, and why."""

from __future__ import annotations

import pytest

from approvals.canonical import Json
from approvals.policy import load
from approvals.risk import claimed, finding
from approvals.words import Risk
from tests.approvals.policy_samples import request, with_rules

POLICY = load(
    with_rules(
        extra="""\
risk:
  levels: {low: ["draft_*", "*"], critical: [drop_*], medium: [issue_refund]}
  unknown: high
  raise:
    - {when: "payload.amount > 500", to: high}
    - {when: "payload.amount > 1000", to: critical}
    - {when: "confidence < 0.7", by: 1}
    - {when: "risk == 'high' && payload.night", by: 1}
"""
    )
)


@pytest.mark.parametrize(
    ("action", "payload", "confidence", "risk", "reasons"),
    [
        ("issue_refund", {}, None, "medium", ["issue_refund is medium risk"]),
        ("draft_mail", {}, None, "low", ["draft_mail is low risk"]),
        ("drop_table", {}, None, "critical", ["drop_table is critical risk"]),
        ("issue_refund", {"amount": 500}, None, "medium", ["issue_refund is medium risk"]),
        (
            "issue_refund",
            {"amount": 500.01},
            None,
            "high",
            ["issue_refund is medium risk", "payload.amount > 500: high"],
        ),
        (
            "draft_mail",
            {"amount": 2000},
            None,
            "critical",
            ["draft_mail is low risk", "payload.amount > 500: high", "payload.amount > 1000: critical"],
        ),
        ("draft_mail", {}, 0.5, "medium", ["draft_mail is low risk", "confidence < 0.7: medium"]),
        (
            "drop_table",
            {},
            0.1,
            "critical",
            ["drop_table is critical risk", "confidence < 0.7: stays critical"],
        ),
        (
            "issue_refund",
            {"amount": "much"},
            None,
            "critical",
            [
                "issue_refund is medium risk",
                "payload.amount > 500 cannot be worked out for this request, so it counts: high",
                "payload.amount > 1000 cannot be worked out for this request, so it counts: critical",
            ],
        ),
        (
            "issue_refund",
            {"amount": 600, "night": True},
            None,
            "critical",
            [
                "issue_refund is medium risk",
                "payload.amount > 500: high",
                "risk == 'high' && payload.night: critical",
            ],
        ),
    ],
)
def test_the_finding(
    action: str, payload: dict[str, Json], confidence: float | None, risk: str, reasons: list[str]
) -> None:
    """First glob from critical down, then the raises in order: absent is not met, failing is."""
    found = finding(POLICY, request(payload, action=action, confidence=confidence))
    assert found.risk == risk
    assert list(found.reasons) == reasons


def test_an_action_nobody_listed_is_unknown() -> None:
    """Where no glob is for an action, `unknown` says how risky it is."""
    policy = load(with_rules(extra="risk: {levels: {low: [search_*]}, unknown: critical}\n"))
    found = finding(policy, request(action="Search_docs"))
    assert found.risk is Risk.CRITICAL
    assert found.reasons == ("Search_docs is not listed, so it is critical risk",)


@pytest.mark.parametrize("found", Risk)
@pytest.mark.parametrize("claim", [None, *Risk])
def test_the_agents_claim_only_ever_raises(found: Risk, claim: Risk | None) -> None:
    """A claim below the finding changes nothing and is not mentioned."""
    risk, reasons = claimed(found, request(risk=claim))
    assert risk == max(found, claim or found, key=lambda level: level.rank)
    assert bool(reasons) is (risk is not found)


def test_a_reason_never_carries_a_payload() -> None:
    """Reasons go into logs and cards: they name conditions, not values."""
    payload: dict[str, Json] = {"amount": "4111-1111", "night": {"secret": 1}}
    assert "4111" not in " ".join(finding(POLICY, request(payload)).reasons)


def test_a_long_name_is_cut_in_its_reason() -> None:
    """An agent cannot drown the other reasons."""
    found = finding(POLICY, request(action="x" * 5_000))
    assert len(found.reasons[0]) < 150
