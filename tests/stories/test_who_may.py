"""Who may decide: today's members, each once, never the requester; and what happens when too few are left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from sandbox.server import SlackStandIn
from sandbox.workspace import Message, User, UserGroup
from store import people
from store.engine import Store
from tests.harness.house import DECIDING, House, buttons, page
from tests.stories.conftest import Build

# One bot serves every story here: whoever leaves or changes groups in one is in no other.
pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {users: [U0ALICE, U0BOB, U0CAROL]}
  support: {users: [U0ALICE, U0DAN]}
  leavers: {users: [U0ERIN, U0FAY]}
  quitters: {users: [U0GIL]}
  crew: {usergroup: S0CREW}
  nobody: {usergroup: S0FORMER}
risk: {levels: {medium: ["*"]}}
rules:
  - {name: both, when: "action == 'both'", gate: hard, ask: [directors, support], quorum: 2,
     steps: [{after: 4h, do: expire}]}
  - {name: two, when: "action == 'two'", gate: hard, ask: directors, quorum: 2,
     steps: [{after: 4h, do: expire}]}
  - {name: leaving, when: "action == 'leaving'", gate: hard, ask: leavers, quorum: 2,
     steps: [{after: 2h, do: escalate, to: support}, {after: 4h, do: expire}]}
  - {name: quitting, when: "action == 'quitting'", gate: hard, ask: quitters,
     steps: [{after: 4h, do: expire}]}
  - {name: crewed, when: "action == 'crewed'", gate: hard, ask: crew, steps: [{after: 4h, do: expire}]}
  - {name: empty, when: "action == 'empty'", gate: hard, ask: nobody,
     steps: [{after: 2h, do: escalate, to: support}, {after: 4h, do: expire}]}
default: {gate: hard, ask: directors, steps: [{after: 4h, do: park}]}
"""
STALE = """
channel: C0APPROVALS
groups:
  directors: {usergroup: S0DIRECTORS}
default: {gate: hard, ask: directors, steps: [{after: 4h, do: park}]}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(build: Build) -> AsyncIterator[House]:
    """A house with some more people, who will leave."""
    slack = SlackStandIn()
    for id_, name in (("U0ERIN", "erin"), ("U0FAY", "fay"), ("U0GIL", "gil")):
        slack.workspace.add_user(User(id_, name, name.title(), f"{name}@example.com"))
        slack.workspace.channels["C0APPROVALS"].members.add(id_)
    slack.workspace.add_usergroup(UserGroup("S0CREW", "crew", "Crew", ["U0DAN"]))
    async with build(POLICY, slack=slack) as built:
        yield built


async def _asked(one: House, action: str = "anything", **fields: Any) -> tuple[str, Message]:
    asked = await one.agent.ask(**{"action": action, "payload": {"amount": 750}, **fields})
    assert (asked["gate"], asked["status"]) == ("hard", "pending")
    return str(asked["id"]), await one.settled_card(asked["id"])


async def _click(one: House, user: str, card: Message, words: str = "Approve") -> None:
    assert (await one.slack.click(user, card.channel, card.ts, words)).acknowledged


async def test_who_is_not_asked_is_told_who_is(one: House) -> None:
    """Dan is on no list for this; no button of it opens or decides anything for him."""
    request, card = await _asked(one)
    for words in DECIDING:
        await _click(one, "U0DAN", card, words)
    await one.slack.until(lambda: len(one.slack.ephemerals("U0DAN")) >= len(DECIDING))
    told = await one.slack.ephemeral_to("U0DAN", "not asked")
    assert "directors (alice, bob and carol)" in page(told)
    assert one.slack.views("U0DAN") == []
    assert (await one.agent.look(request))["approvals"]["given"] == 0


async def test_somebody_in_two_groups_counts_once(one: House) -> None:
    """Alice is a director and in support: her second click is no second approval; Dan's is."""
    request, card = await _asked(one, "both")
    assert "directors or support" in page(card)
    assert "alice, bob, carol and dan" in page(card)
    await _click(one, "U0ALICE", card)
    await one.card(request, "1 of 2")
    await _click(one, "U0ALICE", card)
    await one.slack.ephemeral_to("U0ALICE", "counts once")
    assert (await one.agent.look(request))["approvals"] == {"needed": 2, "given": 1}
    await _click(one, "U0DAN", card)
    heard = await one.agent.hears(request)
    assert [person["id"] for person in heard.data["decision"]["by"]] == ["U0ALICE", "U0DAN"]


