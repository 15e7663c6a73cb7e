"""A policy with a rule for every gate, and what people see of it: shared by the tests of what they click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.server import SlackStandIn
from sandbox.workspace import Message, View
from tests.harness.desk import RunningDesk

#: Alice and Bob direct, by their user group; Carol and Dan support.
POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {usergroup: S0DIRECTORS}
  support: {users: [U0CAROL, U0DAN]}
risk:
  levels: {medium: [issue_refund, "publish_*"], low: ["note_*", "ask_*"], high: ["deploy_*"]}
rules:
  - name: moderation
    when: "kind == 'review'"
    gate: audit
    ask: directors
    form: {amount: {type: number, maximum: 5000}}
    steps: [{after: 3d, do: expire}]
  - name: questions
    when: "kind == 'question'"
    gate: question
    ask: directors
    steps: [{after: 4h, do: expire}]
  - name: services
    when: "action == 'deploy_service'"
    gate: manual
    confirm: payload.service
    ask: directors
    quorum: 2
    steps: [{after: 2h, do: park}]
  - name: deploys
    when: "action.startsWith('deploy_')"
    gate: manual
    ask: directors
    steps: [{after: 2h, do: park}]
  - name: drafts
    when: "action == 'publish_draft'"
    gate: soft
    ask: directors
    steps: [{after: 30m, do: approve}]
    grants: {longest: 8h, same: [payload.site]}
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    form: {amount: {type: number, maximum: 5000}}
    grants: {longest: 8h, same: [payload.customer]}
    sensitive: [payload.card_number]
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: support, steps: [{after: 4h, do: expire}]}
"""


async def click(bot: RunningDesk, user: str, request: Any, words: str) -> Message:
    """Click on a request's card; the card."""
    card = await bot.card(request)
    answer = await bot.slack.click(user, card.channel, card.ts, words)
    assert answer.acknowledged
    return card


def labels(blocks: Sequence[Any]) -> dict[str, str]:
    """The labels of a modal's inputs, by block_id."""
    return {block["block_id"]: block["label"]["text"] for block in blocks if block["type"] == "input"}


def words_in(slack: SlackStandIn, user: str) -> str:
    """All that is in the modal this person has open."""
    return str(slack.views(user)[-1].payload)


async def next_part(slack: SlackStandIn, user: str) -> View:
    """Read on in a modal; what stands there then."""
    view = slack.views(user)[-1]
    before = view.payload["private_metadata"]
    await slack.click_in_view(user, "Next part")
    await slack.until(lambda: view.payload["private_metadata"] != before)
    return view
