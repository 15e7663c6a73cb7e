"""A Hypothesis state machine shuffles everything that can happen to a request, in any order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from approvals.audit import Fact, FactKind, verify
from approvals.canonical import Digest, digest_of
from approvals.effects import CallAgent, CallbackType, Effect
from approvals.errors import Refused
from approvals.events import Cancelled, Claimed, Commented, Edited, Event, Opened, Reported, Ticked, Voted
from approvals.machine import Ruling, decide, may_act
from approvals.model import (
    AgentName,
    Case,
    Choice,
    Decision,
    OutcomeStatus,
    Person,
    Status,
    Step,
    StepKind,
)
from bot.desk.view import request_json
from store.spelling import Spelling
from tests.harness.cases import ALICE, BOB, CAROL, DAN, NOON, a_judgement, a_request, a_roster

PEOPLE = st.sampled_from([ALICE, BOB, CAROL, DAN])
AMOUNTS = st.sampled_from([100, 100.0, 500, 750, 1000])
#: Most approve: a request that is rejected at once has no life to look at.
CHOICES = st.sampled_from([Choice.APPROVE, Choice.APPROVE, Choice.APPROVE, Choice.REJECT])
GONE = st.one_of(st.just(set[Person]()), st.sets(PEOPLE, max_size=1))
MOST = 800
WRITTEN = Spelling(Case)


class Life(RuleBasedStateMachine):
    """One request from its opening to long after its end."""

    case: Case

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []
        #: what buttons carried that were on somebody's screen at some time
        self.seen: list[Digest] = []
        #: who approved which payload since it was last edited, as a bystander would count
        self.approved: dict[Person, Digest] = {}
        self.end: tuple[Status, Decision, object] | None = None
        self.claims = 0

    @initialize(
        quorum=st.integers(1, 3),
        requester=st.sampled_from([None, "U0BOB", "carol@example.com"]),
        last=st.sampled_from([StepKind.EXPIRE, StepKind.PARK]),
        amount=AMOUNTS,
    )
    def open(self, quorum: int, requester: str | None, last: StepKind, amount: float) -> None:
        """An agent asks."""
        request = a_request(on_behalf_of=requester, payload={"amount": amount, "currency": "EUR"})
        form = {"type": "object", "properties": {"amount": {"type": "number", "maximum": MOST}}}
        steps = (Step(timedelta(minutes=30), StepKind.REMIND), Step(timedelta(hours=1), last))
        judgement = a_judgement(quorum=quorum, steps=steps, form=form, valid_for=timedelta(hours=2))
        self.take(decide(None, Opened(request, judgement), self.now))

    def take(self, ruling: Ruling) -> None:
        """Commit a ruling, as the store would."""
        assert ruling.case.version >= (self.case.version if hasattr(self, "case") else 0)
        self.case = ruling.case
        self.facts += ruling.facts
        self.effects += ruling.effects
        self.seen.append(self.case.sight)

    def happen(self, event: Event) -> Ruling | None:
        """Let `event` happen; None when the agent may not do that now."""
        try:
            ruling = decide(self.case, event, self.now)
        except Refused:
            return None
        self.take(ruling)
        return ruling

    @rule(by=PEOPLE, choice=CHOICES, back=st.integers(0, 3), gone=GONE)
    def vote(self, by: Person, choice: Choice, back: int, gone: set[Person]) -> None:
        """Somebody clicks on what they see, which may be an older payload."""
        screens = list(dict.fromkeys(self.seen))
        seen = screens[max(0, len(screens) - 1 - back)]
        before = self.case
        ruling = self.happen(Voted(by, choice, seen, a_roster(gone=tuple(gone)), "because"))
        assert ruling is not None, "a person's vote is always answered, never an exception"
        if ruling.answer.refused is None and choice is Choice.APPROVE:
            assert seen == before.sight, "a vote counts only for what was seen"
            self.approved[by] = before.digest
        if ruling.answer.refused is not None:
            assert ruling.facts[-1].kind is FactKind.REFUSED, "a refused vote is recorded"
            assert ruling.case.votes == before.votes
            assert ruling.case.status in (before.status, Status.TIMED_OUT), "only time may have gone by"

    @rule(by=PEOPLE, amount=AMOUNTS, stale=st.booleans(), gone=GONE)
    def edit(self, by: Person, amount: float, stale: bool, gone: set[Person]) -> None:
        """Somebody changes the amount."""
        seen = self.seen[0] if stale else self.case.sight
        roster = a_roster(gone=tuple(gone))
        before = self.case
        ruling = self.happen(Edited(by, {**self.case.payload, "amount": amount}, seen, roster))
        assert ruling is not None
        if ruling.answer.refused is None:
            if self.case.digest != before.digest:
                self.approved.clear()
            self.approved[by] = self.case.digest

    @rule(by=st.sampled_from([ALICE, AgentName("billing-agent")]), text=st.text(max_size=20))
    def comment(self, by: Person | AgentName, text: str) -> None:
        """Somebody says something."""
        self.happen(Commented(by, "said: " + text.encode("utf-8", "replace").decode()))

    @rule(minutes=st.sampled_from([0, 1, 5, 29, 61]), seen=st.booleans())
    def tick(self, minutes: int, seen: bool) -> None:
        """Time goes by, in jumps; the clock may or may not come by before the next event."""
        self.now += timedelta(minutes=minutes)
        if seen:
            self.happen(Ticked())

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
            assert self.case.decision is not None
            self.end = (self.case.status, self.case.decision, self.case.payload)

    @invariant()
    def changes_are_told_exactly_when_it_was_modified(self) -> None:
        """The agent sees `changes` exactly where the verdict is `modified`."""
        told = request_json(self.case, None, self.now, a_roster())["decision"]
        if told is not None:
            assert bool(told["changes"]) == (told["verdict"] == "modified")

    @invariant()
    def nothing_is_approved_after_its_last_step(self) -> None:
        """Unless it was parked, an approval is older than the moment at which the card said it ends."""
        decision = self.case.decision
        if decision is not None and decision.verdict in (Status.APPROVED, Status.MODIFIED):
            assert self.case.parked_at is not None or decision.decided_at < NOON + timedelta(hours=1)

    @invariant()
    def an_approval_is_what_a_quorum_saw(self) -> None:
        """Never below quorum, never by the requester, never on another payload, never over the form."""
        decision = self.case.decision
        if decision is None or decision.verdict not in (Status.APPROVED, Status.MODIFIED):
            return
        assert len({person.id for person in decision.by}) == len(decision.by) >= self.case.judgement.quorum
        for person in decision.by:
            assert self.approved[person] == digest_of(self.case.payload)
            assert person is not DAN
            assert self.case.request.on_behalf_of not in (person.id, f"{person.name.lower()}@example.com")
        amount = self.case.payload["amount"]
        assert isinstance(amount, int | float)
        assert amount <= MOST
        changed = digest_of(self.case.payload) != digest_of(self.case.request.payload)
        assert (decision.verdict is Status.MODIFIED) == changed

    @invariant()
    def every_effect_comes_once(self) -> None:
        """One `request.decided` an end, one `request.parked` at most, no key twice; one claim at most."""
        calls = [effect for effect in self.effects if isinstance(effect, CallAgent)]
        assert len({call.key for call in calls}) == len(calls)
        decided = [call for call in calls if call.type is CallbackType.DECIDED]
        assert len(decided) == int(self.case.status.final)
        assert self.claims <= 1

    @invariant()
    def the_chain_holds(self) -> None:
        """The facts are one unbroken chain that ends where the case says."""
        assert verify(self.facts, self.case.chain) is None

    @precondition(lambda self: self.case.status.final)
    @rule()
    def time_after_the_end_does_nothing(self) -> None:
        """Years later nothing is due."""
        ruling = decide(self.case, Ticked(), self.now + timedelta(days=999))
        assert ruling.case is self.case


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
