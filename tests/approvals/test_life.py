"""A Hypothesis state machine shuffles everything that can happen to a request, in any order, at any gate."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from approvals import access, digesting, escalation
from approvals.attention import puts_off
from approvals.audit import FactKind, verify
from approvals.canonical import digest_of
from approvals.effects import CallAgent, CallbackType, KeepGrant, OpenReview, PostNote, ShowCard, Wake
from approvals.events import (
    Allowing,
    Answered,
    Cancelled,
    Claimed,
    Commented,
    Edited,
    HandedOver,
    Mustered,
    PulledOut,
    Reported,
    Resumed,
    Shown,
    Snoozed,
    Ticked,
    Voted,
)
from approvals.machine import Move, decide, may_act
from approvals.model import Case
from approvals.roster import Person
from approvals.words import AgentName, Choice, Gate, GrantId, Kind, OutcomeStatus, Status, Via
from bot.desk.view import request_json
from tests.approvals.lives import (
    AMOUNTS,
    CHOICES,
    END,
    GONE,
    GONE_ON,
    MOST,
    OPTIONS,
    PEOPLE,
    TYPED,
    WRITTEN,
    Lived,
    came_by,
    members,
)
from tests.harness.cases import ALICE, BOB, CAROL, DAN, DIRECTORS, FINANCE, NOON


class Life(Lived):
    """One request from its opening to long after its end."""

    #: by which moves any life ended
    moves: ClassVar[set[Move]] = set()

    @rule(
        by=PEOPLE,
        choice=CHOICES,
        back=st.integers(0, 3),
        gone=GONE,
        typed=TYPED,
        grant=st.sampled_from([False, False, True]),
    )
    def vote(  # what Hypothesis draws, by name
        self, by: Person, choice: Choice, back: int, gone: set[Person], typed: bool, grant: bool
    ) -> None:
        """Somebody clicks on what they see, which may be an older payload."""
        screens = list(dict.fromkeys(self.seen))
        seen = screens[max(0, len(screens) - 1 - back)]
        before = self.case
        allowing = Allowing(GrantId("grant_1"), timedelta(hours=1)) if grant else None
        event = Voted(by, choice, seen, members(gone), "because", self.word(typed), allowing)
        if self.answered(self.happen(event), before) and choice is Choice.APPROVE:
            assert seen == before.sight, "a vote counts only for what was seen"
            assert typed or before.judgement.gate is not Gate.MANUAL
            assert not before.flaws
            self.approved[by] = before.digest

    @rule(by=PEOPLE, amount=AMOUNTS, stale=st.booleans(), gone=GONE, typed=TYPED)
    def edit(self, by: Person, amount: float, stale: bool, gone: set[Person], typed: bool) -> None:
        """Somebody changes the amount."""
        before = self.case
        payload = {**before.payload, "amount": amount}
        seen = self.seen[0] if stale else before.sight
        event = Edited(by, payload, seen, members(gone), typed=self.word(typed, payload))
        if self.answered(self.happen(event), before):
            assert typed or before.judgement.gate is not Gate.MANUAL
            if self.case.digest != before.digest:
                self.approved.clear()
            self.approved[by] = self.case.digest

    @rule(by=PEOPLE, words=st.sampled_from([*OPTIONS, *OPTIONS, "neither", " "]), gone=GONE)
    def answer(self, by: Person, words: str, gone: set[Person]) -> None:
        """Somebody answers, which is for questions only."""
        before = self.case
        if self.answered(self.happen(Answered(by, words, before.sight, members(gone))), before):
            assert before.request.kind is Kind.QUESTION
            assert self.decided().answer == words
            assert words in OPTIONS

    @rule(by=st.sampled_from([ALICE, AgentName("billing-agent")]), text=st.text(max_size=20))
    def comment(self, by: Person | AgentName, text: str) -> None:
        """Somebody says something."""
        self.happen(Commented(by, "said: " + text.encode("utf-8", "replace").decode()))

    @precondition(lambda self: self.case.held)
    @rule(crowded=st.booleans())
    def resume(self, crowded: bool) -> None:
        """Its agent goes on."""
        before = self.case
        assert self.happen(Resumed(ALICE, members(set()), None, crowded)) is not None
        if not before.status.final:
            self.began = self.now
            assert not self.case.held

    @rule(by=PEOPLE, gone=GONE)
    def pull_out(self, by: Person, gone: set[Person]) -> None:
        """Somebody wants it on a card of its own: that decides nothing."""
        before = self.case
        ruling = self.happen(PulledOut(by, members(gone)))
        assert ruling is not None
        assert self.case.status in (before.status, Status.TIMED_OUT), "only time may have gone by"
        if ruling.answer.refused is None:
            assert self.case.waits_in is None
            assert by.id in members(gone).groups[DIRECTORS] or FINANCE in self.case.escalated

    @rule(by=PEOPLE, to=st.one_of(PEOPLE, st.just(None)), gone=GONE)
    def hand_over(self, by: Person, to: Person | None, gone: set[Person]) -> None:
        """Somebody passes it on, to a colleague or to finance: that decides nothing."""
        before, roster = self.case, members(gone)
        ruling = self.happen(HandedOver(by, roster, to, FINANCE if to is None else None))
        assert ruling is not None
        self.nothing_is_decided(before)
        if ruling.answer.refused is None:
            assert access.why_not_decide(before, by.id, roster) is None
            assert by.id in self.case.excused
            assert self.case.waits_in is None or to is None
            assert FINANCE in self.case.escalated if to is None else to.id not in self.case.excused
            if to is not None:
                assert access.why_not_decide(self.case, to.id, roster) is None
                assert to != by

    @rule(by=PEOPLE, minutes=st.sampled_from([-5, 0, 1, 40, 600]), gone=GONE)
    def snooze(self, by: Person, minutes: int, gone: set[Person]) -> None:
        """Somebody wants no reminder for a while; they hear of it once, at that time."""
        before, until = self.case, self.now + timedelta(minutes=minutes)
        ruling = self.happen(Snoozed(by, members(gone), until))
        assert ruling is not None
        self.nothing_is_decided(before)
        if ruling.answer.refused is None:
            assert until > self.now
            assert [each.at for each in ruling.effects if isinstance(each, Wake)] == [until]
            assert puts_off(self.case, by.id, self.now)

    def nothing_is_decided(self, before: Case) -> None:
        """Only time may have gone by."""
        assert self.case.status in (before.status, Status.TIMED_OUT)
        assert (self.case.payload, self.case.votes) == (before.payload, before.votes)

    @precondition(lambda self: not self.case.held)
    @rule()
    def show(self) -> None:
        """The card is up, for the first time or again."""
        self.happen(Shown())

    @rule(
        minutes=st.sampled_from([0, 1, 5, 29, 31, 60, 61]),
        seen=st.booleans(),
        restarted=st.booleans(),
        gone=GONE,
        crowded=st.booleans(),
    )
    def tick(  # what Hypothesis draws, by name
        self, minutes: int, seen: bool, restarted: bool, gone: set[Person], crowded: bool
    ) -> None:
        """Time goes by, in jumps; the clock, of this process or a new one, may come by."""
        self.now += timedelta(minutes=minutes)
        if seen:
            self.happen(Ticked(members(gone), self.now if restarted else NOON, crowded))

    @rule(gone=GONE)
    def muster(self, gone: set[Person]) -> None:
        """Somebody left or came back: it ends nothing by itself."""
        before = self.case
        self.happen(Mustered(members(gone)))
        assert self.case.status in (before.status, Status.TIMED_OUT), "only time may have gone by"

    @precondition(lambda self: not self.case.status.final)
    @rule(late=st.sampled_from([0, 0, 60, 61]))
    def nobody_is_there(self, late: int) -> None:
        """Nothing happens until the last step, where the clock is punctual, or nearly."""
        ends = escalation.ends_at(self.case)
        if ends is not None and ends >= self.now:
            self.now = ends + timedelta(seconds=late)
            self.happen(Ticked(members(set()), NOON))

    @precondition(lambda self: len(self.facts) > 6)
    @rule()
    def cancel(self) -> None:
        """The agent withdraws it."""
        self.happen(Cancelled("never mind"))

    @rule()
    def claim(self) -> None:
        """A worker takes it."""
        proceeds = may_act(self.case, self.now)
        if self.happen(Claimed()) is not None:
            assert proceeds
            assert self.case.status in GONE_ON
            self.claims += 1

    @rule(status=st.sampled_from(OutcomeStatus))
    def report(self, status: OutcomeStatus) -> None:
        """The agent says how it went."""
        self.happen(Reported(status))

    @rule()
    def reload(self) -> None:
        """The process restarts: what is read back is what was written."""
        back = WRITTEN.read(WRITTEN.write(self.case))
        assert back == self.case
        self.case = back

    @invariant()
    def a_final_status_never_changes(self) -> None:
        """Terminal stays terminal, with the same decision and the same payload."""
        if self.end is not None:
            assert (self.case.status, self.case.decision, self.case.payload) == self.end
        elif self.case.status.final:
            self.end = (self.case.status, self.decided(), self.case.payload)
            self.moves.add(came_by(self.case))

    @invariant()
    def changes_are_told_exactly_when_it_was_modified(self) -> None:
        """The agent sees `changes` exactly where the verdict is `modified`."""
        told = request_json(self.case, None, self.now, members(set()))["decision"]
        if told is not None:
            assert bool(told["changes"]) == (told["verdict"] == "modified")

    @invariant()
    def the_agent_may_act_exactly_as_the_contract_says(self) -> None:
        """Approved or modified and still valid; answered; audits unless flagged; questions with a guess."""
        case, gate = self.case, self.case.judgement.gate
        expected = case.status is Status.ANSWERED
        if case.held:
            assert may_act(case, self.now) is False
            return
        if case.status in GONE_ON:
            until = self.decided().valid_until
            expected = until is not None and self.now <= until
        elif case.status in (Status.PENDING, Status.TIMED_OUT) and gate is Gate.AUDIT:
            expected = True
        elif case.status is Status.TIMED_OUT and gate is Gate.QUESTION:
            expected = case.request.default_answer is not None
        assert may_act(case, self.now) is expected

    @invariant()
    def no_person_approves_after_the_last_step(self) -> None:
        """Unless it was parked, or is a soft window: no approval is younger than the end on the card."""
        decision = self.case.decision
        if decision is not None and decision.verdict in GONE_ON and self.case.judgement.gate is not Gate.SOFT:
            by_policy = decision.via in (Via.POLICY, Via.GRANT)
            parked = self.case.parked_at is not None
            assert parked or by_policy or decision.decided_at < self.began + END

    @invariant()
    def nothing_that_breaks_the_form_goes_ahead(self) -> None:
        """Whoever approved it: policy, grant, silence or people."""
        if self.case.status in GONE_ON:
            amount = self.case.payload["amount"]
            assert isinstance(amount, int | float)
            assert amount <= MOST

    @invariant()
    def an_approval_is_what_a_quorum_saw(self) -> None:
        """Never below quorum, never by the requester or anybody not asked, never on another payload."""
        decision = self.case.decision
        if decision is None or decision.verdict not in GONE_ON or decision.via is not Via.HUMAN:
            return
        assert len({person.id for person in decision.by}) == len(decision.by) >= self.case.judgement.quorum
        for person in decision.by:
            assert self.approved[person] == digest_of(self.case.payload)
            assert person is not DAN or FINANCE in self.case.escalated
            assert self.case.request.on_behalf_of not in (person.id, f"{person.name.lower()}@example.com")
        changed = digest_of(self.case.payload) != digest_of(self.case.request.payload)
        assert (decision.verdict is Status.MODIFIED) == changed

    @invariant()
    def every_effect_comes_once(self) -> None:
        """One `request.decided` an end, `request.flagged` after it, no call twice; one claim, one grant."""
        calls = [effect for effect in self.effects if isinstance(effect, CallAgent)]
        assert len({call.key for call in calls}) == len(calls)
        types = [call.type for call in calls]
        assert types.count(CallbackType.DECIDED) == int(self.case.status.final)
        assert types.count(CallbackType.FLAGGED) == int(self.case.flagged)
        if self.case.flagged:
            assert types.index(CallbackType.FLAGGED) > types.index(CallbackType.DECIDED)
        kept = [effect for effect in self.effects if isinstance(effect, KeepGrant)]
        assert len(kept) <= int(
            self.case.status is Status.APPROVED and self.case.judgement.grants is not None
        )
        reviews = self.effects.count(OpenReview())
        silence = self.case.decision is not None and came_by(self.case) is Move.SILENCE_APPROVES
        assert reviews == int(silence)
        assert self.claims <= 1

    @invariant()
    def each_step_fires_at_most_once(self) -> None:
        """One reminder, one escalation, one end, early or late; and no note is said twice."""
        kinds = [fact.kind for fact in self.facts]
        for kind in (FactKind.REMINDED, FactKind.ESCALATED, FactKind.PARKED, FactKind.DECIDED):
            assert kinds.count(kind) <= 1
        notes = [effect.key for effect in self.effects if isinstance(effect, PostNote)]
        said = [key for key in notes if not key.startswith("skipped:")]
        said += [effect.key for effect in self.effects if isinstance(effect, Wake)]
        assert len(set(said)) == len(said)

    @invariant()
    def what_nobody_is_to_see_has_no_card(self) -> None:
        """What the policy or a grant let through bothers nobody, at no time."""
        if self.case.quiet:
            assert not [effect for effect in self.effects if isinstance(effect, ShowCard | PostNote)]

    @invariant()
    def nothing_happens_to_what_is_held(self) -> None:
        """It is withdrawn, at most, or spoken of; what people try is refused."""
        if self.case.held:
            kinds = {fact.kind for fact in self.facts}
            assert kinds <= {
                FactKind.OPENED,
                FactKind.COMMENTED,
                FactKind.REFUSED,
                FactKind.DECIDED,
                FactKind.REPORTED,
            }
            assert self.case.status in (Status.PENDING, Status.CANCELLED)

    @invariant()
    def a_digest_holds_nothing_risky(self) -> None:
        """Nor what takes more than one click; a storm may."""
        if self.case.waits_in == "hourly":
            assert digesting.clears(self.case) or self.case.edited
            assert self.case.parked_at is None
            assert not self.case.escalated

    @invariant()
    def the_chain_holds(self) -> None:
        """The facts are one unbroken chain that ends where the case says."""
        assert verify(self.facts, self.case.chain) is None

    @precondition(lambda self: self.case.status.final)
    @rule()
    def time_after_the_end_does_nothing(self) -> None:
        """Years later nothing is due."""
        ruling = decide(self.case, Ticked(members({ALICE, BOB, CAROL})), self.now + timedelta(days=999))
        assert ruling.case is self.case
        assert ruling.effects == ()


# Some ten seconds where nothing else is to do; more than a minute where chance and other work are against it.
@pytest.mark.timeout(300)
def test_whatever_happens_in_whatever_order() -> None:
    """All of the above holds, and every way in which a life can end was lived."""
    Life.moves.clear()
    # Elsewhere the same examples are taken each time (`tests.conftest`): here each round has its own.
    lives = settings(max_examples=400, stateful_step_count=30, deadline=None, derandomize=False)
    for _ in range(40):
        # One round in three leaves some end out by chance: mostly there are two, hardly ever more than five.
        run_state_machine_as_test(Life, settings=lives)
        if Life.moves == set(Move):
            break
    assert Life.moves == set(Move)
