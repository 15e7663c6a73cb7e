"""The calls about requests: what came in becomes one use case, and its answer becomes JSON."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import hdrs, web

from approvals.canonical import Digest
from approvals.model import Case
from approvals.words import RequestId
from bot.desk import follow_up
from bot.desk.desk import Desk
from bot.desk.submit import Key, check, submit
from bot.desk.view import request_json
from bot.http import queries
from bot.http.bodies import json_object, matched
from bot.http.drafts import (
    PostedCancel,
    PostedComment,
    PostedNothing,
    PostedOutcome,
    PostedRequest,
    draft_of,
)
from bot.http.meter import Meter
from bot.http.problems import unavailable
from bot.http.waiting import WaitingRoom
from store import cases
from store.agents import Agent
from store.cards import CardRef
from store.unit_of_work import Unit

T = TypeVar("T")

#: A database that takes longer is as good as gone.
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RequestCalls:
    """One method a call; each takes the agent, whose token was checked."""

    desk: Desk
    room: WaitingRoom
    meter: Meter

    async def post(self, request: web.Request, agent: Agent) -> web.Response:
        """`POST /v1/requests`."""
        queries.no_query(request)
        key = queries.idempotency_key_in(request)
        body = await json_object(request)
        draft = draft_of(matched(PostedRequest, body), agent)
        bound = None if key is None else Key(key, _digest_of(body))
        submitted = await _prompt(submit(self.desk, agent, draft, bound))
        case = submitted.case
        if submitted.fresh:
            self.meter.opened.labels(str(case.judgement.gate), str(case.judgement.risk)).inc()
        answer = self._answer(case, submitted.card, 201 if submitted.fresh else 200)
        answer.headers[hdrs.LOCATION] = f"/v1/requests/{case.id}"
        return answer

    async def check(self, request: web.Request, agent: Agent) -> web.Response:
        """`POST /v1/check`."""
        queries.no_query(request)
        draft = draft_of(matched(PostedRequest, await json_object(request)), agent)
        runtime = self.desk.runtime
        request_ = draft.request(agent, runtime.request_id(), runtime.now(), "")
        judgement = await check(self.desk, agent, request_)
        return json_answer(
            {
                "gate": str(judgement.gate),
                "risk": str(judgement.risk),
                "rule": judgement.rule,
                "reasons": list(judgement.reasons),
                "policy_version": judgement.policy_version,
            }
        )

    async def get(self, request: web.Request, agent: Agent) -> web.Response:
        """`GET /v1/requests/{id}`."""
        seconds = queries.wait_in(request)
        id_ = _id(request)

        async def look() -> follow_up.Seen:
            return await _prompt(follow_up.look(self.desk, agent, id_))

        return self._seen(await (self.room.hold(id_, look, seconds) if seconds else look()))

    async def page(self, request: web.Request, agent: Agent) -> web.Response:
        """`GET /v1/requests`."""
        listing = queries.listing_in(request)

        def paging(unit: Unit) -> tuple[list[tuple[Case, CardRef | None]], str | None]:
            page = cases.page(
                unit,
                agent.name,
                status=listing.status,
                action=listing.action,
                cursor=listing.cursor,
                limit=listing.limit,
            )
            return [(case, cases.place_of(unit, case)) for case in page.items], page.next_cursor

        found, next_cursor = await _prompt(self.desk.store.read(paging))
        now, roster = self.desk.runtime.now(), self.desk.directory.roster()
        items = [request_json(case, card, now, roster) for case, card in found]
        return json_answer({"items": items, "next_cursor": next_cursor})

    async def cancel(self, request: web.Request, agent: Agent) -> web.Response:
        """`POST /v1/requests/{id}/cancel`."""
        queries.no_query(request)
        posted = matched(PostedCancel, await json_object(request, optional=True))
        return self._seen(
            await _prompt(follow_up.cancel(self.desk, agent, _id(request), posted.reason or None))
        )

    async def comment(self, request: web.Request, agent: Agent) -> web.Response:
        """`POST /v1/requests/{id}/comments`."""
        queries.no_query(request)
        posted = matched(PostedComment, await json_object(request))
        return self._seen(await _prompt(follow_up.comment(self.desk, agent, _id(request), posted.text)))

    async def claim(self, request: web.Request, agent: Agent) -> web.Response:
        """`POST /v1/requests/{id}/claim`."""
        queries.no_query(request)
        matched(PostedNothing, await json_object(request, optional=True))
        return self._seen(await _prompt(follow_up.claim(self.desk, agent, _id(request))))

    async def outcome(self, request: web.Request, agent: Agent) -> web.Response:
        """`POST /v1/requests/{id}/outcome`."""
        queries.no_query(request)
        posted = matched(PostedOutcome, await json_object(request))
        reported = posted.reported()
        return self._seen(await _prompt(follow_up.report(self.desk, agent, _id(request), reported)))

    def _seen(self, seen: follow_up.Seen) -> web.Response:
        return self._answer(seen.case, seen.card, 200)

    def _answer(self, case: Case, card: CardRef | None, status: int) -> web.Response:
        return json_answer(
            request_json(case, card, self.desk.runtime.now(), self.desk.directory.roster()), status
        )


def json_answer(value: Mapping[str, Any], status: int = 200) -> web.Response:
    """`value` as JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return web.Response(body=body, status=status, content_type="application/json")


def _id(request: web.Request) -> RequestId:
    return RequestId(request.match_info["id"])


def _digest_of(body: Mapping[str, Any]) -> Digest:
    """The same for the same JSON, whatever the order of its names and its white space."""
    spelled = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return Digest(hashlib.sha256(spelled).hexdigest())


async def _prompt(asked: Awaitable[T]) -> T:
    """Raises `Problem` (503) where the database takes too long."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asked
    except TimeoutError:
        raise unavailable("the database does not answer", 1) from None
