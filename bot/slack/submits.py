"""A modal was submitted: the vote or the edit is decided, and the modal answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from approvals.errors import Reason
from approvals.fields import fields
from approvals.model import Choice, RequestId
from blocks import actions, modals, replies
from blocks.actions import Seen
from blocks.replies import Wanted
from blocks.text import Mrkdwn
from bot.desk import decide
from bot.desk.decide import Told
from bot.slack.front import Front
from bot.slack.once import Once
from bot.slack.payloads import Body, Submission, submission

#: What Slack is answered: empty closes the modal.
ViewAnswer: TypeAlias = dict[str, Any]

_CLOSE: ViewAnswer = {"response_action": "clear"}


class Submits:
    """Listeners for `view_submission`."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._once: Once[ViewAnswer] = Once()

    async def take(self, body: Body) -> ViewAnswer:
        """Handle one submission. What the answer says is durable."""
        sent = submission(body)
        answer: ViewAnswer = {}

        async def handling() -> None:
            answer.update(await self._once.run(sent.key, lambda: self._handle(sent)))

        wrong = await self._front.answered(handling)
        return answer if wrong is None else _keep_open(sent, wrong.text)

    async def _handle(self, sent: Submission) -> ViewAnswer:
        seen = Seen.decode(sent.private_metadata)
        handle = self._by_modal(sent.modal)
        if seen is None or handle is None:
            return instead(replies.unknown_button())
        return await handle(sent, seen)

    def _by_modal(self, modal: str) -> Callable[[Submission, Seen], Awaitable[ViewAnswer]] | None:
        return {actions.REJECT_MODAL: self._reject, actions.EDIT_MODAL: self._edit}.get(modal)

    async def _reject(self, sent: Submission, seen: Seen) -> ViewAnswer:
        by = self._front.person(sent.by)
        told = await decide.vote(
            self._front.desk,
            seen.request,
            by,
            Choice.REJECT,
            seen.digest,
            reason=modals.reason_of(sent.values),
        )
        if told.answer.refused is Reason.REASON_MISSING:
            sentence = self._words(told, "reject")
            return {"response_action": "errors", "errors": {modals.REASON_BLOCK: sentence}}
        return self._answer(told, "reject")

    async def _edit(self, sent: Submission, seen: Seen) -> ViewAnswer:
        shown = await self._fields(seen.request)
        told = await decide.edit(
            self._front.desk,
            seen.request,
            self._front.person(sent.by),
            modals.values_of(sent.values, shown),
            seen.digest,
            reason=modals.note_of(sent.values),
        )
        if told.errors:
            return {"response_action": "errors", "errors": modals.errors_at(told.errors, shown)}
        return self._answer(told, "edit")

    async def _fields(self, request: RequestId) -> Any:
        """The form as it was shown; where the payload has changed since, the edit is refused as stale."""
        case = await self._front.desk.store.read(lambda unit: decide.known(unit, request))
        return fields(case)

    def _answer(self, told: Told, wanted: Wanted) -> ViewAnswer:
        """Close what was done; say in the modal's place what was not, or who is still missing."""
        if told.answer.refused is None and not told.answer.repeated and told.case.status.final:
            return _CLOSE
        return instead(self._words(told, wanted), done=told.answer.refused is None)

    def _words(self, told: Told, wanted: Wanted) -> str:
        roster = self._front.desk.directory.roster()
        return replies.answer_words(told.answer, told.case, roster, wanted)


def instead(text: str, *, done: bool = False) -> ViewAnswer:
    """A modal that says `text` takes the place of the one that was submitted."""
    title = "Counted" if done else "Not decided"
    return {"response_action": "update", "view": modals.notice_modal(title, Mrkdwn(text))}


def _keep_open(sent: Submission, wrong: str) -> ViewAnswer:
    """What was typed stays: the sentence appears at the last input, beside the button that was pressed."""
    if not sent.inputs:
        return instead(wrong)
    return {"response_action": "errors", "errors": {sent.inputs[-1]: wrong}}
