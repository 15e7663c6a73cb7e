"""The decision core, one sentence of the contract at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.audit import FactKind
from approvals.canonical import digest_of
from approvals.effects import CallAgent, CallbackType, PostComment, ShowCard
from approvals.errors import Broken, Reason, Refused
from approvals.events import Cancelled, Claimed, Commented, Opened, Reported, Ticked
from approvals.machine import MOVES, Answer, decide, may_act
from approvals.model import Step
from approvals.words import AgentName, Gate, Kind, OutcomeStatus, Status, StepKind, Via
from tests.approvals.doing import LATER, SHOW_AND_CALL, approve, edit, kinds, reject
from tests.harness.cases import (
    ALICE,
    BOB,
    CAROL,
    DAN,
    NOON,
    a_judgement,
    a_request,
    a_roster,
    an_open_case,
    opened,
)


def test_a_held_request_waits_and_shows_its_card() -> None:
    """Opening under `hard` leaves it pending, with one fact and a card to show."""
    ruling = opened()
    assert ruling.case.status is Status.PENDING
    assert kinds(ruling) == [FactKind.OPENED]
    assert ruling.effects == (ShowCard(),)


def test_auto_is_approved_by_policy_without_a_message() -> None:
    """Under `auto` the policy approves at once; the agent is called, nobody in Slack is."""
    ruling = opened(gate=Gate.AUTO, ask=(), steps=())
    decision = ruling.case.decision
    assert decision is not None
    assert (decision.verdict, decision.via, decision.by) == (Status.APPROVED, Via.POLICY, ())
    assert kinds(ruling) == [FactKind.OPENED, FactKind.DECIDED]
    assert ruling.effects == (CallAgent("decided", CallbackType.DECIDED),)


def test_auto_never_passes_a_payload_that_breaks_the_form() -> None:
    """A judgement of `auto` on a payload that its rule's form refuses is a bug, and approves nothing."""
    with pytest.raises(Broken):
        opened(gate=Gate.AUTO, form={"type": "object", "properties": {"amount": {"maximum": 500}}})


def test_one_approval_ends_a_quorum_of_one() -> None:
    """The approver, the moment and their words are in the decision; the agent is told once."""
    ruling = approve(an_open_case(), reason="receipt seen")
    decision = ruling.case.decision
    assert decision is not None
    assert (decision.verdict, decision.via, decision.by) == (Status.APPROVED, Via.HUMAN, (ALICE,))
    assert (decision.reason, decision.decided_at) == ("receipt seen", LATER)
    assert ruling.effects == SHOW_AND_CALL


def test_a_quorum_counts_distinct_people() -> None:
    """The second click of the same person says so and counts nothing; another person's ends it."""
    first = approve(an_open_case(quorum=2))
    assert (first.case.status, first.effects) == (Status.PENDING, (ShowCard(),))
    again = approve(first.case)
    assert again.answer.repeated
    assert again.case is first.case
    assert again.facts == ()
    second = approve(again.case, BOB)
    assert second.case.decision is not None
    assert second.case.decision.by == (ALICE, BOB)


def test_one_reject_ends_the_request() -> None:
    """A reject ends it whatever was approved before, and keeps the reason."""
    ruling = reject(approve(an_open_case(quorum=2)).case, BOB)
    decision = ruling.case.decision
    assert decision is not None
    assert (decision.verdict, decision.by, decision.reason) == (Status.REJECTED, (BOB,), "no receipt")


def test_a_reject_wants_a_reason() -> None:
    """A reject without words is refused and recorded as such."""
    ruling = reject(an_open_case(), reason="  ")
    assert ruling.answer.refused is Reason.REASON_MISSING
    assert ruling.case.status is Status.PENDING


def test_an_edit_is_a_vote_for_the_edited_payload() -> None:
    """With a quorum of one an edit ends it as `modified`, with the edited payload."""
    ruling = edit(an_open_case(), amount=500)
    assert ruling.case.status is Status.MODIFIED
    assert ruling.case.payload["amount"] == 500
    assert kinds(ruling) == [FactKind.EDITED, FactKind.APPROVED, FactKind.DECIDED]
    assert ruling.facts[0].body["changes"] == 1, "how many, not which: keys are payload too"


def test_an_edit_voids_the_approvals_before_it() -> None:
    """Alice approved 750; Bob's edit to 500 counts as his own vote and hers no longer does."""
    edited = edit(approve(an_open_case(quorum=2)).case, BOB, amount=500)
    assert edited.case.status is Status.PENDING
    again = approve(edited.case, BOB)
    assert again.answer.repeated
    done = approve(again.case, ALICE)
    assert done.case.decision is not None
    assert done.case.decision.by == (BOB, ALICE)


