"""Gate `audit`: the agent goes on at once, and people look at what it did, or at a share of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals.audit import FactKind
from approvals.effects import CallbackType, PostComment, ShowCard
from approvals.errors import Broken, Reason, Refused
from approvals.events import Cancelled, Claimed, Commented, Reported
from approvals.machine import Ruling, decide, may_act, sampled
from approvals.model import Case
from approvals.words import AgentName, Gate, Kind, OutcomeStatus, RequestId, Status, Via
from tests.approvals.doing import LATER, approve, calls, decision_of, edit, kinds, reject, tick
from tests.harness.cases import BOB, DAN, NOON, a_request, an_open_case, opened

#: by their hashes: the first is within a share of a tenth, the second is not
SHOWN, UNSHOWN = RequestId("req_15"), RequestId("req_01")


def reviewed(**judgement: Any) -> Case:
    """A review that waits for people."""
    return an_open_case(a_request(kind=Kind.REVIEW), gate=Gate.AUDIT, **judgement)


def unsampled() -> Ruling:
    """One of which nobody is shown anything."""
    return opened(a_request(id=UNSHOWN, kind=Kind.REVIEW), gate=Gate.AUDIT, sample=0.1)


def test_the_agent_goes_on_while_people_look() -> None:
    """`proceed` is true while pending, although nothing can be claimed yet, and after nobody came."""
    case = reviewed()
    assert case.status is Status.PENDING
    assert may_act(case, NOON)
    with pytest.raises(Refused):
        decide(case, Claimed(), LATER)
    unreviewed = tick(case, NOON + timedelta(hours=4))
    assert unreviewed.case.status is Status.TIMED_OUT
    assert decision_of(unreviewed).by == ()
    assert may_act(unreviewed.case, NOON + timedelta(days=9))


def test_looks_right_is_approved() -> None:
    """One reviewer ends it, and the agent is told once."""
    ruling = approve(reviewed())
    assert ruling.case.status is Status.APPROVED
    assert calls(ruling.effects) == [CallbackType.DECIDED]
    assert not ruling.case.flagged
    assert may_act(ruling.case, LATER)


def test_correct_says_what_it_should_have_been() -> None:
    """The edited payload is the effective one, the verdict `modified`."""
    ruling = edit(reviewed(), amount=500)
    assert (ruling.case.status, ruling.case.payload["amount"]) == (Status.MODIFIED, 500)
    assert calls(ruling.effects) == [CallbackType.DECIDED]


def test_a_correction_that_corrects_nothing_is_no_looks_right() -> None:
    """Whoever set out to correct it did not find it right: refused, recorded, still waiting."""
    case = reviewed()
    for ruling in (edit(case), edit(case, amount=750.0)):
        assert ruling.answer.refused is Reason.NOTHING_CHANGED
        assert kinds(ruling) == [FactKind.REFUSED]
        assert ruling.facts[0].body["why"] == "nothing_changed"
        assert (ruling.case.status, ruling.case.votes) == (Status.PENDING, ())
    assert edit(an_open_case(gate=Gate.AUDIT)).answer.refused is Reason.NOTHING_CHANGED


def test_what_silence_let_through_cannot_be_kept_from_review() -> None:
    """The agent cannot withdraw a linked review; an operator can, and its own reviews the agent can."""
    linked = an_open_case(a_request(kind=Kind.REVIEW, review_of=RequestId("req_00")), gate=Gate.AUDIT)
    with pytest.raises(Refused) as refused:
        decide(linked, Cancelled("never mind"), LATER)
    assert (refused.value.reason, refused.value.detail) == (Reason.NOT_PENDING, "review")
    revoked = decide(linked, Cancelled("the agent was revoked", by_operator=True), LATER).case
    assert revoked.status is Status.CANCELLED
    assert decide(reviewed(), Cancelled(), LATER).case.status is Status.CANCELLED
    over = approve(linked).case
    with pytest.raises(Refused) as refused:
        decide(over, Cancelled(), LATER)
    assert refused.value.detail == "approved"


def test_flag_wants_a_reason_and_calls_for_a_roll_back() -> None:
    """`request.flagged` comes after `request.decided`; the agent may not go on."""
    assert reject(reviewed(), reason="").answer.refused is Reason.REASON_MISSING
    ruling = reject(reviewed(), BOB, "wrong customer")
    assert calls(ruling.effects) == [CallbackType.DECIDED, CallbackType.FLAGGED]
    assert ruling.case.flagged
    assert decision_of(ruling).reason == "wrong customer"
    assert not may_act(ruling.case, LATER)


def test_a_reject_under_another_gate_flags_nothing() -> None:
    """Nothing was done, so there is nothing to roll back."""
    ruling = reject(an_open_case())
    assert calls(ruling.effects) == [CallbackType.DECIDED]
    assert not ruling.case.flagged


def test_an_outcome_is_taken_while_people_still_look() -> None:
    """The agent has acted already: the card shows how it went."""
    done = decide(reviewed(), Reported(OutcomeStatus.SUCCEEDED, "sent"), LATER)
    assert done.effects == (ShowCard(),)
    assert done.case.status is Status.PENDING


def test_a_flagged_one_is_closed_by_rolled_back() -> None:
    """The card waits for it, and shows it; it stays rejected."""
    flagged = reject(reviewed()).case
    undone = decide(flagged, Reported(OutcomeStatus.ROLLED_BACK, "refunded"), LATER)
    assert undone.effects == (ShowCard(),)
    assert undone.case.outcome is not None
    assert undone.case.outcome.status is OutcomeStatus.ROLLED_BACK
    assert undone.case.status is Status.REJECTED
    with pytest.raises(Refused):
        decide(reject(an_open_case()).case, Reported(OutcomeStatus.ROLLED_BACK), LATER)


def test_an_outcome_is_taken_after_nobody_looked() -> None:
    """`proceed` was true all along, also when it was withdrawn meanwhile."""
    unreviewed = tick(reviewed(), NOON + timedelta(days=1)).case
    assert decide(unreviewed, Reported(OutcomeStatus.FAILED), NOON + timedelta(days=1)).case.outcome
    withdrawn = decide(reviewed(), Cancelled(), LATER).case
    assert not may_act(withdrawn, LATER)
    assert decide(withdrawn, Reported(OutcomeStatus.SUCCEEDED), LATER).case.outcome


def test_those_not_asked_review_nothing() -> None:
    """As under every gate."""
    assert approve(reviewed(), DAN).answer.refused is Reason.NOT_ASKED


def test_what_is_not_sampled_passed_by_policy_and_shows_nobody_anything() -> None:
    """Approved via `policy`, by nobody; the agent is told; no card, not for an outcome or a comment."""
    assert (sampled(SHOWN, 0.1), sampled(UNSHOWN, 0.1)) == (True, False)
    ruling = unsampled()
    decision = decision_of(ruling)
    assert (decision.verdict, decision.via, decision.by) == (Status.APPROVED, Via.POLICY, ())
    assert kinds(ruling) == [FactKind.OPENED, FactKind.DECIDED]
    assert ShowCard() not in ruling.effects
    assert ruling.case.quiet
    reported = decide(ruling.case, Reported(OutcomeStatus.SUCCEEDED), LATER)
    commented = decide(ruling.case, Commented(AgentName("billing-agent"), "done"), LATER)
    assert ShowCard() not in reported.effects
    assert not [effect for effect in commented.effects if isinstance(effect, PostComment)]


def test_what_is_sampled_is_shown() -> None:
    """And so is everything where the rule does not sample."""
    for request, sample in ((SHOWN, 0.1), (UNSHOWN, None), (UNSHOWN, 1.0)):
        ruling = opened(a_request(id=request, kind=Kind.REVIEW), gate=Gate.AUDIT, sample=sample)
        assert ruling.case.status is Status.PENDING
        assert ruling.effects == (ShowCard(),)


def test_nothing_is_sampled_under_another_gate() -> None:
    """A share bears on `audit` alone."""
    assert opened(a_request(id=UNSHOWN), gate=Gate.HARD, sample=0.1).case.status is Status.PENDING


def test_what_breaks_the_form_never_passes_unseen() -> None:
    """A judgement that samples such a payload is a bug."""
    form = {"type": "object", "properties": {"amount": {"maximum": 500}}}
    with pytest.raises(Broken):
        opened(a_request(id=UNSHOWN), gate=Gate.AUDIT, sample=0.1, form=form)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_the_share_that_is_shown_is_the_rule_s(share: float) -> None:
    """Over ten thousand ids, within what chance allows; and the same ids every time."""
    ids = [RequestId(f"req_{number:05}") for number in range(10_000)]
    chosen = [sampled(request, share) for request in ids]
    spread = 4 * (10_000 * share * (1 - share)) ** 0.5
    assert abs(sum(chosen) - 10_000 * share) < spread
    assert chosen == [sampled(request, share) for request in ids]


def test_a_larger_share_shows_all_that_a_smaller_one_does() -> None:
    """So a share that is raised hides nothing that was shown, and the whole hides nothing at all."""
    ids = [RequestId(f"req_{number:05}") for number in range(2_000)]
    assert all(sampled(request, 0.3) for request in ids if sampled(request, 0.1))
    assert all(sampled(request, 1.0) for request in ids)
