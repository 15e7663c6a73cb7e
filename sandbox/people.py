"""People at work: they click, fill in, write and look, and see what the app makes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blocks import limits
from sandbox import payloads
from sandbox.answers import Answers
from sandbox.app import ResponseUrl
from sandbox.calls import Site, SlackError
from sandbox.changes import Json
from sandbox.delivery import COMMAND, INTERACTIVE, PROPER, Courier, Delivery, Manner
from sandbox.form import STATE_FIELD, mistakes, state_of_view
from sandbox.methods_views import put_on_top, replace
from sandbox.words import Clickable, find
from sandbox.workspace import Channel, Message, NotThereError, User, View

#: What Slack shows beside a button, or in a modal, that the app did not acknowledge in time.
TROUBLE = "We had some trouble connecting. Try again?"

#: What Slack leaves in the place of a message that had replies.
TOMBSTONE: Json = {
    "type": "message",
    "subtype": "tombstone",
    "user": "USLACKBOT",
    "text": "This message was deleted.",
    "hidden": True,
}


@dataclass(slots=True)
class Answer:
    """What came of something a person did."""

    #: The payload that went out; empty when Slack's client sent none.
    payload: Json = field(default_factory=dict)
    #: Whether the app acknowledged it in time.
    acknowledged: bool = False
    status: int | None = None
    #: What the app said with its acknowledgement.
    body: Any = None
    #: What Slack tells the person when it went wrong.
    error: str | None = None
    #: What stands at the fields of the modal, by block_id.
    errors: dict[str, str] = field(default_factory=dict)
    #: The modal that is open for the person afterwards.
    view: View | None = None
    #: Seconds until the acknowledgement.
    took: float | None = None
    trigger_id: str | None = None

    def as_json(self) -> Json:
        """As the control API shows it."""
        names = ("payload", "acknowledged", "status", "body", "error", "errors", "took", "trigger_id")
        shown = {name: getattr(self, name) for name in names}
        return {**shown, "view": self.view.as_json() if self.view else None}


class People:
    """What the people of the workspace do through Slack's client."""

    def __init__(self, site: Site, courier: Courier, answers: Answers) -> None:
        self.site = site
        self.courier = courier
        self.answers = answers

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        what: str,
        *,
        value: Any = None,
        block_id: str | None = None,
        manner: Manner = PROPER,
    ) -> Answer:
        """Click a button by its words or action_id, or choose an option by its words, in a message.

        `value` is for elements that take one (a person, a date). The answer's `error` is what Slack shows
        when the app did not acknowledge. Raises NotThereError when the person sees no such message or button.
        """
        person, place, message = self._sees(user, channel, ts)
        target = find(message.all_blocks(), user, what, block_id)
        action = payloads.action_of(target, value, self.site.workspace.new_ts())
        trigger_id = self._trigger(user, manner)
        more = {"trigger_id": trigger_id, "response_url": self.answers.new_url(channel, user, message)}
        payload = payloads.click_in_message(
            self.site.app, person, message, channel=place, action=action, more=more
        )
        return await self._interact(payload, user, manner)

    async def click_in_view(
        self,
        user: str,
        what: str,
        *,
        values: Mapping[str, Any] | None = None,
        value: Any = None,
        block_id: str | None = None,
        manner: Manner = PROPER,
    ) -> Answer:
        """Click in the topmost modal, where `values` have been filled in already. Raises NotThereError."""
        view = self.top_view(user)
        target = find(view.blocks, user, what, block_id)
        return await self._click_in(view, target, value, values=values or {}, manner=manner)

    async def click_in_home(
        self, user: str, what: str, *, value: Any = None, block_id: str | None = None, manner: Manner = PROPER
    ) -> Answer:
        """Click in the app's home tab. Raises NotThereError."""
        home = self.site.workspace.homes.get(user)
        if home is None:
            raise NotThereError(f"{user} has no home tab")
        target = find(home.blocks, user, what, block_id)
        return await self._click_in(home, target, value, values={}, manner=manner)

    async def submit(
        self,
        user: str,
        values: Mapping[str, Any] | None = None,
        *,
        view: View | None = None,
        manner: Manner = PROPER,
    ) -> Answer:
        """Fill in the topmost modal (or that one) and press its submit button.

        `values` are named by label, block_id or action_id; see `sandbox.form.state_of`. What Slack's client
        checks itself (required, lengths, numbers) is not sent: the answer then has `errors` and no payload.
        Raises NotThereError when there is no such modal, no submit button, or no such field.
        """
        view = view or self.top_view(user)
        if view.payload.get("submit") is None:
            raise NotThereError(f"{view.title!r} has no submit button")
        state = state_of_view(view, values or {})
        view.errors = mistakes(view.blocks, state)
        if view.errors:
            self.site.workspace.changes.note("view", user=user, view=view.id)
            return Answer(errors=view.errors, view=view)
        trigger_id = self._trigger(user, manner, view)
        payload = payloads.submission(self.site.app, self._person(user), view, state, trigger_id)
        answer = await self._interact(payload, user, manner)
        if answer.acknowledged:
            self._respond(view, answer)
        answer.view = self._top(user)
        return answer

    async def close(self, user: str, *, every: bool = False, manner: Manner = PROPER) -> Answer:
        """Close the topmost modal, or all. The app is told if it asked to be. Raises NotThereError."""
        view = self.top_view(user)
        stack = list(self.site.workspace.stacks[user])
        self.site.workspace.close_view(view, every=every)
        answer = Answer(acknowledged=True)
        for each in stack if every else [view]:
            if each.payload.get("notify_on_close"):
                payload = payloads.closing(self.site.app, self._person(user), each, cleared=every)
                answer = await self._interact(payload, user, manner)
        answer.view = self._top(user)
        return answer

    async def command(
        self, user: str, text: str, *, channel: str | None = None, manner: Manner = PROPER
    ) -> Answer:
        """Type a slash command, `/hitl queue mine`, in a channel (by default in the DM with the app).

        What the app says with its acknowledgement becomes a message only this person sees, as in Slack.
        """
        name, _, rest = text.partition(" ")
        place = self._channel_of(user, channel)
        trigger_id = self._trigger(user, manner)
        more = {"trigger_id": trigger_id, "response_url": self.answers.new_url(place.id, user)}
        form = payloads.command(
            self.site.app, self._person(user), place, name=name, text=rest.strip(), more=more
        )
        delivery = await self.courier.carry(COMMAND, form, manner)
        answer = _answer(delivery)
        if not answer.acknowledged:
            reason = "operation_timeout" if delivery.failure == "timeout" else "dispatch_failed"
            answer.error = f'{name} failed with the error "{reason}"'
        elif delivery.body:
            self._say_back(place, user, delivery.body)
        answer.view = self._top(user)
        return answer

    def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Write into a channel or a thread; the app hears a `message`, and an `app_mention` if it is named.

        Raises NotThereError when this person is not in the channel.
        """
        place = self._channel_of(user, channel)
        space = self.site.workspace
        if thread_ts is not None:
            parent = space.message(channel, thread_ts)
            parent.thread_ts = parent.thread_ts or parent.ts
        message = space.say(Message(channel, space.new_ts(), user, text, thread_ts=thread_ts))
        bot = self.site.app.bot_user
        event = payloads.message_event(place, message, message.ts)
        if bot not in place.members:
            return message
        self.site.tell(event)
        if place.kind != "im" and (f"<@{bot}>" in text or f"<@{bot}|" in text):
            mention = {name: event[name] for name in event if name not in ("channel_type", "subtype")}
            self.site.tell({**mention, "type": "app_mention"})
        return message

    def mention(self, user: str, channel: str, words: str, *, thread_ts: str | None = None) -> Message:
        """Speak to the app by name: `@hitl approve`."""
        return self.say(user, channel, f"<@{self.site.app.bot_user}> {words}", thread_ts=thread_ts)

    def edit(self, user: str, message: Message, text: str) -> Message:
        """Somebody edits what they wrote."""
        before, place = message.as_json(), self._channel_of(user, message.channel)
        at = self.site.workspace.new_ts()
        self.site.workspace.change(message, text=text, edited={"user": user, "ts": at})
        more = {"message": message.as_json(), "previous_message": before}
        self.site.tell(payloads.changed_event(place, "message_changed", at, more))
        return message

    def delete(self, user: str, message: Message) -> None:
        """Somebody deletes a message: their own, or as an administrator the app's.

        Of one with replies Slack tells as of a change: a tombstone heads the thread from then on.
        """
        place = self._channel_of(user, message.channel)
        replies = self.site.workspace.replies(message.channel, message.ts)
        self.site.workspace.delete(message)
        at, before = self.site.workspace.new_ts(), message.as_json()
        if replies:
            left = {**TOMBSTONE, "ts": message.ts, "thread_ts": message.ts}
            change: Json = {"message": left, "previous_message": before}
            self.site.tell(payloads.changed_event(place, "message_changed", at, change))
            return
        more: Json = {"deleted_ts": message.ts, "previous_message": before}
        self.site.tell(payloads.changed_event(place, "message_deleted", at, more))

    def open_home(self, user: str) -> None:
        """Look at the app's home tab; the app hears `app_home_opened`."""
        home = self.site.workspace.homes.get(user)
        place = self.site.workspace.direct_message({user, self.site.app.bot_user})
        event: Json = {"type": "app_home_opened", "user": user, "channel": place.id, "tab": "home"}
        event["event_ts"] = self.site.workspace.new_ts()
        self.site.tell({**event, "view": home.as_json()} if home else event)

    def top_view(self, user: str) -> View:
        """The modal this person has before them. Raises NotThereError."""
        view = self._top(user)
        if view is None:
            raise NotThereError(f"{user} has no modal open")
        return view

    def _top(self, user: str) -> View | None:
        stack = self.site.workspace.stacks.get(user)
        return stack[-1] if stack else None

    def _person(self, user: str) -> User:
        person = self.site.workspace.users.get(user)
        if person is None or person.deleted:
            raise NotThereError(f"nobody here is {user}")
        return person

    def _channel_of(self, user: str, channel: str | None) -> Channel:
        self._person(user)
        if channel is None:
            return self.site.workspace.direct_message({user, self.site.app.bot_user})
        place = self.site.workspace.channels.get(channel)
        if place is None or user not in place.members:
            raise NotThereError(f"{user} is not in {channel}")
        return place

    def _sees(self, user: str, channel: str, ts: str) -> tuple[User, Channel, Message]:
        person, place = self._person(user), self._channel_of(user, channel)
        message = self.site.workspace.message(channel, ts)
        if message.only_for not in (None, user):
            raise NotThereError(f"only {message.only_for} sees {ts}")
        return person, place, message

    def _trigger(self, user: str, manner: Manner, view: View | None = None) -> str:
        life = -1.0 if manner.expired_trigger else self.site.times.trigger
        return self.site.app.new_trigger(user, life, view.id if view else None)

    async def _click_in(
        self, view: View, target: Clickable, value: Any, *, values: Mapping[str, Any], manner: Manner
    ) -> Answer:
        action = payloads.action_of(target, value, self.site.workspace.new_ts())
        field = STATE_FIELD.get(target.element["type"])
        if field is not None:
            held = {"type": target.element["type"], field: action[field]}
            view.picked.setdefault(action["block_id"], {})[action["action_id"]] = held
        state = state_of_view(view, values)
        payload = payloads.click_in_view(
            self.site.app,
            self._person(view.user),
            view,
            action=action,
            state=state,
            trigger_id=self._trigger(view.user, manner, view),
        )
        return await self._interact(payload, view.user, manner)

    async def _interact(self, payload: Json, user: str, manner: Manner) -> Answer:
        answer = _answer(await self.courier.carry(INTERACTIVE, payload, manner))
        answer.trigger_id = payload.get("trigger_id")
        if not answer.acknowledged:
            answer.error = TROUBLE
        answer.view = self._top(user)
        return answer

    def _respond(self, view: View, answer: Answer) -> None:
        """What an acknowledgement does to the modal (docs.slack.dev/surfaces/modals#response_actions)."""
        body = answer.body if isinstance(answer.body, dict) else {}
        action, stack = body.get("response_action"), self.site.workspace.stacks.get(view.user, [])
        if action is None and not body:
            self.site.workspace.close_view(view)
        elif action == "clear":
            self.site.workspace.close_view(view, every=True)
        elif action == "errors" and _names_inputs(view, body.get("errors")):
            view.errors = answer.errors = dict(body["errors"])
            self.site.workspace.changes.note("view", user=view.user, view=view.id)
        elif action in ("update", "push") and isinstance(body.get("view"), dict):
            answer.error = self._show(view, body["view"], action, stack)
        else:
            answer.error = TROUBLE

    def _show(self, view: View, payload: Json, action: str, stack: list[View]) -> str | None:
        if limits.problems_of_view(payload) or payload.get("type") != "modal":
            return TROUBLE
        if action == "update":
            replace(self.site, view, payload)
            return None
        try:
            put_on_top(self.site, view.user, payload, stack[-1] if stack else None)
        except SlackError:
            return TROUBLE
        return None

    def _say_back(self, place: Channel, user: str, body: Any) -> None:
        said = body if isinstance(body, dict) else {"text": str(body)}
        where = ResponseUrl(place.id, user, time.monotonic(), 1)
        self.answers.say(where, {"text": "", **said})


def _answer(delivery: Delivery) -> Answer:
    return Answer(
        payload=delivery.payload,
        acknowledged=delivery.acknowledged,
        status=delivery.status,
        body=delivery.body,
        took=delivery.took,
    )


def _names_inputs(view: View, errors: Any) -> bool:
    """Whether the errors are at inputs of the view; else Slack shows that it had trouble."""
    inputs = {block["block_id"] for block in view.blocks if block.get("type") == "input"}
    return isinstance(errors, dict) and bool(errors) and set(errors) <= inputs
