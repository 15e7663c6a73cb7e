"""A modal was submitted: what it asks for is decided, and the modal answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from approvals import confirming
from approvals.errors import Reason
from approvals.fields import entered, fields
from approvals.model import Case
from approvals.words import Choice, Gate, RequestId
from blocks import actions, modals, replies
from blocks.actions import Page, Seen
from blocks.replies import Wanted
from bot.desk import decide
from bot.desk.decide import Told
from bot.slack.attending import Attending
from bot.slack.board_review import BoardReview
from bot.slack.board_submits import BoardSubmits
from bot.slack.front import Front
from bot.slack.lists import Lists
from bot.slack.once import Once
from bot.slack.payloads import Body, Submission, submission
from bot.slack.view_answers import CLOSE, ViewAnswer, error, instead, only_this

_Handler: TypeAlias = Callable[[Submission, Seen], Awaitable[ViewAnswer]]


class Submits:
    """Listeners for `view_submission`."""

    def __init__(self, front: Front, lists: Lists, review: BoardReview) -> None:
        self._front = front
        self._lists = lists
        self._review = review
        self._once: Once[ViewAnswer] = Once()
        #: those that decide nothing
        self._attending: Mapping[str, _Handler] = Attending(front).by_modal
        self._by_modal: Mapping[str, _Handler] = {
            actions.REJECT_MODAL: self._reject,
            actions.FLAG_MODAL: self._reject,
            actions.EDIT_MODAL: self._edit,
            actions.CONFIRM_MODAL: self._confirm,
            actions.ANSWER_MODAL: self._answer,
            actions.ALLOW_MODAL: self._allow,
            **self._attending,
        }
        boards = BoardSubmits(front)
        #: those that are about no single request
        self._of_boards: Mapping[str, Callable[[Submission], Awaitable[ViewAnswer]]] = {
            actions.DIGEST_MODAL: boards.review,
            actions.DIGEST_REJECT_MODAL: boards.reject_all,
        }

    async def take(self, body: Body) -> ViewAnswer:
        """Handle one submission. What the answer says is durable."""
        sent = submission(body)
        answer: ViewAnswer = {}

        async def handling() -> None:
            answer.update(await self._once.run(sent.key, lambda: self._handle(sent)))

        wrong = await self._front.answered(handling)
        if wrong is None:
            return answer
        if wrong.past_the_store:
            self._tell_if_saved(sent)
        return _keep_open(sent, wrong.text)

    def _tell_if_saved(self, sent: Submission) -> None:
        """The modal says now that it was not. (How a digest stands is on its message.)"""
        seen = _seen(sent) if sent.modal in self._by_modal else None
        if seen is not None:
            decides, by = sent.modal not in self._attending, self._front.person(sent.by)
            self._front.tell_if_saved(by, seen.request, sent.key, decides=decides)

    async def _handle(self, sent: Submission) -> ViewAnswer:
        if sent.modal in self._of_boards:
            return await self._of_boards[sent.modal](sent)
        seen, handle = _seen(sent), self._by_modal.get(sent.modal)
        if seen is None or handle is None:
            return instead(replies.unknown_button())
        answer = await handle(sent, seen)
        self._lists.submitted(sent.view, self._front.person(sent.by))
        if sent.under is not None:
            self._review.go_on(sent)
            return only_this(answer)
        return answer

    async def _reject(self, sent: Submission, seen: Seen) -> ViewAnswer:
        told = await self._vote(sent, seen, Choice.REJECT, reason=modals.reason_of(sent.values))
        wanted: Wanted = "flag" if sent.modal == actions.FLAG_MODAL else "reject"
        if told.answer.refused is Reason.REASON_MISSING:
            return error(modals.REASON_BLOCK, self._words(told, wanted))
        return self._answered(sent, told, wanted)

    async def _edit(self, sent: Submission, seen: Seen) -> ViewAnswer:
        case = await self._case(seen.request)
        # The form as it was shown; where the payload has changed since, the edit is refused as stale.
        shown = fields(case)
        values = modals.values_of(sent.values, shown)
        told = await decide.edit(
            self._front.desk,
            seen.request,
            self._front.person(sent.by),
            values,
            seen.digest,
            reason=modals.note_of(sent.values),
            typed=modals.typed_of(sent.values),
        )
        if told.errors:
            return {"response_action": "errors", "errors": modals.errors_at(told.errors, shown)}
        if told.answer.refused is Reason.NOT_CONFIRMED:
            word = confirming.word(case.judgement, entered(case, values).payload)
            return error(modals.TYPED_BLOCK, modals.not_confirmed(word))
        if told.answer.refused is Reason.NOTHING_CHANGED:
            return error(modals.NOTE_BLOCK, self._words(told, "correct"))
        return self._answered(sent, told, "correct" if case.judgement.gate is Gate.AUDIT else "edit")

    async def _confirm(self, sent: Submission, seen: Seen) -> ViewAnswer:
        note, typed = modals.note_of(sent.values), modals.typed_of(sent.values)
        told = await self._vote(sent, seen, Choice.APPROVE, reason=note, typed=typed)
        if told.answer.refused is Reason.NOT_CONFIRMED:
            word = confirming.word(told.case.judgement, told.case.payload)
            return error(modals.TYPED_BLOCK, modals.not_confirmed(word))
        return self._answered(sent, told, "approve")

    async def _answer(self, sent: Submission, seen: Seen) -> ViewAnswer:
        by, answer = self._front.person(sent.by), modals.answer_of(sent.values)
        told = await decide.answer(self._front.desk, seen.request, by, answer, seen.digest)
        if told.answer.refused is Reason.NO_ANSWER:
            return error(modals.ANSWER_BLOCK, self._words(told, "answer"))
        return self._answered(sent, told, "answer")

    async def _allow(self, sent: Submission, seen: Seen) -> ViewAnswer:
        note, lasts = modals.note_of(sent.values), modals.lasts_of(sent.values)
        told = await self._vote(sent, seen, Choice.APPROVE, reason=note, lasts=lasts)
        if told.answer.refused is Reason.NOT_GRANTABLE:
            return error(modals.LASTS_BLOCK, self._words(told, "allow"))
        return self._answered(sent, told, "allow")

    async def _vote(
        self,
        sent: Submission,
        seen: Seen,
        choice: Choice,
        *,
        reason: str | None,
        typed: str | None = None,
        lasts: timedelta | None = None,
    ) -> Told:
        by, desk = self._front.person(sent.by), self._front.desk
        return await decide.vote(
            desk, seen.request, by, choice, seen.digest, reason=reason, typed=typed, lasts=lasts
        )

    async def _case(self, request: RequestId) -> Case:
        return await self._front.desk.store.read(lambda unit: decide.known(unit, request))

    def _answered(self, sent: Submission, told: Told, wanted: Wanted) -> ViewAnswer:
        """Close what was done; say in the modal's place what was not, or who is still missing."""
        self._front.tell_unless_shown(told, wanted, sent)
        if told.answer.refused is None and not told.answer.repeated and told.case.status.final:
            return CLOSE
        return instead(self._words(told, wanted), done=told.answer.refused is None)

    def _words(self, told: Told, wanted: Wanted) -> str:
        roster = self._front.desk.directory.roster()
        return replies.answer_words(told.answer, told.case, roster, wanted)


def _seen(sent: Submission) -> Seen | None:
    """What the modal carries: of one that is read part by part, with the part's number."""
    page = Page.decode(sent.private_metadata)
    return page.seen if page is not None else Seen.decode(sent.private_metadata)


def _keep_open(sent: Submission, wrong: str) -> ViewAnswer:
    """What was typed stays: the sentence appears at the last input, beside the button that was pressed."""
    if not sent.inputs:
        return instead(wrong)
    return {"response_action": "errors", "errors": {sent.inputs[-1]: wrong}}
