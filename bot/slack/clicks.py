"""A click on a card: *Approve* decides at once, the others open a modal."""

from __future__ import annotations

from approvals.canonical import Digest
from approvals.model import RequestId
from blocks import actions, replies
from blocks.actions import Item, Picked
from bot.desk import decide
from bot.desk.decide import Tell, Told
from bot.slack.front import Front
from bot.slack.once import Once
from bot.slack.opening import Opening
from bot.slack.payloads import Body, Click, click, digest_seen


class Clicks:
    """Listeners for `block_actions`."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._once: Once[None] = Once()
        self._opening = Opening(front)

    async def take(self, body: Body) -> None:
        """Handle one click. When this returns, what it did is durable, and its answer under way."""
        clicked = click(body)
        wrong = await self._front.answered(lambda: self._once.run(clicked.key, lambda: self._handle(clicked)))
        if wrong is not None:
            self._front.tell(clicked, wrong)

    async def _handle(self, unnamed: Click) -> None:
        clicked = self._front.name(unnamed)
        match clicked.action:
            case actions.APPROVE:
                await self._approve(clicked)
            case actions.EDIT:
                self._opening.edit(clicked)
            case actions.REJECT:
                self._opening.reject(clicked)
            case actions.VIEW:
                self._opening.everything(clicked)
            case actions.MORE:
                picked = Picked.decode(clicked.value)
                if picked is not None and picked.item is Item.VIEW:
                    self._opening.everything(clicked)
                else:
                    self._front.say(clicked, replies.unknown_button())
            case page if page in actions.PAGES:
                self._opening.turn(clicked)
            case _:
                self._front.say(clicked, replies.unknown_button())

    async def _approve(self, clicked: Click) -> None:
        tell = Tell(
            user=clicked.by.id,
            words=self._words,
            key=clicked.key,
            channel=clicked.channel,
            response_url=clicked.response_url,
        )

        def seen(request: RequestId) -> Digest:
            return digest_seen(clicked.value, request)

        async def approving() -> Told | None:
            place = (clicked.channel, clicked.ts)
            return await decide.approve_card(self._front.desk, *place, clicked.by, seen, tell=tell)

        await self._front.once_up(approving)

    def _words(self, told: Told) -> str | None:
        """What the card itself does not say at once: why it did not count, or who is still missing."""
        if told.answer.refused is None and not told.answer.repeated and told.case.status.final:
            return None
        roster = self._front.desk.directory.roster()
        return replies.answer_words(told.answer, told.case, roster, "approve")
