"""What the app sent and Slack would refuse, with the rule it breaks: to be shown in red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blocks import limits
from sandbox.calls import Call
from sandbox.changes import Json
from sandbox.delivery import Delivery

if TYPE_CHECKING:
    from sandbox.server import SlackStandIn


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that nobody saw, because Slack would not show it."""

    at: float
    #: `chat.postMessage`, or `response_action: update`.
    what: str
    #: Slack's code: `invalid_blocks`.
    code: str
    #: The rules, in Slack's words, each with where.
    rules: tuple[str, ...]
    sent: Json
    #: Where it would have stood, as far as it says.
    channel: str | None = None
    thread: str | None = None
    user: str | None = None


class Refusals:
    """Finds refusals in what went over the wire, looking at each thing once."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack
        self._found: list[Refusal] = []
        self._calls = self._deliveries = self._answers = 0

    def all(self) -> list[Refusal]:
        """Every refusal so far, oldest first."""
        calls, deliveries = self._slack.api.calls, self._slack.courier.deliveries
        for call in reversed(list(_newer(calls, self._calls))):
            self._found += _of_call(self._slack, call)
            self._calls = max(self._calls, call.seq)
        for delivery in reversed(list(_newer(deliveries, self._deliveries))):
            self._found += _of_delivery(self._slack, delivery)
            self._deliveries = max(self._deliveries, delivery.seq)
        answers = self._slack.answers.refused
        for at, place, body, problems in answers[self._answers :]:
            rules = tuple(str(each) for each in problems)
            told = Refusal(at, "response_url", problems[0].code, rules, body, place.channel, None, place.user)
            self._found.append(told)
        self._answers = len(answers)
        self._found.sort(key=lambda each: each.at)
        return self._found

    def in_channel(self, channel: str, user: str) -> list[Refusal]:
        """Those that this person would have seen in a channel, or in a modal while there."""
        return [
            each
            for each in self.all()
            if each.channel == channel or (each.channel is None and each.user == user)
        ]


def _newer(kept: Any, seq: int) -> Iterator[Any]:
    for each in reversed(kept):
        if each.seq <= seq:
            return
        yield each


def rules_of(call: Call) -> tuple[str, ...]:
    """The rules that a refused call breaks; none for an error that is not about what was sent."""
    answer = call.response or {}
    told = answer.get("errors") or (answer.get("response_metadata") or {}).get("messages") or ()
    return () if call.fault else tuple(str(each).removeprefix("[ERROR] ") for each in told)


def _of_call(slack: SlackStandIn, call: Call) -> Iterator[Refusal]:
    rules = rules_of(call)
    if call.error and rules:
        args = call.args
        user = args.get("user") or args.get("user_id")
        trigger = slack.app.triggers.get(str(args.get("trigger_id")))
        view = slack.workspace.view_by(view_id=args.get("view_id")) if args.get("view_id") else None
        user = trigger.user if trigger else view.user if view else user
        where = (args.get("channel"), args.get("thread_ts"))
        yield Refusal(call.at, call.method, call.error, rules, args, *where, user)


def _of_delivery(slack: SlackStandIn, delivery: Delivery) -> Iterator[Refusal]:
    body = delivery.body if isinstance(delivery.body, dict) else {}
    action, view = body.get("response_action"), body.get("view")
    user = (delivery.payload.get("user") or {}).get("id") if delivery.kind == "interactive" else None
    if action in ("update", "push") and isinstance(view, dict):
        problems = limits.problems_of_view(view)
        if problems:
            rules = tuple(str(each) for each in problems)
            yield Refusal(delivery.at, f"response_action: {action}", problems[0].code, rules, body, user=user)
    elif action == "errors" and user is not None:
        asked = delivery.payload.get("view", {}).get("blocks", ())
        inputs = {block["block_id"] for block in asked if block.get("type") == "input"}
        strange = sorted(set(body.get("errors") or {}) - inputs)
        if strange or not body.get("errors"):
            rule = f"errors must name the block_id of an input: {', '.join(strange) or 'there is none'}"
            yield Refusal(delivery.at, "response_action: errors", "invalid_errors", (rule,), body, user=user)
