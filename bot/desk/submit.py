"""An agent asks: judge it, keep it, and see to it that people are shown it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from approvals import form, judging
from approvals import grants as terms
from approvals.canonical import Digest, digest_of
from approvals.errors import Reason, Refused
from approvals.events import Opened
from approvals.grants import Grant
from approvals.model import Case, Flaw, Judgement, Request
from approvals.roster import Roster
from approvals.words import AgentName, Instant, RequestId
from bot.desk import doorway, gathering
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on, show_card
from store import cases, grants, keys
from store.agents import Agent
from store.cards import CardRef
from store.errors import KeyTaken
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agent posted, checked field by field, not yet a request."""

    #: `approvals.model.Request`'s fields by name, without id, agent, created_at and salt
    fields: Mapping[str, Any]

    def request(self, agent: Agent, id_: RequestId, at: Instant, salt: str) -> Request:
        """The request it becomes."""
        fields = {**self.fields, "callback_url": self.fields.get("callback_url") or agent.callback_url}
        return Request(id=id_, agent=AgentName(agent.name), created_at=at, salt=salt, **fields)


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key, and the digest of the body that it came with."""

    value: str
    body: Digest


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a post."""

    case: Case
    card: CardRef | None
    #: False when the idempotency key had been used for the same body before
    fresh: bool


async def submit(desk: Desk, agent: Agent, draft: Draft, key: Key | None) -> Submitted:
    """Open a request, or return the one that this key opened before.

    Raises `Refused`: `ACTION_NOT_ALLOWED`, `KEY_REUSED`, `BAD_INPUT` (with flaws). Nothing is stored then.
    """
    if key is not None:
        earlier = await desk.store.read(lambda unit: _earlier(unit, agent, key, desk.runtime.now()))
        if earlier is not None:
            return earlier
    now = desk.runtime.now()
    request = draft.request(agent, desk.runtime.request_id(), now, desk.runtime.token(""))
    judgement = judge(desk, agent, request)

    def opening(unit: Unit) -> Submitted:
        if key is not None:
            keys.remember(unit, agent.name, key.value, key.body, request.id, now)
        _check_superseded(unit, agent, request)
        roster = desk.directory.roster()
        held = agent.paused_at is not None
        grant = None if held else granted(unit, request, judgement, now, roster)
        opened = Opened(request, judgement, roster, grant, held)
        crowded = gathering.crowded(unit, desk, None, gathering.channel_of(opened), now)
        ruling = rule_on(unit, None, replace(opened, crowded=crowded), now, roster, desk=desk)
        return Submitted(ruling.case, None, fresh=True)

    try:
        return await desk.store.write(opening)
    except KeyTaken:
        if key is None:
            raise
        taken = await desk.store.read(lambda unit: _earlier(unit, agent, key, now))
        if taken is None:
            raise
        return taken


async def check(desk: Desk, agent: Agent, request: Request) -> Judgement:
    """The verdict `request` would get now, with nothing stored. Raises as `submit` does."""
    judgement = judge(desk, agent, request)
    if request.supersedes is not None:
        await desk.store.read(lambda unit: _check_superseded(unit, agent, request))
    return judgement


def judge(desk: Desk, agent: Agent, request: Request) -> Judgement:
    """The verdict by today's policy. Raises `Refused(ACTION_NOT_ALLOWED)`."""
    doorway.may_ask(agent, request.action)
    return judging.judge(desk.policies.current, request)


def _earlier(unit: Unit, agent: Agent, key: Key, now: Instant) -> Submitted | None:
    remembered = keys.find(unit, agent.name, key.value, now)
    if remembered is None:
        return None
    if remembered.body != key.body:
        raise Refused(Reason.KEY_REUSED, "this Idempotency-Key came before, with another body")
    case = doorway.own_case(unit, agent, remembered.request)
    return Submitted(case, cases.place_of(unit, case), fresh=False)


def granted(unit: Unit, request: Request, judgement: Judgement, now: Instant, roster: Roster) -> Grant | None:
    """The newest grant that lets it through, counted as used; the card it was given on shows that."""
    if judgement.grants is None:
        return None
    if judgement.form is not None and form.flaws(judgement.form, request.payload):
        # Only people can approve it, and only once it is edited.
        return None
    digest = digest_of(request.payload)
    case = Case(request, judgement, request.payload, digest, digest)
    for grant in grants.live(unit, request.agent, request.action, judgement.rule, now):
        if terms.covers(grant, request, judgement, now) and terms.may_give(grant, case, roster):
            grants.use(unit, grant.id, now)
            given_on = cases.load(unit, grant.request)
            if given_on is not None:
                show_card(unit, given_on, now)
            return grant
    return None


def _check_superseded(unit: Unit, agent: Agent, request: Request) -> None:
    if request.supersedes is None:
        return
    before = cases.load(unit, request.supersedes)
    if before is None or before.request.agent != agent.name:
        flaw = Flaw("supersedes", "no such request of yours")
        raise Refused(Reason.BAD_INPUT, flaw.msg, (flaw,))
