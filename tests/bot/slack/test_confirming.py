"""`gate: manual` in Slack: everything is read, and what confirms it is typed, by each approver."""

from __future__ import annotations

import asyncio

from approvals.canonical import Digest
from approvals.errors import Reason
from approvals.roster import Person
from approvals.words import Choice, Status, UserId
from bot.desk import decide
from sandbox.server import SlackStandIn
from tests.bot.slack.gates import click, labels, next_part, words_in
from tests.harness.desk import RunningDesk

ALICE = Person(UserId("U0ALICE"), "alice")


async def test_approve_asks_to_type_the_word(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Approve decides nothing by itself; another word is told at the field, the right one approves."""
    case = await gates.ask("deploy_site", payload={"version": "1.2", "regions": ["eu", "us"]})
    await click(gates, "U0ALICE", case.id, "Approve")
    view = await slack.view_of("U0ALICE", "Approve")
    assert labels(view.blocks) == {"typed": "To approve, type CONFIRM", "note": "Why?"}
    assert "eu, us" in words_in(slack, "U0ALICE")
    wrong = await slack.submit("U0ALICE", {"typed": "confirm"})
    assert wrong.errors == {"typed": "Type CONFIRM exactly as it stands here."}
    assert (await gates.case(case.id)).status is Status.PENDING
    right = await slack.submit("U0ALICE", {"typed": " CONFIRM ", "note": "Friday is fine."})
    assert right.view is None
    decided = await gates.case(case.id)
    assert (decided.status, decided.decision and decided.decision.reason) == (
        Status.APPROVED,
        "Friday is fine.",
    )
    assert await gates.story(case.id) == [
        "request.opened",
        "vote.refused",
        "vote.approved",
        "request.decided",
    ]


async def test_each_of_the_quorum_types_it(gates: RunningDesk, slack: SlackStandIn) -> None:
    """The service's name, once by each; the first is told how many are still missing."""
    case = await gates.ask("deploy_service", payload={"service": "order-api"})
    for user in ("U0ALICE", "U0BOB"):
        await click(gates, user, case.id, "Approve")
        view = await slack.view_of(user, "Approve")
        assert labels(view.blocks)["typed"] == "To approve, type order-api"
    first = await slack.submit("U0ALICE", {"typed": "order-api"})
    assert "the first of 2" in str(first.body)
    assert (await gates.case(case.id)).status is Status.PENDING
    assert (await slack.submit("U0BOB", {"typed": "order-api"})).view is None
    assert (await gates.case(case.id)).status is Status.APPROVED


async def test_a_vote_that_typed_nothing_is_refused(gates: RunningDesk) -> None:
    """Whatever door it comes through."""
    case = await gates.ask("deploy_site", payload={})
    await gates.card(case.id)
    told = await decide.vote(gates.desk, case.id, ALICE, Choice.APPROVE, case.sight)
    assert told.answer.refused is Reason.NOT_CONFIRMED
    assert told.case.status is Status.PENDING


async def test_an_edit_is_confirmed_as_it_will_be(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Whoever changes the service types its new name; the old one is told at the field."""
    case = await gates.ask("deploy_service", payload={"service": "order-api"})
    await click(gates, "U0ALICE", case.id, "Edit")
    view = await slack.view_of("U0ALICE", "Edit")
    asked = labels(view.blocks)
    assert asked["typed"] == "To approve, type the service"
    old = await slack.submit("U0ALICE", {"Service": "order-web", "typed": "order-api"})
    assert old.errors == {"typed": "Type order-web exactly as it stands here."}
    new = await slack.submit("U0ALICE", {"Service": "order-web", "typed": "order-web"})
    assert "the first of 2" in str(new.body)
    assert (await gates.case(case.id)).payload == {"service": "order-web"}
    await gates.card(case.id, "1 more")
    await click(gates, "U0BOB", case.id, "Approve")
    view = await slack.view_of("U0BOB", "Approve")
    assert labels(view.blocks)["typed"] == "To approve, type order-web"
    await slack.submit("U0BOB", {"typed": "order-web"})
    assert (await gates.case(case.id)).status is Status.MODIFIED


async def test_a_large_payload_is_read_part_by_part(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Every word of it is in one of the parts, and only the last can be sent."""
    text = "\n".join(f"line {number} of the manifest" for number in range(1_500))
    case = await gates.ask("deploy_site", payload={"manifest": text})
    await click(gates, "U0ALICE", case.id, "Approve")
    view = await slack.view_of("U0ALICE", "Approve")
    read = ""
    while True:
        read += words_in(slack, "U0ALICE")
        if view.payload.get("submit"):
            break
        assert labels(view.blocks) == {}
        view = await next_part(slack, "U0ALICE")
    assert all(f"line {number} of" in read for number in range(1_500))
    await slack.submit("U0ALICE", {"typed": "CONFIRM"})
    assert (await gates.case(case.id)).status is Status.APPROVED


async def test_what_changes_while_it_is_read_cannot_be_confirmed(
    gates: RunningDesk, slack: SlackStandIn
) -> None:
    """The next part of something else than was begun is not shown: the person is told to look again."""
    payload = {"service": "order-api", "manifest": "word " * 5_000, "replicas": 1}
    case = await gates.ask("deploy_service", payload=payload)
    await click(gates, "U0BOB", case.id, "Approve")
    await slack.view_of("U0BOB", "Approve")
    told = await decide.edit(gates.desk, case.id, ALICE, {"/replicas": "2"}, case.sight, typed="order-api")
    assert (told.answer.refused, told.case.status) == (None, Status.PENDING)
    await slack.click_in_view("U0BOB", "Next part")
    notice = await slack.view_of("U0BOB", "Not decided")
    assert "It changed since you saw it" in str(notice.payload)


async def test_who_may_is_asked_again_at_the_submit(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Somebody who left the group while they read does not confirm any more."""
    case = await gates.ask("deploy_site", payload={})
    await click(gates, "U0ALICE", case.id, "Approve")
    await slack.view_of("U0ALICE", "Approve")
    slack.set_usergroup("S0DIRECTORS", ["U0BOB"])
    await slack.courier.idle()
    answer = await slack.submit("U0ALICE", {"typed": "CONFIRM"})
    assert "not asked" in str(answer.body)
    assert (await gates.case(case.id)).status is Status.PENDING


async def test_opening_it_delays_no_answer(gates: RunningDesk, slack: SlackStandIn) -> None:
    """While Slack is slow, the click on Approve is answered at once all the same."""
    case = await gates.ask("deploy_site", payload={})
    card = await gates.card(case.id)
    slack.faults.slow(2.0, "views.open", times=None)
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert answer.acknowledged
    assert (answer.took or 9) < 1.0
    slack.faults.clear()


async def test_two_who_type_at_once_make_one_decision(gates: RunningDesk, slack: SlackStandIn) -> None:
    """With one needed, the second is told by whom it was approved."""
    case = await gates.ask("deploy_site", payload={})
    for user in ("U0ALICE", "U0BOB"):
        await click(gates, user, case.id, "Approve")
        await slack.view_of(user, "Approve")
    answers = await asyncio.gather(
        slack.submit("U0ALICE", {"typed": "CONFIRM"}), slack.submit("U0BOB", {"typed": "CONFIRM"})
    )
    bodies = [str(answer.body) for answer in answers]
    assert sum("Too late: it was approved by" in body for body in bodies) == 1
    assert (await gates.story(case.id)).count("request.decided") == 1


async def test_a_sight_of_nothing_confirms_nothing(gates: RunningDesk) -> None:
    """The right word with another payload on the screen is refused as stale."""
    case = await gates.ask("deploy_site", payload={})
    told = await decide.vote(gates.desk, case.id, ALICE, Choice.APPROVE, Digest("ab" * 32), typed="CONFIRM")
    assert told.answer.refused is Reason.STALE