def test_what_heads_the_card_follows_an_edit() -> None:
    """The rule's title is made anew, so that nobody approves 500 under a heading that says 750."""
    template = "Refund {{ payload.amount }} EUR"
    edited = edit(an_open_case(quorum=2, title="Refund 750 EUR", template=template), amount=500)
    assert edited.case.judgement.title == "Refund 500 EUR"
    unruled = edit(an_open_case(title="As the agent says"), amount=500)
    assert unruled.case.judgement.title == "As the agent says"


def test_editing_back_does_not_revive_old_approvals() -> None:
    """750 → 500 → 750 is a third round: an approval of the first does not count in it."""
    case = approve(an_open_case(quorum=2)).case
    case = edit(case, BOB, amount=500).case
    back = edit(case, CAROL, amount=750)
    assert back.case.status is Status.PENDING
    done = approve(back.case, BOB)
    assert done.case.status is Status.APPROVED, "nothing differs from what was posted"
    assert done.case.decision is not None
    assert done.case.decision.by == (CAROL, BOB)


def test_an_edit_that_changes_nothing_is_an_approval() -> None:
    """Submitting the form untouched approves what was posted: 750.0 is 750."""
    ruling = edit(an_open_case(), amount=750.0)
    assert ruling.case.status is Status.APPROVED
    assert kinds(ruling) == [FactKind.APPROVED, FactKind.DECIDED]


def test_a_vote_on_another_payload_is_stale() -> None:
    """A vote bound to what is no longer on the screen changes nothing, is recorded, and is answered."""
    before = an_open_case(quorum=2)
    after = edit(before, BOB, amount=500).case
    ruling = approve(after, seen=before.sight)
    assert ruling.answer.refused is Reason.STALE
    assert kinds(ruling) == [FactKind.REFUSED]
    assert ruling.effects == (ShowCard(),), "Slack shows something else: the card is drawn again"
    assert (ruling.case.votes, ruling.case.status) == (after.votes, Status.PENDING)


def test_a_late_vote_is_recorded_and_changes_nothing() -> None:
    """Whoever comes second is told it is over; the decision stands as it was."""
    done = approve(an_open_case()).case
    ruling = reject(done, BOB)
    assert ruling.answer.refused is Reason.LATE
    assert kinds(ruling) == [FactKind.REFUSED]
    assert (ruling.case.status, ruling.case.decision) == (done.status, done.decision)
    assert ruling.effects == (ShowCard(),), "there was still a button: the card is drawn again"


def test_a_second_click_on_what_the_first_one_did_is_no_mistake() -> None:
    """Whoever is among those who approved it is told so once more: no refusal, nothing in the log."""
    one = approve(an_open_case()).case
    two = approve(approve(an_open_case(quorum=2)).case, BOB).case
    for done, by in ((one, ALICE), (two, ALICE), (two, BOB)):
        again = approve(done, by)
        assert again.answer == Answer(repeated=True)
        assert (again.case, again.facts, again.effects) == (done, (), ())
    audited = approve(an_open_case(a_request(kind=Kind.REVIEW), gate=Gate.AUDIT)).case
    assert approve(audited).answer == Answer(repeated=True)


def test_whoever_did_not_approve_it_is_late() -> None:
    """As is an approver who now wants something else, and anybody after an end that no people brought."""
    done = approve(an_open_case()).case
    edited = edit(an_open_case(), amount=500)
    silent = decide(an_open_case(), Ticked(), NOON + timedelta(hours=4)).case
    rejected = reject(approve(an_open_case(quorum=2)).case, BOB).case
    for ruling in (
        approve(done, BOB),
        reject(done),
        edit(done, amount=500),
        approve(edited.case, seen=an_open_case().sight),
        approve(silent),
        approve(rejected),
        approve(opened(gate=Gate.AUTO, ask=(), steps=()).case),
    ):
        assert ruling.answer.refused is Reason.LATE
        assert kinds(ruling) == [FactKind.REFUSED]


@pytest.mark.parametrize("event", ["approve", "reject", "edit"])
def test_somebody_who_is_not_asked_decides_nothing(event: str) -> None:
    """Dan is in no group that is asked, whichever way he tries."""
    case = an_open_case()
    ruling = {"approve": approve, "reject": reject, "edit": edit}[event](case, DAN)
    assert ruling.answer.refused is Reason.NOT_ASKED
    assert ruling.case.status is Status.PENDING


