"""`@hitl approve`: what is said to the bot in a card's thread is read, done as a click would be, answered."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from approvals.blanks import first_word, trimmed
from approvals.canonical import Digest
from approvals.errors import Reason, Refused
from approvals.model import Case
from approvals.spoken_otherwise import Meant, nearest, otherwise
from approvals.spoken_reason import as_said, reason_of
from approvals.spoken_words import Spoken, Unclear, Verb, assignments, spoken
from approvals.words import Choice, Gate, RequestId
from blocks import digest_spoken, thread_words
from blocks.replies import Wanted
from bot.desk import remark, under_digest, verbs
from bot.desk.under_digest import Listed
from bot.desk.verbs import Came, Change, Message, NotShownYet, Say, Vote, Wish
from bot.slack.front import Front, NotUpYet
from bot.slack.hearing import value_of
from bot.slack.payloads import plainly

log = logging.getLogger(__name__)

#: Characters of a reason or an answer: what an input of Slack's takes, too.
_MOST_WORDS: Final = 3000
#: Characters of an id, at its beginning or its end, that may stand for it.
_SHORTEST_ID: Final = 4
#: The same where there are hundreds, so that no word of a reason is one of their ends.
_SHORTEST_OF_MANY: Final = 6
_ID: Final = "req_"
_AROUND_ID: Final = "`*_~.,:;!…"
_QUOTES: Final = '"“”„`'
_WANTED: Final[Mapping[Verb, Wanted]] = {
    Verb.APPROVE: "approve",
    Verb.REJECT: "reject",
    Verb.EDIT: "edit",
    Verb.LOOKS_RIGHT: "looks_right",
    Verb.CORRECT: "correct",
    Verb.FLAG: "flag",
    Verb.ANSWER: "answer",
}
#: What the verbs of an approval are called on a review.
_ON_REVIEWS: Final[Mapping[Wanted, Wanted]] = {
    "approve": "looks_right",
    "edit": "correct",
    "reject": "flag",
}


class ThreadVerbs:
    """What is said to the bot by name, in a thread with cards."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def take(self, message: Message, said: str, cases: Sequence[Case]) -> None:
        """Do what was said, as Slack writes it, about one of `cases`; whoever said it is answered."""
        words = spoken(said)
        if words.verb is None:
            await self._no_verb(message, f"{words.word} {words.rest}", cases)
            return
        case, rest = _meant(cases, words)
        if case is None:
            named = first_word(words.rest)[0] if words.rest.casefold().startswith(_ID) else ""
            about = cases[0].id
            await verbs.tell(self._front.desk, message, thread_words.which(cases, words.verb, named), about)
        else:
            await self._do(message, case, words.verb, rest)

    async def _no_verb(self, message: Message, said: str, cases: Sequence[Case]) -> None:
        """A sentence was said to the agent, by the name it knows; of a word or two only the help comes."""
        case = next((each for each in cases if not each.status.final), cases[0])
        found = otherwise(case, said)
        if found.meant is not Meant.SENTENCE:
            shown = replace(found, word=plainly(found.word), instead=plainly(found.instead))
            await self._tell(message, case, thread_words.help_(case, shown))
            return
        desk = self._front.desk
        told = thread_words.not_kept()
        try:
            kept = await remark.comment(desk, message.by, message.reply)
            if kept or await remark.is_kept(desk, message.reply):
                heard = next((each for each in cases if each.id in kept), case)
                told = thread_words.sent_to_agent(heard)
            else:
                told = thread_words.help_(case, replace(found, word=plainly(found.word)))
        except Refused as refused:
            log.warning("a comment was not kept: %s", refused.reason)
        await self._tell(message, case, told)

    async def take_one_of(self, message: Message, said: str, listed: Listed) -> None:
        """The same under a digest, where one of its items has to be named, whatever waits there."""
        words = spoken(said)
        if words.verb is None:
            told = digest_spoken.unknown(plainly(words.word), nearest(words.word))
            await self._tell(message, None, told)
            return
        first, behind = first_word(words.rest)
        named = [each for each in listed.requests if _names(first, each, _SHORTEST_OF_MANY)]
        found = await under_digest.some(self._front.desk, tuple(named[:1])) if len(named) == 1 else ()
        if found:
            await self._do(message, found[0], words.verb, trimmed(behind), listed.seen(found[0].id))
            return
        some = await under_digest.some(self._front.desk, listed.waiting[: digest_spoken.LISTED])
        unknown = first if first.casefold().startswith(_ID) else ""
        waiting = len(listed.waiting)
        told = digest_spoken.which(some, waiting, listed.requests, words.verb, unknown)
        await self._tell(message, None, told)

    async def _do(
        self, message: Message, case: Case, verb: Verb, rest: str, saw: Digest | None = None
    ) -> None:
        if not thread_words.fits(case, verb):
            await self._tell(message, case, thread_words.not_this_way(case))
            return
        if len(plainly(rest)) > _MOST_WORDS:
            await self._tell(message, case, thread_words.too_long(_MOST_WORDS))
            return
        try:
            wish = _wish(case, verb, rest)
        except Unclear as unclear:
            told = thread_words.unclear(
                case, plainly(str(unclear)), instead=plainly(unclear.instead), example=bool(unclear.about)
            )
            await self._tell(message, case, told)
            return
        if wish is None:
            await self._tell(message, case, thread_words.nothing_named(case, verb))
            return
        wanted = _WANTED[verb]
        if case.judgement.gate is Gate.AUDIT:
            wanted = _ON_REVIEWS.get(wanted, wanted)
        await self._carry_out(message, case.id, wish, wanted, saw)

    async def _carry_out(
        self, message: Message, request: RequestId, wish: Wish, wanted: Wanted, saw: Digest | None
    ) -> None:
        """An edit that is being put on the card this moment is waited for, as clicks wait for new cards."""
        doing = partial(
            verbs.carry_out,
            self._front.desk,
            message,
            request,
            wish,
            partial(self._words, message, wish, wanted),
            saw=saw,
        )

        async def patiently() -> list[Came | None] | None:
            try:
                return [await doing(patient=True)]
            except NotShownYet:
                return None

        try:
            await self._front.once_up(patiently)
        except NotUpYet:
            await doing(patient=False)

    def _words(self, message: Message, wish: Wish, wanted: Wanted, came: Came) -> str:
        if came.errors:
            return thread_words.misread(came.case, came.errors)
        roster = self._front.desk.directory.roster()
        if came.answer.refused is Reason.NOT_CONFIRMED and came.case.waits_in is not None:
            return digest_spoken.to_be_typed(came.case)
        if not came.counted:
            return thread_words.not_done(came.answer, came.case, wanted, roster)
        why = None if isinstance(wish, Say) else wish.why
        return thread_words.done(came.case, message.by, wanted, why, roster)

    async def _tell(self, message: Message, case: Case | None, text: str) -> None:
        await verbs.tell(self._front.desk, message, text, case.id if case is not None else None)


