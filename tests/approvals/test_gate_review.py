"""The gate review's figures and suggestions, one by one, at the edges of their thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from approvals import gate_advice, gate_review
from approvals.canonical import Json
from approvals.gate_advice import Advice, Correction, Gentler, RuleToday, Saving, Suggestion
from approvals.gate_record import Ballot, Record, changed_places
from approvals.gate_review import Figures, GateReview, Reviewing
from approvals.words import AgentName, Gate, GroupName, Kind, RequestId, Risk, Status, UserId, Via
from tests.harness.cases import ALICE, BOB, DIRECTORS, FINANCE, NOON

WEEK = timedelta(days=7)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
HARD = {"refunds": RuleToday(Gate.HARD)}
TEAM = {DIRECTORS: frozenset({ALICE.id, BOB.id}), FINANCE: frozenset({UserId("U0FIN")})}


def a_record(**fields: Any) -> Record:
    """A low-risk refund that Alice approved as asked, a minute after its card was up."""
    whole = Record(
        id=RequestId("req_1"),
        rule="refunds",
        agent=AgentName("billing"),
        gate=Gate.HARD,
        kind=Kind.APPROVAL,
        risk=Risk.LOW,
        irreversible=False,
        verdict=Status.APPROVED,
        via=Via.HUMAN,
        opened_at=NOON,
        shown_at=NOON + SECOND,
        decided_at=NOON + SECOND + MINUTE,
        asked=(DIRECTORS,),
        ballots=(Ballot(ALICE.id, NOON + SECOND + MINUTE, approves=True),),
    )
    return replace(whole, **fields)


MODIFIED = a_record(verdict=Status.MODIFIED, changed=("/amount",))
REJECTED = a_record(verdict=Status.REJECTED, ballots=(Ballot(ALICE.id, NOON + 2 * MINUTE, approves=False),))
TIMED_OUT = a_record(verdict=Status.TIMED_OUT, via=Via.TIMEOUT, ballots=())
PARKED = a_record(verdict=Status.PENDING, via=None, decided_at=None, ballots=())
CANCELLED = a_record(verdict=Status.CANCELLED, via=Via.AGENT, ballots=())
GRANTED = a_record(via=Via.GRANT, shown_at=None, ballots=())
BY_POLICY = a_record(via=Via.POLICY, gate=Gate.AUTO, shown_at=None, ballots=())
SILENT = a_record(via=Via.TIMEOUT, gate=Gate.SOFT, ballots=())
FLAGGED = replace(REJECTED, gate=Gate.AUDIT, kind=Kind.REVIEW)


def members(groups: tuple[GroupName, ...]) -> frozenset[UserId]:
    """Who is in them."""
    return frozenset().union(*(TEAM.get(group, frozenset()) for group in groups))


def reviewed(records: Iterable[Record], today: Mapping[str, RuleToday] = HARD) -> GateReview:
    """What a week of these comes to."""
    reviewing = Reviewing(NOON - WEEK, NOON, members, today)
    for record in records:
        reviewing.take(record)
    return reviewing.review()


def figures(*records: Record) -> Figures:
    """The figures over all of them."""
    return reviewed(records).total


def advised(
    records: Iterable[Record], advice: Advice, today: Mapping[str, RuleToday] = HARD
) -> Suggestion | None:
    """The suggestion of that kind, if there is one."""
    return next((each for each in reviewed(records, today).suggestions if each.advice is advice), None)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (a_record(), "approved"),
        (MODIFIED, "modified"),
        (REJECTED, "rejected"),
        (a_record(verdict=Status.ANSWERED), "answered"),
        (TIMED_OUT, "timed_out"),
        (CANCELLED, "cancelled"),
        (BY_POLICY, "by_policy"),
        (GRANTED, "by_grant"),
        (SILENT, "by_silence"),
    ],
)
def test_each_end_is_counted_as_what_it_is(record: Record, field: str) -> None:
    """One request, one of the figures; silence is nobody's approval, and a timeout nobody's refusal."""
    told = figures(record, record)
    beside = {"requests", "parked", "shown", "median", "p90", "pings_per_person_day", "hasty", "approvals"}
    ends = {each.name for each in fields(Figures)} - beside - {"flagged", "reviewed"}
    assert {name: getattr(told, name) for name in ends if getattr(told, name)} == {field: 2}
    assert (told.requests, told.parked) == (2, 0)


def test_what_is_parked_is_beside_the_requests_that_ended() -> None:
    """It waits still, so it is none of them."""
    told = figures(PARKED, a_record())
    assert (told.requests, told.parked, told.shown) == (1, 1, 2)


def test_nothing_at_all_has_no_shares() -> None:
    """No median, no share, no ping of nobody."""
    told = figures()
    assert (told.requests, told.median, told.p90, told.hasty_share, told.pings_per_person_day) == (
        0,
        None,
        None,
        None,
        None,
    )


def test_the_time_to_decision_counts_from_the_card() -> None:
    """Ten decisions: the median is between the middle two, p90 the ninth; what nobody decided has no time."""
    shown = NOON + timedelta(hours=1)
    records = [a_record(shown_at=shown, decided_at=shown + n * MINUTE) for n in range(1, 11)]
    told = figures(*records, TIMED_OUT, GRANTED, SILENT, CANCELLED)
    assert (told.median, told.p90) == (5.5 * MINUTE, 9 * MINUTE)
    alone = figures(a_record(shown_at=NOON, decided_at=NOON + MINUTE))
    assert (alone.median, alone.p90) == (MINUTE, MINUTE)


def test_a_card_that_slack_dates_later_than_its_decision_took_no_time() -> None:
    """Two clocks differ by a little; nobody decides in less than nothing."""
    assert figures(a_record(shown_at=NOON + SECOND, decided_at=NOON)).median == timedelta()


def test_pings_are_what_each_of_those_asked_gets_each_day() -> None:
    """A card, two reminders and an escalation reach all who are asked; whoever was shown nothing got none."""
    once = figures(a_record())
    assert once.pings_per_person_day == pytest.approx(1 / 7)
    told = figures(a_record(reminders=2, escalations=1, asked=(DIRECTORS, FINANCE)), GRANTED)
    assert told.pings_per_person_day == pytest.approx(4 / 7)
    unequal = figures(a_record(), a_record(asked=(FINANCE,), ballots=()))
    assert unequal.pings_per_person_day == pytest.approx(3 / 3 / 7)


def test_what_many_share_a_message_with_pings_nobody() -> None:
    """A digest calls nobody for each of its requests."""
    assert figures(a_record(on_a_card=False, reminders=1)).pings_per_person_day == 0


def test_of_groups_that_nobody_knows_any_more_the_voters_count() -> None:
    """A group that left the policy pinged at least those who voted."""
    told = figures(a_record(asked=(GroupName("gone"),)))
    assert told.pings_per_person_day == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("after", "hasty"), [(timedelta(seconds=4.9), 1), (gate_review.HASTY, 0), (timedelta(seconds=-1), 0)]
)
def test_an_approval_sooner_than_anybody_reads_is_hasty(after: timedelta, hasty: int) -> None:
    """Just under the limit is, at the limit is not; a rejection never is."""
    soon = a_record(ballots=(Ballot(ALICE.id, NOON + after, approves=True),), shown_at=NOON)
    refused = a_record(ballots=(Ballot(BOB.id, NOON + after, approves=False),), shown_at=NOON)
    told = figures(soon, refused)
    assert (told.hasty, told.approvals, told.hasty_share) == (hasty, 1, float(hasty))


def test_an_approval_of_what_no_card_showed_is_not_measured() -> None:
    """Nobody knows when it could be seen first."""
    assert figures(a_record(shown_at=None)).approvals == 0


def test_rules_and_agents_are_told_apart_the_busiest_first() -> None:
    """Each has its own figures; equals stand by name."""
    told = reviewed(
        [a_record(rule="b"), a_record(rule="a", agent=AgentName("z")), a_record(rule="c"), MODIFIED, MODIFIED]
    )
    assert [(name, each.requests) for name, each in told.rules] == [
        ("refunds", 2),
        ("a", 1),
        ("b", 1),
        ("c", 1),
    ]
    assert [(name, each.requests) for name, each in told.agents] == [("billing", 4), ("z", 1)]
    assert told.total.requests == 5


@pytest.mark.parametrize(
    ("approved", "others", "advised_"),
    [(20, 0, True), (19, 0, False), (19, 1, False), (20, 1, True), (38, 2, False), (39, 2, True)],
)
def test_a_gate_is_too_strict_above_the_share_and_from_the_number_on(
    approved: int, others: int, advised_: bool
) -> None:
    """Over 95 % unchanged of at least 20 decisions by people: exactly 95 % is not over it."""
    records = [a_record()] * approved + [REJECTED] * others
    found = advised(records, Advice.GENTLER)
    assert (found is not None) is advised_
    if found is not None:
        assert (found.count, found.among, found.gentler) == (approved, approved + others, Gentler.SOFT)


def test_what_people_did_not_decide_speaks_for_no_gentler_gate() -> None:
    """Neither timeouts nor grants nor withdrawals are decisions by people."""
    assert advised([a_record()] * 19 + [GRANTED, CANCELLED, TIMED_OUT], Advice.GENTLER) is None
    found = advised([a_record()] * 20 + [GRANTED, CANCELLED, TIMED_OUT], Advice.GENTLER)
    assert found is not None
    assert found.among == 20


@pytest.mark.parametrize(
    ("fields", "today", "gentler"),
    [
        ({"gate": Gate.HARD, "risk": Risk.MEDIUM}, RuleToday(Gate.HARD), Gentler.SOFT),
        ({"gate": Gate.HARD, "risk": Risk.HIGH}, RuleToday(Gate.HARD), None),
        ({"gate": Gate.HARD, "irreversible": True}, RuleToday(Gate.HARD), None),
        ({"gate": Gate.SOFT}, RuleToday(Gate.SOFT), Gentler.AUTO),
        ({"gate": Gate.SOFT, "risk": Risk.CRITICAL}, RuleToday(Gate.SOFT), None),
        (
            {"gate": Gate.MANUAL, "risk": Risk.CRITICAL, "irreversible": True},
            RuleToday(Gate.MANUAL),
            Gentler.HARD,
        ),
        ({"gate": Gate.AUDIT}, RuleToday(Gate.AUDIT), Gentler.SAMPLE),
        ({"gate": Gate.AUDIT}, RuleToday(Gate.AUDIT, 0.5), Gentler.SAMPLE),
        ({"gate": Gate.AUDIT}, RuleToday(Gate.AUDIT, gate_advice.GENTLE_SAMPLE), None),
        ({"gate": Gate.AUDIT, "irreversible": True}, RuleToday(Gate.AUDIT), None),
        # Held more strictly than its rule says, or judged by a policy that is no more.
        ({"gate": Gate.HARD}, RuleToday(Gate.SOFT), None),
        ({"gate": Gate.HARD}, None, None),
        ({"gate": Gate.QUESTION, "kind": Kind.QUESTION}, RuleToday(Gate.HARD), None),
    ],
)
def test_the_gentler_gate_is_one_that_the_contract_allows(
    fields: dict[str, Any], today: RuleToday | None, gentler: Gentler | None
) -> None:
    """One step, never past the limits of risk and what cannot be undone, and from today's gate only."""
    today_ = {} if today is None else {"refunds": today}
    found = advised([a_record(**fields)] * 25, Advice.GENTLER, today_)
    assert (found.gentler if found is not None else None) == gentler


