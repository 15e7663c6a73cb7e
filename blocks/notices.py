"""What operators are told, as direct messages: what is wrong, what it means for people, what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from approvals.escalation import began_at, ends_at
from approvals.model import Case, Lack
from approvals.words import Gate, Instant, Risk, Shortage
from blocks import rich
from blocks.message import Message
from blocks.rich import Element
from blocks.standing import some_approved, then, title_of
from blocks.text import Mrkdwn, escape, listed, short, when

_ANOTHER_CHANNEL: Final = "Put another channel into hitl.yml."
#: Slack's error codes for a channel that cannot be posted to: what it is, and what helps.
_CHANNEL_GONE: Final = {
    "is_archived": ("is archived", "Unarchive it, or put another channel into hitl.yml."),
    "channel_not_found": ("does not exist, or the bot cannot see it", _ANOTHER_CHANNEL),
    "not_in_channel": ("does not have the bot in it", "Invite the bot there: /invite @hitl"),
}

#: Where a mistake of ours was made → what it means for those concerned.
WHERE: Final = {
    "": "Whoever met it was told this number.",
    "call": "A call to the agents' endpoint was answered with 500 and this number.",
    "courier": "Something that was to leave for Slack or an agent did not; it is tried again.",
    "unshown": "Whoever decided on a card may not have been told that Slack does not show it there yet.",
    "sweep": "A step of a request did not fire; it is tried again every few seconds.",
    "row": "A request cannot be read, and is left out where it would be shown.",
    "digest": "A digest could not be gathered, or not all of it; it is tried again.",
}

#: Channels that one notice names.
_NAMED: Final = 10
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,30}")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its id: Slack shows its name of today. Words, where it has none."""

    id: str


#: Of which a notice is made: words of ours, or made safe; moments and channels, as each reader has them.
Piece: TypeAlias = str | Instant | Channel

_PUT_IN: Final = "Put somebody into {groups}, in hitl.yml or in Slack: it counts at once."
#: Why there are too few, and what helps.
_CAUSES: Final = {
    Shortage.UNCOMPARED: (
        "It is asked on behalf of somebody who must not decide it, and Slack tells no e-mail address of those"
        " asked by which to know who that is.",
        "Give the Slack app the scope users:read.email, as in manifest.yml, and install it again.",
    ),
    Shortage.REQUESTER: (
        "The person on whose behalf it is asked must not decide it.",
        _PUT_IN.replace("somebody", "somebody else"),
    ),
    Shortage.LEFT: ("Some of those asked have left Slack, or are not full members here.", _PUT_IN),
    Shortage.FEW: ("", _PUT_IN),
}


def dead_letter(case: Case, why: str, tries: int) -> Message:
    """A callback was given up."""
    return _notice(
        "📪 An agent could not be told",
        f"{case.request.agent} was not told about {case.id}, after {tries:,} tries: {short(why, 300)}.",
        "When its address works again: hitl outbox retry (all), or with the id from hitl outbox list.",
    )


def channel_gone(channel: str, code: str, instead: str) -> Message:
    """A card could not be put into its channel; `code` is Slack's.

    `instead` is the channel it went to, or says so in words; empty: it is there, and cannot be changed.
    """
    why, remedy = _CHANNEL_GONE.get(code, (f"refuses messages ({short(code, 60)})", _ANOTHER_CHANNEL))
    # One that nobody sees has no name that Slack would show; hitl.yml has them by their ids.
    named: list[Piece] = [short(channel, 60)]
    if code != "channel_not_found" and _CHANNEL.fullmatch(channel):
        named = [Channel(channel), f" ({channel})"]
    went: list[Piece] = ["Its cards go to ", Channel(instead), "."]
    stay: list[Piece] = ["Cards in it cannot be changed: they do not say what was decided."]
    what: list[Piece] = ["The channel ", *named, f" {why}. ", *(went if instead else stay)]
    return _notice("📢 A channel of the policy cannot be used", what, remedy)


def policy_broken(problem: str) -> Message:
    """The policy file was changed and does not load."""
    return _notice(
        "📜 The changed policy does not load",
        f"{short(problem, 1_000).rstrip('.')}.",
        "The policy from before stays in force. hitl policy check shows the same message.",
    )


def policy_restored(version: str) -> Message:
    """The policy file loads again."""
    return _notice(
        "📜 The policy loads again",
        f"What hitl.yml says now is in force ({short(version, 20)}).",
        "Requests that were opened meanwhile keep what the policy from before said of them.",
    )


