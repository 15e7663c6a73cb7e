"""What operators are told of digests: of a storm, how to stop it; of a message that Slack refused, which."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from approvals.model import AgentName, BoardId
from blocks import notices, pausing_words
from blocks.message import Message
from bot.desk.desk import Desk
from store import boards, recent
from store.boards import Board
from store.unit_of_work import Unit

#: Where the policy has no `storm` any more.
_USUAL = timedelta(minutes=5)


async def told(desk: Desk, body: Mapping[str, Any]) -> Message | None:
    """None where it is none, or nobody knows its message any more."""
    match body:
        case {"notice": "storm", "board": str(board), "channel": str(channel)}:
            storm = desk.policies.current.storm
            within = storm.within if storm is not None else _USUAL

            def looking(unit: Unit) -> tuple[Board, tuple[tuple[AgentName, int], ...]] | None:
                found = boards.get(unit, BoardId(board))
                if found is None:
                    return None
                return found, recent.busiest(unit, channel, found.opened_at - within)

            known = await desk.store.read(looking)
            if known is None or not known[1]:
                return None
            found, agents = known
            link = found.ref.permalink if found.ref is not None else None
            return pausing_words.storm(agents, channel, within, link)
        case {"notice": "digest_refused", "board": str(board), "problem": str(problem)}:
            return notices.digest_refused(board, problem)
        case _:
            return None