def test_only_those_that_may_pass_more_gently_are_counted() -> None:
    """A rule of which some are high risk: these neither speak for the gentler gate nor against it."""
    high = replace(REJECTED, risk=Risk.HIGH)
    found = advised([a_record()] * 20 + [high] * 20, Advice.GENTLER)
    assert found is not None
    assert (found.count, found.among) == (20, 20)


def test_what_it_would_have_saved() -> None:
    """Soft spares answers; auto cards and waiting too, after silence as well; a sample its share of cards."""
    waiting = a_record(decided_at=NOON + timedelta(hours=1))
    soft = advised([waiting] * 20, Advice.GENTLER)
    assert soft is not None
    assert soft.saving == Saving(cards=0, answers=20, waited=timedelta())
    held = replace(waiting, gate=Gate.SOFT)
    quiet = replace(SILENT, decided_at=NOON + timedelta(hours=1))
    auto = advised([held] * 20 + [quiet] * 5, Advice.GENTLER, {"refunds": RuleToday(Gate.SOFT)})
    assert auto is not None
    assert auto.saving == Saving(cards=25, answers=20, waited=timedelta(hours=25))
    audited = replace(waiting, gate=Gate.AUDIT)
    sample = advised([audited] * 20, Advice.GENTLER, {"refunds": RuleToday(Gate.AUDIT, 0.5)})
    assert sample is not None
    assert sample.saving == Saving(cards=16, answers=16, waited=timedelta())


