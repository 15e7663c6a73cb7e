"""What operators are told, as direct messages: what is wrong, what it means for people, what to do."""

from __future__ import annotations

from typing import Final

from approvals.model import Case, Instant
from blocks import rich
from blocks.message import Message
from blocks.rich import Element
from blocks.standing import title_of
from blocks.text import Mrkdwn, escape, listed, short
from blocks.wording import say

_ANOTHER_CHANNEL: Final = "Put another channel into hitl.yml."
#: Slack's error codes for a channel that cannot be posted to: what it is, and what helps.
_CHANNEL_GONE: Final = {
    "is_archived": ("is archived", "Unarchive it, or put another channel into hitl.yml."),
    "channel_not_found": ("does not exist, or the bot cannot see it", _ANOTHER_CHANNEL),
    "not_in_channel": ("does not have the bot in it", "Invite the bot there: /invite @hitl"),
}


def dead_letter(case: Case, why: str, tries: int) -> Message:
    """A callback was given up."""
    return _notice(
        "📪 An agent could not be told",
        f"{case.request.agent} was not told about {case.id}, after {tries:,} tries: {short(why, 300)}.",
        "When its address works again: hitl outbox retry (all), or with the id from hitl outbox list.",
    )


def channel_gone(channel: str, code: str, instead: str) -> Message:
    """A card could not be put into its channel; `code` is Slack's, `instead` says in words where it went."""
    why, remedy = _CHANNEL_GONE.get(code, (f"refuses messages ({short(code, 60)})", _ANOTHER_CHANNEL))
    what = f"The channel {short(channel, 60)} {why}. Its cards go to {short(instead, 100)}."
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
    text = say("delayed", channel=channel, until=until, waiting=waiting)
    parts = rich.section(
        rich.text("🐢 Slack slows us down", bold=True),
        rich.text(f"  {waiting:,} messages for {short(channel, 60)} are delayed until "),
        [rich.date(until)],
        rich.text(". None is lost, and other channels are not affected."),
    )
    return Message(text, [rich.block(parts)])


def card_refused(case: Case, problem: str) -> Message:
    """A card broke a rule of Slack's and was replaced by a minimal one: a bug of ours."""
    return _notice(
        "🧩 A card could not be shown whole",
        f"{case.id} broke a rule of Slack's: {short(problem, 300)}. A short one stands in for it.",
        "Please report this with the request's id.",
    )


def too_few(case: Case, left: int, missing: int, permalink: str | None) -> Message:
    """Fewer are left to decide a request than it still needs, and nobody else would be asked."""
    groups = listed([short(group, 60) for group in case.asked], "or") or "nobody"
    needed = "one approval" if missing == 1 else f"{missing} approvals"
    there = "nobody there can give it" if left == 0 else f"only {left} of those asked can give one"
    asks = f"“{title_of(case, 100)}” from {short(case.request.agent, 60)} ({case.id})"
    what = f"{asks} needs {needed} from {groups}, but {there}."
    remedy = f"Put somebody into {groups}, in hitl.yml or in Slack: it counts at once."
    return _notice("👥 Too few are left to decide a request", what, remedy, permalink)


def _notice(title: str, what: str, remedy: str, url: str | None = None) -> Message:
    more = [rich.section(rich.text("The card: "), rich.link(url))] if url else []
    parts: list[Element] = [
        rich.section(rich.text(title, bold=True)),
        rich.section(rich.text(what)),
        rich.section(rich.text(remedy)),
        *more,
    ]
    return Message(Mrkdwn(f"{escape(title)}: {escape(what, 600)}"), [rich.block(*parts)])
