"""*Approve and allow similar* in Slack: said in words, given for a while, and never beyond the rule."""

from __future__ import annotations

import json
from datetime import timedelta

from approvals.errors import Reason
from approvals.roster import Person
from approvals.words import Choice, Status, UserId, Via
from bot.desk import decide
from sandbox.server import SlackStandIn
from tests.bot.slack.gates import click, next_part, words_in
from tests.harness.desk import RunningDesk

ALLOW = "Approve and allow similar"
REFUND = {"amount": 50, "currency": "EUR", "customer": "C-17", "card_number": "4111", "reason": "broken"}


async def test_what_is_allowed_is_said_and_then_holds(gates: RunningDesk, slack: SlackStandIn) -> None:
    """The modal names what must be the same, each limit and what may differ; then a like request passes."""
    case = await gates.ask(payload=REFUND)
    await click(gates, "U0ALICE", case.id, ALLOW)
    view = await slack.view_of("U0ALICE", "Allow similar")
    shown = words_in(slack, "U0ALICE")
    assert "issue_refund by billing-agent, customer C-17, amount up to 50" in shown
    assert "currency, card_number, reason" in shown
    assert "4111" not in shown
    select = next(block["element"] for block in view.blocks if block.get("block_id") == "lasts")
    offered = [option["text"]["text"] for option in select["options"]]
    assert offered == ["30 minutes", "1 hour", "2 hours", "4 hours", "8 hours"]
    assert select["initial_option"]["text"]["text"] == "30 minutes"
    done = await slack.submit("U0ALICE", {"lasts": "2 hours", "note": "A known customer."})
    assert done.view is None
    assert (await gates.case(case.id)).status is Status.APPROVED
    like = await gates.ask(payload={**REFUND, "amount": 40, "reason": "late"})
    assert like.decision is not None
    assert (like.status, like.decision.via) == (Status.APPROVED, Via.GRANT)
    assert [person.id for person in like.decision.by] == ["U0ALICE"]
    more = await gates.ask(payload={**REFUND, "amount": 60})
    assert more.status is Status.PENDING


async def test_a_grant_ends_with_the_time_that_was_chosen(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Left as it was offered, it holds for half an hour."""
    case = await gates.ask(payload=REFUND)
    await click(gates, "U0ALICE", case.id, ALLOW)
    await slack.view_of("U0ALICE", "Allow similar")
    await slack.submit("U0ALICE", {})
    gates.runtime.ahead += timedelta(minutes=29)
    assert (await gates.ask(payload=REFUND)).status is Status.APPROVED
    gates.runtime.ahead += timedelta(minutes=2)
    assert (await gates.ask(payload=REFUND)).status is Status.PENDING


async def test_no_other_time_than_those_offered(gates: RunningDesk, slack: SlackStandIn) -> None:
    """A longer one, or garbage in the choice, is refused at the field; nothing is approved."""
    case = await gates.ask(payload=REFUND)
    await click(gates, "U0ALICE", case.id, ALLOW)
    await slack.view_of("U0ALICE", "Allow similar")
    for value in ("86400", "-5", "9" * 30, "soon"):
        forged = {"text": {"type": "plain_text", "text": "8 hours"}, "value": value}
        answer = await slack.submit("U0ALICE", {"lasts": forged})
        assert list(answer.errors) == ["lasts"]
    assert (await gates.case(case.id)).status is Status.PENDING


async def test_who_is_not_asked_allows_nothing(gates: RunningDesk, slack: SlackStandIn) -> None:
    """The menu is on the card for everybody to see; choosing it is answered with who is asked."""
    case = await gates.ask(payload=REFUND)
    await click(gates, "U0CAROL", case.id, ALLOW)
    assert "alice" in (await slack.ephemeral_to("U0CAROL", "not asked")).text
    assert not slack.calls("views.open")


async def test_what_cannot_be_allowed_is_told(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Where the rule has no grants, a menu of another card opens nothing; and no door gives one."""
    case, other = await gates.ask(payload=REFUND), await gates.ask("deploy_site", payload={})
    card, foreign = await gates.card(case.id), await gates.card(other.id)
    old = json.dumps(next(block for block in card.blocks if block["type"] == "actions"))
    row = json.loads(old.replace(case.id, other.id).replace(case.sight, other.sight))
    blocks = [row if block["type"] == "actions" else dict(block) for block in foreign.blocks]
    slack.workspace.change(foreign, blocks=blocks)
    await slack.click("U0ALICE", foreign.channel, foreign.ts, ALLOW)
    await slack.ephemeral_to("U0ALICE", "cannot be allowed here")
    assert not slack.calls("views.open")
    told = await decide.vote(
        gates.desk,
        other.id,
        Person(UserId("U0ALICE"), "alice"),
        Choice.APPROVE,
        other.sight,
        typed="CONFIRM",
        lasts=timedelta(hours=1),
    )
    assert told.answer.refused is Reason.NOT_GRANTABLE


async def test_a_large_payload_is_allowed_after_all_its_parts(
    gates: RunningDesk, slack: SlackStandIn
) -> None:
    """Hundreds of limits are over several parts, and the time is asked under the last."""
    payload = {"site": "docs", **{f"number_of_{place}": place for place in range(900)}}
    case = await gates.ask("publish_draft", payload=payload)
    await click(gates, "U0ALICE", case.id, ALLOW)
    view = await slack.view_of("U0ALICE", "Allow similar")
    assert view.payload.get("submit") is None
    while view.payload.get("submit") is None:
        view = await next_part(slack, "U0ALICE")
    assert "number_of_899" in words_in(slack, "U0ALICE")
    assert (await slack.submit("U0ALICE", {})).view is None
    assert (await gates.case(case.id)).status is Status.APPROVED
