"""Cards of the gates that are no plain approvals, and of requests that more people are asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from approvals.canonical import Json
from approvals.events import Answered, Edited, Event, Opened, Reported, Shown, Ticked, Voted
from approvals.grants import Grant, given
from approvals.machine import decide
from approvals.model import Case, Consequences, Grants, Step
from approvals.roster import Roster
from approvals.words import AgentName, Choice, Gate, GrantId, Kind, OutcomeStatus, RequestId, Risk, StepKind
from blocks.card import CardView
from tests.harness.cases import (
    ALICE,
    BOB,
    CAROL,
    DAN,
    DIRECTORS,
    FINANCE,
    NOON,
    a_judgement,
    a_request,
    a_roster,
    an_open_case,
)

ROSTER = a_roster(finance=(DAN,))
OPTIONS = ("ACME GmbH, Berlin", "ACME Ltd, Leeds", "ACME Inc., Reno")
_HOUR = timedelta(hours=1)


def after(case: Case, event: Event, *, minutes: float) -> Case:
    """The case after an event, so many minutes after noon."""
    return decide(case, event, NOON + timedelta(minutes=minutes)).case


def draft(*, review: bool = True, **rule: Any) -> Case:
    """A draft that goes ahead half an hour after its card, unless somebody objects; not shown yet."""
    request = a_request(
        id=RequestId("req_01JD3WA00000000000000000S1"),
        agent=AgentName("web-agent"),
        action="publish_draft",
        payload={"site": "shop.example.com", "page": "autumn-sale", "words": 412},
        reasoning="The sale begins tomorrow, and the text was read twice.",
        effects=Consequences("The page is public at once.", None, "Unpublish it: takes a minute."),
    )
    whole: dict[str, Any] = {
        "gate": Gate.SOFT,
        "risk": Risk.MEDIUM,
        "rule": "drafts",
        "title": "Publish autumn-sale on shop.example.com",
        "reasons": ("publish_draft is medium risk", "rule drafts matches"),
        "deciding": ("rule drafts matches",),
        "steps": (Step(timedelta(minutes=30), StepKind.APPROVE, review=review),),
        "grants": Grants(8 * _HOUR, ("payload.site",)),
    }
    return an_open_case(request, **{**whole, **rule})


def shown(case: Case) -> Case:
    """Its card came up a minute after it was asked."""
    return after(case, Shown(), minutes=1)


def deploy(**rule: Any) -> Case:
    """A deployment, for which two directors type the service's name."""
    request = a_request(
        id=RequestId("req_01JD3WB00000000000000000M1"),
        agent=AgentName("release-agent"),
        action="deploy_service",
        payload={"service": "checkout", "version": "2026.11.3", "environment": "production"},
        reasoning="All checks are green, and the fix is wanted today.",
        effects=Consequences("Checkout is restarted, region by region.", None, "Deploy 2026.11.2 again."),
    )
    whole: dict[str, Any] = {
        "gate": Gate.MANUAL,
        "rule": "deploys",
        "title": "Deploy checkout 2026.11.3",
        "reasons": ("deploy_service is high risk", "rule deploys matches"),
        "deciding": ("rule deploys matches",),
        "confirm": "payload.service",
        "quorum": 2,
        "steps": (Step(2 * _HOUR, StepKind.PARK),),
    }
    return an_open_case(request, **{**whole, **rule})


def comment(**rule: Any) -> Case:
    """A review: the agent hid a comment."""
    request = a_request(
        id=RequestId("req_01JD3WC00000000000000000R1"),
        agent=AgentName("moderation-agent"),
        action="hide_comment",
        kind=Kind.REVIEW,
        payload={"comment": 5521, "label": "spam", "text": "Buy cheap watches at my shop!!"},
        reasoning="A link to a shop, from an account that is a day old.",
        effects=Consequences("Only its author sees the comment.", None, "Show it again."),
        confidence=0.81,
    )
    whole: dict[str, Any] = {
        "gate": Gate.AUDIT,
        "risk": Risk.LOW,
        "rule": "moderation",
        "title": "Hide comment 5521",
        "reasons": ("hide_comment is low risk", "rule moderation matches"),
        "deciding": ("rule moderation matches",),
        "steps": (Step(timedelta(days=3), StepKind.EXPIRE),),
    }
    return an_open_case(request, **{**whole, **rule})


