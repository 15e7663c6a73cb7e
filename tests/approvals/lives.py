"""What every life of a request begins with, and what is noted while it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
)

from approvals import confirming, grants
from approvals.audit import Fact, FactKind
from approvals.canonical import Digest
from approvals.effects import Effect
from approvals.errors import Refused
from approvals.events import (
    Event,
    Opened,
    Shown,
    Ticked,
)
from approvals.machine import MOVES, Move, Ruling, decide
from approvals.model import Case, Decision, Grants, Judgement, Request, Step
from approvals.roster import Person, Roster
from approvals.words import (
    Choice,
    DigestName,
    Gate,
    GrantId,
    Instant,
    Kind,
    RequestId,
    Risk,
    Status,
    StepKind,
    Via,
)
from store.spelling import Spelling
from tests.harness.cases import ALICE, BOB, CAROL, DAN, FINANCE, NOON, a_judgement, a_request, a_roster

PEOPLE = st.sampled_from([ALICE, BOB, CAROL, DAN])
AMOUNTS = st.sampled_from([100, 100.0, 500, 750, 1000])
#: Most approve: a request that is rejected at once has no life to look at.
CHOICES = st.sampled_from([Choice.APPROVE, Choice.APPROVE, Choice.APPROVE, Choice.REJECT])
#: Most confirm what they approve.
TYPED = st.sampled_from([True, True, False])
GONE = st.one_of(st.just(set[Person]()), st.sets(PEOPLE, max_size=1))
MOST = 800
FORM = {"type": "object", "properties": {"amount": {"type": "number", "maximum": MOST}}}
OPTIONS = ("ACME GmbH", "ACME Ltd")
WRITTEN = Spelling(Case)
END = timedelta(hours=1)
TERMS = Grants(timedelta(hours=8), ("payload.currency",))
KINDS = {Gate.AUDIT: Kind.REVIEW, Gate.QUESTION: Kind.QUESTION}
LASTS = {Gate.SOFT: StepKind.APPROVE, Gate.AUDIT: StepKind.EXPIRE, Gate.QUESTION: StepKind.EXPIRE}
GONE_ON = (Status.APPROVED, Status.MODIFIED)


def members(gone: set[Person]) -> Roster:
    """Today's: the directors, and Dan for finance, who is asked once it is escalated."""
    return a_roster(gone=tuple(gone), finance=(DAN,))