@pytest.mark.parametrize("requester", ["U0BOB", "bob@example.com", "Bob@Example.com"])
async def test_the_requester_never_decides(one: House, requester: str) -> None:
    """By id or by e-mail: neither approve, edit nor reject; the others may."""
    request, card = await _asked(one, on_behalf_of=requester)
    assert "On behalf of" in page(card)
    for words in DECIDING:
        await _click(one, "U0BOB", card, words)
        told = await one.slack.ephemeral_to("U0BOB", "asked on your behalf")
        assert "directors (alice and carol)" in page(told)
        one.slack.workspace.ephemerals.remove(told)
    assert one.slack.views("U0BOB") == []
    await _click(one, "U0CAROL", card)
    heard = await one.agent.hears(request)
    assert [person["id"] for person in heard.data["decision"]["by"]] == ["U0CAROL"]


async def test_two_in_the_same_millisecond_make_one_decision(one: House) -> None:
    """One of two approvals decides, and the other person is told whose that was."""
    for _ in range(5):
        request, card = await _asked(one)
        await asyncio.gather(_click(one, "U0ALICE", card), _click(one, "U0BOB", card))
        heard = await one.agent.hears(request)
        [first] = heard.data["decision"]["by"]
        second = {"U0ALICE": "U0BOB", "U0BOB": "U0ALICE"}[first["id"]]
        told = await one.slack.ephemeral_to(second, f"Too late: it was approved by {first['name']}")
        one.slack.workspace.ephemerals.remove(told)
        assert not [m for m in one.slack.ephemerals(first["id"]) if "Too late" in page(m)]
        assert (await one.facts(request)).count("request.decided") == 1


async def test_an_edit_voids_approvals_and_says_so_in_the_thread(one: House) -> None:
    """Alice, who had approved 750, is called there to look at 500; her second approval counts."""
    request, card = await _asked(one, "two")
    await _click(one, "U0ALICE", card)
    await one.card(request, "1 of 2")
    await one.modal("U0BOB", card, "Edit")
    await one.slack.submit("U0BOB", {"Amount": "500"})
    note = await one.slack.message_in(card.channel, "no longer counts", thread_ts=card.ts)
    assert "bob changed this (amount 750 → 500). <@U0ALICE>, your approval no longer counts" in note.text
    card = await one.card(request, "750 → 500", "1 of 2")
    await _click(one, "U0ALICE", card)
    heard = await one.agent.hears(request)
    assert {person["id"] for person in heard.data["decision"]["by"]} == {"U0ALICE", "U0BOB"}
    assert heard.data["status"] == "modified"


async def test_who_left_is_skipped_by_name_and_others_are_asked_at_once(one: House) -> None:
    """Two are needed and Erin leaves: the thread says so, and support is asked hours before its time."""
    request, card = await _asked(one, "leaving")
    due = (await one.agent.look(request))["due_at"]
    one.slack.deactivate("U0ERIN")
    await one.slack.message_in(
        card.channel, "erin is no longer active in Slack", thread_ts=card.ts, within=10
    )
    note = await one.slack.message_in(card.channel, "asked as well", thread_ts=card.ts, within=10)
    assert "<@U0ALICE> and <@U0DAN>, you are asked as well, because too few of the others can" in note.text
    await one.agent.hears(request, "request.escalated")
    card = await one.card(request, "erin: no longer active in Slack.", "(early, as too few of")
    assert (await one.agent.look(request))["due_at"] == due
    await _click(one, "U0FAY", card)
    await _click(one, "U0DAN", card)
    heard = await one.agent.hears(request)
    assert {person["id"] for person in heard.data["decision"]["by"]} == {"U0FAY", "U0DAN"}
    await one.nothing_left()
    assert len(one.agent.heard_of(request, "request.escalated")) == 1
    said = [each.text for each in one.slack.thread(card.channel, card.ts)]
    assert len(said) == 3
    assert said[-1].startswith("✅ Approved by fay and dan")


