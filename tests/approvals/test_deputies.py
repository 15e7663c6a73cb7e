"""A deputy decides in the place of somebody who is away, and nobody is counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals import quorum
from approvals.absence import Absence, deputies
from approvals.access import why_not_decide
from approvals.errors import Reason
from approvals.events import Answered, Edited, Voted
from approvals.machine import Ruling, decide
from approvals.model import Case
from approvals.roster import Person, Roster
from approvals.words import Choice, Gate, Kind, Status, UserId
from blocks.replies import answer_words
from tests.harness.cases import ALICE, BOB, CAROL, DAN, NOON, a_request, a_roster, an_open_case

HOUR = timedelta(hours=1)
EVERYBODY = (ALICE, BOB, CAROL, DAN)


def standing_in(
    *pairs: tuple[Person, Person], members: tuple[Person, ...] = (ALICE, CAROL), gone: tuple[Person, ...] = ()
) -> Roster:
    """Directors are `members`; of each pair the first stands in for the second."""
    told: dict[UserId, tuple[UserId, ...]] = {}
    for deputy, absent in pairs:
        told[deputy.id] = (*told.get(deputy.id, ()), absent.id)
    return replace(a_roster(members=members, gone=gone), deputies=told)


def vote(case: Case, by: Person, roster: Roster, choice: Choice = Choice.APPROVE) -> Ruling:
    """At noon, of what is on the card now."""
    return decide(case, Voted(by, choice, case.sight, roster, "because"), NOON)


def test_a_deputy_approves_and_it_is_said_for_whom() -> None:
    """The voter stands in the decision, the absent one beside them, and in the log."""
    ruling = vote(an_open_case(), BOB, standing_in((BOB, ALICE)))
    assert ruling.case.status is Status.APPROVED
    assert ruling.case.decision is not None
    assert ruling.case.decision.by == (BOB,)
    assert ruling.case.decision.in_place_of == {BOB.id: ALICE}
    assert ruling.case.votes[0].stands_for == ALICE
    assert ruling.facts[0].body["for"] == ALICE.id


def test_edits_rejections_and_answers_are_in_their_place_too() -> None:
    """Each says for whom, in the decision and in the log."""
    roster = standing_in((BOB, ALICE))
    case = an_open_case()
    edited = decide(case, Edited(BOB, {**case.payload, "amount": 5}, case.sight, roster), NOON)
    question = an_open_case(a_request(kind=Kind.QUESTION), gate=Gate.QUESTION)
    answered = decide(question, Answered(BOB, "ACME", question.sight, roster), NOON)
    for ruling in (edited, vote(case, BOB, roster, Choice.REJECT), answered):
        assert ruling.case.decision is not None
        assert ruling.case.decision.in_place_of == {BOB.id: ALICE}
        assert ruling.facts[0].body["for"] == ALICE.id


def test_whoever_is_asked_in_their_own_right_votes_as_themselves() -> None:
    """Then nobody else is used up, and both may be away and vote all the same."""
    roster = standing_in((BOB, ALICE), members=(ALICE, BOB))
    first = vote(an_open_case(quorum=2), BOB, roster)
    assert first.case.votes[0].stands_for is None
    assert vote(first.case, ALICE, roster).case.status is Status.APPROVED


def test_a_vote_for_somebody_uses_up_both() -> None:
    """Alice's own adds nothing to Bob's for her, in either order; Carol's does."""
    roster = standing_in((BOB, ALICE))
    for first, second in ((BOB, ALICE), (ALICE, BOB)):
        once = vote(an_open_case(quorum=2), first, roster)
        twice = vote(once.case, second, roster)
        assert (twice.answer.repeated, twice.answer.already) == (True, first)
        told = answer_words(twice.answer, twice.case, roster, "approve")
        assert f"{first.name} has approved this already" in told
        assert quorum.tally(twice.case, roster).given == 1
        assert vote(twice.case, CAROL, roster).case.status is Status.APPROVED


@pytest.mark.parametrize(
    ("requester", "why"),
    [
        ("U0ALICE", Reason.IS_REQUESTER),
        ("U0BOB", Reason.IS_REQUESTER),
        ("bob@example.com", Reason.IS_REQUESTER),
        ("ALICE@example.com", Reason.IS_REQUESTER),
        ("U0CAROL", None),
    ],
)
def test_neither_of_the_two_may_be_the_requester(requester: str, why: Reason | None) -> None:
    """Separation of duties holds through a deputy."""
    case = an_open_case(a_request(on_behalf_of=requester))
    assert why_not_decide(case, BOB.id, standing_in((BOB, ALICE))) is why


