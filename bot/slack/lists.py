"""Requests in lists: drawn for whoever asked, and drawn anew once something in them was decided."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from approvals.model import Case
from approvals.roster import Person, Roster
from approvals.turns import may_decide
from approvals.words import RequestId
from blocks import queue as said_of
from blocks import replies
from blocks.card import card, minimal
from blocks.limits import problems_of_message
from blocks.listed import SHOWN, Listed, QueuePage
from blocks.message import Message
from blocks.queue import Line, Listing
from bot.desk import finding, queue
from bot.desk.queue import Only, Which
from bot.slack import showing
from bot.slack.front import Front
from bot.slack.payloads import Click
from bot.slack.troubles import SlackTrouble
from store import held
from store.cards import CardRef

log = logging.getLogger(__name__)

#: Modals remembered that were opened from a list; whoever has more open than that sees an older list.
_REMEMBERED: Final = 1024
#: Seconds for a list that nobody waits for.
_WITHIN: Final = 20.0


@dataclass(frozen=True, slots=True)
class _Place:
    """A list somebody sees, and where it can be replaced."""

    listed: Listed
    url: str


class Lists:
    """`/hitl queue` and `/hitl show`, and the clicks in them that turn pages."""

    def __init__(self, front: Front) -> None:
        self._front = front
        #: a submitted modal brings no `response_url`: that of the click that opened it, by the modal's id
        self._opened: OrderedDict[str, _Place] = OrderedDict()

    async def queue(self, by: Person, page: QueuePage) -> Message:
        """A page of the queue of `by`; beyond its end, the last one."""
        desk = self._front.desk
        # Whoever asks at the same moment shares one look at all that is pending.
        pending = await self._front.homes.overview.pending()
        found = await queue.among(desk, by.id, pending, Only(page.action, page.agent))
        ids = found.of(Which(page.which))
        if page.start >= len(ids):
            page = page.at(max(len(ids) - 1, 0) // said_of.A_PAGE * said_of.A_PAGE)
        items = await queue.items(desk, ids[page.start : page.start + said_of.A_PAGE])
        roster = desk.directory.roster()
        lines = [_line(each.case, each.card, by, roster) for each in items]
        mine, others = len(found.of(Which.MINE)), len(found.others)
        operates = by.id in desk.policies.current.operators
        waiting = await desk.store.read(held.counts) if operates else {}
        return said_of.queue(Listing(page, lines, len(ids), mine, others, waiting), roster)

    async def show(self, by: Person, typed: str) -> Message:
        """The card of the request that `by` names."""
        if not typed.strip("`*_ "):
            return said_of.no_id()
        meant = await finding.meant(self._front.desk, by.id, typed)
        if meant.item is not None:
            message = await self._card(meant.item.case.id, by)
            return message if message is not None else said_of.no_request(typed)
        if not meant.ambiguous:
            return said_of.no_request(typed)
        return said_of.ambiguous(typed, await self._cases(meant.among))

    def turn(self, click: Click) -> None:
        """Another page, in place of the one that was shown."""
        page, url = QueuePage.decode(click.value), click.response_url
        if page is None or url is None:
            self._front.say(click, replies.unknown_button())
            return

        async def turning() -> None:
            await self.replace(await self.queue(click.by, page), url)

        self.start(click, turning)

    def drawn_from(self, click: Click) -> None:
        """Something was decided by `click`: where that was in a list, draw the list anew."""
        if click.listed is not None and click.response_url is not None:
            self._start(click.by, _Place(click.listed, click.response_url))

    def opened(self, view: str, click: Click) -> None:
        """A modal was opened from a list: what is submitted in it changes the list."""
        if click.listed is None or click.response_url is None:
            return
        self._opened[view] = _Place(click.listed, click.response_url)
        if len(self._opened) > _REMEMBERED:
            self._opened.popitem(last=False)

    def submitted(self, view: str, by: Person) -> None:
        """Draw anew the list that this modal was opened from, if this replica opened it."""
        place = self._opened.get(view)
        if place is not None:
            self._start(by, place)

    def start(self, click: Click, work: Callable[[], Awaitable[None]]) -> None:
        """Do what the answer to `click` does not wait for; whoever clicked is told what went wrong."""
        self._front.tasks.start(self._guarded(click, work), f"list {click.action}")

    async def replace(self, message: Message, url: str) -> None:
        """Put `message` in the place of what only one person sees. Raises `SlackTrouble`."""
        body = {"response_type": "ephemeral", "replace_original": True}
        await self._front.out.connection.answer(url, {**body, **message.as_call()})

    def _start(self, by: Person, place: _Place) -> None:
        self._front.tasks.start(self._anew(by, place), "draw a list anew")

    async def _anew(self, by: Person, place: _Place) -> None:
        """What was decided stands either way: an old list only refuses what is clicked in it."""

        async def drawing() -> None:
            message = await self._now(by, place.listed)
            if message is not None:
                await self.replace(message, place.url)

        if await self._front.answered(lambda: heeding(drawing), _WITHIN) is not None:
            log.warning("a list stays as it was")

    async def _now(self, by: Person, listed: Listed) -> Message | None:
        """The list as it is now; None for what is no message, as the home tab."""
        page = QueuePage.decode(listed.where)
        if page is not None:
            return await self.queue(by, page)
        return await self._card(listed.request, by) if listed.where == SHOWN else None

    async def _card(self, request: RequestId, by: Person) -> Message | None:
        desk = self._front.desk
        now, roster = desk.runtime.now(), desk.directory.roster()
        known = await desk.store.read(lambda unit: showing.load(unit, request, now))
        if known is None:
            return None
        message = card(known.view(roster, operators=bool(desk.policies.current.operators)))
        problems = problems_of_message(message.as_post())
        if problems:
            log.error("the card of %s would be refused: %s", request, problems[0].rule)
            message = minimal(known.case, problems[0].rule)
        return said_of.shown(message, _line(known.case, known.ref, by, roster))

    async def _cases(self, ids: tuple[RequestId, ...]) -> list[Case]:
        return [each.case for each in await queue.items(self._front.desk, ids)]

    async def _guarded(self, click: Click, work: Callable[[], Awaitable[None]]) -> None:
        wrong = await self._front.answered(lambda: heeding(work), _WITHIN)
        if wrong is not None:
            self._front.tell(click, wrong)


def _line(case: Case, ref: CardRef | None, by: Person, roster: Roster) -> Line:
    """As `by` sees it now."""
    permalink = ref.permalink if ref is not None else None
    return Line(case, permalink, decides=may_decide(case, by.id, roster))


async def heeding(work: Callable[[], Awaitable[None]]) -> None:
    """Slack's own refusals are no bug of ours: whoever clicked is told to try again."""
    try:
        await work()
    except SlackTrouble as trouble:
        log.warning("a list could not be shown: %s", trouble)
        raise TimeoutError from trouble
