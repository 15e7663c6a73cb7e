"""Requests without a card of their own: in a digest, in a storm, or held while their agent is paused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals import escalation
from approvals.audit import FactKind, verify
from approvals.digest_choices import Choices, Pick
from approvals.effects import CallAgent, PostComment, PostNote, Reminded, ShowCard
from approvals.errors import Reason
from approvals.events import (
    Cancelled,
    Commented,
    Mustered,
    Opened,
    PulledOut,
    Resumed,
    Shown,
    Ticked,
    Voted,
)
from approvals.machine import Ruling, decide, may_act
from approvals.model import Case, Step
from approvals.words import (
    STORM,
    AgentName,
    Choice,
    DigestName,
    Gate,
    Kind,
    RequestId,
    Risk,
    Status,
    StepKind,
    Via,
)
from tests.harness.cases import ALICE, BOB, CAROL, DAN, FINANCE, NOON, a_judgement, a_request, a_roster

HOURLY = DigestName("hourly")
HOUR = timedelta(hours=1)
ENDS = (Step(4 * HOUR, StepKind.EXPIRE),)
WINDOW = (Step(HOUR, StepKind.APPROVE),)
ROSTER = a_roster(finance=(DAN,))
WITH_ROOM_OR_NOT = pytest.mark.parametrize(
    ("crowded", "waits_in"), [(False, None), (True, STORM)], ids=["with room", "in a storm"]
)


def opened(*, held: bool = False, crowded: bool = False, request: Any = None, **judgement: Any) -> Ruling:
    """A request for a digest, unless `judgement` says otherwise."""
    fields = {"digest": HOURLY, "risk": Risk.LOW, "steps": ENDS, "quorum": 1, **judgement}
    asked = a_request(**(request or {}))
    return decide(None, Opened(asked, a_judgement(**fields), ROSTER, None, held, crowded), NOON)


def approved(case: Case, **more: Any) -> Ruling:
    """Alice approves what stands there."""
    return decide(case, Voted(ALICE, Choice.APPROVE, case.sight, ROSTER, **more), NOON)


def test_what_its_rule_has_a_digest_for_waits_in_it() -> None:
    """And whoever may decide it decides it there, as on a card."""
    case = opened().case
    assert case.waits_in == HOURLY
    ruling = approved(case)
    assert ruling.case.status is Status.APPROVED
    assert ruling.case.waits_in == HOURLY
    assert ShowCard() in ruling.effects


@pytest.mark.parametrize(
    "fields",
    [
        {"gate": Gate.MANUAL},
        {"quorum": 2},
        {"risk": Risk.HIGH},
        {"risk": Risk.CRITICAL},
        {"gate": Gate.QUESTION, "request": {"kind": Kind.QUESTION}},
        {"form": {"type": "object", "properties": {"amount": {"type": "number", "maximum": 1}}}},
    ],
)
def test_what_one_click_cannot_clear_has_a_card(fields: dict[str, Any]) -> None:
    """Whatever its judgement says of a digest."""
    assert opened(**fields).case.waits_in is None


def test_where_there_are_too_many_cards_it_joins_the_storm() -> None:
    """Also what no digest may clear; but what has a digest waits there."""
    assert opened(digest=None, crowded=True).case.waits_in == STORM
    assert opened(digest=None, crowded=True, gate=Gate.MANUAL, risk=Risk.CRITICAL).case.waits_in == STORM
    assert opened(crowded=True).case.waits_in == HOURLY


def test_what_the_policy_lets_through_joins_no_storm() -> None:
    """It needs no card."""
    case = opened(digest=None, crowded=True, gate=Gate.AUTO, steps=(), ask=()).case
    assert (case.status, case.waits_in) == (Status.APPROVED, None)


def test_whoever_is_asked_pulls_it_out_once() -> None:
    """It has a card then, a fact says who did it, and a second click is no mistake."""
    case = opened().case
    ruling = decide(case, PulledOut(BOB, ROSTER), NOON)
    assert ruling.case.waits_in is None
    assert ruling.facts[-1].kind is FactKind.PULLED_OUT
    assert ruling.facts[-1].by == f"person:{BOB.id}"
    assert ruling.effects == (ShowCard(),)
    again = decide(ruling.case, PulledOut(ALICE, ROSTER), NOON)
    assert (again.case, again.answer.repeated) == (ruling.case, True)


def test_nobody_else_pulls_it_out() -> None:
    """Nor anybody once it is decided."""
    case = opened().case
    refused = decide(case, PulledOut(DAN, ROSTER), NOON)
    assert (refused.case, refused.answer.refused) == (case, Reason.NOT_ASKED)
    done = approved(case).case
    assert decide(done, PulledOut(ALICE, ROSTER), NOON).answer.refused is Reason.LATE


@WITH_ROOM_OR_NOT
def test_an_escalation_takes_it_out(crowded: bool, waits_in: DigestName | None) -> None:
    """Whoever is asked only now was not shown the digest."""
    steps = (Step(HOUR, StepKind.ESCALATE, to=FINANCE), *ENDS)
    case = opened(steps=steps).case
    ruling = decide(case, Ticked(ROSTER, crowded=crowded), NOON + HOUR)
    assert ruling.case.waits_in == waits_in
    assert ruling.case.asked[-1] == FINANCE
    assert ShowCard() in ruling.effects


def test_when_it_is_parked_it_has_a_card() -> None:
    """It can still be decided, and the digest is cleared without it."""
    case = opened(steps=(Step(HOUR, StepKind.PARK),)).case
    ruling = decide(case, Ticked(ROSTER), NOON + HOUR)
    assert ruling.case.parked_at is not None
    assert ruling.case.waits_in is None


def test_parked_while_its_channel_is_full_it_stays_where_it_is() -> None:
    """It needs no message of its own: it waits for nobody, and is decided in its digest."""
    case = opened(steps=(Step(HOUR, StepKind.PARK),)).case
    ruling = decide(case, Ticked(ROSTER, crowded=True), NOON + HOUR)
    assert ruling.case.parked_at is not None
    assert ruling.case.waits_in == HOURLY


@WITH_ROOM_OR_NOT
def test_when_too_few_are_left_it_leaves_the_digest(crowded: bool, waits_in: DigestName | None) -> None:
    """It is escalated at once, and shown to whoever is asked instead."""
    steps = (Step(HOUR, StepKind.ESCALATE, to=FINANCE), *ENDS)
    case = opened(steps=steps).case
    nobody = a_roster(gone=(ALICE, BOB, CAROL), finance=(DAN,))
    ruling = decide(case, Mustered(nobody, crowded), NOON)
    assert ruling.case.waits_in == waits_in
    assert FINANCE in ruling.case.asked


def test_a_soft_window_begins_with_the_digest_that_shows_it() -> None:
    """Until then no time goes by for it."""
    case = opened(gate=Gate.SOFT, steps=WINDOW).case
    assert escalation.next_due(case) is None
    assert decide(case, Ticked(ROSTER, NOON), NOON + 9 * HOUR).case.status is Status.PENDING
    shown = decide(case, Shown(), NOON + 9 * HOUR).case
    assert escalation.next_due(shown) == NOON + 10 * HOUR
    done = decide(shown, Ticked(ROSTER, NOON), NOON + 10 * HOUR).case
    assert done.status is Status.APPROVED


@pytest.mark.parametrize("gate", [Gate.AUTO, Gate.AUDIT, Gate.HARD, Gate.SOFT])
def test_while_its_agent_is_paused_nothing_of_it_proceeds(gate: Gate) -> None:
    """Nobody is shown it, no step counts, and no gate lets it through."""
    kind = Kind.REVIEW if gate is Gate.AUDIT else Kind.APPROVAL
    ruling = opened(held=True, gate=gate, digest=None, request={"kind": kind})
    case = ruling.case
    assert (case.status, case.held) == (Status.PENDING, True)
    assert ruling.effects == ()
    assert not may_act(case, NOON)
    later = decide(case, Ticked(ROSTER), NOON + timedelta(days=9))
    assert (later.case, later.effects) == (case, ())
    assert decide(case, Mustered(a_roster(gone=(ALICE, BOB))), NOON).case is case


def test_nobody_decides_what_is_held() -> None:
    """They were not shown it; the try is recorded."""
    case = opened(held=True).case
    refused = approved(case)
    assert refused.answer.refused is Reason.HELD
    assert refused.case.status is Status.PENDING
    assert decide(case, PulledOut(ALICE, ROSTER), NOON).answer.refused is Reason.HELD


def test_what_is_held_can_be_withdrawn_and_spoken_of_unseen() -> None:
    """The agent hears of its end; its words wait for something to say them under."""
    case = decide(opened(held=True).case, Commented(AgentName("billing-agent"), "please"), NOON)
    assert [type(effect) for effect in case.effects] == [PostComment]
    ended = decide(case.case, Cancelled("never mind"), NOON)
    assert [type(effect) for effect in ended.effects] == [CallAgent]
    assert ended.case.status is Status.CANCELLED


def test_when_its_agent_goes_on_its_steps_begin() -> None:
    """As if it were opened then."""
    case = opened(held=True, digest=None).case
    ruling = decide(case, Resumed(ALICE, ROSTER), NOON + 9 * HOUR)
    assert not ruling.case.held
    assert ruling.facts[-1].kind is FactKind.RESUMED
    assert ruling.effects == (ShowCard(),)
    assert escalation.ends_at(ruling.case) == NOON + 13 * HOUR
    assert decide(ruling.case, Resumed(ALICE, ROSTER), NOON + 10 * HOUR).case is ruling.case


def test_when_its_agent_goes_on_it_waits_where_it_would_have() -> None:
    """In its digest, or in the storm that its channel has by then."""
    held = opened(held=True).case
    assert decide(held, Resumed(None, ROSTER), NOON).case.waits_in == HOURLY
    other = opened(held=True, digest=None).case
    assert decide(other, Resumed(None, ROSTER, crowded=True), NOON).case.waits_in == STORM


def test_when_its_agent_goes_on_the_policy_lets_through_what_it_lets_through() -> None:
    """By the policy, at that time; a soft window waits for its card."""
    auto = opened(held=True, gate=Gate.AUTO, steps=(), ask=(), digest=None).case
    gone_on = decide(auto, Resumed(ALICE, ROSTER), NOON + HOUR).case
    assert gone_on.status is Status.APPROVED
    assert gone_on.decision is not None
    assert (gone_on.decision.via, gone_on.decision.decided_at) == (Via.POLICY, NOON + HOUR)
    soft = opened(held=True, gate=Gate.SOFT, steps=WINDOW, digest=None).case
    resumed = decide(soft, Resumed(ALICE, ROSTER), NOON + HOUR).case
    assert escalation.began_at(resumed) is None


def test_a_reminder_of_what_waits_in_a_digest_is_told_of_it() -> None:
    """Where it is said is for whoever says it."""
    case = opened(steps=(Step(HOUR, StepKind.REMIND), *ENDS)).case
    ruling = decide(case, Ticked(ROSTER), NOON + HOUR)
    notes = [effect.note for effect in ruling.effects if isinstance(effect, PostNote)]
    assert [type(note) for note in notes] == [Reminded]
    assert ruling.case.waits_in == HOURLY


def test_the_facts_say_all_of_it() -> None:
    """From being held to being pulled out, in one chain."""
    first = opened(held=True)
    then = decide(first.case, Resumed(ALICE, ROSTER), NOON + HOUR)
    last = decide(then.case, PulledOut(BOB, ROSTER), NOON + HOUR)
    facts = [*first.facts, *then.facts, *last.facts]
    assert facts[0].body["held"] is True
    assert verify(facts, last.case.chain) is None


def test_what_was_not_on_the_message_is_left() -> None:
    """A choice is for the first so many; some may be chosen apart."""
    one, two, three = map(RequestId, ("req_1", "req_2", "req_3"))
    choices = Choices(2, Pick.APPROVE, None, {two: Pick.REJECT, three: Pick.REJECT})
    assert [choices.of(place, each) for place, each in enumerate((one, two, three))] == [
        Pick.APPROVE,
        Pick.REJECT,
        Pick.LEAVE,
    ]
