"""The Bolt app: which listener hears what, and that each payload is answered once what it did is durable."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Final

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse

from blocks.message import Message
from blocks.replies import looked_too_long
from bot.slack.board_review import BoardReview
from bot.slack.clicks import Clicks
from bot.slack.commands import Commands
from bot.slack.front import Front
from bot.slack.lists import Lists
from bot.slack.payloads import Body
from bot.slack.people import People
from bot.slack.submits import Submits
from bot.slack.talk import Talk
from bot.slack.vanished import deleted
from bot.slack.view_answers import ViewAnswer, instead

log = logging.getLogger(__name__)

#: The events that are listened to; those of the manifest, with its kinds of `message` as one.
EVENTS: Final = ("app_home_opened", "app_mention", "message", "subteam_members_changed", "user_change")
COMMAND: Final = "/hitl"
_ANYTHING: Final = re.compile(".*", re.DOTALL)

_Listener = Callable[[AsyncAck, Body], Awaitable[BoltResponse]]


def build(front: Front, people: People) -> AsyncApp:
    """The app, with every listener. Signatures are checked by `doors.HttpDoor`, before anything is parsed.

    The answer to a payload leaves when its listener returns (`process_before_response`), so that what was
    acknowledged is durable.
    """
    app = AsyncApp(
        name="hitl",
        logger=_silent_log(),
        client=front.out.connection.client,
        process_before_response=True,
        authorize=_authorizer(front),
        request_verification_enabled=False,
        # Bolt takes it for our own doing when somebody deletes a message of ours. What the bot itself says is
        # told apart where words are read (`payloads.written`).
        ignoring_self_events_enabled=False,
    )
    lists, review = Lists(front), BoardReview(front)
    clicks, submits, talk = Clicks(front, lists, review), Submits(front, lists, review), Talk(front, people)
    app.action(_ANYTHING)(_on_click(clicks))
    app.view_submission(_ANYTHING)(_on_submit(front, submits))
    app.view_closed(_ANYTHING)(_on_event(front, _nothing))
    app.command(_ANYTHING)(_on_command(front, Commands(front, people, lists)))
    heard: dict[str, Callable[[Body], Awaitable[None]]] = {
        "app_home_opened": talk.home,
        "app_mention": talk.mention,
        "message": _on_message(front, talk),
        "subteam_members_changed": people.members_changed,
        "user_change": people.person_changed,
    }
    for event in EVENTS:
        app.event(event)(_on_event(front, heard[event]))
    # What nobody listens to is acknowledged all the same, or Slack would send it three times more.
    app.event(_ANYTHING)(_on_event(front, _nothing))
    app.shortcut(_ANYTHING)(_on_event(front, _nothing))
    app.options(_ANYTHING)(_on_event(front, _nothing))
    return app


def _on_click(clicks: Clicks) -> _Listener:
    async def heard(ack: AsyncAck, body: Body) -> BoltResponse:
        # It guards itself: whoever clicked is told what went wrong.
        await clicks.take(body)
        return await ack()

    return heard


def _on_submit(front: Front, submits: Submits) -> _Listener:
    async def heard(ack: AsyncAck, body: Body) -> BoltResponse:
        answers: list[ViewAnswer] = []

        async def working() -> None:
            answers.append(await submits.take(body))

        wrong = await front.answered(working)
        return await ack(answers[0] if wrong is None else instead(wrong.text))

    return heard


def _on_command(front: Front, commands: Commands) -> _Listener:
    async def heard(ack: AsyncAck, body: Body) -> BoltResponse:
        told: list[Message] = []

        async def working() -> None:
            told.append(await commands.take(body))

        wrong = await front.answered(working)
        if wrong is not None:
            unseen = wrong.past_the_store and commands.only_looks(body)
            return await ack(looked_too_long() if unseen else wrong.text)
        return await ack(told[0].text, blocks=told[0].blocks or None)

    return heard


def _on_message(front: Front, talk: Talk) -> Callable[[Body], Awaitable[None]]:
    async def heard(event: Body) -> None:
        await deleted(front.desk, event)
        await talk.message(event)

    return heard


def _on_event(front: Front, handle: Callable[[Body], Awaitable[None]]) -> _Listener:
    async def heard(ack: AsyncAck, body: Body) -> BoltResponse:
        event = body.get("event") or body
        wrong = await front.answered(lambda: handle(event))
        if wrong is not None and wrong.ours and event.get("type") == "app_mention":
            # Whoever spoke to the bot waits for words; that it was saved late would be heard of anyway.
            front.answer_mention(event, wrong)
        if wrong is not None:
            # Not acknowledged: Slack sends events again, and each is taken once.
            return BoltResponse(status=503, body="")
        return await ack()

    return heard


async def _nothing(_event: Body) -> None:
    """Heard, and none of ours."""


def _authorizer(front: Front) -> Callable[..., Awaitable[AuthorizeResult]]:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """From the auth.test that was made at start: a payload never waits for Slack."""
        bot = front.out.identity.bot
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=bot.user if bot is not None else None,
            bot_id=bot.bot if bot is not None else None,
            bot_token=front.out.connection.client.token,
        )

    return authorize


def _silent_log() -> logging.Logger:
    """Bolt logs whole payloads, refused ones at INFO and unknown ones at WARNING: it gets no log at all.

    What can go wrong in here is logged by `Front.answered` and the doors, without payloads.
    """
    log = logging.getLogger("hitl.slack.bolt")
    log.setLevel(logging.CRITICAL + 1)
    return log
