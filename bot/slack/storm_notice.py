"""What operators are told of digests: of a storm, how to stop it; of a message that Slack refused, which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from approvals.words import STORM, BoardId, Instant
from blocks import notices, pausing_words
from blocks.message import Message
from blocks.pausing_words import Flood, StormMessage
from bot.desk.desk import Desk
from store import boards, recent
from store.boards import Board
from store.recent import Lately
from store.unit_of_work import Unit

#: Where the policy has no `storm` any more.
_USUAL = timedelta(minutes=5)


async def told(desk: Desk, body: Mapping[str, Any]) -> Message | None:
    """None where it is none, or nobody knows its message any more."""
    match body:
        case {"notice": "storm", "board": str(board), "channel": str(channel)}:
            storm = desk.policies.current.storm
            within = storm.within if storm is not None else _USUAL

            def looking(unit: Unit) -> tuple[tuple[Board, ...], tuple[Lately, ...]] | None:
                found = boards.get(unit, BoardId(board))
                if found is None:
                    return None
                since = found.opened_at - within
                return _beside(unit, found, since), recent.busiest(unit, channel, since)

            known = await desk.store.read(looking)
            if known is None or not known[1]:
                return None
            return pausing_words.storm(
                _flood(known[1]), channel, within, [_message(each) for each in known[0]]
            )
        case {"notice": "digest_refused", "board": str(board), "problem": str(problem)}:
            return notices.digest_refused(board, problem)
        case _:
            return None


def _beside(unit: Unit, board: Board, since: Instant) -> tuple[Board, ...]:
    """All messages of the storm in that channel: they differ in whom they ask, and in what may be cleared."""
    standing = (
        each
        for each in boards.open_of(unit, STORM)
        if each.channel == board.channel and each.opened_at > since and each.carried_to is None
    )
    others = (each for each in standing if each.id != board.id)
    return tuple(sorted((board, *others), key=lambda each: each.opened_at))


def _flood(lately: Sequence[Lately]) -> Flood:
    gathered, moved = (sum(each) for each in zip(*((one.gathered, one.moved) for one in lately), strict=True))
    sent = tuple((each.agent, each.asked) for each in lately if each.asked)
    return Flood(sent, moved, gathered, sum(each.asked for each in lately) + moved - gathered)


def _message(board: Board) -> StormMessage:
    return StormMessage(board.ref.permalink if board.ref is not None else None, board.clears)
