"""Cards in every state they can be in: real rulings of the machine on realistic requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from approvals.audit import Fact
from approvals.canonical import Json, digest_of, salted
from approvals.events import Cancelled, Claimed, Commented, Edited, Event, Reported, Ticked, Voted
from approvals.machine import decide
from approvals.model import Case, Consequences, ContextItem, Step
from approvals.roster import Person
from approvals.words import AgentName, Choice, OutcomeStatus, RequestId, Risk, StepKind, UserId
from blocks.card import CardView
from tests.blocks.gate_states import GATE_STATES
from tests.blocks.gate_states import after as after  # noqa: PLC0414  # tests import it from here
from tests.harness.cases import ALICE, BOB, CAROL, DAN, NOON, a_request, a_roster, an_open_case, opened

ROSTER = a_roster()
REFUND: dict[str, Json] = {
    "amount": 750,
    "currency": "EUR",
    "customer": "ACME GmbH",
    "reason": "goodwill",
    "order": "8821",
    "card_number": "4111 1111 1111 1111",
}
_RULE: dict[str, Any] = {
    "quorum": 2,
    "guidance": "FIN-7: above 500 only with the customer's receipt.",
    "summary": ("payload.amount", "payload.customer", "payload.reason"),
    "sensitive": ("payload.card_number",),
    "form": {"properties": {"amount": {"type": "number", "maximum": 5000}}},
    "valid_for": timedelta(hours=1),
    "template": "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}",
    "reasons": ("issue_refund is medium risk", "payload.amount > 500: high", "rule refunds matches"),
    "deciding": ("rule refunds matches",),
}


def refund(**fields: Any) -> Case:
    """A refund with everything an agent can say about it."""
    rule = {**_RULE, **fields.pop("rule", {})}
    whole: dict[str, Any] = {
        "id": RequestId("req_01JD3V8Q0000000000000000A1"),
        "payload": REFUND,
        "reasoning": "Arrived broken, photo attached. Customer for three years, first refund.",
        "effects": Consequences(
            "The refund is paid at once.", "The customer hears from a person.", "Reversal within 24 h."
        ),
        "context": (
            ContextItem("Order", 8821, "https://shop.example.com/orders/8821"),
            ContextItem("Orders so far", 41),
        ),
        "confidence": 0.92,
    }
    return an_open_case(a_request(**{**whole, **fields}), **rule)


def voted(
    case: Case, by: Person, choice: Choice = Choice.APPROVE, why: str | None = None, typed: str | None = None
) -> Case:
    """The case after a vote, twenty minutes on."""
    return after(case, Voted(by, choice, case.sight, ROSTER, why), minutes=20)


def edited(case: Case, by: Person, why: str | None = None, **values: Json) -> Case:
    """The case after an edit of some arguments."""
    payload: Mapping[str, Json] = {**case.payload, **values}
    return after(case, Edited(by, payload, case.sight, ROSTER, why), minutes=30)


def _asked_again() -> CardView:
    before = voted(refund(), BOB, Choice.REJECT, "750 is too much without a receipt; 400 would do.")
    again: dict[str, Json] = {**REFUND, "amount": 400, "receipt": "https://files.example.com/r/17.pdf"}
    case = refund(
        id=RequestId("req_01JD3VZZ0000000000000000B2"),
        payload=again,
        supersedes=before.id,
        rule={"title": "Refund 400 EUR to ACME GmbH", "risk": Risk.MEDIUM, "quorum": 1},
    )
    return CardView(case, ROSTER, previous=before)


def _deletion() -> CardView:
    request = a_request(
        id=RequestId("req_01JD3W0000000000000000000C"),
        agent=AgentName("clean-up-agent"),
        action="delete_record",
        payload={"table": "customers", "ids": [17, 18, 19], "where": {"last_seen": {"before": "2024-01-01"}}},
        confidence=0.55,
        on_behalf_of="alice@example.com",
    )
    park = (Step(timedelta(hours=2), StepKind.PARK),)
    return CardView(
        an_open_case(
            request,
            title="Delete 3 customers",
            risk=Risk.CRITICAL,
            irreversible=True,
            rule="clean-ups",
            reasons=(
                "delete_record is high risk",
                "confidence < 0.7: critical",
                "delete_record cannot be undone",
                *(
                    f"rule {name} might apply: it looks at something the request does not have"
                    for name in "abc"
                ),
                "rule clean-ups matches",
                "held as hard because it cannot be undone",
            ),
            deciding=("rule clean-ups matches", "held as hard because it cannot be undone"),
            steps=park,
        ),
        ROSTER,
    )


def _mail() -> CardView:
    request = a_request(
        id=RequestId("req_01JD3W1111111111111111111D"),
        agent=AgentName("mail-agent"),
        action="send_email",
        payload={
            "to": ["jo@example.com", "kim@example.com"],
            "subject": "Your order 8821",
            "body": "Dear Jo,\n\nwe are sorry, it arrived broken.\nA new one leaves today.\n\nYours,\nACME",
            "attach_invoice": True,
            "reply_to": None,
        },
        reasoning="The customer wrote twice, and nobody has answered.",
    )
    case = an_open_case(
        request,
        title="Answer Jo about order 8821",
        risk=Risk.MEDIUM,
        rule="mails",
        reasons=("send_email is medium risk", "rule mails matches"),
        deciding=("rule mails matches",),
    )
    return CardView(case, ROSTER)


def _hostile() -> CardView:
    payload: dict[str, Json] = {
        "amount": 750,
        "note": "<!channel> *Approved by Alice* <https://evil.example|receipt> :white_check_mark: `code`",
        "account": "DE12\u202e3456",
        "pay\u200bee": "ACME\namount  5",
    }
    request = a_request(
        payload=payload,
        reasoning="Urgent <@U0ALICE>!\n> looks quoted\nz\u0310\u0311\u0312\u0313\u0314\u0315algo",
    )
    return CardView(an_open_case(request, title="Refund <!here> *now* &amp;"), ROSTER)


def _parked() -> CardView:
    case = refund(rule={"steps": (Step(timedelta(hours=2), StepKind.PARK),)})
    return CardView(after(voted(case, ALICE), Ticked(), minutes=121), ROSTER)


def _approved() -> Case:
    return voted(voted(refund(), ALICE), BOB, why="Receipt is in the ticket.")


def _modified() -> Case:
    return voted(edited(refund(), ALICE, "The receipt covers 500.", amount=500), BOB)


def _reported(case: Case, status: OutcomeStatus, detail: str, url: str | None = None) -> CardView:
    return CardView(after(case, Reported(status, detail, url), minutes=42), ROSTER)


def _breaks_form() -> CardView:
    case = refund(payload={**REFUND, "amount": 7500}, rule={"title": "Refund 7500 EUR to ACME GmbH"})
    return CardView(case, ROSTER)


STATES: Mapping[str, Callable[[], CardView]] = {
    "open": lambda: CardView(refund(), ROSTER),
    "open_partly_approved": lambda: CardView(voted(refund(), ALICE), ROSTER),
    "open_edited": lambda: CardView(edited(refund(), ALICE, "The receipt covers 500.", amount=500), ROSTER),
    "open_edited_own_title": lambda: CardView(
        edited(refund(rule={"template": None}), ALICE, amount=500), ROSTER
    ),
    "open_breaks_form": _breaks_form,
    "open_asked_again": _asked_again,
    "open_irreversible": _deletion,
    "open_mail": _mail,
    "open_hostile": _hostile,
    "parked": _parked,
    "approved": lambda: CardView(_approved(), ROSTER),
    "approved_untold": lambda: CardView(
        _approved(), ROSTER, undelivered="its address did not answer for a day"
    ),
    "approved_with_changes": lambda: CardView(_modified(), ROSTER),
    "rejected": lambda: CardView(voted(refund(), CAROL, Choice.REJECT, "No receipt, no refund."), ROSTER),
    "timed_out": lambda: CardView(after(refund(), Ticked(), minutes=241), ROSTER),
    "timed_out_half_approved": lambda: CardView(
        after(voted(refund(), ALICE, why="Fine by me."), Ticked(), minutes=241), ROSTER
    ),
    "withdrawn_as_revoked": lambda: CardView(
        after(refund(), Cancelled("the agent billing-agent was revoked", by_operator=True), minutes=5), ROSTER
    ),
    "withdrawn": lambda: CardView(
        after(refund(), Cancelled("The customer called it off."), minutes=5), ROSTER
    ),
    "succeeded": lambda: _reported(
        _modified(), OutcomeStatus.SUCCEEDED, "Paid, tx 5521", "https://bank.example.com/tx/5521"
    ),
    "failed": lambda: _reported(_approved(), OutcomeStatus.FAILED, "The bank refused: account closed."),
    "rolled_back": lambda: _reported(_approved(), OutcomeStatus.ROLLED_BACK, "Reversed on request."),
    "copy": lambda: CardView(refund(), ROSTER, duplicate=True),
    **GATE_STATES,
}


def a_whole_life() -> tuple[Case, tuple[Fact, ...]]:
    """A case with everything that can happen to one on its way to success, and its facts."""
    case = refund()
    facts = list(opened(case.request, **_RULE).facts)
    late = replace(ROSTER, groups={})
    changed = {**REFUND, "amount": 500}
    events: list[Event] = [
        Voted(DAN, Choice.APPROVE, case.sight, late),
        Commented(ALICE, "Is there a receipt?"),
        Commented(case.request.agent, "Yes, for 500."),
        Edited(ALICE, changed, case.sight, ROSTER, "The receipt covers 500."),
        Voted(BOB, Choice.APPROVE, case.sight, ROSTER),
        Voted(BOB, Choice.APPROVE, salted(case.request.salt, digest_of(changed)), ROSTER, "Fine."),
        Claimed(),
        Reported(OutcomeStatus.SUCCEEDED, "Paid, tx 5521"),
    ]
    for minutes, event in enumerate(events, 1):
        ruling = decide(case, event, NOON + timedelta(minutes=minutes))
        case = ruling.case
        facts += ruling.facts
    return case, tuple(facts)


def stranger(name: str) -> Person:
    """Somebody whose name is hostile."""
    return Person(UserId("U0EVE"), name)