def question(**fields: Any) -> Case:
    """Which customer did you mean?"""
    whole: dict[str, Any] = {
        "id": RequestId("req_01JD3WD00000000000000000Q1"),
        "agent": AgentName("billing-agent"),
        "action": "choose_customer",
        "kind": Kind.QUESTION,
        "title": "Which ACME did you mean?",
        "payload": {"invoice": "2026-118"},
        "reasoning": "Three customers have that name, and the invoice gives no address.",
        "options": OPTIONS,
        "default_answer": OPTIONS[0],
    }
    request = a_request(**{**whole, **fields})
    rule: dict[str, Any] = {
        "gate": Gate.QUESTION,
        "risk": Risk.LOW,
        "rule": "questions",
        "title": request.title,
        "reasons": ("choose_customer is low risk", "rule questions matches"),
        "deciding": ("rule questions matches",),
        "steps": (Step(_HOUR, StepKind.EXPIRE),),
    }
    return an_open_case(request, **rule)


def answered(case: Case, answer: str) -> Case:
    """Bob answers after ten minutes."""
    return after(case, Answered(BOB, answer, case.sight, ROSTER), minutes=10)


def reviewed(case: Case, choice: Choice, why: str | None = None) -> Case:
    """Alice says how it was."""
    return after(case, Voted(ALICE, choice, case.sight, ROSTER, why), minutes=50)


def corrected(case: Case, **values: Json) -> Case:
    """Alice says what it should have been."""
    event = Edited(ALICE, {**case.payload, **values}, case.sight, ROSTER, "It is satire.")
    return after(case, event, minutes=50)


def review_of_silence() -> CardView:
    """The review that opens when nobody objected to a draft."""
    before = after(shown(draft()), Ticked(), minutes=31)
    request = replace(
        before.request,
        id=RequestId("req_01JD3WE00000000000000000S2"),
        kind=Kind.REVIEW,
        created_at=NOON + timedelta(minutes=31),
        review_of=before.id,
    )
    judgement = replace(
        before.judgement, gate=Gate.AUDIT, grants=None, steps=(Step(timedelta(days=1), StepKind.EXPIRE),)
    )
    case = decide(None, Opened(request, judgement), request.created_at).case
    return CardView(case, ROSTER, reviewed=before)


def escalating(**rule: Any) -> Case:
    """A refund that finance is asked about as well after an hour."""
    steps = (Step(_HOUR, StepKind.ESCALATE, to=FINANCE), Step(4 * _HOUR, StepKind.EXPIRE))
    request = a_request(id=RequestId("req_01JD3WF00000000000000000E1"))
    return an_open_case(request, **{"steps": steps, "quorum": 2, **rule})


def too_few() -> CardView:
    """Two have left, and only Carol can decide."""
    roster = a_roster(gone=(ALICE, BOB))
    steps = (Step(4 * _HOUR, StepKind.EXPIRE),)
    return CardView(escalating(steps=steps), roster)


def unopposed() -> CardView:
    """A draft that goes ahead, as everybody who could object has left; and there are no operators."""
    return CardView(shown(draft()), a_roster(gone=(ALICE, BOB, CAROL)), operators=False)


def early() -> CardView:
    """Two have left, so finance is asked before its time."""
    roster = a_roster(gone=(ALICE, BOB), finance=(DAN,))
    request = a_request(id=RequestId("req_01JD3WF00000000000000000E2"))
    steps = (Step(_HOUR, StepKind.ESCALATE, to=FINANCE), Step(4 * _HOUR, StepKind.EXPIRE))
    judgement = a_judgement(steps=steps, quorum=2)
    return CardView(decide(None, Opened(request, judgement, roster), NOON).case, roster)


def stale() -> CardView:
    """Slack has not told for a while who is in the groups, and of one never."""
    as_of = {DIRECTORS: NOON - timedelta(minutes=7), FINANCE: None}
    case = after(escalating(), Ticked(), minutes=61)
    return CardView(case, Roster(ROSTER.groups, ROSTER.people, as_of))


