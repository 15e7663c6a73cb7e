"""A policy with digests, and how a test puts requests on one."""

from __future__ import annotations

import asyncio
from typing import Any

from approvals.digest_choices import Choices, Pick
from approvals.model import Case
from approvals.roster import Person
from approvals.words import AgentName, BoardId, DigestName, UserId
from bot.desk import clearing, rounds
from bot.desk.came_of import Cleared
from bot.desk.clearing import Begun
from bot.desk.gathering import Gathered
from bot.desk.submit import Draft, submit
from store import agents, boards
from store.agents import Agent
from store.boards import Item
from store.cards import CardRef
from tests.harness.desk import RunningDesk

ALICE, BOB = Person(UserId("U0ALICE"), "alice"), Person(UserId("U0BOB"), "bob")
CAROL, ADMIN = Person(UserId("U0CAROL"), "carol"), Person(UserId("U0ADMIN"), "admin")
HOURLY = DigestName("hourly")
APPROVING = Pick.APPROVE

#: Alice and Bob support, Bob and Carol direct. Nothing is posted unless a test has it gathered.
POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0ALICE, U0BOB]}
  directors: {users: [U0BOB, U0CAROL]}
risk:
  levels: {medium: [issue_refund, "publish_*"], low: ["note_*", "send_*"], high: ["deploy_*"]}
rules:
  - name: reports
    when: "kind == 'review'"
    gate: audit
    ask: support
    digest: hourly
    steps: [{after: 3d, do: expire}]
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: support
    digest: hourly
    form: {amount: {type: number, maximum: 5000}}
    steps: [{after: 2h, do: escalate, to: directors}, {after: 4h, do: expire}]
  - name: mails
    when: "action == 'send_mail'"
    gate: hard
    ask: directors
    channel: C0REFUNDS
    digest: hourly
    steps: [{after: 4h, do: expire}]
  - name: pairs
    when: "action == 'publish_pair'"
    gate: hard
    quorum: 2
    ask: directors
    digest: hourly
    steps: [{after: 4h, do: expire}]
  - name: drafts
    when: "action == 'publish_draft'"
    gate: soft
    ask: support
    digest: hourly
    steps: [{after: 30m, do: approve}]
  - name: notes
    when: "action.startsWith('note_')"
    gate: auto
    ask: support
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: directors, steps: [{after: 4h, do: expire}]}
digests:
  hourly: {cron: "0 0 1 1 *", timezone: UTC}
  daily: {cron: "0 0 1 1 *", timezone: UTC}
"""
STORMY = POLICY + "storm: {cards: 5, in: 5m}\n"


async def asked(bot: RunningDesk, count: int, **fields: Any) -> list[Case]:
    """So many alike, at once."""
    return list(await asyncio.gather(*(bot.ask(**fields) for _ in range(count))))


async def gathered(bot: RunningDesk, digest: DigestName = HOURLY) -> tuple[Gathered, ...]:
    """What the cron's moment makes."""
    now = bot.runtime.now()
    return await rounds.post(bot.desk, digest, now)


async def put_up(bot: RunningDesk, board: BoardId) -> None:
    """It is in Slack, as far as anybody knows."""
    ref = CardRef("C0APPROVALS", board)
    await bot.store.write(lambda unit: boards.place(unit, board, ref))


async def on_one_board(bot: RunningDesk, count: int, **fields: Any) -> tuple[Gathered, list[Case]]:
    """So many refunds, and the one message that holds them."""
    cases = await asked(bot, count, **fields)
    [board] = await gathered(bot)
    return board, cases


async def items_of(bot: RunningDesk, board: Gathered) -> tuple[Item, ...]:
    """What stands on it."""
    return await bot.store.read(lambda unit: boards.items(unit, board.board))


async def begun(
    bot: RunningDesk, board: Gathered, by: Person = ALICE, key: str = "click:1", **choices: Any
) -> Begun:
    """A click that approves all, unless told otherwise."""
    wanted = Choices(**{"shown": board.count, "rest": APPROVING, **choices})
    return await clearing.begin(bot.desk, board.board, by, wanted, key)


async def cleared(
    bot: RunningDesk, board: Gathered, by: Person = ALICE, key: str = "click:1", **choices: Any
) -> Cleared:
    """The same, carried out to its end."""
    began = await begun(bot, board, by, key, **choices)
    assert began.what is clearing.Beginning.BEGUN, began
    came = await clearing.go_on(bot.desk, key, within=30)
    assert isinstance(came, Cleared), came
    return came


async def another_agent(bot: RunningDesk, name: str) -> Agent:
    """Registered."""
    now = bot.runtime.now()
    agent = Agent(AgentName(name), f"{name:0<64}"[:64], "whsec_MDAw", None, (), (), now)
    assert await bot.store.write(lambda unit: agents.add(unit, agent))
    return agent


async def asks_as(bot: RunningDesk, agent: Agent, action: str = "issue_refund", **fields: Any) -> Case:
    """A request of that agent, by what the desk knows of it now."""
    now = await bot.store.read(lambda unit: agents.get(unit, agent.name))
    assert now is not None
    payload = {"amount": 40, "currency": "EUR", "customer": "ACME GmbH"}
    return (await submit(bot.desk, now, Draft({"action": action, "payload": payload, **fields}), None)).case
