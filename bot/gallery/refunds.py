"""Refunds: two of two, with an edit, with masked arguments; asked again, rejected, expired, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from approvals.canonical import Json
from approvals.errors import Reason
from approvals.fields import fields
from approvals.grants import Grant, given
from approvals.model import Case, Consequences, ContextItem, Request
from approvals.words import AgentName, OutcomeStatus, RequestId
from blocks import replies
from blocks.everything import everything_modal
from blocks.modals import allow_modal, edit_modal, reject_modal
from bot.gallery.cast import ALICE, BOB, CAROL, DAN, NOON, request, roster
from bot.gallery.life import GRANT, Life, Story, later

_AGENT: Final = "refund-agent"
_EFFECTS: Final = Consequences(
    "The refund is paid at once.", "The customer hears from a person.", "Reverse it within 24 hours."
)


def refund(number: int, *, amount: float = 750, **more: Any) -> Request:
    """A refund with everything an agent can say about it."""
    payload: dict[str, Json] = {
        "amount": amount,
        "currency": "EUR",
        "customer": "ACME GmbH",
        "reason": "goodwill",
        "order": "8821",
        "card_number": "4111 1111 1111 1111",
    }
    whole: dict[str, Any] = {
        "reasoning": "Arrived broken, photo attached. Customer for three years, first refund.",
        "effects": _EFFECTS,
        "confidence": 0.92,
        "context": (
            ContextItem("Order", 8821, "https://shop.example.com/orders/8821"),
            ContextItem("Orders so far", 41),
        ),
    }
    return request(
        number, _AGENT, "issue_refund", {**payload, **more.pop("payload", {})}, **{**whole, **more}
    )


def stories() -> Iterator[Story]:
    """One at a time."""
    yield _with_an_edit()
    yield _rejected_and_asked_again()
    yield _two_of_two()
    yield _failed()
    yield _rolled_back()
    yield _expired()
    yield _withdrawn()
    yield _escalated()
    yield _breaks_the_rule()
    yield _allowed()


def _with_an_edit() -> Story:
    life = Life(refund(1))
    life.approves(BOB, 6)
    life.told("Dan clicks Approve", replies.refusal(Reason.NOT_ASKED, life.case, life.roster))
    life.waits(15, "Nobody else has answered")
    life.opens("Alice clicks Edit", edit_modal(life.case, fields(life.case), life.roster))
    life.enters("Alice enters too much", amount="1500")
    life.edits(ALICE, 20, "The receipt covers 500.", amount=500)
    life.told("Bob approves what he saw before", replies.refusal(Reason.STALE, life.case, life.roster))
    life.comments(BOB, 22, "Is the receipt in the ticket?")
    life.comments(AgentName(_AGENT), 23, "Yes: it is attached to ticket 5521, for 500 EUR.")
    life.approves(BOB, 25, "Seen it.")
    life.told("Carol clicks Reject", replies.refusal(Reason.LATE, life.case, life.roster))
    life.reports(OutcomeStatus.SUCCEEDED, 26, "Paid, tx 5521", "https://bank.example.com/tx/5521")
    life.opens("Bob clicks View everything", everything_modal(life.case, life.facts))
    return life.story("refund_with_an_edit", "A refund, approved by two with a change, and paid")


def _rejected_and_asked_again() -> Story:
    life = Life(refund(2))
    life.opens("Carol clicks Reject", reject_modal(life.case))
    life.rejects(CAROL, 9, "750 is too much without a receipt; 400 would do.")
    again: dict[str, Json] = {"amount": 400, "receipt": "https://files.example.com/r/17.pdf"}
    second = Life(later(refund(3, payload=again, supersedes=RequestId(life.case.id)), 30), previous=life.case)
    second.approves(CAROL, 34).approves(ALICE, 40)
    return life.story("refund_asked_again", "A refund, rejected with a reason and asked again", second)


def _two_of_two() -> Story:
    life = Life(refund(4, amount=80)).approves(ALICE, 3).approves(BOB, 5, "Receipt is in the ticket.")
    return life.story("refund_two_of_two", "A refund that two approve as it is")


def _failed() -> Story:
    life = Life(refund(5)).approves(ALICE, 3).approves(BOB, 5).skipped()
    life.reports(OutcomeStatus.FAILED, 6, "The bank refused: account closed.")
    life.looks(
        "The agent cannot be reached", undelivered="https://agents.example.com/hooks did not answer for a day"
    )
    return life.story("refund_failed", "A refund that is approved, and fails")


def _rolled_back() -> Story:
    life = Life(refund(6)).approves(ALICE, 3).approves(BOB, 5).skipped()
    life.reports(OutcomeStatus.SUCCEEDED, 6, "Paid, tx 5533")
    life.reports(OutcomeStatus.ROLLED_BACK, 90, "The parcel was found. Reversed.")
    return life.story("refund_rolled_back", "A refund that is paid, and rolled back")


def _expired() -> Story:
    life = Life(refund(7)).skipped().waits(15, "Nobody has answered").approves(ALICE, 20, "Fine by me.")
    life.waits(241, "Four hours are over")
    life.told("Bob clicks Approve", replies.refusal(Reason.LATE, life.case, life.roster))
    return life.story("refund_expired", "A refund that expires with one of two approvals")


def _withdrawn() -> Story:
    life = Life(refund(8)).skipped().withdraws(12, "The customer called it off.")
    life.told("Alice clicks Approve", replies.refusal(Reason.LATE, life.case, life.roster))
    revoked = Life(refund(9)).skipped()
    revoked.withdraws(5, f"the agent {_AGENT} was revoked", by_operator=True)
    return life.story("refund_withdrawn", "Refunds that are withdrawn", revoked)


def _small(number: int, **more: Any) -> Request:
    return refund(number, amount=40, **more)


def _escalated() -> Story:
    life = Life(_small(10), who=roster(deputies={BOB.id: (ALICE.id,)}))
    life.waits(30, "Half an hour is over").waits(61, "An hour is over")
    life.approves(DAN, 75, "Small enough.")
    gone = Life(_small(11), who=roster(gone=(ALICE, BOB)))
    return life.story("refund_escalated", "Small refunds that more people are asked about", gone)


def _breaks_the_rule() -> Story:
    life = Life(refund(12, amount=7500))
    life.told("Alice approves it", replies.refusal(Reason.BREAKS_FORM, life.case, life.roster))
    life.edits(ALICE, 8, amount=1000)
    return life.story("refund_breaks_the_rule", "A refund above what the rule allows")


def _allowed() -> Story:
    life = Life(_small(13))
    opened = life.case
    life.opens("Alice clicks Approve and allow similar", allow_modal(opened, _grant(opened, 0, 4)))
    life.approves(ALICE, 4, allowing=timedelta(hours=2))
    grant = _grant(opened, 4, 2)
    life.looks("The card while similar ones go through", grants=(grant.used(NOON + timedelta(minutes=30)),))
    taken_back = replace(grant, revoked_at=NOON + timedelta(minutes=50))
    life.looks("The card after she took that back", grants=(taken_back,))
    return life.story("refund_similar_allowed", "A small refund, and leave for others like it")


def _grant(case: Case, minutes: float, hours: float) -> Grant:
    """What Alice lets through besides it, so many minutes after noon, for so many hours."""
    made = given(case, GRANT, ALICE, NOON + timedelta(minutes=minutes), timedelta(hours=hours))
    if made is None:
        raise ValueError(f"{case.id} is not one that similar ones can be allowed of")
    return made
