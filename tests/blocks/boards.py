"""Digests in every state that they can be in: real rulings of the machine on realistic requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from approvals.canonical import Json
from approvals.events import Cancelled, Edited, Event, PulledOut, Reported, Ticked, Voted
from approvals.model import Case, Step
from approvals.roster import Person
from approvals.words import (
    STORM,
    AgentName,
    BoardId,
    Choice,
    DigestName,
    Gate,
    Kind,
    OutcomeStatus,
    RequestId,
    Risk,
    StepKind,
)
from blocks.digest import BoardView, Entry
from blocks.digest_board import Unread
from tests.blocks.states import after
from tests.harness.cases import ALICE, BOB, DIRECTORS, FINANCE, NOON, a_request, a_roster, an_open_case

HOURLY = DigestName("hourly")
ROSTER = a_roster()
BOARD = BoardId("dig_01JD3V8Q0000000000000000A1")
SOFT: Mapping[str, Any] = {
    "gate": Gate.SOFT,
    "steps": (Step(timedelta(minutes=30), StepKind.APPROVE),),
}
AUDIT: Mapping[str, Any] = {"gate": Gate.AUDIT}
ESCALATING: Mapping[str, Any] = {
    "steps": (
        Step(timedelta(minutes=30), StepKind.ESCALATE, FINANCE),
        Step(timedelta(hours=4), StepKind.EXPIRE),
    )
}


def refund(number: int, payload: Mapping[str, Json] | None = None, **fields: Any) -> Case:
    """A small refund that joins the hourly digest; `rule` are fields of its judgement."""
    rule = {
        "risk": Risk.LOW,
        "digest": HOURLY,
        "title": f"Refund {number} EUR to C-{number}",
        **fields.pop("rule", {}),
    }
    whole: dict[str, Any] = {
        "id": RequestId(f"req_{number:04}"),
        "payload": payload or {"amount": number, "currency": "EUR", "customer": f"C-{number}"},
        "reasoning": "Arrived broken.",
        **fields,
    }
    return an_open_case(a_request(**whole), **rule)


def mail(number: int, **fields: Any) -> Case:
    """A mail to a customer, asked for ten minutes later."""
    return refund(
        number,
        {"to": f"c{number}@example.com", "subject": "Your refund"},
        action="send_email",
        agent=AgentName("mail-agent"),
        created_at=NOON + timedelta(minutes=10),
        **{**fields, "rule": {"title": f"Tell c{number}@example.com", **fields.pop("rule", {})}},
    )


def refunds(many: int, **fields: Any) -> list[Case]:
    """So many of them."""
    return [refund(number, **fields) for number in range(1, many + 1)]


def voted(case: Case, by: Person, choice: Choice = Choice.APPROVE, why: str | None = None) -> Case:
    """After a vote, forty minutes on."""
    return happened(case, Voted(by, choice, case.sight, ROSTER, why), 40)


def happened(case: Case, event: Event, minutes: int = 40) -> Case:
    """After an event, so many minutes on."""
    return after(case, event, minutes=minutes)


def board(cases: list[Case], **fields: Any) -> BoardView:
    """All of `cases` on one message, ten to one."""
    whole: dict[str, Any] = {
        "board": BOARD,
        "digest": HOURLY,
        "ask": (DIRECTORS,),
        "clears": True,
        "entries": tuple(Entry(place, case) for place, case in enumerate(cases)),
        "roster": ROSTER,
        "now": NOON + timedelta(minutes=50),
    }
    return BoardView(**{**whole, **fields})


def stormed(case: Case) -> Case:
    """The same, as one that joined a storm."""
    return replace(case, waits_in=STORM)


def _cleared() -> list[Case]:
    cases = refunds(6)
    edit = Edited(BOB, {**cases[1].payload, "amount": 1}, cases[1].sight, ROSTER, "receipt covers 1")
    return [
        voted(cases[0], ALICE),
        happened(cases[1], edit),
        voted(cases[2], BOB, Choice.REJECT, "no receipt"),
        happened(cases[3], Cancelled("no longer needed")),
        happened(cases[4], Ticked(ROSTER), 241),
        happened(cases[5], PulledOut(ALICE, ROSTER)),
    ]


def _carried_out() -> list[Case]:
    done = [voted(case, ALICE) for case in refunds(3)]
    ends = (OutcomeStatus.SUCCEEDED, OutcomeStatus.FAILED, OutcomeStatus.SUCCEEDED)
    return [happened(case, Reported(end), 45) for case, end in zip(done, ends, strict=True)]


def _storm(many: int = 63, **rule: Any) -> list[Case]:
    made = []
    for number in range(1, many + 1):
        agent = AgentName("mail-agent" if number % 20 == 1 else "billing-agent")
        at = NOON + timedelta(seconds=4 * number)
        made.append(stormed(refund(number, agent=agent, created_at=at, rule={"digest": None, **rule})))
    return made


def _partly() -> BoardView:
    cases = refunds(12)
    return board([*(voted(case, ALICE) for case in cases[:3]), *cases[3:]])


def _changed() -> BoardView:
    view = board(refunds(3))
    return replace(view, entries=(*view.entries[:2], replace(view.entries[2], changed=True)))


def _torn(many: int, cases: list[Case]) -> BoardView:
    """The first so many cannot be read."""
    view = board(cases)
    unread = [Unread(each.place, each.case.request.agent, f"inc_{each.place}") for each in view.entries]
    return replace(view, entries=view.entries[many:], unread=tuple(unread[:many]))


def a_question() -> Case:
    """Which no click on a digest answers."""
    asked = a_request(id=RequestId("req_q"), kind=Kind.QUESTION, options=("A", "B"))
    return replace(
        an_open_case(asked, gate=Gate.QUESTION, risk=Risk.LOW, title="Which one?"), waits_in=HOURLY
    )


def _mixed_storm() -> BoardView:
    risky = _storm(3, risk=Risk.HIGH)
    question = a_question()
    manual = refund(90, rule={"gate": Gate.MANUAL, "digest": None, "quorum": 2})
    return board([*risky, stormed(question), stormed(manual)], digest=STORM, clears=False)


BOARDS: Mapping[str, Callable[[], BoardView]] = {
    "open": lambda: board([*refunds(12), mail(13), mail(14), mail(15)]),
    "open, one": lambda: board(refunds(1)),
    "open, soft": lambda: board(refunds(3, rule=SOFT)),
    "open, some soft": lambda: board([*refunds(2), refund(3, rule=SOFT)]),
    "open, reviews": lambda: board(refunds(3, rule=AUDIT)),
    "open, nobody can": lambda: board(refunds(2), roster=a_roster(members=())),
    "open, one changed": _changed,
    "partly decided": _partly,
    "being cleared": lambda: replace(_partly(), clearing=(ALICE,)),
    "being cleared by two": lambda: replace(_partly(), clearing=(ALICE, BOB)),
    "cleared": lambda: board(_cleared()),
    "cleared, reviews": lambda: board(
        [
            voted(each, ALICE, choice, "wrong")
            for each, choice in zip(refunds(2, rule=AUDIT), Choice, strict=True)
        ]
    ),
    "went ahead": lambda: board(
        [happened(replace(each, began_at=NOON), Ticked(ROSTER), 31) for each in refunds(2, rule=SOFT)]
    ),
    "carried out": lambda: board(_carried_out()),
    "escalated": lambda: board([happened(refund(1, rule=ESCALATING), Ticked(ROSTER)), *refunds(3)[1:]]),
    "carried over": lambda: replace(
        _partly(), carried_on=True, carried="https://acme.slack.com/archives/C1/p2"
    ),
    "carried over, not posted yet": lambda: replace(board(refunds(2)), carried_on=True),
    "one that cannot be read": lambda: _torn(1, refunds(4)),
    "some that cannot be read, one decided": lambda: _torn(2, [*refunds(3), voted(refund(4), ALICE)]),
    "all that can be read ended": lambda: _torn(1, _cleared()),
    "nothing that can be read": lambda: _torn(2, refunds(2)),
    "storm": lambda: board(_storm(), digest=STORM),
    "storm of one agent": lambda: board(_storm()[1:20], digest=STORM),
    "storm of what is not cleared": _mixed_storm,
    "storm of questions": lambda: board([stormed(a_question())], digest=STORM, clears=False),
}
