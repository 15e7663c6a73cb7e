"""What went over the wire, each with one line that says what it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.beside import Callback
from sandbox.calls import Call
from sandbox.changes import Json
from sandbox.delivery import COMMAND, EVENT, Delivery
from sandbox.page.refusals import rules_of

if TYPE_CHECKING:
    from sandbox.server import SlackStandIn

#: How many entries the panel shows.
SHOWN = 80


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the panel."""

    #: `call`, `delivery` or `callback`, and its number among those.
    kind: str
    seq: int
    at: float
    title: str
    about: str
    #: What came of it: `ok`, `503`, `invalid_blocks`.
    result: str
    good: bool
    #: Seconds it took.
    took: float | None = None
    rules: tuple[str, ...] = ()


def entries(slack: SlackStandIn, only: str = "") -> list[Entry]:
    """The youngest entries, youngest first; `only` names a kind."""
    found: list[Entry] = []
    if only in ("", "call"):
        found += [_call(slack, each) for each in islice(reversed(slack.api.calls), SHOWN)]
    if only in ("", "delivery"):
        found += [_delivery(slack, each) for each in islice(reversed(slack.courier.deliveries), SHOWN)]
    if only in ("", "callback"):
        found += [_callback(each) for each in islice(reversed(list(slack.beside.callbacks)), SHOWN)]
    return sorted(found, key=lambda each: each.at, reverse=True)[:SHOWN]


def whole(slack: SlackStandIn, kind: str, seq: int) -> list[tuple[str, Any]] | None:
    """All of one entry, in parts with their names; None when there is no such entry any more."""
    if kind == "call":
        for call in slack.api.calls:
            if call.seq == seq:
                return [("Arguments", call.args), (f"Answer, HTTP {call.status or 'none'}", call.response)]
    elif kind == "delivery":
        for delivery in slack.courier.deliveries:
            if delivery.seq == seq:
                return [("Payload", delivery.payload), ("Acknowledged with", delivery.body)]
    else:
        for callback in slack.beside.callbacks:
            if callback.seq == seq:
                return [("Body", callback.body)]
    return None


def _call(slack: SlackStandIn, call: Call) -> Entry:
    good = call.ok and not call.unknown
    result = call.error or (call.fault if call.response is None else None) or "ok"
    if call.status not in (None, 200):
        result = str(call.status)
    rules = rules_of(call) if call.error else ()
    rules += tuple(f"Slack knows no argument {name}, and ignores it" for name in call.unknown)
    about = _place(slack, call.args)
    return Entry("call", call.seq, call.at, call.method, about, result, good, call.took, rules)


def _place(slack: SlackStandIn, args: Json) -> str:
    channel = slack.workspace.channels.get(str(args.get("channel")))
    user = slack.workspace.users.get(str(args.get("user") or args.get("user_id") or args.get("channel")))
    name = f"#{channel.name}" if channel and channel.name else "direct message" if channel else ""
    return ", ".join(each for each in (name, user.real_name if user else "") if each)


def _delivery(slack: SlackStandIn, delivery: Delivery) -> Entry:
    title, about = _what(delivery)
    user = slack.workspace.users.get(_who(delivery) or "")
    about = ", ".join(each for each in (about, user.real_name if user else "") if each)
    result = "acknowledged" if delivery.acknowledged else str(delivery.failure)
    if isinstance(delivery.body, dict) and delivery.body.get("response_action"):
        result = str(delivery.body["response_action"])
    if delivery.attempt > 1:
        title = f"{title}, try {delivery.attempt}"
    good = delivery.acknowledged
    return Entry("delivery", delivery.seq, delivery.at, title, about, result, good, delivery.took)


def _what(delivery: Delivery) -> tuple[str, str]:
    payload = delivery.payload
    if delivery.kind == COMMAND:
        return f"{payload.get('command')} {payload.get('text')}".strip(), ""
    if delivery.kind == EVENT:
        return str((payload.get("event") or payload).get("type")), ""
    told: Json = next(iter(payload.get("actions") or ()), {})
    view = (payload.get("view") or {}).get("title") or {}
    words = (told.get("text") or (told.get("selected_option") or {}).get("text") or view).get("text", "")
    return str(payload.get("type")), f"“{words}”" if words else ""


def _who(delivery: Delivery) -> str | None:
    payload = delivery.payload
    who = payload.get("user_id") or payload.get("user") or (payload.get("event") or {}).get("user")
    found = who.get("id") if isinstance(who, dict) else who
    return str(found) if found else None


def _callback(callback: Callback) -> Entry:
    good, about = callback.status // 100 == 2, f"to {callback.agent}"
    return Entry("callback", callback.seq, callback.at, callback.kind, about, str(callback.status), good)


def kinds() -> Iterator[tuple[str, str]]:
    """What can be looked at alone, and its words."""
    yield from (
        ("", "Everything"),
        ("call", "Web API"),
        ("delivery", "To the bot"),
        ("callback", "To agents"),
    )
