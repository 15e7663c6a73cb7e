"""People decide on cards: what they click and submit, and what they are answered."""

from __future__ import annotations

import asyncio

from approvals.words import Status, Via
from sandbox.delivery import Manner
from sandbox.server import SlackStandIn
from tests.harness.desk import RunningDesk, running_desk


async def test_a_click_on_approve_decides_and_the_card_says_so(
    either_bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Approve is durable when the click is answered, and the same message then has no deciding buttons."""
    case = await either_bot.ask()
    card = await either_bot.card(case.id)
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert answer.acknowledged
    decided = await either_bot.case(case.id)
    assert (decided.status, decided.decision and decided.decision.via) == (Status.APPROVED, Via.HUMAN)
    assert [person.name for person in decided.decision.by] == ["alice"]  # type: ignore[union-attr]
    shown = await either_bot.card(case.id, "pproved")
    assert '"approve"' not in str(shown.blocks)
    assert "'action_id': 'approve'" not in str(shown.blocks)
    assert len(either_bot.cards_in()) == 1


async def test_an_edit_is_told_at_the_field_and_then_taken(
    either_bot: RunningDesk, slack: SlackStandIn
) -> None:
    """A value over the rule's limit is an error at its field; a right one is approved as it was entered."""
    case = await either_bot.ask()
    card = await either_bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Edit")
    await slack.view_of("U0ALICE", "Edit")
    view = slack.views("U0ALICE")[-1]
    label = next(
        block["label"]["text"]
        for block in view.blocks
        if block["type"] == "input" and block["label"]["text"].lower().startswith("amount")
    )
    block = next(
        block for block in view.blocks if block["type"] == "input" and block["label"]["text"] == label
    )
    block["element"].pop("max_value", None)  # somebody with another client
    wrong = await slack.submit("U0ALICE", {label: "9000"})
    assert list(wrong.errors) == [block["block_id"]]
    assert (await either_bot.case(case.id)).status is Status.PENDING
    right = await slack.submit("U0ALICE", {label: "500"})
    assert right.view is None
    decided = await either_bot.case(case.id)
    assert (decided.status, decided.payload["amount"]) == (Status.MODIFIED, 500)
    assert "500" in (await either_bot.card(case.id, "500")).text


async def test_a_reject_asks_for_a_reason(either_bot: RunningDesk, slack: SlackStandIn) -> None:
    """Blanks are no reason; words are, and they are kept with the decision."""
    case = await either_bot.ask()
    card = await either_bot.card(case.id)
    await slack.click("U0BOB", card.channel, card.ts, "Reject")
    await slack.view_of("U0BOB", "Reject")
    blank = await slack.submit("U0BOB", {"reason": "   "})
    assert list(blank.errors) == ["reason"]
    done = await slack.submit("U0BOB", {"reason": "no receipt"})
    assert done.view is None
    decided = await either_bot.case(case.id)
    assert decided.status is Status.REJECTED
    assert decided.decision is not None
    assert decided.decision.reason == "no receipt"


async def test_view_everything_is_for_whoever_sees_the_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Somebody who is not asked can look at all of it, also after the decision."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0CAROL", card.channel, card.ts, "View everything")
    assert "issue_refund" in str((await slack.view_of("U0CAROL", "Everything")).payload)


async def test_who_is_not_asked_is_told_who_is(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A click by somebody else changes nothing, opens nothing, and is answered in words."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0CAROL", card.channel, card.ts, "Approve")
    told = await slack.ephemeral_to("U0CAROL", "not asked")
    assert "alice" in told.text
    await slack.click("U0DAN", card.channel, card.ts, "Edit")
    await slack.ephemeral_to("U0DAN", "not asked")
    await slack.click("U0GUEST", card.channel, card.ts, "Reject")
    await slack.ephemeral_to("U0GUEST", "not asked")
    assert not slack.calls("views.open")
    assert (await bot.case(case.id)).status is Status.PENDING
    assert await bot.story(case.id) == ["request.opened", "vote.refused"]


