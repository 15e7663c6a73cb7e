"""Every sentence that answers a person, and what is said once in a card's thread.

All mrkdwn in which the words of others are inert. What operators are told is `blocks.notices`; what an
agent's model reads is `blocks.for_agents`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from approvals import confirming
from approvals.effects import CallbackType
from approvals.errors import Reason
from approvals.machine import Answer
from approvals.model import Case, Comment, Flaw
from approvals.quorum import tally
from approvals.roster import Person, Roster
from approvals.words import AgentName, Gate, Instant, Kind
from blocks import rich
from blocks.card import note_metadata
from blocks.card_flaws import flaw_text
from blocks.card_text import quotable
from blocks.for_agents import message_for_agent
from blocks.message import Message
from blocks.standing import by_silence, deciders, edits, in_words, title_of, verdict_word, who_may
from blocks.text import Mrkdwn, escape, listed, short
from blocks.wording import say

__all__ = [
    "Wanted",
    "answer_words",
    "comment_note",
    "could_not_save",
    "dead_letter_note",
    "incident",
    "looked_too_long",
    "message_for_agent",
    "not_up_yet",
    "refusal",
    "replaced",
    "saved_late",
    "took_too_long",
    "unknown_button",
    "unknown_request",
]

#: What the person asked for.
Wanted: TypeAlias = Literal["approve", "edit", "reject", "allow", "looks_right", "correct", "flag", "answer"]

_PLACES: Final = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)
_NEWS: Final = {
    CallbackType.DECIDED: "what was decided",
    CallbackType.COMMENTED: "what was said here",
    CallbackType.ESCALATED: "that more people are asked",
    CallbackType.PARKED: "that this is parked",
    CallbackType.FLAGGED: "that it has to be rolled back",
}


def answer_words(
    answer: Answer, case: Case, roster: Roster, wanted: Wanted, until: Instant | None = None
) -> Mrkdwn:
    """What to tell whoever clicked. `case` is as of after the event; `until` is when a grant given ends."""
    if answer.refused is not None:
        return refusal(answer.refused, case, roster, answer.flaws)
    standing = tally(case, roster)
    return say(
        "counted",
        repeated=answer.repeated,
        already=answer.already.name if answer.already is not None else "",
        wanted=wanted,
        review=case.judgement.gate is Gate.AUDIT,
        done=verdict_word(case),
        title=quotable(title_of(case, 120), 120),
        agent=case.request.agent,
        called=case.request.callback_url is not None,
        place=_place(standing.given, standing.needed),
        missing=max(standing.needed - standing.given, 0),
        groups=list(case.asked),
        answer=_answer(case),
        until=until,
    )


def _place(given: int, needed: int) -> str:
    """`the first of 2`: whoever was counted last."""
    if 0 < given <= len(_PLACES):
        return f"the {_PLACES[given - 1]} of {needed}"
    return f"number {given} of {needed}"


def _answer(case: Case) -> str:
    return (case.decision.answer or "") if case.decision is not None else ""


def refusal(reason: Reason, case: Case | None, roster: Roster, flaws: tuple[Flaw, ...] = ()) -> Mrkdwn:
    """Why it did not happen, and what the person can do instead."""
    if case is None:
        return unknown_request()
    decision = case.decision
    return say(
        "refused",
        reason=str(reason),
        review=case.judgement.gate is Gate.AUDIT,
        question=case.request.kind is Kind.QUESTION,
        options=len(case.request.options),
        word=confirming.word(case.judgement, case.payload) or confirming.CONFIRM,
        title=title_of(case, 120),
        agent=case.request.agent,
        who=who_may(case, roster),
        on_behalf_of=case.request.on_behalf_of or "",
        done=verdict_word(case) or "still open",
        silence=by_silence(case),
        via=str(decision.via) if decision else "",
        people=deciders(case),
        at=decision.decided_at if decision else None,
        answer=_answer(case),
        changes=in_words(edits(case)),
        flaws=_flaws(flaws or case.flaws, case),
    )


def _flaws(flaws: tuple[Flaw, ...], case: Case) -> str:
    told = [short(flaw_text(each, case.judgement.sensitive), 120) for each in flaws[:3]]
    if len(flaws) > 3:
        told.append(f"{len(flaws) - 3} more")
    return listed(told)


def could_not_save() -> Mrkdwn:
    """The database did not answer in time: nothing was decided."""
    return Mrkdwn("That could not be saved, so nothing was decided. Please try again.")


def looked_too_long() -> Mrkdwn:
    """The database did not answer in time whoever only wanted to read something."""
    return Mrkdwn("Looking that up took too long. Please type it again in a few seconds.")


def saved_late() -> Mrkdwn:
    """It was said to have failed, or nothing was said, and it landed after all."""
    return Mrkdwn("It was saved after all; it only took long. The card shows how it stands.")


def not_on_the_card(words: Mrkdwn) -> Mrkdwn:
    """It is decided, in these words, and the card does not show it."""
    return Mrkdwn(f"{words} It holds, though Slack does not show it on the card yet.")


def took_too_long() -> Mrkdwn:
    """The trigger expired before the modal could be opened."""
    return Mrkdwn("Opening that took too long, and Slack gave up. Please click again.")


def not_up_yet() -> Mrkdwn:
    """Somebody clicked a card whose place is not known yet."""
    return Mrkdwn("This card is still being put up. Please try again in a few seconds.")


def replaced(permalink: str | None, *, over: bool) -> Mrkdwn:
    """Somebody clicked a message that is not the card any more: a newer one took its place.

    `over`: the request is decided, or nobody has to decide it any more.
    """
    where = f"<{permalink}|the newer card>" if permalink is not None else "the newer card"
    if over:
        return Mrkdwn(f"Another message took the place of this one. Nothing waits for you: see {where}.")
    return Mrkdwn(f"Another message took the place of this one, so nothing was decided. Decide on {where}.")


def unknown_request() -> Mrkdwn:
    """No such request here: another installation's card, or one that was removed."""
    return Mrkdwn(
        "This desk does not know that request, so nothing was decided. It may belong to another installation."
    )


def unknown_button() -> Mrkdwn:
    """A button or a value that no version of ours made, or an older one did."""
    return Mrkdwn(
        "That button is from another version of this desk, so nothing was decided. Use the newest card."
    )


def incident(incident_id: str) -> Mrkdwn:
    """Our own mistake: said so, with what to quote to the operators."""
    return say("incident", id=incident_id)


def comment_note(case: Case, comment: Comment, key: str) -> Message:
    """What the agent, or somebody through another door, said: for the card's thread."""
    name = comment.by.name if isinstance(comment.by, Person) else comment.by
    block = rich.block(
        rich.section(rich.text(short(name, 80), bold=True), rich.text(" says")),
        rich.quote(comment.text, 3_000, lines=60),
    )
    return Message(
        Mrkdwn(f"{escape(name, 80)}: {escape(comment.text, 300)}"), [block], note_metadata(case, key)
    )


def dead_letter_note(case: Case, event: CallbackType, why: str, key: str) -> Message:
    """In the card's thread: the agent could not be told, because of `why`, which may quote it."""
    agent: AgentName = case.request.agent
    block = rich.block(
        rich.section(
            rich.text(f"📪 {short(agent, 80)} could not be told {_NEWS[event]}", bold=True),
            rich.text(": "),
            rich.said(why, 300),
            rich.text(". An operator can send it again: hitl outbox retry."),
        )
    )
    text = say("dead_letter", agent=agent, news=_NEWS[event], why=why)
    return Message(text, [block], note_metadata(case, key))
