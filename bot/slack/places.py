"""Where a message may go: somebody's thread, its channel, the policy's own, those asked; and who is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from approvals.words import AgentName, GroupName
from bot.desk import notify
from bot.desk.desk import Desk
from bot.slack.outgoing import Outgoing
from bot.slack.search import Place
from bot.slack.troubles import SlackTrouble, Trouble
from store.unit_of_work import Unit

#: People in one group conversation besides the bot: docs.slack.dev/reference/methods/conversations.open.
_MOST_IN_A_CONVERSATION = 8

#: No channel took it, and none of those asked can be written to.
NOBODY: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of where a message is to go."""

    #: what its rule says; None: the policy's own
    channel: str | None
    #: who is written to where no channel takes it
    ask: tuple[GroupName, ...]
    #: the thread that `agent` wants it in
    thread: Place | None = None
    agent: AgentName | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A channel that could not be written to."""

    channel: str
    why: str


class Stuck(Exception):
    """Nothing better can be done now about `trouble`."""

    def __init__(self, trouble: SlackTrouble, channel: str | None) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble
        self.channel = channel


async def places(out: Outgoing, way: Way, gone: list[Gone]) -> AsyncIterator[Place]:
    """Best first. `gone` are those of them that did not take it. Raises `Stuck`."""
    if way.thread is not None:
        yield way.thread
    channels = (way.channel, out.desk.policies.current.channel)
    for channel in dict.fromkeys(filter(None, channels)):
        yield Place(channel)
    for users in _conversations(out.desk, way.ask):
        try:
            yield Place(await out.direct_message(*users))
        except SlackTrouble as trouble:
            if trouble.trouble not in (Trouble.CHANNEL, Trouble.SCOPE):
                raise Stuck(trouble, None) from None
            gone.append(Gone("+".join(users), str(trouble)))


def _conversations(desk: Desk, ask: tuple[GroupName, ...]) -> Sequence[Sequence[str]]:
    """All who are asked together, then each alone; a deputy in the place of whoever is away."""
    roster = desk.directory.roster()
    reached = (roster.deputy(each.id) or each for each in roster.asked(ask))
    asked = list(dict.fromkeys(each.id for each in reached))
    together = asked[:_MOST_IN_A_CONVERSATION]
    return ([together] if together else []) + ([[user] for user in asked] if len(asked) > 1 else [])


def tell_of_gone(unit: Unit, desk: Desk, way: Way, gone: Sequence[Gone], instead: str | None) -> None:
    """Tell the operators, once a day for each channel of the policy and its reason, whatever it was for.

    `instead` is the channel or conversation that took it, or `NOBODY`; None: it needed no other. A thread
    that an agent named counts once a day for that agent: it could make up any number of them.
    """
    policy, now = desk.policies.current, desk.runtime.now()
    ours = {policy.channel, *(rule.channel for rule in policy.rules)}
    named = way.thread.channel if way.thread is not None else None
    took = instead or ""
    if took and took not in {*ours, named, NOBODY}:
        took = "those asked, as a direct message"
    for each in (each for each in gone if each.channel in ours or each.channel == named):
        about = f"{each.channel}:{each.why}" if each.channel in ours else f"named by {way.agent}"
        # That cards go elsewhere is news to whoever heard that those which are there stay as they are.
        about += "" if took else ":there"
        notice = {"notice": "channel_gone", "channel": each.channel, "why": each.why, "instead": took}
        notify.tell(unit, policy.operators, notice, f"channel_gone:{about}", now)
