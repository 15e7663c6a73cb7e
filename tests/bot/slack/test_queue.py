"""Lists in Slack: what `/hitl` shows, that it is decided right there, and nothing else by it."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from approvals.model import Case
from approvals.words import Choice, Kind, Status
from blocks.limits import problems_of_message
from blocks.listed import Listed, QueuePage
from blocks.queue import Line, item
from bot.desk import decide
from sandbox.delivery import Manner
from sandbox.server import SlackStandIn
from sandbox.words import words_of, words_of_message
from sandbox.workspace import Message
from store import agents, cases, outbox
from store.outbox import ParcelKind
from store.payloads import joined_case
from store.sqlite import SqliteLine
from store.unit_of_work import Unit
from tests.bot.slack.test_commands import answered
from tests.harness.cases import ALICE, BOB, a_request, an_open_case
from tests.harness.desk import RunningDesk
from tests.harness.work import counting
from tests.store.samples import numbered

MINE = QueuePage("mine").encode()
#: What stands in a row: the ids of its buttons, and in its menu how many there are.
LOOKS, DECIDES = [("more", 1)], [("approve", 0), ("edit", 0), ("reject", 0), ("more", 4)]


def shapes(block: Any) -> list[tuple[str, int]]:
    """A row of buttons, as `LOOKS`."""
    return [(each["action_id"], len(each.get("options", ()))) for each in block["elements"]]


def row(case: Case, page: QueuePage | None = None) -> str:
    """The block that its buttons stand in."""
    return Listed(case.id, page.encode() if page is not None else MINE).encode()


async def listed(slack: SlackStandIn, user: str, text: str = "/hitl") -> Message:
    """A list, within Slack's limits, that only this person sees."""
    message = await answered(slack, user, text)
    assert problems_of_message({"text": message.text, "blocks": message.blocks}) == []
    assert message.only_for == user
    return message


async def redrawn(slack: SlackStandIn, message: Message, fits: Callable[[str], bool]) -> str:
    """What stands there, once it fits."""
    found = await slack.until(lambda: words_of_message(message) if fits(words_of_message(message)) else None)
    assert found is not None
    return found


async def test_what_waits_is_decided_in_the_list(either_bot: RunningDesk, slack: SlackStandIn) -> None:
    """Durable when it is answered; said in words; then the list goes on without it, and the card says so."""
    first, second = await either_bot.ask("pair_payout"), await either_bot.ask()
    await either_bot.card(first.id)
    message = await listed(slack, "U0ALICE")
    shown = words_of_message(message)
    assert "2 requests wait for you" in shown
    assert shown.index("Refund 750 EUR to ACME GmbH") > 0
    answer = await slack.click("U0ALICE", message.channel, message.ts, "Approve", block_id=row(second))
    assert answer.acknowledged
    assert (await either_bot.case(second.id)).status is Status.APPROVED
    assert (await either_bot.case(first.id)).status is Status.PENDING
    assert "is approved" in (await slack.ephemeral_to("U0ALICE", "Done")).text
    await redrawn(slack, message, lambda words: "1 request waits for you" in words)
    await either_bot.card(second.id, "pproved")