def missing_scope(scope: str, method: str) -> Message:
    """Slack refused a call because the app was installed without a scope."""
    return _notice(
        "🔑 The Slack app lacks a scope",
        f"Slack refuses {short(method, 80)} without the scope {short(scope, 80)}.",
        "Add it (manifest.yml has them all) and install the app again.",
    )


def delayed(channel: str, until: Instant, waiting: int) -> Message:
    """Slack limits the rate for a channel; nothing is lost."""
    messages, verb = ("1 message", "is") if waiting == 1 else (f"{waiting:,} messages", "are")
    what: list[Piece] = [f"{messages} for ", Channel(channel), f" {verb} delayed until ", until, "."]
    remedy = "None is lost, and other channels are not affected. You hear when it is over."
    return _notice("🐢 Slack slows us down", what, remedy)


def back(
    channels: Sequence[str],
    outage: tuple[Instant, Instant, str] | None,
    delivered: int,
    waiting: int,
    given_up: int,
) -> Message:
    """What was told of, or kept everything from leaving, is over.

    `channels`: whose limits it was; `outage`: since when, until when and why (Slack's name for it) nothing
    left at all.
    """
    title = "✅ Slack takes all messages again"
    what: list[Piece] = []
    if outage is not None:
        since, until, why = outage
        title = "✅ Slack is back"
        what = ["Nothing could be sent to Slack from ", since, " until ", until, f" ({short(why, 60)}). "]
    messages = "1 message" if delivered == 1 else f"{delivered:,} messages"
    where = [] if outage is not None else _for(channels)
    if waiting or given_up:
        is_or_are = "is" if delivered == 1 else "are"
        what += ["Of what waited", *where, f", {messages} {is_or_are} delivered."]
    else:
        what += ["All that waited", *where, f" is delivered: {messages}."]
    still = f"{waiting:,} still {'waits, and is' if waiting == 1 else 'wait, and are'} tried again."
    lost = f"{given_up:,} {'was' if given_up == 1 else 'were'} given up: hitl outbox list shows what."
    left = [*([still] if waiting else []), *([lost] if given_up else [])]
    return _notice(title, what, " ".join(left) or "There is nothing to be done.")


def _for(channels: Sequence[str]) -> list[Piece]:
    """` for #refunds, #support and 2 more`."""
    named: list[Piece] = []
    for place, channel in enumerate(channels[:_NAMED]):
        named += [", " if place else " for ", Channel(channel)]
    more = len(channels) - _NAMED
    return [*named, *([f" and {more} more"] if more > 0 else [])]


def card_refused(case: Case, problem: str) -> Message:
    """A card broke a rule of Slack's and was replaced by a minimal one: a bug of ours."""
    return _notice(
        "🧩 A card could not be shown whole",
        f"{case.id} broke a rule of Slack's: {short(problem, 300)}. A short one stands in for it.",
        "Please report this with the request's id. It is said once a day for each rule.",
    )


def digest_refused(board: str, problem: str) -> Message:
    """The same of a digest's message."""
    return _notice(
        "🧩 A digest could not be shown whole",
        f"{short(board, 60)} broke a rule of Slack's: {short(problem, 300)}. A short one stands in for it.",
        "Please report this with the digest's id. It is said once a day for each rule.",
    )


def incident(incident_id: str, what: str, where: str = "") -> Message:
    """A bug of ours; `what` names its kind, and holds no content; `where` as in `WHERE`, or a job's name."""
    then = (
        WHERE.get(where)
        or f"The job {short(where, 40)} failed, which recurs by itself: it has its next turn."
    )
    return _notice(
        "🧯 Something went wrong, and it is our mistake",
        f"Incident {short(incident_id, 60)}: {short(what, 120)}. {then}",
        "The log has the rest under it. This is said once a day for each kind.",
    )


def refused(method: str, code: str) -> Message:
    """Slack refuses a call for a reason that no later try would mend."""
    return _notice(
        "🚫 Slack refuses something we say",
        f"Slack refused {short(method, 80)}: {short(code, 80)}. Nobody sees what it was to say.",
        "It is kept: hitl outbox list shows it, and hitl outbox retry sends it again.",
    )


def too_few(case: Case, lack: Lack, permalink: str | None) -> Message:
    """Fewer are left to decide a request than it still needs, and nobody else would be asked."""
    groups = listed([short(group, 60) for group in case.asked], "or") or "nobody"
    asks = f"“{title_of(case, 100)}” from {short(case.request.agent, 60)} ({case.id})"
    cause, remedy = _CAUSES[lack.why]
    remedy = f"{remedy.format(groups=groups)} This is said once a day, for others like it too."
    what = [asks, *_needs(case, lack, groups), f" {cause}" if cause else ""]
    return _notice("👥 Too few are left to decide a request", what, remedy, permalink)


