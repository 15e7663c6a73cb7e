"""*Ask the agent*, *Hand over*, *Snooze*: what a card's menu opens for them, and what is submitted then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from approvals import attention
from approvals.errors import Reason, Refused
from approvals.machine import why_refused
from approvals.model import Case
from approvals.words import UserId
from blocks import actions, attention_words, modals, replies
from blocks.actions import Item, Seen
from blocks.modals import Takers, View
from blocks.modals_snooze import LONGEST
from blocks.text import Mrkdwn
from bot.desk import attention as desk_attention
from bot.desk import decide
from bot.desk.attention import Handing
from bot.desk.decide import Told
from bot.slack.front import Front
from bot.slack.payloads import Submission
from bot.slack.view_answers import CLOSE, ViewAnswer, error, instead, told_instead


class Attending:
    """What decides nothing. Whether somebody may is asked when it opens, and again by the machine."""

    def __init__(self, front: Front) -> None:
        self._front = front
        #: each by the modal that is submitted
        self.by_modal: Mapping[str, Callable[[Submission, Seen], Awaitable[ViewAnswer]]] = {
            actions.ASK_MODAL: self._ask,
            actions.HAND_OVER_MODAL: self._hand_over,
            actions.SNOOZE_MODAL: self._snooze,
        }

    def modal(self, item: Item, by: UserId) -> Callable[[Case], View | Mrkdwn]:
        """How what `by` chose from the menu is made of the request; words say why it is not."""
        if item is Item.ASK:
            return modals.ask_modal
        return partial(self._handing if item is Item.HAND_OVER else self._snoozing, by)

    def _handing(self, by: UserId, case: Case) -> View | Mrkdwn:
        roster = self._front.desk.directory.roster()
        takers = Takers(*attention.takers(case, by, roster))
        why = self._why_not(by, case)
        if why is None and takers.nobody:
            why = attention_words.nobody_takes_it(case)
        return why or modals.hand_over_modal(case, takers, roster)

    def _snoozing(self, by: UserId, case: Case) -> View | Mrkdwn:
        desk = self._front.desk
        zone = desk.directory.roster().profile(by).zone
        return self._why_not(by, case) or modals.snooze_modal(case, desk.runtime.now(), zone)

    def _why_not(self, by: UserId, case: Case) -> Mrkdwn | None:
        """None for those who may decide it, whatever of it they see."""
        roster = self._front.desk.directory.roster()
        why = why_refused(case, by, case.sight, roster)
        return None if why is None else replies.refusal(why, case, roster)

    async def _ask(self, sent: Submission, seen: Seen) -> ViewAnswer:
        question = modals.question_of(sent.values)
        if question is None:
            return error(modals.QUESTION_BLOCK, attention_words.nothing_asked())
        desk, by = self._front.desk, self._front.person(sent.by)
        try:
            await desk_attention.ask(desk, seen.request, by, question, sent.key)
        except Refused as refused:
            if refused.reason is not Reason.TOO_MANY_COMMENTS:
                raise
            case = await desk.store.read(lambda unit: decide.known(unit, seen.request))
            return error(
                modals.QUESTION_BLOCK, replies.refusal(refused.reason, case, desk.directory.roster())
            )
        return CLOSE

    async def _hand_over(self, sent: Submission, seen: Seen) -> ViewAnswer:
        desk, by = self._front.desk, self._front.person(sent.by)
        case = await desk.store.read(lambda unit: decide.known(unit, seen.request))
        handing = Handing(*modals.taker_of(sent.values, case), modals.note_of(sent.values))
        told = await desk_attention.hand_over(desk, seen.request, by, handing, sent.key)
        if told.answer.refused is Reason.NOT_TAKEN:
            return error(modals.TAKER_BLOCK, self._refusal(told))
        # The thread says the rest, to the taker as well.
        return CLOSE if told.answer.refused is None else instead(self._refusal(told))

    async def _snooze(self, sent: Submission, seen: Seen) -> ViewAnswer:
        desk, by = self._front.desk, self._front.person(sent.by)
        now = desk.runtime.now()
        until = modals.until_of(sent.values, now)
        if until is None:
            return error(modals.AWAY_BLOCK, attention_words.no_time())
        if until - now > LONGEST:
            return error(modals.UNTIL_BLOCK, attention_words.too_far_away(LONGEST.days))
        told = await desk_attention.snooze(desk, seen.request, by, until, sent.key)
        if told.answer.refused is Reason.PAST:
            return error(modals.UNTIL_BLOCK, self._refusal(told))
        if told.answer.refused is not None:
            return instead(self._refusal(told))
        return told_instead("Snoozed", attention_words.snoozed(told.case, until))

    def _refusal(self, told: Told) -> Mrkdwn:
        why = told.answer.refused or Reason.LATE
        return replies.refusal(why, told.case, self._front.desk.directory.roster())
