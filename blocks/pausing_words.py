"""What is said of storms, paused agents and digests sent by hand: to operators, and as answers of `/hitl`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from approvals.words import AgentName, DigestName
from blocks.message import Message, words
from blocks.review_words import many, roughly
from blocks.text import Mrkdwn, escape, listed

#: Agents, digests and channels that are named in one answer.
_NAMED: Final = 10
_AGENTS: Final = 5
#: Of a storm; each has a link.
_MESSAGES: Final = 5
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{2,30}")
#: Why something comes for which no agent asked just then.
_LEFT: Final = "escalated, parked or pulled out of digests"
PAUSE: Final = "pause AGENT"
RESUME: Final = "resume AGENT"
DIGEST: Final = "digest [NAME]"


@dataclass(frozen=True, slots=True)
class StormMessage:
    """One of the messages that a storm stands on."""

    #: None while it is not up
    permalink: str | None
    #: whether it has *Approve all*
    clears: bool


@dataclass(frozen=True, slots=True)
class Flood:
    """What came for one channel: more cards than the policy wants there."""

    #: agents with how many requests each of them sent, the most first
    sent: Sequence[tuple[AgentName, int]]
    #: requests that were sent earlier, and left a digest: escalated, parked, or pulled out by somebody
    moved: int
    #: of all these, how many are on the storm's messages, and how many have cards of their own
    gathered: int
    cards: int


def storm(flood: Flood, channel: str, within: timedelta, messages: Sequence[StormMessage]) -> Message:
    """Too many cards came for one channel: whose, where they are, and how to stop whoever sends them.

    Others may have to follow, also on further messages than these.
    """
    agents = flood.sent
    sent = [f"{escape(agent, 60)} sent {many(count, 'request')}" for agent, count in agents[:_AGENTS]]
    more = len(agents) - _AGENTS
    who = listed([*sent, *([f"{many(more, 'more agent')} the rest"] if more > 0 else [])])
    to, where = f"{_channel(channel)} in {roughly(within)}", _where(flood, messages)
    if not agents:
        were = "was" if flood.moved == 1 else "were"
        earlier = f"{many(flood.moved, 'request')} that {were} sent earlier came"
        return _said(f"🌪️ {earlier} to {to}: {_LEFT}. {where}")
    earlier = f", and {flood.moved:,} sent earlier came too: {_LEFT}" if flood.moved else ""
    stop = listed([f"`/hitl pause {_code(agent)}`" for agent, _ in agents[:_AGENTS]], "or")
    return _said(f"🌪️ {who} to {to}{earlier}. {where} Stop it: {stop}.")


def _where(flood: Flood, messages: Sequence[StormMessage]) -> str:
    """`So far 3 have cards of their own, and 28 are on one message.`"""
    cards = (
        f"{flood.cards:,} {'has a card' if flood.cards == 1 else 'have cards'} of {_own(flood.cards)}, and "
    )
    verb = "is" if flood.gathered == 1 else "are"
    return f"So far {cards if flood.cards else ''}{flood.gathered:,} {verb} on {_gathered(messages)}."


def _own(count: int) -> str:
    return "its own" if count == 1 else "their own"


def _gathered(messages: Sequence[StormMessage]) -> str:
    """`one message`, or how many and which is which."""
    shown = messages[:_MESSAGES]
    if len(shown) < 2:
        return _linked("one message", shown[0].permalink if shown else None)
    if sorted(each.clears for each in shown) == [False, True]:
        by_clears = {each.clears: each.permalink for each in shown}
        apart = [
            _linked("one with Approve all", by_clears[True]),
            _linked("one without", by_clears[False]),
        ]
    else:
        apart = [_linked(f"no. {number}", each.permalink) for number, each in enumerate(shown, 1)]
    left_out = len(messages) - len(shown)
    more = [f"{left_out} more"] if left_out else []
    return f"{len(messages)} messages: {listed([*apart, *more])}"


def _linked(words: str, permalink: str | None) -> str:
    return words if permalink is None else f"<{permalink}|{words}>"


# What `/hitl pause`, `resume` and `digest` answer


def paused(agent: str, open_: int, *, may_resume: bool) -> Message:
    """From now on its requests wait unseen; `open_` of those before are still pending.

    `may_resume` is whether whoever reads it may let the agent go on.
    """
    left = "Nothing of it is open." if not open_ else f"{_open_ones(open_)} not touched."
    return _said(
        f"⏸️ {escape(agent, 60)} is paused: its new requests wait unseen. {left} {_go_on(agent, may_resume)}"
    )


def _go_on(agent: str, may_resume: bool) -> str:
    return f"Go on with `/hitl resume {_code(agent)}`." if may_resume else "An operator lets it go on."


def _open_ones(count: int) -> str:
    return "The one open request is" if count == 1 else f"{count:,} open ones are"


def paused_already(agent: str, *, may_resume: bool) -> Message:
    """It was paused before."""
    return _said(f"{escape(agent, 60)} is paused already. {_go_on(agent, may_resume)}")


def resumed(agent: str, count: int) -> Message:
    """What waited unseen goes on, as if it were asked now."""
    waited = (
        "No request waited." if not count else f"{many(count, 'request')} that waited {_goes(count)} on now."
    )
    return _said(f"▶️ {escape(agent, 60)} goes on. {waited}")


def _goes(count: int) -> str:
    return "goes" if count == 1 else "go"


def not_paused(agent: str) -> Message:
    """Nothing to resume."""
    return _said(f"{escape(agent, 60)} is not paused.")


def no_agent(typed: str, nearest: str | None, usage: str, known: Sequence[str] | None = None) -> Message:
    """No such agent, or none was named. `known` are those that may be meant, for who may know them."""
    if not typed:
        return _said(f"Say which agent: `/hitl {usage}`.{_known(known, usage) if known is not None else ''}")
    if nearest is not None:
        near = f" Did you mean `{_code(nearest)}`?"
    elif known is not None:
        near = _known(known, usage)
    else:
        near = " Cards say what the agent that asks is called."
    return _said(f"There is no agent `{_code(typed)}`.{near}")


def _known(known: Sequence[str], usage: str) -> str:
    if not known:
        return " No agent is paused." if usage == RESUME else " No agent is registered yet."
    names = [f"`{_code(name)}`" for name in sorted(known, key=str.casefold)[:_NAMED]]
    more = len(known) - len(names)
    listing = listed([*names, *([f"{more:,} more"] if more else [])])
    return f" {'Paused' if usage == RESUME else 'Registered'}: {listing}."


def agent_revoked(agent: str) -> Message:
    """Its token was taken away: it can ask nothing."""
    return _said(f"{escape(agent, 60)} was revoked, so it can ask nothing: there is nothing to pause.")


def stays_revoked(agent: str) -> Message:
    """It cannot go on: its token was taken away."""
    return _said(f"{escape(agent, 60)} was revoked, so it does not go on: what it has open is withdrawn.")


def may_not_pause(agent: str) -> Message:
    """Neither an operator nor in any group of the policy."""
    return _said(
        f"You may not pause {escape(agent, 60)}: whoever decides requests may, and the operators."
        " Nothing was changed."
    )


def may_not_resume(agent: str) -> Message:
    """No operator."""
    return _said(
        f"You may not let {escape(agent, 60)} go on: only the operators may, as what waited proceeds then."
        " Nothing was changed."
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of a digest that goes out now."""

    digest: DigestName
    #: how many requests are on it
    count: int
    channel: str


