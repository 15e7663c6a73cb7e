"""Signed clicks: each is verified, decides a request, and is committed before it is answered."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from bench.comparing import Compared, Size, in_turns
from bench.generator import write_messages
from bench.house import REFUND, Databases, House, floor, house
from bench.loads import Taken, Wrong, closed_loop, request
from sandbox import payloads
from sandbox.app import App
from sandbox.delivery import INTERACTIVE, encode, signature
from sandbox.words import find
from sandbox.workspace import Channel, Message, User

#: Who clicks: of the group that the demo's policy asks about refunds.
_WHO = User("U0ALICE", "alice", "Alice Adler", "alice@example.com")
_WHERE = Channel("C0APPROVALS", "approvals")
_DECIDED = "SELECT count(*) FROM cases WHERE status = 'approved'"
_FACTS = "SELECT count(*) FROM facts"
#: Requests are posted this many at a time.
_AT_ONCE = 8
#: Seconds of work that a load's clicks may be at most.
_AT_MOST = 60.0
#: What one approval adds to a chain: the vote, and the decision.
_FACTS_OF_A_CLICK = 2


class Cards:
    """Cards in the stand-in Slack that nobody clicked yet."""

    def __init__(self, home: House, scratch: Path) -> None:
        self._home = home
        self._scratch = scratch
        self._app = App(signing_secret=home.signing_secret)
        self._known: set[str] = set()
        self._numbers = count()
        self.posted = 0.0

    async def fresh(self, many: int) -> list[Message]:
        """Have so many requests posted and shown. `posted` then says how many cards a second that were."""
        ask = request("POST", f"{self._home.bot.api}/v1/requests", self._home.headers, REFUND)
        file = write_messages(self._scratch / "asked", [ask])
        started = time.perf_counter()
        await closed_loop(self._home.bot.api, file, clients=min(_AT_ONCE, many), total=many)
        await self._home.drained()
        self.posted = many / (time.perf_counter() - started)
        new = [each for each in await self._shown() if each.ts not in self._known]
        self._known |= {each.ts for each in new}
        if len(new) != many:
            raise Wrong(f"{many} requests were posted, and {len(new)} cards shown")
        return new

    async def _shown(self) -> list[Message]:
        state = await self._home.slack.look("state", **{"as": _WHO.id})
        channel: dict[str, Any] = next(each for each in state["channels"] if each["id"] == _WHERE.id)
        return [
            Message(_WHERE.id, each["ts"], each["user"], each["text"], each["blocks"], each["attachments"])
            for each in (each | {"attachments": each.get("attachments", [])} for each in channel["messages"])
            if "blocks" in each and not each.get("thread_ts")
        ]

    def clicks(self, cards: Sequence[Message], url: str) -> list[bytes]:
        """*Approve* on each, as Slack would post it to `url`, signed now: it is good for five minutes."""
        return [self._click(card, url) for card in cards]

    def _click(self, card: Message, url: str) -> bytes:
        number = next(self._numbers)
        at = f"{int(time.time())}.{number:06}"
        action = payloads.action_of(find(card.all_blocks(), _WHO.id, "Approve"), None, at)
        more = {
            "trigger_id": f"{number}.bench",
            "response_url": f"{self._home.slack.url}/actions/T0BENCH/{number}",
        }
        payload = payloads.click_in_message(self._app, _WHO, card, channel=_WHERE, action=action, more=more)
        body, content_type = encode(INTERACTIVE, payload)
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._home.signing_secret, timestamp, body),
        }
        return request("POST", url, headers, body.encode())


async def measured(
    databases: Databases, size: Size, *, resting: bool, scratch: Path
) -> AsyncIterator[Compared]:
    """The comparison at each number of clients.

    `resting`: Slack refuses the token once the cards are up, so that the courier does not update each card
    while the next clicks come in. Raises `Wrong`.
    """
    async with house(databases) as home, floor("bolt", home.signing_secret) as bolt:
        cards = Cards(home, scratch)
        each = {clients: size.clicks if clients > 1 else max(1, size.clicks // 3) for clients in size.clients}
        unclicked = await cards.fresh(size.warm_up + sum(each.values()) * size.turns)
        if resting:
            await home.slack_shuts()
        warm, unclicked = unclicked[: size.warm_up], unclicked[size.warm_up :]
        await _clicked(home, cards, warm, 4, scratch)
        await _acknowledged(cards, warm, f"{bolt}/slack/events", 4, scratch)

        def next_cards(clients: int) -> list[Message]:
            nonlocal unclicked
            mine, unclicked = unclicked[: each[clients]], unclicked[each[clients] :]
            return mine

        for clients in size.clients:
            taken: list[list[Message]] = []

            async def one_floor(clients: int, taken: list[list[Message]] = taken) -> Taken:
                taken.append(next_cards(clients))
                return await _acknowledged(cards, taken[-1], f"{bolt}/slack/events", clients, scratch)

            async def one_of_ours(clients: int, taken: list[list[Message]] = taken) -> Taken:
                return await _clicked(home, cards, taken[-1], clients, scratch)

            yield await in_turns(clients, size.turns, one_floor, one_of_ours)
            if not resting:
                await home.drained()


async def _acknowledged(
    cards: Cards, clicked: Sequence[Message], url: str, clients: int, scratch: Path
) -> Taken:
    file = write_messages(scratch / "floor", cards.clicks(clicked, url))
    return await closed_loop(url, file, clients=clients, total=len(clicked), seconds=_AT_MOST)


async def _clicked(
    home: House, cards: Cards, clicked: Sequence[Message], clients: int, scratch: Path
) -> Taken:
    decided, facts = await home.count(_DECIDED), await home.count(_FACTS)
    file = write_messages(scratch / "clicks", cards.clicks(clicked, home.bot.slack))
    taken = await closed_loop(home.bot.slack, file, clients=clients, total=len(clicked), seconds=_AT_MOST)
    decided, facts = await home.count(_DECIDED) - decided, await home.count(_FACTS) - facts
    if (decided, facts) != (taken.answers, _FACTS_OF_A_CLICK * taken.answers):
        raise Wrong(f"{taken.answers} clicks were answered: {decided} requests decided, {facts} facts")
    return taken
