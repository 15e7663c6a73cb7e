"""A case as its agent sees it: the JSON of the contract, in answers and in callbacks alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from approvals import escalation, form, quorum
from approvals.machine import may_act
from approvals.model import Case, Comment, Decision, Outcome
from approvals.roster import Person, Roster
from approvals.words import Instant, Status
from blocks.replies import message_for_agent
from store.cards import CardRef

_PAUSED = "the agent is paused: nobody is asked, and nothing lets it through, before it goes on"


def request_json(case: Case, card: CardRef | None, now: Instant, roster: Roster) -> dict[str, Any]:
    """The contract's answer. `now` decides `proceed` (approvals may run out), `roster` whose votes count."""
    request, judgement = case.request, case.judgement
    tally = quorum.tally(case, roster)
    return {
        "id": case.id,
        "kind": str(request.kind),
        "status": str(case.status),
        "proceed": may_act(case, now),
        "action": request.action,
        "payload": case.payload,
        "gate": str(judgement.gate),
        "risk": str(judgement.risk),
        "rule": judgement.rule,
        "reasons": [*judgement.reasons, *([_PAUSED] if case.held else [])],
        "policy_version": judgement.policy_version,
        "approvals": {"needed": tally.needed, "given": tally.given},
        "created_at": moment(request.created_at),
        # While its agent is paused its steps do not count, so nobody knows yet.
        "due_at": None if case.held else _optional(escalation.ends_at(case)),
        "parked_at": _optional(case.parked_at),
        "title": judgement.title,
        "run_id": request.run_id,
        "metadata": dict(request.metadata),
        "supersedes": request.supersedes,
        "review_of": request.review_of,
        "slack": card_json(card),
        "decision": _decision(case, case.decision),
        "comments": [_comment(comment) for comment in case.comments],
        "outcome": _outcome(case.outcome),
        "claimed_at": _optional(case.claimed_at),
        "content_deleted_at": _optional(case.gone_at),
    }


def moment(at: Instant) -> str:
    """RFC 3339 in UTC, `2026-11-20T10:00:00Z`; milliseconds only where there are any."""
    spelled = at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds")
    return spelled.replace("+00:00", "Z")


def parsed(spelled: str) -> Instant:
    """What `moment` spelled."""
    return datetime.fromisoformat(spelled)


def card_json(card: CardRef | None) -> dict[str, Any] | None:
    """Where the card is; None until Slack has it."""
    return None if card is None else {"channel": card.channel, "ts": card.ts, "permalink": card.permalink}


def _optional(at: Instant | None) -> str | None:
    return None if at is None else moment(at)


def _person(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name}


def _voter(person: Person, absent: Person | None) -> dict[str, Any]:
    """`for` stands there only where somebody decided in the place of one who was away."""
    return {**_person(person), **({} if absent is None else {"for": _person(absent)})}


def _comment(comment: Comment) -> dict[str, Any]:
    by = _person(comment.by) if isinstance(comment.by, Person) else {"agent": comment.by}
    told = {"by": by, "text": comment.text, "at": moment(comment.at)}
    if comment.changed_at is None:
        return told
    return {**told, "deleted_at" if comment.deleted else "edited_at": moment(comment.changed_at)}


def _decision(case: Case, decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "verdict": str(decision.verdict),
        "via": str(decision.via),
        "by": [_voter(person, decision.in_place_of.get(person.id)) for person in decision.by],
        "reason": decision.reason,
        "message": message_for_agent(case),
        "payload": case.payload,
        "payload_sha256": case.digest,
        "changes": _changes(case),
        "answer": decision.answer,
        "decided_at": moment(decision.decided_at),
        "valid_until": _optional(decision.valid_until),
    }


def _changes(case: Case) -> list[dict[str, Any]]:
    """Only what was approved with changes has any: an edit before a reject came to nothing."""
    if case.status is not Status.MODIFIED:
        return []
    return form.changes_json(case.request.payload, case.payload)


def _outcome(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    told = {"status": str(outcome.status), "detail": outcome.detail, "url": outcome.url}
    return {**told, "at": moment(outcome.at)}
