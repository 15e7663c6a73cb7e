"""What the bot answers to whoever speaks to it by name in a card's thread: `@hitl approve`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from approvals.errors import Reason
from approvals.machine import Answer
from approvals.model import Case
from approvals.quorum import tally
from approvals.roster import Person, Roster
from approvals.spoken_edit import names
from approvals.spoken_otherwise import Meant, Otherwise
from approvals.spoken_words import Verb
from approvals.words import Gate, Kind, RequestId
from blocks.card import note_metadata
from blocks.card_text import quotable
from blocks.message import Message, words
from blocks.replies import Wanted, answer_words, refusal
from blocks.standing import edits, in_words, title_of, verdict_word
from blocks.text import Mrkdwn, escape, listed
from blocks.wording import say

#: Requests, and sentences about fields, that one answer lists.
_LISTED: Final = 10
#: The shortest end of an id that names it.
_SHORTEST: Final = 6
_ID: Final = "req_"
#: Names that can stand in a line of code.
_SIMPLE: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
#: Verbs that ask for the same of an approval and of a review.
_TWINS: Final = {Verb.LOOKS_RIGHT: Verb.APPROVE, Verb.CORRECT: Verb.EDIT, Verb.FLAG: Verb.REJECT}


def done(case: Case, by: Person, wanted: Wanted, why: str | None, roster: Roster) -> Mrkdwn:
    """In the thread: what somebody's words did. `case` is as of after them."""
    standing = tally(case, roster)
    return say(
        "said_done",
        person=by.name,
        agent=case.request.agent,
        title=quotable(title_of(case, 150), 150),
        done=verdict_word(case),
        wanted="reject" if wanted in ("reject", "flag") else wanted,
        review=case.judgement.gate is Gate.AUDIT,
        answer=(case.decision.answer or "") if case.decision is not None else "",
        changes=in_words(edits(case)) if case.edited else "",
        editors=_editors(case) if _editors(case) != [by.name] else [],
        why=why or "",
        given=standing.given,
        needed=standing.needed,
        missing=max(standing.needed - standing.given, 0),
        groups=list(case.asked),
    )


def _editors(case: Case) -> list[str]:
    """Whose changes it has: each round begins with the approval of whoever edited it."""
    first = {vote.round: vote.by for vote in reversed(case.votes) if vote.round}
    by_id = {first[each].id: first[each].name for each in sorted(first)}
    return list(by_id.values())


def said_note(case: Case, text: Mrkdwn, key: str) -> Message:
    """`done`, as a message for the thread."""
    return Message(text, [words(text)], note_metadata(case, key))


def not_done(answer: Answer, case: Case, wanted: Wanted, roster: Roster) -> Mrkdwn:
    """To its author alone: why it did not count, or that it counted before."""
    if answer.refused is Reason.NOT_CONFIRMED and wanted in ("edit", "correct"):
        return Mrkdwn(
            "This has to be confirmed: click *Edit* on the card, and type there what it asks for."
            " Nothing was decided."
        )
    if answer.refused is Reason.NO_ANSWER and case.request.options:
        options = listed([f"“{escape(each, 80)}”" for each in case.request.options[:_LISTED]], "or")
        return Mrkdwn(f"That is none of its answers, so nothing was decided. Say one of {options}.")
    if answer.refused is not None:
        return refusal(answer.refused, case, roster, answer.flaws)
    return answer_words(answer, case, roster, wanted)


def misread(case: Case, errors: Mapping[str, str]) -> Mrkdwn:
    """Values that break the form, each by its name with what would be right."""
    told = [f"• {_named(name)}{escape(said, 300)}" for name, said in list(errors.items())[:_LISTED]]
    if len(errors) > _LISTED:
        told.append(f"• and {len(errors) - _LISTED} more")
    return Mrkdwn("\n".join(["Nothing was changed, and nothing was decided:", *told, _example(case)]))


def _named(name: str) -> str:
    return f"*{escape(name, 100)}*: " if name else ""


def unclear(case: Case, sentence: str, *, instead: str = "", example: bool = True) -> Mrkdwn:
    """Words of which it is not certain what they mean; `instead` is what may have been meant."""
    if instead:
        guess = f"Did you mean `@hitl {escape(instead, 100)}`?"
        return Mrkdwn(f"Nothing was decided. {escape(sentence, 300)} {guess}")
    shown = _example(case) if example else ""
    return Mrkdwn(f"Nothing was decided. {escape(sentence, 300)} {shown}".strip())


def nothing_named(case: Case, verb: Verb) -> Mrkdwn:
    """`edit` alone, or `correct`, which may have meant that it is."""
    if verb is Verb.CORRECT:
        right = " If it was right, say `@hitl looks right`."
        return Mrkdwn(f"Nothing was decided: say what it should have been.{right} {_example(case)}".strip())
    return Mrkdwn(f"Nothing was decided: say what to change. {_example(case)}".strip())


def which(cases: Sequence[Case], verb: Verb, said: str = "") -> Mrkdwn:
    """There are several requests in the thread, or none by that id."""
    head = (
        f"There is no {escape(said, 60)} here."
        if said
        else f"There are {len(cases)} requests in this thread."
    )
    lines = [f"• `{short_id(case, cases)}` {_line(case)}" for case in cases[:_LISTED]]
    if len(cases) > _LISTED:
        lines.append(f"• and {len(cases) - _LISTED} more")
    how = f"Nothing was decided. Say which one: `@hitl {verb} {short_id(cases[0], cases)}`"
    return Mrkdwn("\n".join([f"{head} {how}", *lines]))


