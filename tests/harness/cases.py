"""Requests, judgements and people as tests want them: a whole one, of which each test names what matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from approvals.events import Opened
from approvals.machine import Ruling, decide
from approvals.model import Case, Judgement, Request, Step
from approvals.roster import Person, Profile, Roster
from approvals.words import AgentName, Gate, GroupName, RequestId, Risk, StepKind, UserId

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

ALICE = Person(UserId("U0ALICE"), "Alice")
BOB = Person(UserId("U0BOB"), "Bob")
CAROL = Person(UserId("U0CAROL"), "Carol")
DAN = Person(UserId("U0DAN"), "Dan")

DIRECTORS = GroupName("directors")
FINANCE = GroupName("finance")


def a_roster(
    *,
    gone: tuple[Person, ...] = (),
    members: tuple[Person, ...] = (ALICE, BOB, CAROL),
    finance: tuple[Person, ...] = (),
) -> Roster:
    """Directors are Alice, Bob and Carol; Dan is known but in no group; `gone` are deactivated."""
    everybody = (ALICE, BOB, CAROL, DAN)
    profiles = {
        person.id: Profile(person.id, person.name, f"{person.name.lower()}@example.com", person not in gone)
        for person in everybody
    }
    groups = {DIRECTORS: members, FINANCE: finance}
    return Roster({name: tuple(person.id for person in of) for name, of in groups.items()}, profiles)


def a_request(**fields: Any) -> Request:
    """A refund of 750 EUR, asked for at noon by the billing agent."""
    whole: dict[str, Any] = {
        "id": RequestId("req_01"),
        "agent": AgentName("billing-agent"),
        "action": "issue_refund",
        "payload": {"amount": 750, "currency": "EUR", "customer": "ACME GmbH"},
        "created_at": NOON,
        "salt": "pinch",
        "callback_url": "https://agent.example.com/hooks",
    }
    return Request(**{**whole, **fields})


def a_judgement(**fields: Any) -> Judgement:
    """Held hard for one director, high risk, expiring after four hours."""
    whole: dict[str, Any] = {
        "gate": Gate.HARD,
        "risk": Risk.HIGH,
        "rule": "refunds",
        "reasons": ("issue_refund is medium risk", "payload.amount > 500: high"),
        "policy_version": "sha256:0",
        "ask": (DIRECTORS,),
        "steps": (Step(timedelta(hours=4), StepKind.EXPIRE),),
        "title": "Refund 750 EUR to ACME GmbH",
    }
    return Judgement(**{**whole, **fields})


def opened(request: Request | None = None, **judgement: Any) -> Ruling:
    """What opening a request comes to."""
    request = request or a_request()
    return decide(None, Opened(request, a_judgement(**judgement)), request.created_at)


def an_open_case(request: Request | None = None, **judgement: Any) -> Case:
    """A case that waits for people."""
    return opened(request, **judgement).case