def test_hasty_approvals_are_told_with_the_gentler_gate() -> None:
    """That nobody objected means less where nobody read."""
    soon = a_record(ballots=(Ballot(ALICE.id, NOON + 2 * SECOND, approves=True),))
    found = advised([soon] * 7 + [a_record()] * 13, Advice.GENTLER)
    assert found is not None
    assert found.hasty == 7


@pytest.mark.parametrize(
    ("modified", "others", "advised_"), [(3, 7, False), (4, 6, True), (4, 0, False), (5, 0, True)]
)
def test_much_modified_is_above_its_share(modified: int, others: int, advised_: bool) -> None:
    """Over 30 % of what people decided; of fewer than five nobody can tell."""
    found = advised([MODIFIED] * modified + [a_record()] * others, Advice.MODIFIED)
    assert (found is not None) is advised_


def test_the_fields_that_people_change_are_named_by_agent() -> None:
    """The most frequent first, three at most; where content is deleted, none."""
    other = AgentName("support")
    records = [MODIFIED] * 4 + [replace(MODIFIED, agent=other, changed=("/reason", "/amount"))] * 2
    records += [replace(MODIFIED, changed=("/note",)), replace(MODIFIED, changed=())]
    found = advised(records, Advice.MODIFIED)
    assert found is not None
    assert found.corrections == (
        Correction(AgentName("billing"), "/amount", 4),
        Correction(other, "/reason", 2),
        Correction(other, "/amount", 2),
    )


