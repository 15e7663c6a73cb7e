"""Grants at work: given with an approval, used by like requests, ended by people and by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals.model import Case
from approvals.policy import load
from approvals.roster import Person
from approvals.words import Choice, GrantId, Status, UserId, Via
from bot.desk import decide, granting
from bot.desk.granting import Ending
from sandbox.server import SlackStandIn
from store import grants
from tests.bot.desk.conftest import POLICY
from tests.harness.desk import RunningDesk

HOUR = timedelta(hours=1)
ALICE, BOB = Person(UserId("U0ALICE"), "alice"), Person(UserId("U0BOB"), "bob")
CAROL, ADMIN = Person(UserId("U0CAROL"), "carol"), Person(UserId("U0ADMIN"), "admin")


def a_refund(amount: float = 750, **more: Any) -> dict[str, Any]:
    """To ACME."""
    return {"amount": amount, "currency": "EUR", "customer": "ACME GmbH", **more}


async def allowed(bot: RunningDesk, by: Person = ALICE) -> tuple[Case, GrantId]:
    """A refund that `by` approved, with like ones for an hour."""
    case = await bot.ask()
    await decide.vote(bot.desk, case.id, by, Choice.APPROVE, case.sight, lasts=HOUR)
    [grant] = await bot.store.read(lambda unit: grants.of_request(unit, case.id))
    return await bot.case(case.id), grant.id


async def test_a_like_request_goes_through(each_bot: RunningDesk, slack: SlackStandIn) -> None:
    """At once, named after whoever gave the grant; nobody is shown it, and the first card counts it."""
    bot = each_bot
    first, grant = await allowed(bot)
    second = await bot.ask(payload=a_refund(80.5))
    assert second.status is Status.APPROVED
    assert second.decision is not None
    assert (second.decision.via, second.decision.grant) == (Via.GRANT, grant)
    assert [person.id for person in second.decision.by] == ["U0ALICE"]
    assert await bot.story(second.id) == ["request.opened", "request.decided"]
    assert await bot.story(first.id) == ["request.opened", "vote.approved", "grant.given", "request.decided"]
    kept = await bot.store.read(lambda unit: grants.get(unit, grant))
    assert kept is not None
    assert kept.grant.uses == 1
    card = await bot.card(first.id)
    await slack.until(lambda: "1 so far" in str(card.blocks))
    assert len(bot.cards_in()) == 1


@pytest.mark.parametrize(
    "payload",
    [a_refund(751), a_refund(customer="Other"), a_refund(note="x"), a_refund(-5)],
    ids=["more", "somebody else", "another shape", "what breaks the form"],
)
async def test_anything_else_waits(bot: RunningDesk, payload: dict[str, Any]) -> None:
    """Above the approved number, for another customer, in another shape, or breaking the rule's form."""
    _, grant = await allowed(bot)
    assert (await bot.ask(payload=payload)).status is Status.PENDING
    kept = await bot.store.read(lambda unit: grants.get(unit, grant))
    assert kept is not None
    assert kept.grant.uses == 0


async def test_a_grant_ends_with_its_time(bot: RunningDesk) -> None:
    """To the second."""
    await allowed(bot)
    bot.runtime.ahead += HOUR
    assert (await bot.ask()).status is Status.PENDING