class Lived(RuleBasedStateMachine):
    """One request, how it was opened, and what a bystander keeps of what happened to it."""

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
        #: from when the steps count that are no soft window's
        self.began = NOON
        #: when the soft window that runs now began, as a bystander would know
        self.window: Instant | None = None

    @initialize(
        gate=st.sampled_from([*Gate, Gate.HARD, Gate.HARD, Gate.SOFT, Gate.QUESTION]),
        quorum=st.integers(1, 3),
        requester=st.sampled_from([None, "U0BOB", "carol@example.com"]),
        park=st.booleans(),
        amount=AMOUNTS,
        plain=st.booleans(),
        granted=st.booleans(),
        shown=st.booleans(),
        digest=st.booleans(),
        held=st.sampled_from([False, False, False, False, False, True]),
        crowded=st.booleans(),
    )
    def open(  # what Hypothesis draws, by name
        self,
        gate: Gate,
        quorum: int,
        requester: str | None,
        park: bool,
        amount: float,
        plain: bool,
        granted: bool,
        shown: bool,
        digest: bool,
        held: bool,
        crowded: bool,
    ) -> None:
        """An agent asks; the card may be up at once."""
        kind = KINDS.get(gate, Kind.APPROVAL)
        passable = amount <= MOST
        if gate in (Gate.AUTO, Gate.SOFT) and not passable:
            gate = Gate.HARD  # as the verdict would have it
        guess = OPTIONS[0] if kind is Kind.QUESTION and plain else None
        request = a_request(
            kind=kind,
            on_behalf_of=requester,
            payload={"amount": amount, "currency": "EUR"},
            options=OPTIONS if kind is Kind.QUESTION else (),
            default_answer=guess,
        )
        last = LASTS.get(gate, StepKind.PARK if park else StepKind.EXPIRE)
        steps = (
            Step(timedelta(minutes=30), StepKind.REMIND),
            Step(timedelta(minutes=45), StepKind.ESCALATE, to=FINANCE),
            Step(END, last, review=last is StepKind.APPROVE),
        )
        judgement = a_judgement(
            gate=gate,
            risk=Risk.MEDIUM,
            quorum=quorum if gate in (Gate.HARD, Gate.MANUAL) else 1,
            steps=steps,
            form=FORM,
            valid_for=timedelta(hours=2),
            confirm=None if plain else "payload.amount",
            grants=TERMS if plain else None,
            digest=DigestName("hourly") if digest else None,
            sample=0.5 if gate is Gate.AUDIT and plain and passable else None,
        )
        grant = self.a_grant(request, judgement) if granted else None
        grant = None if held else grant
        opened = Opened(request, judgement, members(set()), grant, held, crowded)
        self.take(decide(None, opened, self.now))
        if shown and not held:
            self.happen(Shown())

    def a_grant(self, request: Request, judgement: Judgement) -> grants.Grant | None:
        """One that Alice gave on a request like it, where there is such a one."""
        earlier = a_request(id=RequestId("req_00"), payload={"amount": 500, "currency": "EUR"})
        case = decide(None, Opened(earlier, a_judgement(grants=TERMS)), self.now).case
        grant = grants.given(case, GrantId("grant_0"), ALICE, self.now, timedelta(hours=1))
        assert grant is not None
        return grant if grants.covers(grant, request, judgement, self.now) else None

    def take(self, ruling: Ruling) -> None:
        """Commit a ruling, as the store would."""
        assert ruling.case.version >= (self.case.version if hasattr(self, "case") else 0)
        self.case = ruling.case
        self.facts += ruling.facts
        self.effects += ruling.effects
        self.seen.append(self.case.sight)
        for fact in ruling.facts:
            if fact.kind in (FactKind.SHOWN, FactKind.RESTARTED):
                self.window = self.now if fact.kind is FactKind.SHOWN else None

    def happen(self, event: Event) -> Ruling | None:
        """Let `event` happen; None when the agent may not do that now."""
        before = self.case
        try:
            ruling = decide(self.case, event, self.now)
        except Refused:
            return None
        self.take(ruling)
        by_silence = ruling.case.status is Status.APPROVED and self.decided().via is Via.TIMEOUT
        if by_silence and not before.status.final:
            assert isinstance(event, Ticked), "silence approves on a tick only"
            assert self.case.judgement.gate is Gate.SOFT
            assert self.window is not None
            ended = self.window + END
            assert ended <= self.now <= ended + timedelta(minutes=1)
            assert event.heard_since is None or event.heard_since < ended
        return ruling

    def decided(self) -> Decision:
        """How it ended."""
        assert self.case.decision is not None
        return self.case.decision

    def answered(self, ruling: Ruling | None, before: Case) -> bool:
        """Whether what a person did counted; checks what holds when it did not."""
        assert ruling is not None, "a person is always answered, never with an exception"
        if ruling.answer.refused is None:
            return not (ruling.answer.repeated and before.status.final)
        assert ruling.facts[-1].kind is FactKind.REFUSED, "what is refused is recorded"
        assert ruling.case.votes == before.votes
        assert ruling.case.status in (before.status, Status.TIMED_OUT), "only time may have gone by"
        return False

    def word(self, typed: bool, payload: Any = None) -> str | None:
        """What confirms it, if they care to type it."""
        if not typed:
            return None
        return confirming.word(self.case.judgement, self.case.payload if payload is None else payload)


def came_by(case: Case) -> Move:
    """The move that ended it, told from what a bystander sees."""
    assert case.decision is not None
    verdict, via = case.decision.verdict, case.decision.via
    if verdict is Status.APPROVED:
        approved = {
            Via.POLICY: Move.POLICY_APPROVES,
            Via.GRANT: Move.GRANT_APPROVES,
            Via.HUMAN: Move.QUORUM_APPROVES,
            Via.TIMEOUT: Move.SILENCE_APPROVES,
        }
        return approved[via]
    (move,) = (move for (_, move), end in MOVES.items() if end is verdict)
    return move
