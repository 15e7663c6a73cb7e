"""For any plan and any sequence of downtimes: each step fires once, in order, at its time or after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from approvals import escalation, stepping
from approvals.audit import Fact, FactKind
from approvals.effects import CallAgent, Reminded
from approvals.events import Answered, Mustered, Shown, Ticked, Voted
from approvals.machine import Ruling, decide
from approvals.model import Case
from approvals.words import Choice, Gate, Instant, Kind, Status, StepKind
from tests.approvals.doing import notes
from tests.harness.cases import ALICE, DAN, NOON, a_request, a_roster, an_open_case
from tests.harness.downtimes import MINUTE, MOMENTS, Plan, expected, fired, plans, said

#: All whose steps count from the opening.
HELD = (Gate.HARD, Gate.MANUAL, Gate.AUDIT, Gate.QUESTION)
KINDS = {Gate.AUDIT: Kind.REVIEW, Gate.QUESTION: Kind.QUESTION}
#: How many clocks look at each moment: two replicas may, and one may look twice.
TICKERS = st.lists(st.integers(1, 3), min_size=9, max_size=9)
ROSTER = a_roster(finance=(DAN,))


def planned(plan: Plan) -> Case:
    """A request under it, opened at noon."""
    request = a_request(kind=KINDS.get(plan.gate, Kind.APPROVAL))
    return an_open_case(request, gate=plan.gate, steps=plan.steps)


def ended(case: Case, at: Instant) -> Ruling:
    """Alice ends it."""
    if case.judgement.gate is Gate.QUESTION:
        return decide(case, Answered(ALICE, "ACME GmbH", case.sight, ROSTER), at)
    return decide(case, Voted(ALICE, Choice.REJECT, case.sight, ROSTER, reason="no receipt"), at)


def lived(case: Case, moments: Sequence[Instant], tickers: Sequence[int]) -> list[Ruling]:
    """What the clocks make of it."""
    rulings = []
    for at, clocks in zip(moments, tickers, strict=False):
        for _ in range(clocks):
            rulings.append(decide(case, Ticked(), at))
            case = rulings[-1].case
    return rulings


def log_of(rulings: Sequence[Ruling]) -> list[Fact]:
    """What was written down, in order."""
    return [fact for ruling in rulings for fact in ruling.facts]


@given(plans(HELD), MOMENTS, TICKERS)
@settings(max_examples=300)
def test_each_step_fires_once_in_order_and_not_before_its_time(
    plan: Plan, moments: list[Instant], tickers: list[int]
) -> None:
    """At the first moment after its time at which a clock is awake, whatever jumped and however many look."""
    rulings = lived(planned(plan), moments, tickers)
    assert fired(plan, log_of(rulings)) == expected(plan, moments)
    called = [each.key for ruling in rulings for each in ruling.effects if isinstance(each, CallAgent)]
    assert len(called) == len(set(called))
    if rulings:
        case = rulings[-1].case
        assert case.fired == len(expected(plan, moments))
        assert (escalation.next_due(case) is None) == (case.fired == len(plan.steps))


@given(plans(HELD), MOMENTS, TICKERS)
@settings(max_examples=300)
def test_of_several_reminders_missed_only_the_last_is_sent(
    plan: Plan, moments: list[Instant], tickers: list[int]
) -> None:
    """To those asked before; with it every escalation, in order; of what is over by then, nothing."""
    case = planned(plan)
    rulings = lived(case, moments, tickers)
    for before, ruling in zip([case, *(each.case for each in rulings)], rulings, strict=False):
        reminders = [note.note for note in notes(ruling) if isinstance(note.note, Reminded)]
        assert [each.asked for each in reminders] in ([], [before.asked])
    told = [note.key for ruling in rulings for note in notes(ruling)]
    by_moment = groupby(expected(plan, moments), key=lambda each: moments.index(each.at))
    assert told == [key for _, together in by_moment for key in said(plan, list(together))]


@given(plans(HELD), MOMENTS, MOMENTS, TICKERS, st.integers(0, 130))
@settings(max_examples=300)
def test_a_decision_stops_all_that_is_left(
    plan: Plan, before: list[Instant], after: list[Instant], tickers: list[int], minutes: int
) -> None:
    """Steps whose time had come fire with it, late as they are; none fires after it, or is spoken of."""
    case, at = planned(plan), NOON + minutes * MINUTE
    rulings = lived(case, before, tickers)
    case = rulings[-1].case if rulings else case
    decision = ended(case, at)
    rest = lived(decision.case, after, tickers)
    assert fired(plan, log_of([*rulings, decision, *rest])) == expected(plan, [*before, at])
    assert notes(decision) == []
    assert decision.case.status.final
    assert all(ruling.case is decision.case for ruling in rest)
    assert all(not ruling.effects for ruling in rest)


@given(plans(HELD), MOMENTS, st.lists(st.booleans(), min_size=8, max_size=8))
@settings(max_examples=300)
def test_an_escalation_that_came_early_does_not_come_again(
    plan: Plan, moments: list[Instant], left: list[bool]
) -> None:
    """Everybody may leave and come back between any two moments: none fires twice, the others keep order."""
    case, facts = planned(plan), list[Fact]()
    for at, everybody_left in zip(moments, left, strict=False):
        members = a_roster(members=(), finance=()) if everybody_left else ROSTER
        for event in (Mustered(members), Ticked(members)):
            ruling = decide(case, event, at)
            case = ruling.case
            facts.extend(ruling.facts)
    log = fired(plan, facts)
    assert len({each.place for each in log}) == len(log)
    early = {each.place for each in fired(plan, [fact for fact in facts if fact.body.get("early")])}
    assert all(plan.steps[place].do is StepKind.ESCALATE for place in early)
    on_time = [each for each in log if each.place not in early]
    assert on_time == sorted(on_time, key=lambda each: each.place)
    assert all(each.at >= NOON + plan.steps[each.place].after for each in on_time)


@given(
    plans([Gate.SOFT]),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["shown", "tick"]), st.booleans()), max_size=14),
)
@settings(max_examples=300)
def test_silence_speaks_once_and_only_in_time(plan: Plan, happened: list[tuple[int, str, bool]]) -> None:
    """Within a minute of a window's end, while people are heard; else the window begins anew."""
    case, now, facts = planned(plan), NOON, list[Fact]()
    window = plan.steps[-1].after
    for minutes, what, deaf in happened:
        now += minutes * MINUTE
        event = Shown() if what == "shown" else Ticked(heard_since=now if deaf else NOON)
        ruling = decide(case, event, now)
        case = ruling.case
        facts.extend(ruling.facts)
    log = [each.place for each in fired(plan, facts)]
    assert log == sorted(set(log))
    began = None
    for fact in facts:
        if fact.kind is FactKind.SHOWN:
            assert began is None
            began = fact.at
        elif fact.kind is FactKind.RESTARTED:
            assert began is not None
            assert fact.at >= began + window
            began = None
        elif fact.kind is FactKind.DECIDED:
            assert began is not None
            assert timedelta() <= fact.at - began - window <= stepping.LATE
            assert fact is facts[-1]
    assert (case.status is Status.APPROVED) == any(fact.kind is FactKind.DECIDED for fact in facts)
    assert case.began_at == began