async def test_a_grant_holds_while_its_giver_may_decide(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Alice left the directors: it lets nothing through, and does again when she is back."""
    await allowed(bot)
    slack.set_usergroup("S0DIRECTORS", ["U0BOB"])
    await bot.eventually(lambda: "U0ALICE" not in str(bot.desk.directory.roster().groups))
    assert (await bot.ask()).status is Status.PENDING
    [listed] = await granting.listed(bot.desk, ALICE.id)
    assert not listed.holds
    slack.set_usergroup("S0DIRECTORS", ["U0ALICE", "U0BOB"])
    await bot.eventually(lambda: "U0ALICE" in str(bot.desk.directory.roster().groups))
    assert (await bot.ask()).status is Status.APPROVED


async def test_what_is_asked_for_its_giver_waits(bot: RunningDesk) -> None:
    """Nobody lets through what they themselves are the requester of."""
    await allowed(bot)
    assert (await bot.ask(on_behalf_of="U0ALICE")).status is Status.PENDING
    assert (await bot.ask(on_behalf_of="U0BOB")).status is Status.APPROVED


async def test_a_second_grant_stands_in_for_the_first(bot: RunningDesk) -> None:
    """The newest that covers it is used; where that one cannot, an older one is."""
    _, by_alice = await allowed(bot)
    case = await bot.ask(payload=a_refund(900))
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight, lasts=HOUR)
    newest = (await bot.ask()).decision
    assert newest is not None
    assert [person.id for person in newest.by] == ["U0BOB"]
    older = (await bot.ask(on_behalf_of="U0BOB")).decision
    assert older is not None
    assert older.grant == by_alice


async def test_nothing_is_given_where_the_rule_has_no_grants(bot: RunningDesk) -> None:
    """The vote is refused and recorded; nothing was approved by it."""
    case = await bot.ask("delete_draft")
    told = await decide.vote(bot.desk, case.id, CAROL, Choice.APPROVE, case.sight, lasts=HOUR)
    assert told.answer.refused == "not_grantable"
    assert told.case.status is Status.PENDING
    assert await bot.store.read(lambda unit: grants.every(unit, bot.runtime.now())) == ()


@pytest.mark.parametrize("by", [ALICE, BOB, ADMIN], ids=["its giver", "another who is asked", "an operator"])
async def test_a_grant_is_revoked(each_bot: RunningDesk, by: Person) -> None:
    """By whom it is, stands in the log; the next like request waits, and a second revocation is too late."""
    bot = each_bot
    first, grant = await allowed(bot)
    assert (await granting.revoke(bot.desk, grant, by)).ending is Ending.REVOKED
    assert (await bot.ask()).status is Status.PENDING
    assert (await bot.story(first.id))[-1] == "grant.revoked"
    kept = await bot.store.read(lambda unit: grants.get(unit, grant))
    assert kept is not None
    assert kept.revoked_by == f"person:{by.id}"
    assert (await granting.revoke(bot.desk, grant, by)).ending is Ending.OVER


async def test_strangers_revoke_nothing(bot: RunningDesk) -> None:
    """Carol supports, and refunds are the directors'; a grant that nobody gave is unknown."""
    _, grant = await allowed(bot)
    assert (await granting.revoke(bot.desk, grant, CAROL)).ending is Ending.NOT_YOURS
    assert (await granting.revoke(bot.desk, GrantId("g_none"), ADMIN)).ending is Ending.UNKNOWN
    assert (await bot.ask()).status is Status.APPROVED


async def test_everybody_sees_their_own_and_operators_all(bot: RunningDesk) -> None:
    """Live ones, the newest first."""
    _, by_alice = await allowed(bot)
    case = await bot.ask(payload=a_refund(900))
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight, lasts=HOUR)
    assert [each.grant.id for each in await granting.listed(bot.desk, ALICE.id)] == [by_alice]
    assert [each.grant.by.id for each in await granting.listed(bot.desk, ADMIN.id)] == ["U0BOB", "U0ALICE"]
    assert await granting.listed(bot.desk, CAROL.id) == ()


async def test_a_rule_without_grants_uses_none(bot: RunningDesk) -> None:
    """The policy was changed: what the old one allowed to be given holds no more."""
    await allowed(bot)
    text = POLICY.replace("    grants: {longest: 8h, same: [payload.customer]}\n", "")
    bot.shelf.current = load(text, "hitl.yml")
    assert (await bot.ask()).status is Status.PENDING


def test_an_id_is_understood_as_people_type_it() -> None:
    """In capitals, in backticks, without its beginning, with letters that look like digits."""
    for typed in ("g_01ab", "`g_01ab`", " G_OLAB ", "01ab", "g_o1ab", "OIAB"):
        assert granting.meant(typed) == "g_01ab"
