"""From one until seven: what is left, and then everything is looked at again."""

from __future__ import annotations

import json
import re
from collections import Counter

from sandbox.calls import Call
from tests.harness.agent import Heard
from tests.harness.house import DECIDING, buttons, page
from tests.stories.a_day.day import Day
from tests.stories.a_day.morning import draft
from tests.stories.a_day.policy import ADMIN, ALICE, BOB, CAROL, DAN

REQUESTS = 40
#: Mentions in a post call somebody, and an edit calls nobody.
_CALLED = re.compile(r'<@(U\w+)|"user_id": "(U\w+)"')
#: So often is each of them called in the whole day: by reminders, an escalation, a vote that was voided, a
#: hand-over, the end of a snooze. What cards and digests ask calls nobody.
MOST_CALLS = {ALICE: 3, BOB: 6, CAROL: 3, DAN: 2, ADMIN: 0}
_ENDING = DECIDING | {"Looks right", "Correct", "Flag", "Answer", "Approve all", "Review", "Reject all"}


async def at_home(day: Day) -> None:
    """Carol's snooze is over: she is told, and decides in the app's home tab."""
    hands = day.hands
    await day.at(13, 15)
    await day.ended("expires", "timed_out", via="timeout")
    await day.card("expires", "xpired")
    await day.at(13, 30)
    await hands.home(CAROL)
    await day.at_home(CAROL, "Repaint office")
    await hands.moment("home", CAROL)
    await hands.click_home(CAROL, f"item:{day.ids['put off']}:home", "Approve")
    await day.ended("put off", "approved", CAROL)
    await day.at_home(CAROL, "Decided by you this week")


async def taken_back(day: Day) -> None:
    """Alice ends what she had allowed; what is like it is asked again."""
    hands = day.hands
    await day.at(15, 30)
    await day.ended("unreviewed", "timed_out", via="timeout")
    await hands.command(ALICE, "/hitl grants")
    await hands.click(ALICE, await day.told(ALICE, "publish_draft"), "Revoke")
    await day.card("allowed", "when that was ended (1 in all)")
    await day.ask("asked again", "press", **draft("Recipe of last week"))
    await hands.click(CAROL, await day.card("asked again"), "Approve")
    await day.ended("asked again", "approved", CAROL)


async def looked_back_at(day: Day) -> None:
    """What the day came to, rule by rule."""
    await day.at(17, 30)
    await day.hands.command(ADMIN, "/hitl stats 1d")
    told = await day.told(ADMIN, "big-refunds")
    await day.hands.moment("stats", ADMIN, told)


async def all_is_well(day: Day) -> None:
    """What has to be so when everybody has gone home."""
    await day.at(19)
    await day.one.nothing_left()
    assert len(day.ids) == REQUESTS
    await _each_ended_once(day)
    _each_callback_came_in_order(day)
    _nothing_looks_open_that_is_not(day)
    _everybody_was_answered(day)
    _nobody_was_called_in_vain(day)
    assert "whole" in await day.one.hitl("audit", "verify")
    assert not [problem for each in day.agents.values() for problem in each.problems]


async def _each_ended_once(day: Day) -> None:
    facts = [json.loads(line) for line in (await day.one.hitl("audit", "export")).splitlines()]
    decided = Counter(fact["request"] for fact in facts if fact["kind"] == "request.decided")
    for name, request in day.ids.items():
        told = await day.look(name)
        decision, end = told["decision"], day.ends[request]
        said = (told["status"], decision["via"], tuple(each["id"] for each in decision["by"]))
        assert said == (end.status, end.via, end.by), name
        assert decided[request] == 1, name
        acted = day.agent_of(name).acted.get(request, [])
        acts = end.status in ("approved", "modified")
        assert acted == ([decision["payload"]] if acts else []), name


def _each_callback_came_in_order(day: Day) -> None:
    """By its id: a clock that jumps while one is under way makes its lease end, and it comes twice, alike."""
    in_all: Counter[str] = Counter()
    for agent in day.agents.values():
        first: dict[str, Heard] = {}
        for each in agent.heard:
            assert first.setdefault(each.id, each) == each
        for request in {heard.data["id"] for heard in first.values()}:
            kinds = [heard.type for heard in first.values() if heard.data["id"] == request]
            assert kinds.count("request.decided") == 1, kinds
            after = kinds[kinds.index("request.decided") + 1 :]
            assert after in ([], ["request.flagged"]), kinds
        in_all.update(heard.type for heard in first.values())
    assert in_all["request.flagged"] == in_all["request.parked"] == 1
    assert (in_all["request.escalated"], in_all["request.commented"]) == (2, 2)


def _nothing_looks_open_that_is_not(day: Day) -> None:
    assert not [page(each) for each in day.every_message() if buttons(each) & _ENDING]
    shown = Counter(re.findall(r"req_\w+", " ".join(str(each.metadata) for each in day.cards())))
    assert {shown[request] for request in day.ids.values()} == {0, 1}
    assert all(day.slack.views(user) == [] for user in MOST_CALLS)


def _everybody_was_answered(day: Day) -> None:
    lost = [each for each in day.slack.deliveries() if not each.acknowledged]
    assert len(lost) == 1, "the click while the bot was down"


def _nobody_was_called_in_vain(day: Day) -> None:
    calls: Counter[str] = Counter()
    for call in day.slack.calls("chat.postMessage"):
        about = str(call.args.get("metadata"))
        for user in _called(call) if call.ok else ():
            calls[user] += 1
            for_dan = any(day.ids[name] in about for name in ("escalates", "expires"))
            assert user != DAN or for_dan, f"{DAN} is not asked about {call.args['text']}"
            assert user != CAROL or call.args["channel"] != "C0REFUNDS", "directors refund that much"
    assert set(calls) <= set(MOST_CALLS), calls
    assert all(calls[user] <= most for user, most in MOST_CALLS.items()), calls


def _called(call: Call) -> set[str]:
    """Whom a message calls: a direct message the one it is to, others those whom they name."""
    posted = json.dumps([call.args.get("text"), call.args.get("blocks"), call.args.get("attachments")])
    named = _CALLED.findall(posted)
    return {user for each in named for user in each if user}
