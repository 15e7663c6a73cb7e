"""Grants: kept as they were given, found while they live, ended once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals import grants as terms
from approvals.grants import Grant
from approvals.model import Grants
from approvals.words import AgentName, GrantId, UserId
from store import grants
from store.engine import Store
from store.errors import Conflict
from store.grants import Kept
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, BOB, NOON, a_request, an_open_case
from tests.store.samples import intake, numbered

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AGENT, ACTION, RULE = AgentName("billing-agent"), "issue_refund", "refunds"


def a_grant(number: int = 1, **fields: Any) -> Grant:
    """On request 1, by Alice, for an hour from noon; the same customer, at most 750.00 EUR."""
    payload = {"amount": 750.25, "currency": "EUR", "customer": {"name": "ACME", "tags": ["a", 1, None]}}
    case = an_open_case(
        a_request(id=numbered(1), payload=payload),
        grants=Grants(timedelta(hours=8), ("payload.customer", "payload.currency")),
    )
    given = terms.given(case, GrantId(f"g_{number}"), ALICE, NOON, HOUR)
    assert given is not None
    return replace(given, **fields)


async def kept(store: Store, *several: Grant) -> None:
    """Request 1, and these."""
    await store.write(intake(1))
    for each in several:
        await store.write(lambda u, grant=each: grants.keep(u, grant))  # type: ignore[misc]


async def live(store: Store, minutes: int, rule: str = RULE) -> list[str]:
    """The ids of those that are live so many minutes after noon."""
    at = NOON + minutes * MINUTE
    return [each.id for each in await store.read(lambda u: grants.live(u, AGENT, ACTION, rule, at))]


async def test_a_grant_is_read_as_it_was_given(store: Store) -> None:
    """With its limits, shapes, and values to the last digit."""
    grant = a_grant()
    assert grant.same
    assert grant.limits
    await kept(store, grant)
    assert await store.read(lambda u: grants.get(u, grant.id)) == Kept(grant)
    assert await store.read(lambda u: grants.live(u, AGENT, ACTION, RULE, NOON)) == (grant,)
    assert await store.read(lambda u: grants.get(u, GrantId("g_\0"))) is None
    assert await store.read(lambda u: grants.get(u, GrantId("g_none"))) is None


async def test_only_live_grants_of_agent_action_and_rule_are_found(store: Store) -> None:
    """The newest first; to the second at which it ends, and not on it."""
    newer = a_grant(2, given_at=NOON + MINUTE)
    others = (
        a_grant(3, agent=AgentName("other")),
        a_grant(4, action="delete"),
        a_grant(5, until=NOON + MINUTE),
    )
    await kept(store, a_grant(1), newer, *others)
    assert await live(store, 1) == ["g_2", "g_1"]
    assert await live(store, 59) == ["g_2", "g_1"]
    assert await live(store, 60) == []
    assert await live(store, 1, "drafts") == []


async def test_a_use_is_counted_while_it_lives_only(store: Store) -> None:
    """One that was revoked or is over meanwhile is a conflict: whoever wanted it has to look again."""
    await kept(store, a_grant(1), a_grant(2))
    for minutes in (1, 2):
        at = NOON + minutes * MINUTE
        await store.write(lambda u, now=at: grants.use(u, GrantId("g_1"), now))  # type: ignore[misc]
    found = await store.read(lambda u: grants.get(u, GrantId("g_1")))
    assert found is not None
    assert (found.grant.uses, found.grant.used_at) == (2, NOON + 2 * MINUTE)
    await store.write(lambda u: grants.revoke(u, GrantId("g_2"), "operator", NOON))
    for id_, at in (("g_1", NOON + HOUR), ("g_2", NOON + MINUTE), ("g_none", NOON)):
        with pytest.raises(Conflict):
            await store.write(lambda u, i=id_, now=at: grants.use(u, GrantId(i), now))  # type: ignore[misc]


async def test_a_use_that_comes_too_late_is_tried_again(store: Store) -> None:
    """It was revoked between the look and the use: the work runs again, and finds it no more."""
    await kept(store, a_grant(1))
    looked: list[int] = []

    def using(u: Unit) -> int:
        found = grants.live(u, AGENT, ACTION, RULE, NOON) if looked else (a_grant(1),)
        looked.append(len(found))
        for each in found:
            grants.use(u, each.id, NOON)
        return len(found)

    await store.write(lambda u: grants.revoke(u, GrantId("g_1"), "person:U0BOB", NOON))
    assert await store.write(using) == 0
    assert looked == [1, 0]


async def test_revoking_is_told_once(store: Store) -> None:
    """Who did it is kept; a second time, or after its end, it changes nothing."""
    await kept(store, a_grant(1), a_grant(2))
    at = NOON + MINUTE
    assert await store.write(lambda u: grants.revoke(u, GrantId("g_1"), "person:U0BOB", at))
    assert not await store.write(lambda u: grants.revoke(u, GrantId("g_1"), "operator", at + MINUTE))
    assert not await store.write(lambda u: grants.revoke(u, GrantId("g_2"), "operator", NOON + HOUR))
    assert not await store.write(lambda u: grants.revoke(u, GrantId("g_3"), "operator", NOON))
    found = await store.read(lambda u: grants.get(u, GrantId("g_1")))
    assert found == Kept(a_grant(1, revoked_at=at), "person:U0BOB")
    assert await live(store, 2) == ["g_2"]


async def test_grants_are_listed(store: Store) -> None:
    """Everybody's or one giver's, the newest first, ended ones if wanted; those of a card in their order."""
    bobs = a_grant(2, by=BOB, given_at=NOON + MINUTE)
    await kept(store, a_grant(1), bobs, a_grant(3, given_at=NOON + 2 * MINUTE))
    await store.write(lambda u: grants.revoke(u, GrantId("g_3"), "operator", NOON + 3 * MINUTE))
    now = NOON + 4 * MINUTE

    async def ids(**wanted: Any) -> list[str]:
        return [each.id for each in await store.read(lambda u: grants.every(u, now, **wanted))]

    assert await ids() == ["g_2", "g_1"]
    assert await ids(live_only=False) == ["g_3", "g_2", "g_1"]
    assert await ids(giver=BOB.id) == ["g_2"]
    assert await ids(giver=UserId("U0DAN")) == []
    assert await ids(live_only=False, most=1) == ["g_3"]
    of_card = await store.read(lambda u: grants.of_request(u, numbered(1)))
    assert [each.id for each in of_card] == ["g_1", "g_2", "g_3"]


async def test_ended_grants_are_forgotten(store: Store) -> None:
    """Those whose time was over before then, and no others."""
    await kept(store, a_grant(1), a_grant(2, until=NOON + 2 * HOUR))
    assert await store.write(lambda u: grants.forget_ended(u, NOON + HOUR)) == 0
    assert await store.write(lambda u: grants.forget_ended(u, NOON + HOUR + MINUTE)) == 1
    assert [each.id for each in await store.read(lambda u: grants.of_request(u, numbered(1)))] == ["g_2"]