def _line(case: Case) -> Mrkdwn:
    stands = verdict_word(case) or "open"
    return Mrkdwn(f"“{escape(title_of(case, 120), 120)}”, {escape(stands, 40)}")


def short_id(case: Case, among: Sequence[Case]) -> str:
    """The end of its id, as much of it as no other one shares."""
    return shortest_id(case.id, [other.id for other in among])


def shortest_id(request: RequestId, among: Sequence[RequestId]) -> str:
    """The same of an id."""
    others = [other for other in among if other != request]
    bare = request.removeprefix(_ID)
    for length in range(_SHORTEST, len(bare)):
        if not any(other.endswith(bare[-length:]) for other in others):
            return bare[-length:]
    return request


def not_this_way(case: Case) -> Mrkdwn:
    """A verb that is for another kind of request."""
    return Mrkdwn(f"Nothing was decided: that is not what is asked here. {how(case)}")


def help_(case: Case, found: Otherwise) -> Mrkdwn:
    """Words that are no verb, and no sentence for the agent: what can be said here."""
    agent, word = escape(case.request.agent, 60), escape(found.word, 40)
    match found.meant:
        case Meant.HELP:
            head = "Here is what I understand in this thread."
        case Meant.YES | Meant.NO:
            named = "That" if found.word.startswith(":") else f"“{word}”"
            head = f"{named} alone decides nothing.{_instead(case, found)}"
        case Meant.SLIP:
            head = f"Nothing was decided, and nothing was sent to {agent}.{_instead(case, found)}"
        case _:
            head = f"I do not know “{word}”, so nothing was decided, and nothing was sent to {agent}."
    return Mrkdwn(f"{head}\n{how(case)} `/hitl help` lists what else I can be asked.")


def _instead(case: Case, found: Otherwise) -> str:
    """What was meant, where it can still be done."""
    if case.status.final or not found.instead:
        return ""
    said = f"`@hitl {escape(found.instead, 100)}`"
    match found.meant:
        case Meant.YES:
            reviews = case.judgement.gate is Gate.AUDIT
            return f" {'If it is right' if reviews else 'To approve'}, say {said}."
        case Meant.NO:
            return f" To say no, say {said} with your reason."
        case _:
            return f" Did you mean {said}?"


def sent_to_agent(case: Case) -> Mrkdwn:
    """A sentence behind my name that begins with no verb: a comment."""
    agent = escape(case.request.agent, 60)
    if case.request.callback_url is not None:
        return Mrkdwn(f"I kept that as a comment, sent it to {agent}, and decided nothing. {_decide(case)}")
    return Mrkdwn(f"I kept that as a comment, and decided nothing. {_looks_again(case)} {_decide(case)}")


def how(case: Case) -> Mrkdwn:
    """What can be said in this card's thread."""
    return Mrkdwn(" ".join(filter(None, (_decide(case), _example(case), _comments(case)))))


def _comments(case: Case) -> str:
    agent = escape(case.request.agent, 60)
    if case.request.callback_url is not None:
        return f"What you write here without my name is kept, and sent to {agent}."
    return f"What you write here without my name is kept. {_looks_again(case)}"


def _looks_again(case: Case) -> str:
    """It is not called: it has to ask."""
    return f"{escape(case.request.agent, 60)} sees it when it looks at the request again."


def _decide(case: Case) -> Mrkdwn:
    if case.status.final:
        return Mrkdwn("This is decided, and no words change that.")
    if case.request.kind is Kind.QUESTION:
        return Mrkdwn("Say `@hitl answer …` with your answer, or use the card.")
    if case.judgement.gate is Gate.AUDIT:
        verbs = "`@hitl looks right`, `@hitl correct …` or `@hitl flag` with what is wrong"
    else:
        verbs = "`@hitl approve`, `@hitl edit …` or `@hitl reject` with your reason"
    return Mrkdwn(f"Say {verbs}, or use the card's buttons.")


def _example(case: Case) -> str:
    """With a name that this request has, where it can stand between backticks."""
    verb = Verb.CORRECT if case.judgement.gate is Gate.AUDIT else Verb.EDIT
    plain = [name for name in names(case) if _SIMPLE.fullmatch(name)]
    if case.request.kind is Kind.QUESTION or case.status.final or not plain:
        return ""
    return f'For example `@hitl {verb} {plain[0]}=… your reason`; put words in quotes: `"…"`.'


def kept_only() -> Mrkdwn:
    """My name stands in the middle of what was said: a comment."""
    return Mrkdwn("I kept that as a comment, and decided nothing. To decide by words, begin with my name.")


def not_kept() -> Mrkdwn:
    """A comment too many."""
    return Mrkdwn("This request has so many comments that it takes no more: yours was not kept.")


def edited() -> Mrkdwn:
    """A message to the bot was edited."""
    return Mrkdwn(
        "I go by what a message said first, so your edit of it decided nothing."
        " To say something else, write a new one."
    )


def too_long(most: int) -> Mrkdwn:
    """More words than a reason or an answer may have."""
    return Mrkdwn(f"That is longer than {most:,} characters, so nothing was decided. Please say it shorter.")


def fits(case: Case, verb: Verb) -> bool:
    """Whether a verb is one for this kind of request: a review is flagged, an approval is not."""
    if case.request.kind is Kind.QUESTION:
        return verb is Verb.ANSWER
    if verb is Verb.ANSWER:
        return False
    return case.judgement.gate is Gate.AUDIT or verb not in _TWINS