@pytest.mark.parametrize("requester", ["U0ALICE", "alice@example.com", "Alice@Example.com"])
def test_the_requester_never_decides(requester: str) -> None:
    """Whoever it was asked on behalf of may neither approve nor edit, by id or by e-mail."""
    case = an_open_case(a_request(on_behalf_of=requester))
    assert approve(case).answer.refused is Reason.IS_REQUESTER
    assert edit(case, amount=1).answer.refused is Reason.IS_REQUESTER
    assert approve(case, BOB).case.status is Status.APPROVED


def test_a_requester_who_cannot_be_compared_refuses_the_vote() -> None:
    """If Slack did not tell the voter's e-mail, the vote is refused rather than hoped for."""
    roster = a_roster()
    people = {user: profile for user, profile in roster.people.items() if user != ALICE.id}
    case = an_open_case(a_request(on_behalf_of="alice@example.com"))
    ruling = approve(case, roster=type(roster)(roster.groups, people))
    assert ruling.answer.refused is Reason.REQUESTER_UNKNOWN


def test_deactivated_people_are_neither_heard_nor_counted() -> None:
    """Somebody who left cannot vote, and an approval they gave before no longer counts."""
    gone = a_roster(gone=(ALICE,))
    assert approve(an_open_case(), roster=gone).answer.refused is Reason.DEACTIVATED
    case = approve(an_open_case(quorum=2)).case
    assert approve(case, BOB, roster=gone).case.status is Status.PENDING


def test_membership_is_always_today_s() -> None:
    """An approval of somebody who is no longer in the group does not count towards the quorum."""
    case = approve(an_open_case(quorum=2)).case
    left = a_roster(members=(BOB, CAROL))
    assert approve(case, BOB, roster=left).case.status is Status.PENDING


def test_a_quorum_that_is_complete_again_is_not_forgotten() -> None:
    """Alice approved, left and came back: the next approval that is repeated ends it, nobody is lost."""
    case = approve(an_open_case(quorum=2)).case
    case = approve(case, BOB, roster=a_roster(gone=(ALICE,))).case
    assert case.status is Status.PENDING
    back = approve(case, BOB)
    assert back.case.status is Status.APPROVED
    assert not back.answer.repeated
    assert len(back.case.votes) == 2


@pytest.mark.parametrize("event", ["approve", "reject", "edit"])
def test_a_vote_after_the_last_step_is_late_even_before_the_clock_came_by(event: str) -> None:
    """What the card said would expire has expired: a click during the sweep's delay does not revive it."""
    case = an_open_case(steps=(Step(timedelta(minutes=5), StepKind.EXPIRE),))
    ruling = {"approve": approve, "reject": reject, "edit": edit}[event](case)
    assert ruling.answer.refused is Reason.LATE
    assert kinds(ruling) == [FactKind.DECIDED, FactKind.REFUSED]
    assert ruling.case.status is Status.TIMED_OUT
    assert ruling.effects == SHOW_AND_CALL


def test_an_operator_s_withdrawal_is_signed_by_the_operator() -> None:
    """Revoking an agent withdraws what it had open; the log does not say that the agent did."""
    ruling = decide(an_open_case(), Cancelled("the agent was revoked", by_operator=True), LATER)
    assert ruling.facts[-1].by == "operator"


def test_blanks_are_no_words() -> None:
    """A reason of blanks is none, in the vote and in the decision."""
    decision = approve(an_open_case(), reason="  ").case.decision
    assert decision is not None
    assert decision.reason is None


def test_nothing_that_breaks_the_form_is_approved() -> None:
    """A payload over the rule's limit can be edited or rejected, not approved; an edit over it neither."""
    case = an_open_case(form={"type": "object", "properties": {"amount": {"type": "number", "maximum": 500}}})
    refused = approve(case)
    assert refused.answer.refused is Reason.BREAKS_FORM
    assert [flaw.loc for flaw in refused.answer.flaws] == ["payload.amount"]
    assert edit(case, amount=501).answer.refused is Reason.BREAKS_FORM
    assert edit(case, amount=500).case.status is Status.MODIFIED
    assert reject(case).case.status is Status.REJECTED


def test_the_clock_expires_what_nobody_answered() -> None:
    """At the last step it is `timed_out`, by nobody: not a refusal."""
    case = an_open_case()
    assert decide(case, Ticked(), NOON + timedelta(hours=3, minutes=59)).case is case
    ruling = decide(case, Ticked(), NOON + timedelta(hours=4))
    decision = ruling.case.decision
    assert decision is not None
    assert (decision.verdict, decision.via, decision.by) == (Status.TIMED_OUT, Via.TIMEOUT, ())
    assert ruling.effects == SHOW_AND_CALL