def grant(uses: int = 3) -> tuple[Case, Grant]:
    """A draft that was approved, with leave for others like it."""
    case = shown(draft())
    made = given(case, GrantId("g_01JD3WG0"), ALICE, NOON + timedelta(minutes=20), 6 * _HOUR)
    assert made is not None
    used = NOON + 3 * _HOUR if uses else None
    return after(case, Voted(ALICE, Choice.APPROVE, case.sight, ROSTER), minutes=20), replace(
        made, uses=uses, used_at=used
    )


def granted(*, taken_back: bool = False) -> CardView:
    """Its card, four hours later."""
    case, made = grant()
    if taken_back:
        made = replace(made, revoked_at=NOON + 3.5 * _HOUR)
    return CardView(case, ROSTER, grants=(made,), now=NOON + 4 * _HOUR)


def _flagged() -> Case:
    return reviewed(comment(), Choice.REJECT, "That is a regular customer, and no spam.")


LONG = tuple(
    f"Answer {number} of those that were found in the archive, with what is known of it and why it is meant"
    for number in range(1, 8)
)

GATE_STATES: Mapping[str, Callable[[], CardView]] = {
    "soft_before_it_is_shown": lambda: CardView(draft(), ROSTER, now=NOON + timedelta(minutes=2)),
    "soft_open": lambda: CardView(shown(draft()), ROSTER),
    "soft_went_ahead": lambda: CardView(after(shown(draft()), Ticked(), minutes=31), ROSTER),
    "soft_went_ahead_for_good": lambda: CardView(
        after(shown(draft(review=False)), Ticked(), minutes=31), ROSTER
    ),
    "soft_stopped": lambda: CardView(
        after(
            shown(draft()),
            Voted(CAROL, Choice.REJECT, draft().sight, ROSTER, "The prices are last year's."),
            minutes=12,
        ),
        ROSTER,
    ),
    "manual_open": lambda: CardView(deploy(), ROSTER),
    "manual_by_the_word": lambda: CardView(deploy(confirm=None, quorum=1), ROSTER),
    "manual_half_approved": lambda: CardView(
        after(
            deploy(),
            Voted(ALICE, Choice.APPROVE, deploy().sight, ROSTER, typed="checkout"),
            minutes=20,
        ),
        ROSTER,
    ),
    "audit_open": lambda: CardView(comment(), ROSTER),
    "audit_breaks_form": lambda: CardView(
        comment(form={"properties": {"label": {"enum": ["ok", "rude"]}}}), ROSTER
    ),
    "audit_of_silence": review_of_silence,
    "audit_looks_right": lambda: CardView(reviewed(comment(), Choice.APPROVE), ROSTER),
    "audit_corrected": lambda: CardView(corrected(comment(), label="satire"), ROSTER),
    "audit_flagged": lambda: CardView(_flagged(), ROSTER),
    "audit_rolled_back": lambda: CardView(
        after(_flagged(), Reported(OutcomeStatus.ROLLED_BACK, "The comment is shown again."), minutes=52),
        ROSTER,
    ),
    "audit_unreviewed": lambda: CardView(after(comment(), Ticked(), minutes=60 * 72 + 1), ROSTER),
    "question_open": lambda: CardView(question(), ROSTER),
    "question_of_many": lambda: CardView(
        question(options=tuple(f"ACME {name}" for name in "ABCDEFG"), default_answer=None), ROSTER
    ),
    "question_of_long_options": lambda: CardView(question(options=LONG, default_answer=LONG[2]), ROSTER),
    "question_without_options": lambda: CardView(
        question(options=(), default_answer=None, payload={}), ROSTER
    ),
    "question_answered": lambda: CardView(answered(question(), OPTIONS[1]), ROSTER),
    "question_by_default": lambda: CardView(after(question(), Ticked(), minutes=61), ROSTER),
    "question_unanswered": lambda: CardView(
        after(question(default_answer=None), Ticked(), minutes=61), ROSTER
    ),
    "escalated": lambda: CardView(after(escalating(), Ticked(), minutes=61), ROSTER),
    "escalated_early": early,
    "too_few_left": too_few,
    "soft_and_nobody_can_object": unopposed,
    "groups_of_old": stale,
    "granting": granted,
    "granted_and_taken_back": lambda: granted(taken_back=True),
}
