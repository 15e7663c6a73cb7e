"""What operators see in the home tab besides: agents, dead letters, the policy, how the program is."""

from __future__ import annotations

import re
from typing import Final

from approvals.roster import Roster
from blocks import actions
from blocks.dead import letter
from blocks.home_parts import DIVIDER, button, code, heading, lines, plain_words
from blocks.home_view import AgentLine, Health, Overseen, PolicyLine, agent_block
from blocks.message import small, words
from blocks.rich import Block
from blocks.text import Mrkdwn, escape, mention, plain, when

_CHANNELS: Final = 8
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{2,30}")
#: Of `sha256:…`, as much as people compare.
_VERSION: Final = 19
_PROBLEM: Final = 600


def overseen(seen: Overseen, roster: Roster) -> list[Block]:
    """Each part under its heading."""
    return [
        *_desk(seen),
        *_agents(seen, roster),
        DIVIDER,
        *_dead(seen),
        *_policy(seen.policy),
        *_health(seen.health),
    ]


def _desk(seen: Overseen) -> list[Block]:
    blocks = [heading("For operators")]
    if seen.others:
        noun = "request waits" if seen.others == 1 else "requests wait"
        blocks.append(words(f"{seen.others:,} {noun} for others: `/hitl queue all`."))
    return blocks


def _agents(seen: Overseen, roster: Roster) -> list[Block]:
    if not seen.agents:
        return [words("*Agents*\nNone yet: `hitl agent add NAME` registers one.")]
    shown = [_agent(each, roster) for each in seen.agents]
    more = seen.agent_count - len(seen.agents)
    how = "`/hitl pause AGENT` and `/hitl resume AGENT` work for all; `hitl agent list` shows them."
    rest = [small(f"{more:,} more agents. {how}")] if more > 0 else []
    return [words("*Agents*"), *shown, *rest]


def _agent(line: AgentLine, roster: Roster) -> Block:
    name = escape(line.name, 60)
    if line.paused_at is not None:
        by = f" by {mention(roster.profile(line.paused_by).person)}" if line.paused_by is not None else ""
        told = f"⏸️ *{name}* · paused {when(line.paused_at)}{by}: {_held(line.held)}"
        pressed = button(actions.RESUME_LISTED, "Resume", line.name)
        pressed["confirm"] = {
            "title": plain_words("Let it go on?"),
            "text": plain_words("What waited goes on too, some of it without anybody looking."),
            "confirm": plain_words("Resume"),
            "deny": plain_words("Not yet"),
        }
    else:
        seen = f"last seen {when(line.last_seen)}" if line.last_seen is not None else "never seen"
        told = f"*{name}* · {seen}"
        pressed = button(actions.PAUSE_LISTED, "Pause", line.name)
        pressed["confirm"] = {
            "title": plain_words("Pause it?"),
            "text": plain_words("All that it asks from now on waits unseen, and nothing of it proceeds."),
            "confirm": plain_words("Pause"),
            "deny": plain_words("Not now"),
        }
    pressed["accessibility_label"] = plain(f"{pressed['text']['text']} {line.name}", 75)["text"]
    return {**words(told), "block_id": agent_block(line.name), "accessory": pressed}


def _held(count: int) -> str:
    if not count:
        return "its new requests wait unseen"
    return "1 request of it waits unseen" if count == 1 else f"{count:,} requests of it wait unseen"


def _dead(seen: Overseen) -> list[Block]:
    if not seen.dead_count:
        return [words("*Dead letters*\nNone: all that was to be sent has arrived, or is still tried.")]
    more = seen.dead_count - len(seen.dead)
    rest = [small(f"{more:,} older: `/hitl dead`")] if more > 0 else []
    return [words(f"📪 *Dead letters: {seen.dead_count:,}*"), *map(letter, seen.dead), *rest]


def _policy(policy: PolicyLine) -> list[Block]:
    rules = f"{policy.rules:,} rule{'' if policy.rules == 1 else 's'}"
    loaded = f", loaded {when(policy.loaded_at)}" if policy.loaded_at is not None else ""
    told = f"*Policy*\n`{code(policy.version[:_VERSION])}` · {rules}{loaded}"
    if policy.problem is None:
        return [words(told)]
    problem = escape(policy.problem, _PROBLEM)
    return [words(f"{told}\n⚠️ *Its file does not load*, so the one from before stays in force: {problem}")]


def _health(health: Health) -> list[Block]:
    told = [_need(name, why) for name, why in health.needs.items()]
    if health.oldest is not None and health.late:
        verb = "message waits" if health.late == 1 else "messages wait"
        told.append(f"⚠️ {health.late:,} {verb} to leave, the oldest since {when(health.oldest)}")
    else:
        told.append("✅ what was to leave has left")
    told += [
        f"⏳ {_channel(each.channel)}: {each.count:,} delayed by Slack until {when(each.until)}"
        for each in health.throttled[:_CHANNELS]
    ]
    return [lines(told, "*Health*", count=len(told) + max(len(health.throttled) - _CHANNELS, 0))]


def _need(name: str, why: str | None) -> str:
    return f"✅ {escape(name, 40)}" if why is None else f"⚠️ {escape(name, 40)}: {escape(why, 200)}"


def _channel(channel: str) -> Mrkdwn:
    """By its id, which shows its name of today."""
    return Mrkdwn(f"<#{channel}>") if _CHANNEL.fullmatch(channel) else escape(channel, 80)
