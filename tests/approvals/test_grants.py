"""Grants: what they let through, and above all what they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals import grants
from approvals.audit import FactKind
from approvals.effects import CallAgent, CallbackType, KeepGrant, ShowCard
from approvals.errors import Broken, Reason
from approvals.events import Allowing, Opened
from approvals.grants import Grant
from approvals.machine import decide
from approvals.model import Case, Grants, Judgement, Request
from approvals.words import AgentName, Gate, GrantId, Kind, RequestId, Risk, Status, Via
from tests.approvals.doing import LATER, approve, decision_of, kinds
from tests.harness.cases import ALICE, BOB, DAN, NOON, a_judgement, a_request, a_roster, an_open_case, opened

HOUR = timedelta(hours=1)
TERMS = Grants(8 * HOUR, ("payload.customer",))
ID = GrantId("grant_1")
LIKE = RequestId("req_02")


def a_case(**judgement: Any) -> Case:
    """A refund under a rule that takes grants."""
    return an_open_case(**{"grants": TERMS, **judgement})


def a_grant(case: Case | None = None) -> Grant:
    """What Alice gives with her approval, at five past noon, for two hours."""
    grant = grants.given(case or a_case(), ID, ALICE, LATER, 2 * HOUR)
    assert grant is not None
    return grant


def like(**fields: Any) -> Request:
    """Another request for the same."""
    return a_request(**{"id": LIKE, **fields})


def judged(**fields: Any) -> Judgement:
    """As the rule holds the next one."""
    return a_judgement(**{"grants": TERMS, **fields})


def test_an_approval_may_let_like_requests_through() -> None:
    """The approval stands by itself; the grant is kept and written down with it."""
    ruling = approve(a_case(), allowing=Allowing(ID, 2 * HOUR))
    assert ruling.case.status is Status.APPROVED
    assert kinds(ruling) == [FactKind.APPROVED, FactKind.GRANTED, FactKind.DECIDED]
    assert ruling.facts[1].body == {"grant": ID, "risk": "high", "seconds": 7200}
    (kept,) = [effect.grant for effect in ruling.effects if isinstance(effect, KeepGrant)]
    assert kept == a_grant()
    assert (kept.by, kept.request, kept.until) == (ALICE, "req_01", LATER + 2 * HOUR)
    assert kept.same == {"payload.customer": ["ACME GmbH"]}
    assert kept.limits == {"/amount": "750"}
    assert kept.free(a_request().payload) == ("/currency",)


@pytest.mark.parametrize(
    "judgement",
    [
        {"grants": None},
        {"quorum": 2},
        {"gate": Gate.MANUAL},
        {"gate": Gate.AUDIT},
        {"irreversible": True},
    ],
)
def test_where_none_can_be_given_the_approval_is_refused_whole(judgement: dict[str, Any]) -> None:
    """Never half of what was clicked: nothing is approved, and whoever clicked is told."""
    case = a_case(**judgement)
    assert not grants.grantable(case)
    ruling = approve(case, allowing=Allowing(ID, HOUR), typed="CONFIRM")
    assert ruling.answer.refused is Reason.NOT_GRANTABLE
    assert kinds(ruling) == [FactKind.REFUSED]
    assert ruling.case.status is Status.PENDING


@pytest.mark.parametrize("lasts", [8 * HOUR + timedelta(seconds=1), timedelta(), -HOUR])
def test_a_grant_lasts_at_most_as_the_rule_says(lasts: timedelta) -> None:
    """And longer than nothing."""
    assert approve(a_case(), allowing=Allowing(ID, lasts)).answer.refused is Reason.NOT_GRANTABLE


def test_whoever_may_not_decide_gives_no_grant() -> None:
    """Not asked, or the requester."""
    assert approve(a_case(), DAN, allowing=Allowing(ID, HOUR)).answer.refused is Reason.NOT_ASKED
    own = an_open_case(a_request(on_behalf_of="U0ALICE"), grants=TERMS)
    assert approve(own, allowing=Allowing(ID, HOUR)).answer.refused is Reason.IS_REQUESTER


def test_a_request_under_a_grant_is_approved_naming_its_giver() -> None:
    """Via `grant`, at once, without a card; the log names the grant."""
    ruling = decide(None, Opened(like(), judged(), a_roster(), a_grant()), LATER)
    decision = decision_of(ruling)
    assert (decision.verdict, decision.via, decision.by) == (Status.APPROVED, Via.GRANT, (ALICE,))
    assert decision.grant == ID
    assert ruling.effects == (CallAgent("decided", CallbackType.DECIDED),)
    assert ruling.case.quiet
    assert ruling.facts[-1].by == f"grant:{ID}"
    assert ruling.facts[-1].body["grant"] == ID


def test_a_soft_request_under_a_grant_does_not_wait() -> None:
    """Somebody has looked already."""
    case = a_case(gate=Gate.SOFT, risk=Risk.MEDIUM)
    assert grants.covers(a_grant(case), like(), judged(gate=Gate.SOFT, risk=Risk.MEDIUM), LATER)


@pytest.mark.parametrize(
    ("request_", "judgement"),
    [
        (like(agent=AgentName("other-agent")), judged()),
        (like(action="issue_refunds"), judged()),
        (like(), judged(rule="small-refunds")),
        (like(), judged(grants=None)),
        (like(), judged(gate=Gate.MANUAL)),
        (like(), judged(gate=Gate.AUDIT)),
        (like(), judged(quorum=2)),
        (like(), judged(irreversible=True)),
        (like(), judged(risk=Risk.CRITICAL)),
        (like(kind=Kind.REVIEW), judged()),
        (like(kind=Kind.QUESTION), judged()),
        # The rule wants more to be the same now than when it was given.
        (like(), judged(grants=Grants(8 * HOUR, ("payload.customer", "payload.currency")))),
        (like(), judged(form={"type": "object", "properties": {"currency": {"enum": ["USD"]}}})),
    ],
)
def test_what_is_not_alike_is_held(request_: Request, judgement: Judgement) -> None:
    """Another agent, action or rule; what no grant may cover; anything riskier; what breaks the form."""
    assert grants.covers(a_grant(), like(), judged(), LATER)
    assert not grants.covers(a_grant(), request_, judgement, LATER)


def test_what_is_less_risky_goes_through() -> None:
    """Only more than what was looked at is held."""
    assert grants.covers(a_grant(), like(), judged(risk=Risk.LOW), LATER)


def test_a_grant_ends() -> None:
    """With its time, to the moment, or when it is revoked."""
    grant = a_grant()
    last = grant.until - timedelta(microseconds=1)
    assert grants.covers(grant, like(), judged(), last)
    assert not grants.covers(grant, like(), judged(), grant.until)
    revoked = replace(grant, revoked_at=LATER + HOUR)
    assert not grants.covers(revoked, like(), judged(), LATER + HOUR)
    assert (grant.ends_at, revoked.ends_at) == (grant.until, LATER + HOUR)
    assert replace(grant, revoked_at=grant.until + HOUR).ends_at == grant.until


def test_a_grant_lasts_no_longer_than_the_rule_says_today() -> None:
    """Shortened meanwhile: it counts from when it was given. Lengthened: it ends when it said."""
    grant = a_grant()
    shorter, longer = (judged(grants=replace(TERMS, longest=lasts)) for lasts in (HOUR, 9 * HOUR))
    assert grants.covers(grant, like(), shorter, LATER + HOUR - timedelta(microseconds=1))
    assert not grants.covers(grant, like(), shorter, LATER + HOUR)
    assert grants.covers(grant, like(), longer, LATER + HOUR)
    assert not grants.covers(grant, like(), longer, LATER + 2 * HOUR)


def test_a_grant_holds_while_its_giver_may_decide() -> None:
    """Not once they left the group or Slack, and never for what they are the requester of."""
    grant, case = a_grant(), a_case()
    assert grants.may_give(grant, case, a_roster())
    assert not grants.may_give(grant, case, a_roster(members=(BOB,)))
    assert not grants.may_give(grant, case, a_roster(gone=(ALICE,)))
    for requester in ("U0ALICE", "alice@example.com"):
        own = an_open_case(a_request(on_behalf_of=requester), grants=TERMS)
        assert not grants.may_give(grant, own, a_roster())


def test_what_breaks_the_form_is_never_let_through() -> None:
    """Opening such a request under a grant is a bug, and approves nothing."""
    form = {"type": "object", "properties": {"amount": {"maximum": 500}}}
    with pytest.raises(Broken):
        decide(None, Opened(like(), judged(form=form), None, a_grant()), LATER)
    assert not grants.grantable(opened(form=form, grants=TERMS).case)


def test_uses_are_counted() -> None:
    """How often, and when last: for the list of grants."""
    used = a_grant().used(NOON).used(LATER)
    assert (used.uses, used.used_at) == (2, LATER)


def test_an_approval_without_a_grant_keeps_none() -> None:
    """Plain *Approve* lets nothing else through."""
    ruling = approve(a_case())
    assert not [effect for effect in ruling.effects if isinstance(effect, KeepGrant)]
    assert ShowCard() in ruling.effects
