"""Who takes care of a request: the agent is asked, the request handed over, its reminders put off."""

from __future__ import annotations

from collections.abc import Iterator

from approvals.attention import takers
from approvals.events import Commented, HandedOver
from approvals.words import AgentName, GroupName
from blocks.modals import ask_modal, hand_over_modal, snooze_modal
from blocks.modals_hand_over import Takers
from bot.gallery.cast import ALICE, BOB, NOON
from bot.gallery.life import Life, Story
from bot.gallery.refunds import refund


def stories() -> Iterator[Story]:
    """One at a time."""
    yield _taken_care_of()


def _taken_care_of() -> Story:
    life = Life(refund(14, amount=45))
    life.opens("Alice clicks Ask the agent", ask_modal(life.case))
    asked = Commented(ALICE, "Is this the second refund for that order?", aloud=True)
    life.happens(asked, 3, "Alice asks the agent")
    life.comments(AgentName(life.case.request.agent), 3, "No, the first: order 8821 was never refunded.")
    people, groups = takers(life.case, ALICE.id, life.roster)
    life.opens("Alice clicks Hand over", hand_over_modal(life.case, Takers(people, groups), life.roster))
    to_bob = HandedOver(ALICE, life.roster, to_person=BOB, reason="You know the customer.")
    life.happens(to_bob, 5, "Alice hands it to Bob")
    to_finance = HandedOver(BOB, life.roster, to_group=GroupName("finance"))
    life.happens(to_finance, 7, "Bob hands it to finance")
    life.opens("Bob clicks Snooze", snooze_modal(life.case, NOON, "Europe/Berlin"))
    return life.story("refund_taken_care_of", "A refund that is asked about, handed over and put off")
