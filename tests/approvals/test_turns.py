"""For whom a request waits: whoever may decide it, has not done so, and has not handed it over."""

from __future__ import annotations

from dataclasses import replace

from approvals.attention import relieved
from approvals.events import Event, HandedOver, Voted
from approvals.machine import decide
from approvals.model import Case
from approvals.roster import Person, Roster
from approvals.turns import may_decide, waits_for
from approvals.words import Choice, UserId
from tests.harness.cases import ALICE, BOB, CAROL, DAN, NOON, a_request, a_roster, an_open_case

ROSTER = a_roster()
TWO = a_roster(members=(ALICE, BOB))
EVERYBODY = (ALICE, BOB, CAROL, DAN)


def away(roster: Roster, deputy: Person, *absent: Person) -> Roster:
    """`deputy` may decide in the place of those."""
    return replace(roster, deputies={deputy.id: tuple(each.id for each in absent)})


def after(case: Case, *events: Event) -> Case:
    """What becomes of it."""
    for event in events:
        case = decide(case, event, NOON).case
    return case


def approved(case: Case, by: Person, roster: Roster) -> Case:
    """`by` approves what is there."""
    return after(case, Voted(by, Choice.APPROVE, case.sight, roster))


def for_whom(case: Case, roster: Roster) -> set[UserId]:
    """For whom it waits."""
    return {each.id for each in EVERYBODY if waits_for(case, each.id, roster)}


def test_it_waits_for_whoever_could_decide_and_has_not_passed_it_on() -> None:
    """Neither for who approved, nor for who handed it over, nor for anybody once it is decided or held."""
    case = approved(an_open_case(a_request(), quorum=2), ALICE, ROSTER)
    assert for_whom(case, ROSTER) == {BOB.id, CAROL.id}
    handed = after(case, HandedOver(BOB, ROSTER, to_person=CAROL))
    assert for_whom(handed, ROSTER) == {CAROL.id}
    assert may_decide(handed, BOB.id, ROSTER)
    assert for_whom(replace(case, held=True), ROSTER) == set()
    assert for_whom(approved(case, BOB, ROSTER), ROSTER) == set()


def test_what_was_handed_over_comes_back_where_nobody_else_is_left() -> None:
    """The taker left: it waits for whoever gave it, as before."""
    case = after(an_open_case(), HandedOver(ALICE, TWO, to_person=BOB))
    assert for_whom(case, TWO) == {BOB.id}
    assert for_whom(case, a_roster(members=(ALICE, BOB), gone=(BOB,))) == {ALICE.id}


def test_of_an_absent_one_and_their_deputy_one_is_enough() -> None:
    """What either approved or handed over waits no more for the deputy, unless they stand for others too."""
    case = an_open_case(a_request(), quorum=2)
    roster = away(ROSTER, DAN, BOB)
    both = away(ROSTER, DAN, BOB, CAROL)
    for by in (BOB, DAN):
        assert for_whom(approved(case, by, roster), roster) == {ALICE.id, CAROL.id}
    handed = after(case, HandedOver(BOB, roster, to_person=ALICE))
    assert for_whom(handed, roster) == {ALICE.id, CAROL.id}
    assert for_whom(handed, both) == {ALICE.id, CAROL.id, DAN.id}


def test_what_a_deputy_handed_over_comes_back_once_only_the_absent_one_is_left() -> None:
    """Bob is away and hears nothing: his deputy is reminded again, and has it in their queue again."""
    roster = away(TWO, DAN, BOB)
    handed = after(an_open_case(a_request(), quorum=2), HandedOver(DAN, roster, to_person=ALICE))
    assert relieved(handed, roster) == frozenset({DAN.id})
    assert for_whom(handed, roster) == {ALICE.id, BOB.id}
    left = approved(handed, ALICE, roster)
    assert relieved(left, roster) == frozenset()
    assert for_whom(left, roster) == {BOB.id, DAN.id}
