"""Mails, deployments, drafts, reviews, questions, deletions: each gate, each way it may end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from approvals.canonical import Json
from approvals.errors import Reason
from approvals.fields import fields
from approvals.model import Consequences, Request
from approvals.words import GroupName, Kind, OutcomeStatus, RequestId
from blocks import replies
from blocks.card import minimal
from blocks.everything import everything_modal
from blocks.modals import answer_modal, confirm_modal, edit_modal, flag_modal, reject_modal
from bot.gallery.cast import ALICE, BOB, CAROL, NOON, request, roster
from bot.gallery.life import Life, Place, Story, later

_OPTIONS: Final = ("ACME GmbH, Berlin", "ACME Ltd, Leeds", "ACME Inc., Reno")
_LONG_OPTIONS: Final = tuple(
    f"Contract {number} of 2026, signed in {month}, with the amendment on late deliveries and the price list"
    for number, month in enumerate(("January", "March", "April", "July", "September", "October"), 1)
)


def stories() -> Iterator[Story]:
    """One at a time."""
    yield _mail_rejected()
    yield _mail_approved_at_length()
    yield _deploy()
    yield _deploy_parked()
    yield _deletion()
    yield _draft_goes_ahead()
    yield _draft_stopped()
    yield _review_flagged()
    yield _review_right()
    yield _question_answered()
    yield _question_in_silence()
    yield _question_of_many()
    yield _in_slacks_way()


def _mail(number: int, **payload: Json) -> Request:
    whole: dict[str, Json] = {
        "to": "jo@example.com",
        "subject": "Your order 8821",
        "body": "Dear Jo,\n\nwe are sorry, it arrived broken.\nA new one leaves today.\n\nYours,\nACME",
        "attach_invoice": True,
        "reply_to": None,
    }
    effects = Consequences("Jo gets the mail at once.", "No mail is sent.", None)
    reasoning = "The customer wrote twice, and nobody has answered."
    return request(
        number, "mail-agent", "send_email", {**whole, **payload}, reasoning=reasoning, effects=effects
    )


def _mail_rejected() -> Story:
    life = Life(_mail(20))
    life.opens("Bob clicks Reject", reject_modal(life.case))
    life.rejects(BOB, 4, "Do not promise a date: the new one leaves on Monday.")
    return life.story("mail_rejected", "A mail, rejected with a reason")


def _mail_approved_at_length() -> Story:
    body = "\n\n".join(
        f"{number}. What we know of order {8800 + number}: it left us whole, and arrived broken. "
        "The photo shows the corner that was hit. The carrier has been told, and will pay."
        for number in range(1, 41)
    )
    life = Life(_mail(21, subject="All forty orders", body=body))
    life.opens("Alice clicks View everything", everything_modal(life.case, life.facts))
    life.opens("Alice clicks Edit", edit_modal(life.case, fields(life.case), life.roster))
    life.approves(ALICE, 9)
    return life.story("mail_too_long_for_a_card", "A mail that is too long for its card")


def _deployment(number: int) -> Request:
    payload: dict[str, Json] = {"service": "checkout", "version": "2026.11.3", "environment": "production"}
    return request(
        number,
        "release-agent",
        "deploy_service",
        payload,
        reasoning="All checks are green, and the fix is wanted today.",
        effects=Consequences("Checkout is restarted, region by region.", None, "Deploy 2026.11.2 again."),
    )


def _deploy() -> Story:
    life = Life(_deployment(30))
    life.opens("Alice clicks Approve", confirm_modal(life.case, life.roster))
    life.approves(ALICE, 4)
    life.approves(ALICE, 5, typed="checkout")
    life.opens("Carol clicks Approve", confirm_modal(life.case, life.roster))
    life.approves(CAROL, 9, "Go.", typed="checkout")
    life.reports(OutcomeStatus.SUCCEEDED, 21, "Rolled out in four regions")
    return life.story("deploy_by_hand", "A deployment that two confirm by typing")


def _deploy_parked() -> Story:
    life = (
        Life(_deployment(31)).skipped().approves(ALICE, 5, typed="checkout").waits(121, "Two hours are over")
    )
    life.approves(BOB, 300, typed="checkout")
    return life.story("deploy_parked", "A deployment that is parked, and decided later")


def _deletion() -> Story:
    payload: dict[str, Json] = {
        "table": "customers",
        "ids": [17, 18, 19],
        "where": {"last_seen": {"before": "2024-01-01"}},
    }
    asked = request(
        40,
        "clean-up-agent",
        "delete_record",
        payload,
        title="Delete 3 customers who never came back",
        confidence=0.55,
        on_behalf_of="alice@example.com",
    )
    life = Life(asked)
    life.told("Alice clicks Approve", replies.refusal(Reason.IS_REQUESTER, life.case, life.roster))
    life.waits(61, "An hour is over")
    life.rejects(CAROL, 70, "The tax office wants them kept until 2030.")
    return life.story("deletion", "A deletion that cannot be undone")


def _draft(number: int) -> Request:
    return request(
        number,
        "web-agent",
        "publish_draft",
        {"site": "shop.example.com", "page": "autumn-sale", "words": 412},
        reasoning="The sale begins tomorrow, and the text was read twice.",
        effects=Consequences("The page is public at once.", None, "Unpublish it: takes a minute."),
    )


def _draft_goes_ahead() -> Story:
    life = Life(_draft(50)).shown(1).waits(32, "Nobody objected")
    asked = later(
        request(
            51,
            "web-agent",
            "publish_draft",
            dict(life.case.payload),
            kind=Kind.REVIEW,
            title=life.case.judgement.title,
            review_of=RequestId(life.case.id),
            effects=life.case.request.effects,
            reasoning=life.case.request.reasoning,
        ),
        32,
    )
    review = Life(asked, reviewed=life.case).approves(BOB, 40)
    return life.story("draft_goes_ahead", "A draft that nobody objects to", review)


def _draft_stopped() -> Story:
    life = Life(_draft(52)).shown(1).skipped().rejects(BOB, 12, "The prices are last year's.")
    unopposed = Life(_draft(53), who=roster(gone=(ALICE, BOB))).shown(1)
    return life.story("draft_stopped", "A draft that is stopped, and one that nobody can stop", unopposed)


def _comment(number: int) -> Request:
    return request(
        number,
        "moderation-agent",
        "hide_comment",
        {"comment": 5521, "label": "spam", "text": "Buy cheap watches at my shop!!"},
        kind=Kind.REVIEW,
        title="Hide comment 5521",
        reasoning="A link to a shop, from an account that is a day old.",
        effects=Consequences("Only its author sees the comment.", None, "Show it again."),
        confidence=0.81,
    )


def _review_flagged() -> Story:
    life = Life(_comment(60))
    life.opens("Bob clicks Flag", flag_modal(life.case))
    life.rejects(BOB, 50, "That is a regular customer, and no spam.")
    life.reports(OutcomeStatus.ROLLED_BACK, 52, "The comment is shown again.")
    return life.story("review_flagged", "A review that is flagged, and rolled back")


def _review_right() -> Story:
    right = Life(_comment(61)).skipped().approves(ALICE, 30)
    corrected = Life(_comment(62)).skipped()
    corrected.opens(
        "Alice clicks Correct", edit_modal(corrected.case, fields(corrected.case), corrected.roster)
    )
    corrected.edits(ALICE, 31, "It is satire.", label="satire")
    unreviewed = Life(_comment(63)).skipped().waits(3 * 24 * 60 + 1, "Three days are over")
    return right.story("review_endings", "Reviews: right, corrected, unreviewed", corrected, unreviewed)


def _question(number: int, **more: Any) -> Request:
    whole: dict[str, Any] = {
        "kind": Kind.QUESTION,
        "title": "Which ACME did you mean?",
        "reasoning": "Three customers have that name, and the invoice gives no address.",
        "options": _OPTIONS,
        "default_answer": _OPTIONS[0],
    }
    action = more.pop("action", "choose_customer")
    return request(number, "billing-agent", action, {"invoice": "2026-118"}, **{**whole, **more})


def _question_answered() -> Story:
    life = Life(_question(70)).waits(30, "Half an hour is over").answers(BOB, 34, _OPTIONS[1])
    life.told("Alice clicks another answer", replies.refusal(Reason.LATE, life.case, life.roster))
    return life.story("question_answered", "A question with answers to choose from")


def _question_in_silence() -> Story:
    guess = Life(_question(71)).skipped().waits(121, "Two hours are over")
    asked: dict[str, Any] = {
        "action": "ask_for_words",
        "title": "What shall the invoice say?",
        "reasoning": "The customer wants a line of thanks, and I know nothing about them.",
        "options": (),
        "default_answer": None,
    }
    free = Life(_question(72, **asked))
    free.opens("Alice clicks Answer", answer_modal(free.case))
    free.waits(121, "Two hours are over")
    return guess.story("question_in_silence", "Questions that nobody answers", free)


def _question_of_many() -> Story:
    asked: dict[str, Any] = {
        "action": "choose_contract",
        "title": "Which contract holds?",
        "reasoning": "Six were signed this year, and the invoice names none of them.",
        "options": _LONG_OPTIONS,
        "default_answer": None,
    }
    life = Life(_question(73, **asked))
    life.answers(ALICE, 11, _LONG_OPTIONS[3])
    return life.story("question_of_many", "A question with many long answers")


def _in_slacks_way() -> Story:
    life = Life(_deployment(80)).skipped()
    life.looks("Slack posted it twice", duplicate=True)
    life.hears(
        "Slack would refuse the whole card",
        minimal(life.case, "must be less than 3001 characters"),
        Place.CARD,
    )
    life.told("The database is slow", replies.could_not_save())
    life.told("A trigger expired", replies.took_too_long())
    life.told("Something broke", replies.incident("inc_4f2a"))
    stale = roster(as_of={GroupName("directors"): NOON - timedelta(minutes=7)})
    groups = Life(_deployment(81), who=stale)
    return life.story("in_slacks_way", "When Slack, or the desk, gets in the way", groups)