async def test_two_people_at_once_make_one_decision(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Of two clicks at the same moment one decides; the other person is told by whom."""
    case = await bot.ask()
    card = await bot.card(case.id)
    answers = await asyncio.gather(
        slack.click("U0ALICE", card.channel, card.ts, "Approve"),
        slack.click("U0BOB", card.channel, card.ts, "Approve"),
    )
    assert all(answer.acknowledged for answer in answers)
    decided = await bot.case(case.id)
    assert decided.decision is not None
    [first] = decided.decision.by
    second = {"U0ALICE": "U0BOB", "U0BOB": "U0ALICE"}[first.id]
    told = await slack.ephemeral_to(second, "Too late")
    assert first.name in told.text
    assert not slack.ephemerals(first.id)
    assert (await bot.story(case.id)).count("request.decided") == 1


async def test_a_view_that_is_submitted_after_the_decision_says_so(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Whoever was still typing learns that it is decided, and by whom; their words decide nothing."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0BOB", card.channel, card.ts, "Reject")
    view = await slack.view_of("U0BOB", "Reject")
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    answer = await slack.submit("U0BOB", {"reason": "too much"}, view=view)
    assert answer.body["response_action"] == "update"
    assert "Too late" in str(answer.body)
    assert "alice" in str(answer.body)
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_an_approval_of_what_changed_meanwhile_does_not_count(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """With two needed, an edit voids what was on the other's screen: the old button's vote is refused."""
    case = await bot.ask("pair_payout")
    card = await bot.card(case.id)
    old = [dict(block) for block in card.blocks]
    await slack.click("U0ALICE", card.channel, card.ts, "Edit")
    await slack.view_of("U0ALICE", "Edit")
    view = slack.views("U0ALICE")[-1]
    label = next(
        block["label"]["text"]
        for block in view.blocks
        if block["type"] == "input" and "mount" in block["label"]["text"]
    )
    await slack.submit("U0ALICE", {label: "10"})
    card = await bot.card(case.id, "1 more")
    slack.workspace.change(card, blocks=old)
    await slack.click("U0BOB", card.channel, card.ts, "Approve")
    await slack.ephemeral_to("U0BOB", "changed since you saw it")
    assert (await bot.case(case.id)).status is Status.PENDING


async def test_a_button_of_another_request_decides_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The card says which request; a value that names another can only have the vote refused."""
    mine, other = await bot.ask(), await bot.ask(title="another")
    card, foreign = await bot.card(mine.id), await bot.card(other.id)
    slack.workspace.change(card, blocks=[dict(block) for block in foreign.blocks])
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await slack.ephemeral_to("U0ALICE", "changed since you saw it")
    assert (await bot.case(mine.id)).status is Status.PENDING
    assert (await bot.case(other.id)).status is Status.PENDING
    assert await bot.story(other.id) == ["request.opened"]


async def test_a_click_that_is_delivered_twice_is_one_vote(
    either_bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The same payload at the same time: one vote, no refusal, at most one answer."""
    case = await either_bot.ask("pair_payout")
    card = await either_bot.card(case.id)
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve", manner=Manner(times=2))
    assert answer.acknowledged
    await slack.ephemeral_to("U0ALICE", "1 more approval")
    await either_bot.card(case.id, "1 more")
    assert await either_bot.story(case.id) == ["request.opened", "vote.approved"]
    assert len(slack.ephemerals("U0ALICE")) == 1


async def test_a_submission_that_is_delivered_twice_is_answered_alike(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The repeat of a reject does not tell its sender that it came too late."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Reject")
    await slack.view_of("U0ALICE", "Reject")
    await slack.submit("U0ALICE", {"reason": "no"}, manner=Manner(times=2))
    bodies = [each.body for each in slack.deliveries() if each.payload.get("type") == "view_submission"]
    assert bodies == [{"response_action": "clear"}] * 2
    assert await bot.story(case.id) == ["request.opened", "vote.rejected", "request.decided"]


async def test_somebody_deactivated_does_not_count_any_more(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack says that somebody left: from then on they are not asked, without a restart."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.deactivate("U0ALICE")
    await slack.courier.idle()
    roster = bot.desk.directory.roster()
    assert [person.id for person in roster.asked(case.asked)] == ["U0BOB"]
    assert card.ts


async def test_a_user_groups_new_member_may_decide_at_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Membership is today's: who came may decide, who went may not."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.set_usergroup("S0DIRECTORS", ["U0BOB", "U0DAN"])
    await slack.courier.idle()
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await slack.ephemeral_to("U0ALICE", "not asked")
    await slack.click("U0DAN", card.channel, card.ts, "Approve")
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_the_whole_path_works_on_each_database(database_url: str, slack: SlackStandIn) -> None:
    """From the agent's question to the decided card, on SQLite and on PostgreSQL."""
    async with running_desk(database_url, slack) as bot:
        case = await bot.ask("pair_payout")
        card = await bot.card(case.id)
        await asyncio.gather(
            slack.click("U0ALICE", card.channel, card.ts, "Approve"),
            slack.click("U0BOB", card.channel, card.ts, "Approve"),
        )
        assert (await bot.case(case.id)).status is Status.APPROVED
        await bot.card(case.id, "pproved")
