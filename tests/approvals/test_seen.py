"""Which payload somebody saw who decides by words: by when they wrote, and what the card showed then."""

from __future__ import annotations

from datetime import timedelta

from approvals.events import Edited, Shown
from approvals.machine import decide
from approvals.model import Case, Display
from approvals.seen import NOTHING, is_shown, seen_at
from tests.harness.cases import ALICE, NOON, a_roster, an_open_case

ROSTER = a_roster()
EDITED_AT, SHOWN_AT = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)


def edited() -> Case:
    """Alice edited it, and one more approval is needed."""
    case = an_open_case(quorum=2)
    payload = {**case.payload, "amount": 500}
    return decide(case, Edited(ALICE, payload, case.sight, ROSTER), EDITED_AT).case


def shown(case: Case) -> Case:
    """The card shows the edit."""
    return decide(case, Shown(Display(case.round, SHOWN_AT)), SHOWN_AT).case


def test_what_was_never_edited_is_what_everybody_saw() -> None:
    """The card cannot have shown anything else."""
    case = an_open_case()
    assert (seen_at(case, NOON), is_shown(case)) == (case.sight, True)


def test_an_edit_that_is_not_on_the_card_yet_was_not_seen() -> None:
    """Whatever the time of the message says."""
    assert seen_at(edited(), NOON + timedelta(hours=1)) == NOTHING
    assert not is_shown(edited())


def test_who_wrote_before_the_card_changed_saw_something_else() -> None:
    """From the moment the card shows it, it was seen."""
    case = shown(edited())
    assert is_shown(case)
    assert seen_at(case, SHOWN_AT - timedelta(microseconds=1)) == NOTHING
    assert seen_at(case, SHOWN_AT) == case.sight


def test_an_older_showing_does_not_replace_a_newer() -> None:
    """What a slow sender reports late, or again, changes nothing."""
    case = shown(edited())
    assert decide(case, Shown(Display(case.round, NOON)), SHOWN_AT).case is case
    assert decide(case, Shown(), SHOWN_AT).case is case