def unreached(case: Case, group: str, permalink: str | None, *, known: bool) -> Message:
    """Somebody else was to be asked in time, and nobody is in that group; `known`: hitl.yml has it."""
    name = short(group, 60)
    asks = f"“{title_of(case, 100)}” from {short(case.request.agent, 60)} ({case.id})"
    risk = f" It is {case.judgement.risk} risk." if case.judgement.risk.rank >= Risk.HIGH.rank else ""
    left = listed([short(each, 60) for each in case.asked if each != group], "or") or "nobody"
    what = f"{asks} asks {name} as well, but nobody is in it: only {left} can decide.{risk}"
    put = f"Put somebody into {name}, in hitl.yml or in Slack"
    if not known:
        put = f"hitl.yml has no group {name} any more: put it back, with somebody in it"
    remedy = f"{put}. They are asked at once."
    return _notice("⏫ An escalation reached nobody", what, remedy, permalink)


def overdue(case: Case, since: Instant, incident: str, permalink: str | None) -> Message:
    """A step of a request was due, and does not fire: something of ours fails."""
    step = f"A step of “{title_of(case, 100)}” from {short(case.request.agent, 60)} ({case.id}) was due "
    what: list[Piece] = [step, since, " and fails whenever it is tried."]
    remedy = (
        f"The log says why, under {short(incident, 40)}: please report it. Until it is mended, decide it on"
    )
    return _notice("⏰ A step of a request does not fire", what, f"{remedy} its card.", permalink)


def overdue_more(more: int) -> Message:
    """There are others like those that were named."""
    what = (
        f"Besides those named, {more:,} request{'' if more == 1 else 's'} had a step due that did not fire."
    )
    remedy = "Mostly one cause has them all: when those that were named fire, look here again."
    return _notice("⏰ More steps do not fire", what, remedy)


def _needs(case: Case, lack: Lack, groups: str) -> list[Piece]:
    """What it waits for, and what becomes of it as things are."""
    gate, end = case.judgement.gate, ends_at(case)
    nobody = "nobody else" if some_approved(case) else "nobody"
    if gate is Gate.AUDIT:
        return [f" waits for a review by {groups}, but {nobody} there can look at it."]
    if gate is Gate.QUESTION:
        until: list[Piece] = [" ", end] if end is not None else []
        asks = f" waits for an answer from {groups}, but {nobody} there can give one. As it is, {then(case)}"
        return [asks, *until, "."]
    if gate is Gate.SOFT and lack.left == 0:
        window = end if end is not None and began_at(case) is not None else "when its window ends"
        return [" goes ahead ", window, f", and {nobody} in {groups} can object."]
    needed = "one approval" if lack.missing == 1 else f"{lack.missing} approvals"
    give = "it" if lack.missing == 1 else "them"
    there = f"{nobody} there can give {give}"
    if lack.left:
        there = f"only {lack.left} of those asked can give one"
    return [f" needs {needed} from {groups}, but {there}."]


def _notice(title: str, what: str | Sequence[Piece], remedy: str, url: str | None = None) -> Message:
    more = [rich.section(rich.text("The card: "), rich.link(url))] if url else []
    pieces = [what] if isinstance(what, str) else what
    parts: list[Element] = [
        rich.section(rich.text(title, bold=True)),
        rich.section(*[_shown(each) for each in pieces if each]),
        rich.section(rich.text(remedy)),
        *more,
    ]
    return Message(Mrkdwn(f"{escape(title)}: {''.join(map(_spelled, pieces))}"), [rich.block(*parts)])


def _shown(piece: Piece) -> list[Element]:
    match piece:
        case str():
            return rich.text(piece)
        case Channel(id_) if _CHANNEL.fullmatch(id_):
            return [{"type": "channel", "channel_id": id_}]
        case Channel(id_):
            return rich.text(short(id_, 100))
        case _:
            return [rich.date(piece)]


def _spelled(piece: Piece) -> str:
    match piece:
        case str():
            # Escaping takes away the blanks around it.
            words = piece.strip()
            return piece.replace(words, escape(words, 600)) if words else piece
        case Channel(id_):
            return f"<#{id_}>" if _CHANNEL.fullmatch(id_) else escape(id_, 100)
        case _:
            return when(piece)
