"""What the gate review and the export of edits read: requests by when they ended, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from approvals.gate_record import Ballot, Record, changed_places
from approvals.model import Case
from approvals.words import (
    AgentName,
    Choice,
    Gate,
    GroupName,
    Instant,
    Kind,
    RequestId,
    Risk,
    Status,
    StepKind,
    UserId,
    Via,
)
from store.payloads import PARTS, joined_case
from store.spelling import read_json
from store.tables import board_items, boards, cards, cases, payloads
from store.unit_of_work import Unit

_PLACE = (cases.c.decided_at, cases.c.id)
_ENDED = cases.c.decided_at.is_not(None)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Of one that stood on digests: the first that was posted.
_ON_BOARD = (
    sa.select(sa.func.min(boards.c.posted_ts))
    .select_from(board_items.join(boards, boards.c.id == board_items.c.board))
    .where(board_items.c.request == cases.c.id)
    .scalar_subquery()
    .label("board_ts")
)
#: Content is read where people changed something: the rest of the figures needs none.
_CHANGED_CONTENT = sa.case((cases.c.status == "modified", payloads.c.content)).label("content")
_RECORDS = sa.select(
    cases.c.id,
    cases.c.agent,
    cases.c.kind,
    cases.c.rule,
    cases.c.gate,
    cases.c.risk,
    cases.c.status,
    cases.c.created_at,
    cases.c.decided_at,
    cases.c.state,
    sa.func.coalesce(cards.c.first_ts, cards.c.ts).label("ts"),
    cases.c.emptied_at,
    _ON_BOARD,
    _CHANGED_CONTENT,
).select_from(
    cases.outerjoin(cards, cards.c.request == cases.c.id).outerjoin(
        payloads, payloads.c.request == cases.c.id
    )
)
#: Tables that `_RECORDS` looks at.
_OF = (cases, payloads, cards, boards, board_items)
_EDITS = sa.select(cases.c.id, cases.c.decided_at, *PARTS).outerjoin_from(
    cases, payloads, cases.c.id == payloads.c.request
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page ended; the next begins after it."""

    at: Instant
    id: RequestId


@dataclass(frozen=True, slots=True)
class Records:
    """A page, oldest end first; `then` is None after the last."""

    items: tuple[Record, ...]
    then: Mark | None


@dataclass(frozen=True, slots=True)
class EndedPage:
    """A page, oldest end first; `then` is None after the last."""

    items: tuple[Case, ...]
    then: Mark | None


def ended(
    u: Unit, since: Instant, until: Instant, *, after: Mark | None, most: int, rule: str | None = None
) -> Records:
    """Requests that ended from `since` until just before `until`, `most` at a time; of one rule if wanted."""
    query = _between(_RECORDS, since, after).where(cases.c.decided_at < until).limit(most)
    if rule is not None:
        query = query.where(cases.c.rule == rule)
    rows = u.read(query, of=_OF).all()
    then = Mark(rows[-1].decided_at, RequestId(rows[-1].id)) if len(rows) == most else None
    return Records(tuple(map(_record, rows)), then)


def parked(
    u: Unit, since: Instant, until: Instant, *, after: RequestId | None, most: int, rule: str | None = None
) -> Records:
    """Requests that were parked in that time and wait still, by id; `then.id` goes on after this page."""
    query = (
        _RECORDS.where(
            cases.c.status == sa.literal_column("'pending'"),
            cases.c.parked_at >= since,
            cases.c.parked_at < until,
        )
        .order_by(cases.c.id)
        .limit(most)
    )
    if after is not None:
        query = query.where(cases.c.id > after)
    if rule is not None:
        query = query.where(cases.c.rule == rule)
    rows = u.read(query, of=_OF).all()
    then = Mark(since, RequestId(rows[-1].id)) if len(rows) == most else None
    return Records(tuple(map(_record, rows)), then)


def ended_cases(u: Unit, since: Instant | None, *, after: Mark | None, most: int) -> EndedPage:
    """What people may have changed or refused: requests, whole, that ended rejected or modified."""
    wanted = (str(Status.MODIFIED), str(Status.REJECTED))
    query = _between(_EDITS, since, after).where(cases.c.status.in_(wanted)).limit(most)
    rows = u.read(query, of=(cases, payloads)).all()
    then = Mark(rows[-1].decided_at, RequestId(rows[-1].id)) if len(rows) == most else None
    return EndedPage(tuple(map(joined_case, rows)), then)


def _between(query: sa.Select[Any], since: Instant | None, after: Mark | None) -> sa.Select[Any]:
    query = query.where(_ENDED).order_by(*_PLACE)
    if after is not None:
        place = sa.tuple_(after.at, after.id, types=[column.type for column in _PLACE])
        return query.where(sa.tuple_(*_PLACE) > place)
    return query if since is None else query.where(cases.c.decided_at >= since)


def _record(row: Any) -> Record:
    """Straight from the row's JSON: making whole cases of a year's requests would take ten times as long."""
    state = read_json(row.state)
    judgement = state["judgement"]
    decision = state.get("decision") or {}
    fired = [step["do"] for step in judgement["steps"][: state.get("fired", 0)]]
    escalated = state.get("escalated") or []
    quiet = decision.get("via") in (Via.POLICY, Via.GRANT)
    return Record(
        id=RequestId(row.id),
        rule=row.rule,
        agent=AgentName(row.agent),
        gate=Gate(row.gate),
        kind=Kind(row.kind),
        risk=Risk(row.risk),
        irreversible=judgement.get("irreversible", False),
        verdict=Status(row.status),
        via=Via(decision["via"]) if decision else None,
        opened_at=row.created_at,
        shown_at=None if quiet else _shown_at(row),
        decided_at=row.decided_at,
        asked=tuple(GroupName(name) for name in dict.fromkeys([*judgement["ask"], *escalated])),
        ballots=tuple(map(_ballot, state.get("votes") or ())),
        changed=_changed(row.content),
        changes_gone=row.status == Status.MODIFIED and row.emptied_at is not None,
        reminders=fired.count(StepKind.REMIND),
        escalations=len(escalated),
        on_a_card=state.get("waits_in") is None,
    )


def _shown_at(row: Any) -> Instant | None:
    """Since when people could see it: on its first card, or on a digest, which it may have joined later."""
    card = None if row.ts is None else _moment_of(row.ts)
    board = None if row.board_ts is None else _moment_of(row.board_ts)
    on_board = None if board is None else max(board, row.created_at)
    return min((each for each in (card, on_board) if each is not None), default=None)


def _ballot(vote: Mapping[str, Any]) -> Ballot:
    at = datetime.fromisoformat(vote["at"]).astimezone(UTC)
    return Ballot(UserId(vote["by"]["id"]), at, vote["choice"] == Choice.APPROVE)


def _changed(content: str | None) -> tuple[str, ...]:
    if content is None:
        return ()
    words = read_json(content)
    return changed_places(words["request"]["payload"], words["payload"])


def _moment_of(ts: str) -> Instant | None:
    """Slack's `ts` of a message is when it was posted, in seconds since 1970 with six decimals."""
    seconds, _, fraction = ts.partition(".")
    if not (seconds.isdecimal() and (fraction or "0").isdecimal()):
        return None
    return _EPOCH + timedelta(seconds=int(seconds)) + int(f"{fraction:0<6}"[:6]) * _MICROSECOND
