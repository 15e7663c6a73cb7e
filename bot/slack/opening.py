"""Opening a modal: a task that the answer to the click never waits for. It decides nothing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from approvals.fields import fields
from approvals.machine import why_refused
from approvals.model import Case, RequestId
from blocks import guide, modals, replies
from blocks.actions import Page
from bot.desk import decide
from bot.slack.front import Front
from bot.slack.payloads import Click, digest_seen
from bot.slack.troubles import SlackTrouble, Trouble, said
from store import facts
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

View: TypeAlias = dict[str, Any]


#: Seconds for a modal, which no answer waits for: more than one call to Slack may take, so that a slow Slack
#: is called slow.
_OPEN_WITHIN = 12.0


class Opening:
    """Each method starts a task and returns at once."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def edit(self, click: Click) -> None:
        """The form to change the arguments in, for those who are asked."""
        self._start(click, lambda: self._for_voters(click, self._form))

    def reject(self, click: Click) -> None:
        """The modal that asks for a reason, for those who are asked."""
        self._start(click, lambda: self._for_voters(click, modals.reject_modal))

    def everything(self, click: Click) -> None:
        """All there is to know, for whoever sees the card."""
        self._start(click, lambda: self._everything(click))

    def turn(self, click: Click) -> None:
        """Another page of it."""
        self._start(click, lambda: self._turn(click))

    def _start(self, click: Click, work: Callable[[], Awaitable[None]]) -> None:
        self._front.tasks.start(self._guarded(click, work), f"open {click.action}")

    async def _guarded(self, click: Click, work: Callable[[], Awaitable[None]]) -> None:
        wrong = await self._front.answered(work, _OPEN_WITHIN)
        if wrong is not None:
            self._front.tell(click, wrong)

    async def _case(self, request: RequestId) -> Case:
        return await self._front.desk.store.read(lambda unit: decide.known(unit, request))

    async def _for_voters(self, click: Click, modal: Callable[[Case], View]) -> None:
        case = await self._case(await self._front.request_of(click))
        roster = self._front.desk.directory.roster()
        why = why_refused(case, click.by.id, digest_seen(click.value, case.id), roster)
        if why is not None:
            self._front.say(click, replies.refusal(why, case, roster))
            return
        await self._open(click, modal(case))

    def _form(self, case: Case) -> View:
        return modals.edit_modal(case, fields(case), self._front.desk.directory.roster())

    async def _everything(self, click: Click) -> None:
        request = await self._front.request_of(click)
        await self._open(click, await self._page(request, 1))

    async def _turn(self, click: Click) -> None:
        page = Page.decode(click.value)
        if page is None or click.view is None:
            return
        view = await self._page(page.seen.request, page.number)
        client = self._front.out.connection.client
        try:
            await said(client.views_update(view_id=click.view, view=view))
        except SlackTrouble as trouble:
            log.warning("a page could not be turned: %s", trouble)

    async def _page(self, request: RequestId, number: int) -> View:
        def paging(unit: Unit) -> View:
            return modals.everything_modal(decide.known(unit, request), facts.chain(unit, request), number)

        return await self._front.desk.store.read(paging)

    async def _open(self, click: Click, view: View) -> None:
        client = self._front.out.connection.client
        try:
            await said(client.views_open(trigger_id=click.trigger, view=view))
        except SlackTrouble as trouble:
            log.warning("a modal could not be opened: %s", trouble)
            if trouble.trouble is Trouble.TOKEN:
                self._front.out.identity.refused(trouble.code)
            late = trouble.trouble in (Trouble.EXPIRED, Trouble.AWAY)
            self._front.say(click, replies.took_too_long() if late else guide.not_opened(trouble.code))