def sent(digests: Sequence[Sent]) -> Message:
    """Digests were asked for before their time."""
    if not digests:
        return nothing_waits()
    told = [f"{many(each.count, 'request')} to {_channel(each.channel)}" for each in digests[:_NAMED]]
    more = len(digests) - _NAMED
    return _said(f"Sent now: {listed([*told, *([many(more, 'more message')] if more > 0 else [])])}.")


def nothing_waits() -> Message:
    """No digest has anything new."""
    return _said("Nothing waits for a digest just now, so none was sent.")


def on_messages(standing: Sequence[tuple[str, int, str | None]]) -> Message:
    """Nothing new came: in which channels how many wait already, on messages at these addresses."""
    told = []
    for channel, count, permalink in standing[:_NAMED]:
        what = many(count, "request")
        told.append(f"{f'<{permalink}|{what}>' if permalink is not None else what} in {_channel(channel)}")
    more = len(standing) - _NAMED
    if more > 0:
        told.append(many(more, "more message"))
    return _said(f"Nothing new came for a digest, so none was sent. What waits is there: {listed(told)}.")


def no_digest(typed: str, nearest: str | None, known: Sequence[str]) -> Message:
    """No such digest in the policy."""
    if not known:
        return _said("The policy has no digests: `digests` in `hitl.yml` names them.")
    if nearest is not None:
        return _said(f"There is no digest `{_code(typed)}`. Did you mean `/hitl digest {_code(nearest)}`?")
    names = listed([f"`{_code(name)}`" for name in known[:_NAMED]], "or")
    return _said(f"There is no digest `{_code(typed)}` in the policy. Say {names}.")


def may_not_send() -> Message:
    """Not one of those whom a digest asks."""
    return _said("You may not send digests: those whom they ask can, and the operators. None was sent.")


def _channel(channel: str) -> Mrkdwn:
    """A channel by its id, which shows its name of today."""
    if _CHANNEL.fullmatch(channel):
        return Mrkdwn(f"<#{channel}>")
    return escape(channel, 80)


def _code(text: str) -> Mrkdwn:
    """Words of others between backticks."""
    return escape(text.replace("`", "'"), 80)


def _said(text: str) -> Message:
    return Message(Mrkdwn(text), [words(text)])