async def test_nothing_waits(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Said in a sentence, with what waits for others and where to see that."""
    await bot.ask(on_behalf_of="U0ALICE")
    told = await listed(slack, "U0ALICE")
    assert told.text == "Nothing waits for you. 1 request waits for others: `/hitl queue all`."
    assert "you are asked about" in (await listed(slack, "U0CAROL", "/hitl queue overdue")).text


async def test_operators_are_told_what_waits_unseen(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It is in no list, so its agents and their figures stand below; nobody else is told."""
    now, name = bot.runtime.now(), bot.agent.name
    await bot.store.write(lambda unit: agents.pause(unit, name, ALICE.id, now))
    bot.agent = replace(bot.agent, paused_at=now)
    for _ in range(3):
        await bot.ask("note_this")
    for typed in ("/hitl", "/hitl queue all"):
        told = words_of_message(await listed(slack, "U0ADMIN", typed))
        assert "3 requests wait unseen until" in told
        assert "/hitl resume AGENT" in told
        assert "unseen" not in words_of_message(await listed(slack, "U0ALICE", typed))


async def test_a_row_and_a_button_that_disagree_decide_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The block says which request; a value of another one can only have the vote refused, for either."""
    mine, other = await bot.ask(), await bot.ask(title="another")
    message = await listed(slack, "U0ALICE")
    blocks = copy.deepcopy(message.blocks)
    rows = {block["block_id"]: block for block in blocks if block.get("block_id", "").startswith("item:")}
    one, two = rows[row(mine)], rows[row(other)]
    one["elements"], two["elements"] = two["elements"], one["elements"]
    slack.workspace.change(message, blocks=blocks)
    for words in ("Approve", "Reject"):
        await slack.click("U0ALICE", message.channel, message.ts, words, block_id=row(mine))
        await slack.ephemeral_to("U0ALICE", "changed since you saw it")
        slack.workspace.change(message, blocks=blocks)
    for case in (mine, other):
        assert (await bot.case(case.id)).status is Status.PENDING
    assert not slack.calls("views.open")


async def test_what_changed_since_the_list_was_drawn_is_refused(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """A vote is for what was on the screen: the list is drawn anew as it is, and then it counts."""
    case = await bot.ask("pair_payout")
    message = await listed(slack, "U0BOB")
    await decide.edit(bot.desk, case.id, ALICE, {"/amount": "10"}, case.sight)
    await slack.click("U0BOB", message.channel, message.ts, "Approve", block_id=row(case))
    await slack.ephemeral_to("U0BOB", "changed since you saw it")
    assert (await bot.case(case.id)).status is Status.PENDING
    await redrawn(slack, message, lambda words: "750 → 10" in words)
    await slack.click("U0BOB", message.channel, message.ts, "Approve", block_id=row(case))
    assert (await bot.case(case.id)).status is Status.MODIFIED


async def test_a_reason_is_asked_for_as_on_the_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Reject opens its modal from the list; once it is submitted, the list goes on without the request."""
    case = await bot.ask()
    await bot.ask("pair_payout")
    message = await listed(slack, "U0ALICE")
    await slack.click("U0ALICE", message.channel, message.ts, "Reject", block_id=row(case))
    await slack.view_of("U0ALICE", "Reject")
    assert (await slack.submit("U0ALICE", {"reason": "no receipt"})).view is None
    assert (await bot.case(case.id)).status is Status.REJECTED
    await redrawn(slack, message, lambda words: "1 request waits for you" in words)


async def test_an_edit_from_a_list(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The same form, the same checks."""
    case = await bot.ask()
    message = await listed(slack, "U0ALICE")
    await slack.click("U0ALICE", message.channel, message.ts, "Edit", block_id=row(case))
    await slack.view_of("U0ALICE", "Edit")
    await slack.submit("U0ALICE", {"Amount": "500"})
    decided = await bot.case(case.id)
    assert (decided.status, decided.payload["amount"]) == (Status.MODIFIED, 500)


async def test_who_may_is_asked_at_every_click(bot: RunningDesk, slack: SlackStandIn) -> None:
    """An operator sees everybody's queue and may not decide it; they are told who may."""
    case = await bot.ask()
    message = await listed(slack, "U0ADMIN", "/hitl queue all")
    where = row(case, QueuePage("all"))
    # As it would stand there if they had been asked when it was drawn.
    asked = (await listed(slack, "U0ALICE", "/hitl queue all")).blocks
    slack.workspace.change(message, blocks=copy.deepcopy(asked))
    for words in ("Approve", "Edit", "Reject"):
        await slack.click("U0ADMIN", message.channel, message.ts, words, block_id=where)
        told = await slack.ephemeral_to("U0ADMIN", "not asked")
        assert "alice" in told.text
        slack.workspace.ephemerals.remove(told)
        slack.workspace.change(message, blocks=copy.deepcopy(asked))
    assert (await bot.case(case.id)).status is Status.PENDING


async def test_who_cannot_decide_gets_what_only_looks(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Operators looking at others', whoever it is asked for, whoever approved: no button that is refused."""
    theirs, approved = await bot.ask(on_behalf_of="U0ALICE"), await bot.ask("pair_payout")
    await decide.vote(bot.desk, approved.id, ALICE, Choice.APPROVE, approved.sight)
    for user, expected in (("U0ADMIN", LOOKS), ("U0ALICE", LOOKS), ("U0BOB", DECIDES)):
        message = await listed(slack, user, "/hitl queue all")
        found = [shapes(block) for block in message.blocks if block["type"] == "actions"]
        assert found == [expected, expected], user
        for case in (theirs, approved):
            shown = await listed(slack, user, f"/hitl show {case.id}")
            assert [shapes(block) for block in shown.blocks if block["type"] == "actions"] == [expected]


async def test_whoever_types_at_once_shares_one_look(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Two thousand wait, six people ask: each is read once or, while that look was under way, not again."""

    def fill(unit: Unit) -> None:
        for number in range(2_000):
            cases.add(unit, an_open_case(a_request(id=numbered(number))))

    await bot.store.write(fill)
    people = ("U0ALICE", "U0BOB", "U0ALICE", "U0BOB", "U0CAROL", "U0ADMIN")
    with counting(joined_case) as read:
        await asyncio.gather(*(slack.command(user, "/hitl") for user in people))
    assert "2,000 requests wait for you" in (await slack.ephemeral_to("U0ALICE", "wait for you")).text
    assert read() < 2_500


async def test_a_look_that_takes_too_long_says_nothing_of_deciding(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Whoever only wanted to see something is told to type it again; a change is said not to be saved."""
    hung, one = threading.Event(), ThreadPoolExecutor(1)
    # What is read at length and what is written: each waits for a thread that has other work.
    asyncio.get_running_loop().set_default_executor(one)
    one.submit(hung.wait)
    cast(SqliteLine, bot.store._line)._disk.submit(hung.wait)
    try:
        await asyncio.gather(
            slack.command("U0ALICE", "/hitl show K3M9"), slack.command("U0BOB", "/hitl pause billing-agent")
        )
        await slack.ephemeral_to("U0ALICE", "Looking that up took too long")
        await slack.ephemeral_to("U0BOB", "could not be saved")
    finally:
        hung.set()


async def test_decided_meanwhile(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Whoever clicks in a list that is old is told by whom it was decided."""
    case = await bot.ask()
    message = await listed(slack, "U0ALICE")
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    await slack.click("U0ALICE", message.channel, message.ts, "Reject", block_id=row(case))
    assert "bob" in (await slack.ephemeral_to("U0ALICE", "Too late")).text.casefold()


async def test_one_click_delivered_twice_is_one_vote(bot: RunningDesk, slack: SlackStandIn) -> None:
    """And one answer."""
    case = await bot.ask()
    message = await listed(slack, "U0ALICE")
    twice = Manner(times=2)
    await slack.click("U0ALICE", message.channel, message.ts, "Approve", block_id=row(case), manner=twice)
    await slack.ephemeral_to("U0ALICE", "Done")
    assert (await bot.story(case.id)).count("vote.counted") <= 1
    assert len([each for each in slack.ephemerals("U0ALICE") if "Done" in each.text]) == 1


@pytest.mark.parametrize(
    ("asked", "clicked", "status"),
    [
        ({"action": "note_this", "kind": Kind.REVIEW}, "Looks right", Status.APPROVED),
        ({"action": "ask_x", "kind": Kind.QUESTION, "options": ("red", "blue")}, "blue", Status.ANSWERED),
        (
            {"action": "ask_x", "kind": Kind.QUESTION, "options": tuple(f"colour {n}" for n in range(9))},
            "colour 7",
            Status.ANSWERED,
        ),
    ],
)
async def test_reviews_and_questions_are_decided_there_too(
    gates: RunningDesk, slack: SlackStandIn, asked: dict[str, Any], clicked: str, status: Status
) -> None:
    """Each with the buttons of its card."""
    case = await gates.ask(**asked)
    message = await listed(slack, "U0ALICE")
    answer = await slack.click("U0ALICE", message.channel, message.ts, clicked, block_id=row(case))
    assert answer.acknowledged
    assert (await gates.case(case.id)).status is status
    await redrawn(slack, message, lambda words: "Nothing waits for you" in words)


@pytest.mark.parametrize(
    ("asked", "clicked", "entered"),
    [
        ({"action": "deploy_site", "payload": {}}, "Approve", {"typed": "CONFIRM"}),
        ({"action": "note_this", "kind": Kind.REVIEW}, "Flag", {"reason": "wrong"}),
        ({"action": "ask_x", "kind": Kind.QUESTION}, "Answer", {"answer": "red"}),
        ({"action": "issue_refund"}, "Approve and allow similar", {}),
    ],
)
async def test_modals_open_from_a_list(
    gates: RunningDesk, slack: SlackStandIn, asked: dict[str, Any], clicked: str, entered: dict[str, str]
) -> None:
    """What is typed in them decides the request of that row."""
    case = await gates.ask(**asked)
    message = await listed(slack, "U0ALICE")
    await slack.click("U0ALICE", message.channel, message.ts, clicked, block_id=row(case))
    await slack.view_of("U0ALICE")
    assert (await slack.submit("U0ALICE", entered)).view is None
    assert (await gates.case(case.id)).status.final


async def test_view_everything_from_a_list(bot: RunningDesk, slack: SlackStandIn) -> None:
    """All of that row's request."""
    case = await bot.ask(reasoning="because of the receipt")
    message = await listed(slack, "U0ALICE")
    await slack.click("U0ALICE", message.channel, message.ts, "View everything", block_id=row(case))
    assert case.id in str((await slack.view_of("U0ALICE", "Everything")).payload)


async def test_what_is_parked_is_still_decided(gates: RunningDesk, slack: SlackStandIn) -> None:
    """It left everybody's way, and waits in a list of its own."""
    case = await gates.ask("deploy_site", payload={})
    gates.runtime.ahead = timedelta(hours=3)
    await decide.tick(gates.desk, case.id, gates.runtime.now())
    assert "Nothing waits for you" in (await listed(slack, "U0ALICE")).text
    message = await listed(slack, "U0ALICE", "/hitl queue parked")
    assert "1 request is parked" in message.text
    where = row(case, QueuePage("parked"))
    await slack.click("U0ALICE", message.channel, message.ts, "Approve", block_id=where)
    await slack.view_of("U0ALICE")
    await slack.submit("U0ALICE", {"typed": "CONFIRM"})
    assert (await gates.case(case.id)).status is Status.APPROVED


async def test_a_long_list_is_read_page_by_page(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Seven requests in two parts, in the place of the same message; deciding keeps the page."""
    asked = [await bot.ask() for _ in range(7)]
    message = await listed(slack, "U0ALICE")
    assert [block for block in message.blocks if row(asked[5]) == block.get("block_id")] == []
    await slack.click("U0ALICE", message.channel, message.ts, "More")
    page = QueuePage("mine", 5)
    await slack.until(lambda: row(asked[5], page) in str(message.blocks))
    assert row(asked[6], page) in str(message.blocks)
    await slack.click("U0ALICE", message.channel, message.ts, "Approve", block_id=row(asked[6], page))
    await redrawn(slack, message, lambda words: "6 requests wait" in words)
    assert row(asked[5], page) in str(message.blocks)
    await slack.click("U0ALICE", message.channel, message.ts, "Back")
    await slack.until(lambda: row(asked[0]) in str(message.blocks))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("queue", "2 requests wait for you"),
        ("QUEUE `all`", "2 requests that you may see are open"),
        ("all", "2 requests that you may see are open"),
        ("queue action:note_*", "Nothing waits for you (only action"),
        ("queue Action: PAIR_*", "1 request waits for you (only action"),
        ("queue mine action=`pair_payout` agent:@billing-agent", "1 request waits for you (only"),
        ("queue agent:<@U0BOT|billing-agent>", "2 requests wait for you (only agent"),
        ("queue parkd", "Did you mean `/hitl queue parked`?"),
        ("queue <!channel>", "There is no list"),
        ("queue parked overdue", "I show one list at a time: `/hitl queue parked` or `/hitl queue overdue`."),
        ("all parked", "I show one list at a time: `/hitl queue all` or `/hitl queue parked`."),
        ("queue all all", "2 requests that you may see are open"),
        (f"queue action:{'x' * 61}", "may have 60 characters"),
        ("queue action:a|b", "may have 60 characters"),
        ("quue", "Did you mean `/hitl queue`?"),
        ("show", "Say which request"),
        ("show nothing", "There is no request"),
    ],
)
async def test_lists_take_what_people_type(
    bot: RunningDesk, slack: SlackStandIn, typed: str, found: str
) -> None:
    """Upper case, backticks, signs, blanks; what is wrong is said, with what would be right."""
    await bot.ask()
    await bot.ask("pair_payout")
    told = await listed(slack, "U0ALICE", f"/hitl {typed}")
    assert found in told.text
    assert "<!channel>" not in f"{told.text}{told.blocks}"


async def test_one_request_is_shown_and_decided(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Its whole card, for whoever asked alone, by the end of its id; decided there, it says so."""
    case = await bot.ask(reasoning="photo attached")
    await bot.card(case.id)
    message = await listed(slack, "U0ALICE", f"/hitl show {case.id[-6:].lower()}")
    shown = words_of_message(message)
    for words in ("Refund 750 EUR to ACME GmbH", "photo attached", f"Request {case.id}", "ACME GmbH"):
        assert words in shown
    await slack.click("U0ALICE", message.channel, message.ts, "Approve")
    assert (await bot.case(case.id)).status is Status.APPROVED
    await redrawn(slack, message, lambda words: "Approved" in words)
    assert "'action_id': 'approve'" not in str(message.blocks)
    assert "no request" in (await listed(slack, "U0CAROL", f"/hitl show {case.id}")).text
    assert (await listed(slack, "U0ADMIN", f"/hitl {case.id}")).text == message.text


async def test_an_id_that_fits_several_is_told(bot: RunningDesk, slack: SlackStandIn) -> None:
    """With those that it may be."""
    one, two = await bot.ask(), await bot.ask()
    told = await listed(slack, "U0ALICE", f"/hitl show `{one.id[:8]}`")
    assert "fits more than one request" in told.text
    assert one.id in words_of(told.blocks)
    assert two.id in words_of(told.blocks)


async def test_the_same_rows_decide_in_the_home_tab(bot: RunningDesk, slack: SlackStandIn) -> None:
    """There is no message and no channel there: whoever clicks is answered in a direct message."""
    case, other = await bot.ask(), await bot.ask()
    roster = bot.desk.directory.roster()
    blocks = [
        block for each in (case, other) for block in item(Line(await bot.case(each.id), None), roster, "home")
    ]
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    await client.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": blocks})
    where = Listed(case.id, "home").encode()
    answer = await slack.people.click_in_home("U0ALICE", "Approve", block_id=where)
    assert answer.acknowledged
    assert (await bot.case(case.id)).status is Status.APPROVED
    assert (await bot.case(other.id)).status is Status.PENDING
    told = await slack.until(lambda: next(iter(slack.direct_messages("U0ALICE")), None))
    assert "is approved" in str(told and told.text)
    where = Listed(other.id, "home").encode()
    await slack.people.click_in_home("U0ALICE", "Reject", block_id=where)
    await slack.view_of("U0ALICE", "Reject")
    await slack.submit("U0ALICE", {"reason": "no"})
    assert (await bot.case(other.id)).status is Status.REJECTED


async def died(bot: RunningDesk, *several: Case) -> None:
    """A callback about each of these was given up."""
    now, news = bot.runtime.now(), {"body": '{"type": "request.decided"}'}

    def dying(unit: Unit) -> None:
        for case in several:
            outbox.put(unit, ParcelKind.CALLBACK, request=case.id, key="decided", lane="", body=news, now=now)
        for parcel in outbox.claim(unit, now, "test", now + timedelta(minutes=1), 50):
            if parcel.kind is ParcelKind.CALLBACK:
                outbox.bury(unit, parcel, now, "404 Not Found <!channel>")
        outbox.release(unit, "test", now)

    await bot.store.write(dying)


async def test_dead_letters_are_for_operators(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Others are told whom to ask; without any, it says so."""
    assert "<@U0ADMIN>" in (await listed(slack, "U0ALICE", "/hitl dead")).text
    assert "no dead letters" in (await listed(slack, "U0ADMIN", "/hitl dead")).text
    assert "nothing I know here" in (await listed(slack, "U0ADMIN", "/hitl dead alll")).text


async def test_a_dead_letter_is_sent_again(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What, why, since when; once sent again it is gone from the list, and a second time it is said to be."""
    await died(bot, *[await bot.ask() for _ in range(10)])
    message = await listed(slack, "U0ADMIN", "/hitl dead")
    shown = words_of_message(message)
    for words in ("10 dead letters", "billing-agent could not be told `request.decided`", "404 Not Found"):
        assert words in shown
    assert "<!channel>" not in shown
    [first, *_] = [block for block in message.blocks if block.get("block_id", "").startswith("letter:")]
    before = copy.deepcopy(message.blocks)
    await slack.click("U0ADMIN", message.channel, message.ts, "Send again", block_id=first["block_id"])
    assert "1 dead letter is on the way" in (await slack.ephemeral_to("U0ADMIN", "on the way")).text
    await redrawn(slack, message, lambda words: "9 dead letters" in words)
    assert first["block_id"] not in str(message.blocks)
    slack.workspace.change(message, blocks=before)
    await slack.click("U0ADMIN", message.channel, message.ts, "Send again", block_id=first["block_id"])
    await slack.ephemeral_to("U0ADMIN", "sent again already")
    await redrawn(slack, message, lambda words: "9 dead letters" in words)
    await slack.click("U0ADMIN", message.channel, message.ts, "More")
    await redrawn(slack, message, lambda words: "From 9 to 9, of 9" in words)
    await slack.click("U0ADMIN", message.channel, message.ts, "Send all again")
    await slack.ephemeral_to("U0ADMIN", "9 dead letters are on the way")
    await redrawn(slack, message, lambda words: "no dead letters" in words)