async def test_where_nobody_else_would_be_asked_the_operators_are_told(one: House) -> None:
    """Gil was the only one: the card says so, and Olivia gets a message with what helps."""
    request, card = await _asked(one, "quitting")
    one.slack.deactivate("U0GIL")
    await one.slack.until(lambda: one.slack.direct_messages("U0ADMIN"), within=10)
    [told] = one.slack.direct_messages("U0ADMIN")
    for words in ("Too few are left to decide", request, "quitters", "Put somebody into quitters"):
        assert words in page(told), page(told)
    await one.card(request, "Nobody who is asked can decide this", "the operators have been asked")
    await one.slack.message_in(card.channel, "gil is no longer active", thread_ts=card.ts)
    assert (await one.agent.look(request))["status"] == "pending"


async def test_a_request_that_nobody_could_decide_is_escalated_when_it_is_opened(one: House) -> None:
    """All of the group had left long ago."""
    request, card = await _asked(one, "empty")
    await one.agent.hears(request, "request.escalated")
    card = await one.card(request, "(early, as too few of")
    await one.slack.message_in(card.channel, "greta is no longer active", thread_ts=card.ts)
    await _click(one, "U0DAN", card)
    assert (await one.agent.hears(request)).data["status"] == "approved"


async def test_a_change_of_a_user_group_holds_for_open_requests(one: House) -> None:
    """Carol joins and Dan goes: his approval counts no longer, hers does, and the card names her."""
    request, card = await _asked(one, "crewed")
    assert "crew (dan)" in page(card)
    await _click(one, "U0CAROL", card)
    await one.slack.ephemeral_to("U0CAROL", "crew (dan)")
    one.slack.set_usergroup("S0CREW", ["U0CAROL"])
    await one.slack.courier.idle()
    await _click(one, "U0DAN", card)
    assert "crew (carol)" in page(await one.slack.ephemeral_to("U0DAN", "crew (carol)"))
    await _click(one, "U0CAROL", card)
    heard = await one.agent.hears(request)
    assert [person["id"] for person in heard.data["decision"]["by"]] == ["U0CAROL"]
    assert "Approve" not in buttons(await one.card(request, "Approved by carol"))


async def test_before_slack_said_who_is_in_a_group_nobody_there_decides(build: Build) -> None:
    """The card says so, and so is whoever clicks told; once Slack says it, they may, on the same card."""
    async with build(STALE, started=False) as one:
        held = one.slack.faults.status(503, "usergroups.users.list", times=None)
        await one.start()
        request, card = await _asked(one)
        assert "Slack has not said yet who is in directors, so nobody there can decide." in page(card)
        await _click(one, "U0ALICE", card)
        await one.slack.ephemeral_to("U0ALICE", "not asked")
        one.slack.faults.clear(held)
        one.slack.set_usergroup("S0DIRECTORS", ["U0ALICE", "U0BOB"])
        # People are asked about once it is known that they are in the group.
        calls = one.slack.calls
        await one.slack.until(
            lambda: any(c.args.get("user") == "U0ALICE" for c in calls("users.info")), within=20
        )
        await _click(one, "U0ALICE", card)
        assert (await one.agent.hears(request)).data["status"] == "approved"


async def test_the_last_known_list_holds_for_a_day_and_the_card_says_so(build: Build) -> None:
    """After ten minutes without Slack those known may decide; after 25 hours nobody is known any more."""
    async with build(STALE) as one:
        await one.slack.call_of("usergroups.users.list")
        request, card = await _asked(one)
        assert "as last known" not in page(card)
        await _heard_before(one, timedelta(minutes=10))
        later, shown = await _asked(one)
        assert "directors as last known," in page(shown)
        await _click(one, "U0ALICE", shown)
        assert (await one.agent.hears(later)).data["status"] == "approved"
        await _heard_before(one, timedelta(hours=25))
        _, shown = await _asked(one)
        assert "directors (but nobody there can at the moment)" in page(shown)
        await _click(one, "U0ALICE", card)
        await one.slack.ephemeral_to("U0ALICE", "not asked")
        assert (await one.agent.look(request))["status"] == "pending"


async def _heard_before(one: House, ago: timedelta) -> None:
    """The bot starts again after so long, in which Slack said nothing of groups; it still does not."""
    one.slack.faults.status(503, "usergroups.users.list", times=None)
    await one.kill()
    store = await Store.open(one.env["HITL_DATABASE_URL"])
    known = await store.read(people.groups)
    for group, (members, as_of) in known.items():
        await store.write(partial(people.put_group, usergroup=group, members=members, as_of=as_of - ago))
    await store.close()
    assert known
    await one.start()