@pytest.mark.parametrize(
    ("roster", "why"),
    [
        (standing_in((BOB, ALICE), gone=(BOB,)), Reason.DEACTIVATED),
        (standing_in((BOB, ALICE), gone=(ALICE,)), Reason.NOT_ASKED),
        (standing_in((BOB, DAN)), Reason.NOT_ASKED),
        (standing_in((BOB, ALICE), (DAN, BOB)), None),
        (standing_in((DAN, BOB), (BOB, ALICE), members=(ALICE,)), None),
    ],
)
def test_a_deputy_may_what_the_absent_one_may(roster: Roster, why: Reason | None) -> None:
    """Where that one is asked, and both are still there."""
    assert why_not_decide(an_open_case(), BOB.id, roster) is why


def test_a_deputys_deputy_decides_nothing() -> None:
    """Chains are not followed: Dan stands in for Bob, not for Alice."""
    roster = standing_in((DAN, BOB), (BOB, ALICE), members=(ALICE,))
    assert why_not_decide(an_open_case(), DAN.id, roster) is Reason.NOT_ASKED


def test_a_deputys_vote_ends_with_their_time() -> None:
    """Membership is always today's: once Alice is back, she says it herself."""
    roster, back = standing_in((BOB, ALICE)), standing_in()
    once = vote(an_open_case(quorum=2), BOB, roster).case
    assert quorum.tally(once, back).given == 0
    assert not vote(once, ALICE, back).answer.repeated


def test_both_votes_count_once_when_she_is_away_again() -> None:
    """Bob's for Alice, then hers while she was back, and then she is away again: that is one approval."""
    roster = standing_in((BOB, ALICE))
    once = vote(an_open_case(quorum=2), BOB, roster).case
    both = vote(once, ALICE, standing_in()).case
    assert len(both.votes) == 2
    assert quorum.tally(both, roster).given == quorum.tally(both, standing_in()).given == 1
    turned = replace(both, votes=both.votes[::-1])
    assert quorum.tally(turned, roster).given == 1


def test_only_who_is_in_a_group_stands_in_until_the_end() -> None:
    """To the moment; of one who is away no more, and of oneself, nothing is left."""
    away = Absence(ALICE.id, BOB.id, NOON + HOUR, NOON)
    assert deputies([away], {BOB.id}, NOON) == {BOB.id: (ALICE.id,)}
    assert deputies([away], {BOB.id}, NOON + HOUR) == {}
    assert deputies([away], {ALICE.id}, NOON) == {}
    assert deputies([replace(away, deputy=ALICE.id)], {ALICE.id}, NOON) == {}


PAIRS = st.lists(
    st.tuples(st.sampled_from(EVERYBODY), st.sampled_from(EVERYBODY)).filter(lambda pair: pair[0] != pair[1]),
    max_size=4,
    unique_by=lambda pair: pair[1],
)


@given(
    pairs=PAIRS,
    voters=st.lists(st.sampled_from(EVERYBODY), max_size=8),
    needed=st.integers(1, 4),
    members=st.sets(st.sampled_from(EVERYBODY), min_size=1),
    requester=st.sampled_from([None, *EVERYBODY]),
    changes=st.lists(st.tuples(st.integers(0, 7), PAIRS), max_size=2),
)
def test_no_person_is_counted_twice(
    pairs: list[tuple[Person, Person]],
    voters: list[Person],
    needed: int,
    members: set[Person],
    requester: Person | None,
    changes: list[tuple[int, list[tuple[Person, Person]]]],
) -> None:
    """Whoever stands in for whom, and whenever that changes: as many different people asked approved."""
    asked = tuple(each for each in EVERYBODY if each in members)
    request = a_request(on_behalf_of=requester.id if requester is not None else None)
    case, roster = an_open_case(request, quorum=needed), standing_in(*pairs, members=asked)
    for place, voter in enumerate(voters):
        for at, anew in changes:
            if at == place:
                roster = standing_in(*anew, members=asked)
        if case.status.final:
            break
        case = vote(case, voter, roster).case
        tally = quorum.tally(case, roster)
        places = tally.in_place_of
        used = [person.id for person in tally.approved_by] + [person.id for person in places.values()]
        assert len(used) == len(set(used)), "nobody on two sides"
        counted = [places.get(person.id, person) for person in tally.approved_by]
        assert set(counted) <= members, "what counts is the vote of somebody who is asked"
        assert requester is None or requester.id not in used
        assert case.status.final == (tally.given >= needed)
        if not case.status.final:
            left = quorum.lack(case, roster)
            able = [each for each in asked if each.id not in used and each != requester]
            assert (left is None) == (len(able) >= needed - tally.given)