def test_parked_can_still_be_decided() -> None:
    """`park` leaves it pending, tells the agent once, and a late approval still counts."""
    case = an_open_case(steps=(Step(timedelta(hours=1), StepKind.PARK),))
    parked = decide(case, Ticked(), NOON + timedelta(hours=1))
    assert (parked.case.status, parked.case.parked_at) == (Status.PENDING, NOON + timedelta(hours=1))
    assert parked.effects == (ShowCard(), CallAgent("parked", CallbackType.PARKED))
    assert decide(parked.case, Ticked(), NOON + timedelta(days=9)).case is parked.case
    assert approve(parked.case).case.status is Status.APPROVED


def test_only_what_waits_can_be_withdrawn() -> None:
    """Cancelling a pending request ends it via the agent; a decided one refuses."""
    ruling = decide(an_open_case(), Cancelled("not needed"), LATER)
    decision = ruling.case.decision
    assert decision is not None
    assert (decision.verdict, decision.via, decision.reason) == (Status.CANCELLED, Via.AGENT, "not needed")
    with pytest.raises(Refused) as refused:
        decide(ruling.case, Cancelled(), LATER)
    assert refused.value.reason is Reason.NOT_PENDING


def test_a_claim_succeeds_exactly_once() -> None:
    """Two workers that both heard of the approval: the second is refused, so one acts."""
    case = approve(an_open_case()).case
    claimed = decide(case, Claimed(), LATER).case
    assert claimed.claimed_at == LATER
    with pytest.raises(Refused, match="claimed"):
        decide(claimed, Claimed(), LATER)


def test_what_is_not_approved_or_has_run_out_cannot_be_claimed() -> None:
    """Pending, rejected, and approvals older than `valid_for` refuse a claim and do not proceed."""
    fresh = approve(an_open_case(valid_for=timedelta(hours=1))).case
    last = LATER + timedelta(hours=1)
    assert may_act(fresh, last)
    assert not may_act(fresh, last + timedelta(milliseconds=1))
    for case, at in [
        (an_open_case(), LATER),
        (reject(an_open_case()).case, LATER),
        (fresh, last + timedelta(1)),
    ]:
        with pytest.raises(Refused) as refused:
            decide(case, Claimed(), at)
        assert refused.value.reason is Reason.NOT_CLAIMABLE


def test_the_latest_outcome_wins() -> None:
    """An outcome shows on the card; a later one replaces it; none before the agent might have acted."""
    case = approve(an_open_case()).case
    failed = decide(case, Reported(OutcomeStatus.FAILED, "bank down"), LATER)
    assert failed.effects == (ShowCard(),)
    done = decide(failed.case, Reported(OutcomeStatus.SUCCEEDED, "tx 5521"), LATER).case
    assert done.outcome is not None
    assert done.outcome.status is OutcomeStatus.SUCCEEDED
    with pytest.raises(Refused):
        decide(an_open_case(), Reported(OutcomeStatus.SUCCEEDED), LATER)


def test_comments_reach_the_other_side() -> None:
    """The agent's words go to the thread, a person's to the agent; each under a key of its own."""
    case = an_open_case()
    said = decide(case, Commented(AgentName("billing-agent"), "photo attached"), LATER)
    asked = decide(said.case, Commented(ALICE, "which order?"), LATER)
    assert said.effects == (PostComment("comment:0", said.case.comments[0]),)
    assert asked.effects == (CallAgent("comment:1", CallbackType.COMMENTED),)
    assert "photo" not in str(said.facts[0].body), "what was said lies with the payload, not in the log"


def test_facts_hold_no_payload() -> None:
    """Nothing that was in the payload can be read in the log, and no digest that can be guessed back."""
    case = an_open_case()
    ruling = edit(case, customer="Initech")
    text = str([fact.body for fact in (*opened().facts, *ruling.facts)])
    assert "ACME" not in text
    assert "Initech" not in text
    assert digest_of(case.payload) not in text


def test_final_statuses_have_no_way_out() -> None:
    """The table of moves leaves `pending` only."""
    assert {status for status, _ in MOVES} == {Status.PENDING}
    assert all(status.final for status in MOVES.values())


def test_an_event_without_a_case_is_a_bug() -> None:
    """Opening twice, or anything before opening, raises `Broken`."""
    with pytest.raises(Broken):
        decide(None, Ticked(), NOON)
    with pytest.raises(Broken):
        decide(an_open_case(), Opened(a_request(), a_judgement()), NOON)