def test_changes_that_were_deleted_are_counted_where_their_fields_cannot_be_named() -> None:
    """After its time nobody knows what was changed: the suggestion says of how many that holds."""
    forgotten = replace(MODIFIED, changed=(), changes_gone=True)
    found = advised([MODIFIED] * 3 + [forgotten] * 2, Advice.MODIFIED)
    assert found is not None
    assert (found.count, found.changes_gone, found.corrections[0].times) == (5, 2, 3)
    kept = advised([MODIFIED] * 5, Advice.MODIFIED)
    assert kept is not None
    assert kept.changes_gone == 0


@pytest.mark.parametrize(
    ("unanswered", "others", "advised_"),
    [([TIMED_OUT], 9, False), ([TIMED_OUT], 8, True), ([TIMED_OUT], 3, False), ([PARKED], 8, True)],
)
def test_too_much_stays_unanswered_above_its_share(
    unanswered: list[Record], others: int, advised_: bool
) -> None:
    """Over 10 % of what people were shown, parked ones too; of fewer than five nobody can tell."""
    records = unanswered + [a_record()] * others
    assert (advised(records, Advice.UNANSWERED) is not None) is advised_


def test_what_nobody_was_asked_about_is_not_unanswered() -> None:
    """What policy and grants let through, and what was withdrawn, says nothing of the route."""
    assert advised([TIMED_OUT] + [a_record()] * 4 + [BY_POLICY, GRANTED, CANCELLED] * 9, Advice.UNANSWERED)
    assert advised([TIMED_OUT] + [a_record()] * 9 + [BY_POLICY], Advice.UNANSWERED) is None


def test_flagged_reviews_and_used_grants_are_told_from_the_first() -> None:
    """One to roll back is one too many; how often grants were used is worth a look."""
    flagged = advised([FLAGGED] + [replace(FLAGGED, verdict=Status.APPROVED)] * 3, Advice.FLAGGED)
    assert flagged is not None
    assert (flagged.count, flagged.among) == (1, 4)
    told = figures(FLAGGED, a_record())
    assert (told.flagged, told.reviewed) == (1, 1)
    granted = advised([GRANTED, GRANTED, a_record()], Advice.GRANTS)
    assert granted is not None
    assert (granted.count, granted.among) == (2, 3)
    assert reviewed([a_record(), REJECTED]).suggestions == ()


def test_what_is_wrong_comes_before_what_is_only_too_much() -> None:
    """Within a rule: flagged, unanswered, modified, gentler, grants."""
    records = [MODIFIED] * 5 + [TIMED_OUT, GRANTED, FLAGGED]
    assert [each.advice for each in reviewed(records).suggestions] == [
        Advice.FLAGGED,
        Advice.UNANSWERED,
        Advice.MODIFIED,
        Advice.GRANTS,
    ]


@pytest.mark.parametrize(
    ("advice", "shown"),
    [
        (Advice.GENTLER, [a_record()]),
        (Advice.MODIFIED, [MODIFIED]),
        (Advice.UNANSWERED, [TIMED_OUT, PARKED]),
        (Advice.FLAGGED, [FLAGGED]),
        (Advice.GRANTS, [GRANTED]),
    ],
)
def test_the_requests_that_a_suggestion_is_about(advice: Advice, shown: list[Record]) -> None:
    """*Show the requests* lists those that speak for it, and none of the others."""
    every = [
        a_record(),
        MODIFIED,
        REJECTED,
        TIMED_OUT,
        PARKED,
        CANCELLED,
        GRANTED,
        BY_POLICY,
        SILENT,
        FLAGGED,
    ]
    assert [record for record in every if gate_advice.is_about(advice, record, HARD["refunds"])] == shown


def test_changed_places_forget_which_of_many_it_was() -> None:
    """`/items/*/price` for each of them, once; a key with a number in it is a key."""
    before: dict[str, Json] = {"items": [{"price": 1}, {"price": 2}], "note1": "a", "x": 1}
    after: dict[str, Json] = {"items": [{"price": 3}, {"price": 4}], "note1": "b", "x": True}
    assert changed_places(before, after) == ("/items/*/price", "/note1", "/x")
    assert changed_places(before, before) == ()
