"""What `/hitl` answers, to whoever typed it alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from approvals.grants import Grant
from approvals.model import Case, Flaw
from approvals.roster import Roster
from blocks import actions, foretold, guide
from blocks.grant_words import in_a_sentence
from blocks.message import Message, small, words
from blocks.rich import Block
from blocks.text import Mrkdwn, escape, listed, when

#: Most grants in one answer: each is a block of its own, and all blocks have 12,000 characters together.
_MOST_GRANTS: Final = 15
#: Characters of one section, of Slack's 3,000, and of all lines of one kind: all blocks have 12,000.
_SECTION: Final = 2_500
_ROOM: Final = 5_000
#: What says where something is shown, and how a channel is named there.
_PLACES: Final = ("card", "shown")
_CHANNEL: Final = re.compile(r"(?<=in )([CG][A-Z0-9]{8,30})$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One subcommand, as the help has it."""

    usage: str
    does: str
    #: what somebody might well type: the same command, filled in
    example: str = ""


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A live grant in a list."""

    grant: Grant
    #: the request it was given on
    case: Case
    #: whether its giver may still decide
    holds: bool


def help_(entries: Sequence[Entry]) -> Message:
    """Everything that can be typed, each with an example."""
    return Message(guide.usage(), [words(guide.usage()), *map(words, _sections(list(map(_helped, entries))))])


def help_with(entry: Entry) -> Message:
    """One subcommand alone."""
    return _plain(_helped(entry))


def unknown(typed: str, nearest: str | None, entries: Sequence[Entry]) -> Message:
    """No such subcommand."""
    near = f" Did you mean `/hitl {nearest}`?" if nearest is not None else ""
    text = Mrkdwn(f"There is no `/hitl {_code(typed)}`.{near}")
    return Message(text, [words(text), *map(words, _sections(list(map(_typed, entries))))])


def verdict(case: Case, roster: Roster) -> Message:
    """What `case`, made up by somebody, would get by today's policy, and why: what `POST /v1/check` says."""
    request, judgement = case.request, case.judgement
    text = Mrkdwn(
        f"*{escape(request.action, 150)}* by {escape(request.agent, 60)} gets the gate `{judgement.gate}`,"
        f" risk `{judgement.risk}`, by the rule `{_code(judgement.rule)}`."
    )
    told = [f"*{name}* {_line(name, line)}" for name, line in foretold.of_case(case, roster)]
    blocks = [words(text), *map(words, _sections(told)), words("*why*")]
    blocks += map(
        words, _sections([f"{n}. {escape(why, 400)}" for n, why in enumerate(judgement.reasons, 1)])
    )
    blocks.append(small(f"By the policy {escape(judgement.policy_version, 100)}. Nothing was stored."))
    return Message(text, blocks)


def _line(name: str, line: str) -> str:
    told = escape(line, 300)
    return _CHANNEL.sub(r"<#\1>", told) if name in _PLACES else told


def not_an_action(usage: str) -> Message:
    """Nothing to try."""
    return _plain(f"Say what to try: `/hitl {usage}`.")


def not_json(msg: str, usage: str) -> Message:
    """The arguments cannot be read."""
    return _plain(
        f"What comes after the action must be a JSON object: {escape(msg, 200)}. Type `/hitl {usage}`."
    )


def not_a_request(flaws: Sequence[Flaw]) -> Message:
    """An agent could not post it so either."""
    told = [f"`{_code(flaw.loc)}` {escape(flaw.msg, 150)}" for flaw in flaws[:5]]
    if len(flaws) > len(told):
        told.append(f"{len(flaws) - len(told)} more")
    return _plain(f"An agent could not ask that: {listed(told)}.")


def grants(lines: Sequence[GrantLine], *, everybodys: bool) -> Message:
    """The live grants, each with a button to end it."""
    if not lines:
        return _plain("No grant is live just now." if everybodys else "You let nothing through just now.")
    whose = "" if everybodys else " of yours"
    live = f"1 grant{whose} is live" if len(lines) == 1 else f"{len(lines):,} grants{whose} are live"
    text = Mrkdwn(f"{live}: what each covers goes through, and nobody is asked.")
    shown: list[Block] = [words(text), *map(live_grant, lines[:_MOST_GRANTS])]
    if len(lines) > _MOST_GRANTS:
        shown.append(small(f"{len(lines) - _MOST_GRANTS:,} more: `hitl grants list`"))
    return Message(text, shown)


def revoked(grant: Grant) -> Mrkdwn:
    """It is over."""
    times = "never used" if grant.uses == 0 else f"used {grant.uses:,} time{'' if grant.uses == 1 else 's'}"
    return Mrkdwn(
        f"The grant `{_code(grant.id)}` for {escape(grant.action, 150)} by {escape(grant.agent, 60)} is"
        f" revoked ({times}). From now on people are asked again."
    )


def not_yours(grant: Grant) -> Mrkdwn:
    """Somebody else's."""
    return Mrkdwn(
        f"The grant `{_code(grant.id)}` is {escape(grant.by.name, 60)}'s. They can revoke it, and so can the"
        f" operators and whoever is asked about {escape(grant.action, 150)}."
    )


def over(grant: Grant) -> Mrkdwn:
    """It ended before."""
    return Mrkdwn(f"The grant `{_code(grant.id)}` was over already, since {when(grant.ends_at)}.")


def several_grants(typed: str) -> Mrkdwn:
    """It may be one of several."""
    which = f"`{_code(typed)}` fits more than one grant."
    return Mrkdwn(f"{which} Write more of the id: `/hitl grants` lists them.")


def no_grant(typed: str) -> Mrkdwn:
    """No such grant."""
    which = f"There is no grant `{_code(typed)}`." if typed else "Say which grant: `/hitl revoke ID`."
    return Mrkdwn(f"{which} `/hitl grants` lists them.")


def _typed(entry: Entry) -> str:
    return f"`/hitl{f' {entry.usage}' if entry.usage else ''}` {entry.does}"


def _helped(entry: Entry) -> str:
    example = f"\n      for example `/hitl {entry.example}`" if entry.example else ""
    return f"{_typed(entry)}{example}"


def live_grant(line: GrantLine) -> Block:
    """One of them, with a button to end it."""
    grant = line.grant
    told = (
        f"`{_code(grant.id)}` {escape(in_a_sentence(grant, line.case), 300)}\n"
        f"{escape(grant.by.name, 60)} said so, until {when(grant.until)}; used {grant.uses:,} so far."
    )
    if not line.holds:
        told += f"\n⚠️ It lets nothing through: {escape(grant.by.name, 60)} may not decide that any more."
    button: dict[str, Any] = {
        "type": "button",
        "action_id": actions.REVOKE,
        "text": {"type": "plain_text", "text": "Revoke", "emoji": False},
        "value": grant.id,
        "style": "danger",
        "accessibility_label": f"Revoke the grant {grant.id}",
    }
    return {**words(told), "block_id": f"grant:{grant.id}", "accessory": button}


def _sections(lines: Sequence[str]) -> list[str]:
    """In as many sections as they need; what is beyond their room is counted."""
    sections: list[str] = []
    length = 0
    for place, line in enumerate(lines):
        length += len(line) + 1
        if length > _ROOM:
            return [*sections, f"…and {len(lines) - place:,} more"]
        if sections and len(sections[-1]) + len(line) < _SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return sections


def _code(text: str) -> Mrkdwn:
    """Words of others between backticks."""
    return escape(text.replace("`", "'"), 80)


def _plain(text: str) -> Message:
    return Message(text, [words(text)])
