"""A digest's *Review*: a modal, page by page, in which each item is chosen, edited or pulled out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from approvals.digest_choices import Pick
from approvals.errors import Reason
from approvals.fields import fields
from approvals.model import Case
from approvals.roster import Person
from approvals.voting import why_refused
from approvals.words import BoardId, Kind, RequestId
from blocks import actions, digest_words, modals, modals_digest, replies
from blocks.actions import BoardPage, OnBoard, Seen
from blocks.text import Mrkdwn
from bot.desk import decide, picking
from bot.desk.picking import Picked, Pulling
from bot.slack import board_views
from bot.slack.front import Front
from bot.slack.layers import Layers
from bot.slack.payloads import Click, Submission, digest_seen
from store import boards, clearings, facts
from store.unit_of_work import Unit


class BoardReview:
    """What is clicked in it. Which digest it is of, its `private_metadata` says; which item, the block."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._layers = Layers(front)
        #: each by its action
        self.does: Mapping[str, Callable[[Click], Awaitable[None]]] = {
            actions.ITEM_PICK: self._pick,
            actions.ITEM_PULL_OUT: self._pull_out,
            actions.ITEM_EDIT: self._edit,
            actions.ITEM_VIEW: self._everything,
            **dict.fromkeys(actions.BOARD_PAGES, self._turn),
        }

    def open(self, click: Click, on: OnBoard) -> None:
        """Its first page, for whoever clicked; returns at once."""

        async def opening() -> None:
            shown = await self._layers.open(click)
            if shown is not None:
                await self._fill(shown, click.by, BoardPage(on))

        self._layers.start(click, opening)

    def ask_why(self, click: Click, on: OnBoard) -> None:
        """The reason that holds for all of them; returns at once."""

        async def asking() -> None:
            opened = await self._layers.open(click)
            shown = await board_views.load(self._front.desk, on.board, on.shown)
            if opened is not None and shown is not None:
                await self._layers.fill(opened, _why(shown))

        self._layers.start(click, asking)

    def go_on(self, sent: Submission) -> None:
        """A modal upon the review was submitted: show there how things are now. Returns at once."""
        page = BoardPage.decode(sent.external_id.rpartition("|")[0])
        if page is not None and sent.under is not None:
            work = self._anew(sent.under, self._front.person(sent.by), page)
            self._front.tasks.start(work, "show a review anew")

    async def _pick(self, click: Click) -> None:
        page, request = BoardPage.decode(click.private_metadata), modals_digest.item_of(click.block)
        if page is None or request is None or click.value not in list(Pick):
            self._layers.refuse(click, replies.unknown_button())
            return
        picked = await self._keep(click, page, {request: Pick(click.value)})
        if picked is not None and picked.decides_more_or_less:
            # The button that sends it says how many.
            self._again(click, page)

    async def _turn(self, click: Click) -> None:
        page, wanted = BoardPage.decode(click.private_metadata), BoardPage.decode(click.value)
        if page is None or wanted is None:
            self._layers.refuse(click, replies.unknown_button())
        elif await self._keep(click, page) is not None:
            self._again(click, page.at(wanted.number))

    async def _pull_out(self, click: Click) -> None:
        page, request = BoardPage.decode(click.private_metadata), _item(click)
        if page is None or request is None:
            self._layers.refuse(click, digest_words.stale())
            return
        if await self._keep(click, page) is None:
            return
        pulled = await picking.pull_out(self._front.desk, page.on.board, click.by, request)
        if pulled.what is Pulling.UNKNOWN:
            self._layers.refuse(click, digest_words.stale())
        elif pulled.why is not None:
            self._layers.refuse(click, self._refusal(pulled.why, pulled.case))
        else:
            self._again(click, page)

    async def _edit(self, click: Click) -> None:
        """The form upon the review; what it is submitted with goes the way of every edit."""
        page, request = BoardPage.decode(click.private_metadata), _item(click)
        if page is None or request is None:
            self._layers.refuse(click, digest_words.stale())
        elif await self._keep(click, page) is not None:
            self._layers.start(click, partial(self._push_form, click, page, request))

    async def _everything(self, click: Click) -> None:
        request = _item(click)
        if request is None:
            self._layers.refuse(click, digest_words.stale())
            return

        async def pushing() -> None:
            await self._layers.push(click, await self._front.desk.store.read(partial(_all_of, request)))

        self._layers.start(click, pushing)

    async def _keep(
        self, click: Click, page: BoardPage, picks: Mapping[RequestId, Pick] | None = None
    ) -> Picked | None:
        """Keep all that is chosen and typed on the page; None, and said so, where that is not theirs."""
        picked = await picking.keep(
            self._front.desk,
            page.on.board,
            click.by,
            {**modals_digest.picks_of(click.values), **(picks or {})},
            shown=page.on.shown,
            reason=modals_digest.reason_of(click.values) or "",
        )
        if picked is None:
            self._layers.refuse(click, await self._not_theirs(page.on.board))
        return picked

    async def _not_theirs(self, board: BoardId) -> Mrkdwn:
        found = await self._front.desk.store.read(lambda unit: boards.get(unit, board))
        return digest_words.unknown_board() if found is None else digest_words.not_asked(found.ask)

    async def _push_form(self, click: Click, page: BoardPage, request: RequestId) -> None:
        desk = self._front.desk
        case, roster = (
            await desk.store.read(lambda unit: decide.known(unit, request)),
            desk.directory.roster(),
        )
        why = why_refused(case, click.by.id, digest_seen(click.value, request), roster)
        if why is None and case.request.kind is Kind.QUESTION:
            why = Reason.NOT_THIS_WAY
        if why is not None:
            await self._layers.push(click, modals.notice_modal("Not decided", self._refusal(why, case)))
            return
        form = modals.edit_modal(case, fields(case), roster)
        # The page comes back with what is submitted, to whichever replica that goes.
        form["external_id"] = desk.runtime.token(f"{page.encode()}|")
        await self._layers.push(click, form)

    def _again(self, click: Click, page: BoardPage) -> None:
        view = click.view
        if view is not None:
            self._layers.start(click, lambda: self._fill(view, click.by, page))

    async def _anew(self, view: str, by: Person, page: BoardPage) -> None:
        await self._front.answered(lambda: self._fill(view, by, page))

    async def _fill(self, view: str, by: Person, page: BoardPage) -> None:
        """Only what stood on the message that was clicked: of the rest nobody has seen how much it is."""
        desk = self._front.desk
        shown = await board_views.load(desk, page.on.board, page.on.shown)
        if shown is None:
            return
        draft = await desk.store.read(lambda unit: clearings.draft(unit, page.on.board, by.id))
        made = modals_digest.review(shown.view, page.number, draft.choices, draft.reason)
        await self._layers.fill(view, made)

    def _refusal(self, why: Reason, case: Case | None) -> Mrkdwn:
        return replies.refusal(why, case, self._front.desk.directory.roster())


def _why(shown: board_views.Shown) -> dict[str, Any]:
    """Asked while there is anything to reject."""
    if shown.over:
        words = (
            digest_words.carried_on(shown.view.carried)
            if shown.view.carried_on
            else digest_words.nothing_left()
        )
        return modals.notice_modal("Not decided", words)
    if not shown.view.rejectable:
        return modals.notice_modal("Not decided", digest_words.nothing_to_reject())
    return modals_digest.reject_all(shown.view)


def _item(click: Click) -> RequestId | None:
    """Which item's row it was in; None where its button was made for another."""
    request, seen = modals_digest.item_of(click.block), Seen.decode(click.value)
    return request if seen is not None and seen.request == request else None


def _all_of(request: RequestId, unit: Unit) -> dict[str, Any]:
    return modals.everything_modal(decide.known(unit, request), facts.chain(unit, request), 1)