def _meant(cases: Sequence[Case], words: Spoken) -> tuple[Case | None, str]:
    """Which of `cases` is meant, and the words behind its id; None where that is not certain."""
    first, behind = first_word(words.rest)
    named = [case for case in cases if _names(first, case.id)]
    if len(named) == 1:
        return named[0], trimmed(behind)
    if named or len(cases) > 1 or first.casefold().startswith(_ID):
        return None, words.rest
    return cases[0], words.rest


def _names(word: str, request: RequestId, shortest: int = _SHORTEST_ID) -> bool:
    """Whether a word is an id, or enough of one."""
    bare = word.strip(_AROUND_ID).casefold().removeprefix(_ID)
    whole = request.casefold().removeprefix(_ID)
    return len(bare) >= shortest and (whole.startswith(bare) or whole.endswith(bare))


def _wish(case: Case, verb: Verb, rest: str) -> Wish | None:
    """What is wished for; None for an edit that names nothing. Raises `Unclear`."""
    if verb is Verb.ANSWER:
        return Say(_answer(case, plainly(rest)))
    if verb in (Verb.EDIT, Verb.CORRECT):
        said, why = assignments(rest)
        valued = [replace(each, path=plainly(each.path), value=value_of(each.value)) for each in said]
        return Change(tuple(valued), as_said(plainly(why)) or None) if valued else None
    choice = Choice.REJECT if verb in (Verb.REJECT, Verb.FLAG) else Choice.APPROVE
    return Vote(choice, as_said(plainly(reason_of(case, verb, rest))) or None)


def _answer(case: Case, said: str) -> str:
    """The option that is meant, however it is written; anything else as it was said."""
    options = case.request.options
    if said in options:
        return said
    bare = said.strip().strip(_QUOTES).strip().casefold()
    alike = [option for option in options if option.strip().casefold() == bare]
    return alike[0] if len(alike) == 1 else said
