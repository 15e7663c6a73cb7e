"""Opening a modal: a task that the answer to the click never waits for. It decides nothing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

from approvals import grants
from approvals.canonical import Digest
from approvals.errors import Broken, Reason
from approvals.fields import fields
from approvals.machine import why_refused
from approvals.model import Case
from approvals.roster import Person
from approvals.words import Gate, GrantId, Kind, RequestId, UserId
from blocks import actions, guide, modals, replies
from blocks.actions import Page, Seen
from blocks.text import Mrkdwn
from bot.desk import decide
from bot.slack.front import Front
from bot.slack.lists import Lists
from bot.slack.payloads import Click, digest_seen, seen_by
from bot.slack.troubles import SlackTrouble, Trouble, said
from store import facts
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

View: TypeAlias = dict[str, Any]
_Modal: TypeAlias = Callable[[Case], View]
#: Why a modal is of no use for a case, whoever asks.
_Unless: TypeAlias = Callable[[Case], Reason | None]

_NOBODY = Person(UserId(""), "")

#: Seconds for a modal, which no answer waits for: more than one call to Slack may take, so that a slow Slack
#: is called slow.
_OPEN_WITHIN = 12.0


class Opening:
    """Each method starts a task and returns at once."""

    def __init__(self, front: Front, lists: Lists) -> None:
        self._front = front
        self._lists = lists

    def edit(self, click: Click) -> None:
        """The form to change the arguments in, for those who are asked."""
        self._start(click, lambda: self._for_voters(click, self._form, _votable))

    def reject(self, click: Click) -> None:
        """The modal that asks for a reason, for those who are asked: to reject it, or to flag a review."""
        self._start(click, lambda: self._for_voters(click, _asking_why, _votable))

    def confirm(self, click: Click) -> None:
        """All of what would be approved, and room to type what confirms it, for those who are asked."""
        self._start(click, lambda: self._for_voters(click, self._to_confirm, _approvable))

    def answer(self, click: Click) -> None:
        """Room to write an answer in, for those who are asked."""
        self._start(click, lambda: self._for_voters(click, modals.answer_modal, _answerable))

    def allow(self, click: Click, seen: Seen) -> None:
        """What would be let through with this one, to those asked; `seen` is what the menu carried."""
        self._start(click, lambda: self._for_voters(click, self._to_allow, _allowable, seen))

    def present(self, click: Click, make: Callable[[Case], View | Mrkdwn]) -> None:
        """What `make` makes of the request that was clicked; where it is words, they are said instead."""
        self._start(click, lambda: self._present(click, make))

    def read_on(self, click: Click) -> None:
        """Another part of what is being confirmed or allowed."""
        self._start(click, lambda: self._read_on(click))

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

    async def _for_voters(
        self, click: Click, modal: _Modal, unless: _Unless, carried: Seen | None = None
    ) -> None:
        case = await self._case(await self._front.request_of(click))
        seen = digest_seen(click.value, case.id) if carried is None else seen_by(carried, case.id)
        why = self._why_not(click, case, seen, unless)
        if why is not None:
            self._front.say(click, why)
            return
        await self._open(click, modal(case))

    def _why_not(self, click: Click, case: Case, seen: Digest, unless: _Unless) -> Mrkdwn | None:
        """None when whoever clicked may go on; else what to tell them."""
        roster = self._front.desk.directory.roster()
        why = why_refused(case, click.by.id, seen, roster) or unless(case)
        return None if why is None else replies.refusal(why, case, roster)

    def _form(self, case: Case) -> View:
        return modals.edit_modal(case, fields(case), self._front.desk.directory.roster())

    def _to_confirm(self, case: Case, part: int = 1) -> View:
        return modals.confirm_modal(case, self._front.desk.directory.roster(), part)

    def _to_allow(self, case: Case, part: int = 1) -> View:
        """As if the longest were chosen, by somebody who is not known yet: only its terms are shown."""
        terms = case.judgement.grants
        longest = terms.longest if terms is not None else timedelta()
        grant = grants.given(case, GrantId(""), _NOBODY, self._front.desk.runtime.now(), longest)
        if grant is None:
            raise Broken(f"{case.id} can be granted and cannot")
        return modals.allow_modal(case, grant, part)

    async def _read_on(self, click: Click) -> None:
        page = Page.decode(click.value)
        if page is None or click.view is None:
            return
        part, case = page.number, await self._case(page.seen.request)
        allowing = click.modal == actions.ALLOW_MODAL
        # Who reads the second part of something else than they began with must not confirm that.
        why = self._why_not(click, case, page.seen.digest, _allowable if allowing else _approvable)
        if why is not None:
            view = modals.notice_modal("Not decided", why)
        else:
            view = self._to_allow(case, part) if allowing else self._to_confirm(case, part)
        await self._update(click.view, view)

    async def _present(self, click: Click, make: Callable[[Case], View | Mrkdwn]) -> None:
        made = make(await self._case(await self._front.request_of(click)))
        if isinstance(made, Mrkdwn):
            self._front.say(click, made)
        else:
            await self._open(click, made)

    async def _everything(self, click: Click) -> None:
        request = await self._front.request_of(click)
        await self._open(click, await self._page(request, 1))

    async def _turn(self, click: Click) -> None:
        page = Page.decode(click.value)
        if page is None or click.view is None:
            return
        await self._update(click.view, await self._page(page.seen.request, page.number))

    async def _update(self, shown: str, view: View) -> None:
        client = self._front.out.connection.client
        try:
            await said(client.views_update(view_id=shown, view=view))
        except SlackTrouble as trouble:
            log.warning("a page could not be turned: %s", trouble)

    async def _page(self, request: RequestId, number: int) -> View:
        def paging(unit: Unit) -> View:
            return modals.everything_modal(decide.known(unit, request), facts.chain(unit, request), number)

        return await self._front.desk.store.read(paging)

    async def _open(self, click: Click, view: View) -> None:
        client = self._front.out.connection.client
        try:
            opened = await said(client.views_open(trigger_id=click.trigger, view=view))
            self._lists.opened(str(opened["view"]["id"]), click)
        except SlackTrouble as trouble:
            log.warning("a modal could not be opened: %s", trouble)
            if trouble.trouble is Trouble.TOKEN:
                self._front.out.identity.refused(trouble.code)
            late = trouble.trouble in (Trouble.EXPIRED, Trouble.AWAY)
            self._front.say(click, replies.took_too_long() if late else guide.not_opened())


def _asking_why(case: Case) -> View:
    return modals.flag_modal(case) if case.judgement.gate is Gate.AUDIT else modals.reject_modal(case)


def _votable(case: Case) -> Reason | None:
    return Reason.NOT_THIS_WAY if case.request.kind is Kind.QUESTION else None


def _approvable(case: Case) -> Reason | None:
    return _votable(case) or (Reason.BREAKS_FORM if case.flaws else None)


def _allowable(case: Case) -> Reason | None:
    return _approvable(case) or (None if grants.grantable(case) else Reason.NOT_GRANTABLE)


def _answerable(case: Case) -> Reason | None:
    if case.request.kind is not Kind.QUESTION:
        return Reason.NOT_THIS_WAY
    return Reason.NO_ANSWER if case.request.options else None
