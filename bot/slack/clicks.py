"""A click on a card or in a list: some decide at once, the others open a modal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from approvals.canonical import Digest
from approvals.errors import Reason
from approvals.model import Case
from approvals.words import RequestId
from blocks import actions, replies
from blocks.actions import Chosen, Item, Picked
from blocks.replies import Wanted
from bot.desk import decide
from bot.desk.decide import Tell, Told
from bot.slack.attending import Attending
from bot.slack.board_clicks import BoardClicks
from bot.slack.board_review import BoardReview
from bot.slack.commands import revoked
from bot.slack.dead_letters import DeadLetters
from bot.slack.front import Front
from bot.slack.home_clicks import HomeClicks
from bot.slack.lists import Lists
from bot.slack.once import Once
from bot.slack.opening import Opening
from bot.slack.payloads import Body, Click, click, digest_seen, seen_by
from bot.slack.stats import Stats


class Clicks:
    """Listeners for `block_actions`."""

    def __init__(self, front: Front, lists: Lists, review: BoardReview) -> None:
        self._front = front
        self._lists = lists
        self._once: Once[None] = Once()
        self._opening = Opening(front, lists)
        self._attending = Attending(front)
        self._stats = Stats(front)
        self._dead = DeadLetters(front, lists)
        self._home = HomeClicks(front, lists)
        self._boards = BoardClicks(front, review)
        self._opens: Mapping[str, Callable[[Click], None]] = {
            actions.EDIT: self._opening.edit,
            actions.CORRECT: self._opening.edit,
            actions.REJECT: self._opening.reject,
            actions.FLAG: self._opening.reject,
            actions.ANSWER: self._opening.answer,
            actions.VIEW: self._opening.everything,
            actions.MORE: self._menu,
            **dict.fromkeys(actions.PAGES, self._opening.turn),
            **dict.fromkeys(actions.CONFIRM_PAGES, self._opening.read_on),
            actions.SHOW_REQUESTS: self._stats.show,
            **dict.fromkeys(actions.REQUESTS_PAGES, self._stats.turn_requests),
            **dict.fromkeys(actions.STATS_PAGES, self._stats.turn),
            **dict.fromkeys(actions.QUEUE_PAGES, lists.turn),
            **dict.fromkeys(actions.DEAD_PAGES, self._dead.turn),
            actions.SEND_AGAIN: self._dead.send_again,
            actions.SEND_ALL_AGAIN: self._dead.send_again,
            actions.PAUSE_LISTED: self._home.pause,
            actions.RESUME_LISTED: self._home.resume,
            actions.HOME_AGAIN: self._home.again,
        }

    async def take(self, body: Body) -> None:
        """Handle one click. When this returns, what it did is durable, and its answer under way."""
        clicked = click(body)
        wrong = await self._front.answered(lambda: self._once.run(clicked.key, lambda: self._handle(clicked)))
        if wrong is not None:
            self._front.tell(clicked, wrong)
        self._home.used(clicked)

    async def _handle(self, unnamed: Click) -> None:
        clicked = self._front.name(unnamed)
        place = actions.option_of(clicked.action)
        on_board = self._boards.handler(clicked.action)
        if on_board is not None:
            await on_board(clicked)
        elif clicked.action in self._opens:
            self._opens[clicked.action](clicked)
        elif clicked.action in (actions.APPROVE, actions.LOOKS_RIGHT):
            await self._approve(clicked)
        elif place is not None:
            await self._answer(clicked, place, lambda case: digest_seen(clicked.value, case.id))
        elif clicked.action == actions.ANSWER_SELECT and (chosen := Chosen.decode(clicked.value)):
            await self._answer(clicked, chosen.place, lambda case: seen_by(chosen.seen, case.id))
        elif clicked.action == actions.NOT_NOW:
            await self._stats.not_now(clicked)
        elif clicked.action == actions.REVOKE:
            self._front.say(clicked, await revoked(self._front.desk, clicked.value, clicked.by))
        else:
            self._front.say(clicked, replies.unknown_button())

    def _menu(self, clicked: Click) -> None:
        picked = Picked.decode(clicked.value)
        if picked is None:
            self._front.say(clicked, replies.unknown_button())
        elif picked.item is Item.VIEW:
            self._opening.everything(clicked)
        elif picked.item is Item.ALLOW:
            self._opening.allow(clicked, picked.seen)
        else:
            self._opening.present(clicked, self._attending.modal(picked.item, clicked.by.id))

    async def _approve(self, clicked: Click) -> None:
        wanted: Wanted = "looks_right" if clicked.action == actions.LOOKS_RIGHT else "approve"
        tell = self._tell(clicked, wanted)

        def seen(request: RequestId) -> Digest:
            return digest_seen(clicked.value, request)

        async def approving() -> Told | None:
            desk, listed = self._front.desk, clicked.listed
            if listed is not None:
                request = listed.request
                return await decide.approve_listed(desk, request, clicked.by, seen(request), tell=tell)
            return await decide.approve_card(desk, clicked.channel, clicked.ts, clicked.by, seen, tell=tell)

        told = await self._front.once_up(approving)
        if told.answer.refused is Reason.NOT_CONFIRMED:
            self._opening.confirm(clicked)
        else:
            self._unless_shown(told, wanted, clicked)
            self._lists.drawn_from(clicked)

    async def _answer(self, clicked: Click, place: int, seen: Callable[[Case], Digest]) -> None:
        """The option at `place` of the request's own: what the button says in words is for people only."""
        case = await self._front.case_of(clicked)
        options = case.request.options
        if place >= len(options):
            self._front.say(clicked, replies.unknown_button())
            return
        tell = self._tell(clicked, "answer")
        by, answer = clicked.by, options[place]
        told = await decide.answer(self._front.desk, case.id, by, answer, seen(case), tell=tell)
        self._unless_shown(told, "answer", clicked)
        self._lists.drawn_from(clicked)

    def _tell(self, clicked: Click, wanted: Wanted) -> Tell:
        return Tell(
            user=clicked.by.id,
            words=partial(self._words, wanted, listed=clicked.listed is not None),
            key=clicked.key,
            channel=clicked.channel,
            response_url=clicked.response_url,
        )

    def _unless_shown(self, told: Told, wanted: Wanted, clicked: Click) -> None:
        if clicked.listed is None:
            self._front.tell_unless_shown(told, wanted, clicked)

    def _words(self, wanted: Wanted, told: Told, *, listed: bool) -> str | None:
        """What the card itself does not say at once: why it did not count, or who is still missing.

        Whoever decides in a list does not see the card.
        """
        decided = told.answer.refused is None and not told.answer.repeated and told.case.status.final
        if decided and not listed:
            return None
        roster = self._front.desk.directory.roster()
        return replies.answer_words(told.answer, told.case, roster, wanted)
