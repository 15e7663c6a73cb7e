"""What time and others' doings have the bot say in a card's thread: the only place where people are called.

Mentioned are people who are asked, and only where something is wanted of them now; all others go by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Final

from approvals.attention import puts_off, reached, relieved, silent, spoken
from approvals.effects import (
    CameOfIt,
    Escalated,
    HandedTo,
    Note,
    Recounted,
    Reminded,
    Restarted,
    Skipped,
    Voided,
)
from approvals.escalation import ends_at
from approvals.model import Case
from approvals.roster import Person, Roster
from approvals.words import Gate, GroupName, Instant, UserId
from blocks import recounted, rich
from blocks.card import note_metadata
from blocks.card_text import quotable
from blocks.message import Message, words
from blocks.rich import Block
from blocks.standing import OUTCOMES, approvers, can_object, edits, groups_asked, in_words, title_of
from blocks.text import Mrkdwn, escape, mention, short
from blocks.wording import say

#: People called in one message.
_CALLED: Final = 15
_TITLE: Final = 120
#: Characters of what an agent says came of it.
_DETAIL: Final = 2_000


def note_of(case: Case, note: Note, roster: Roster, key: str, now: Instant) -> Message:
    """`note` as a message, about `case` as it stands now; people are mentioned by today's roster.

    Who put off their reminders beyond `now`, or handed it over, is not mentioned by what only reminds.
    """
    text = _said(case, note, roster, now)
    blocks = [_came_of_it(case, note)] if isinstance(note, CameOfIt) else [words(text)]
    return Message(text, blocks, note_metadata(case, key))


def _came_of_it(case: Case, note: CameOfIt) -> Block:
    """The agent's words, which its card cannot keep."""
    emoji, word = OUTCOMES[note.status]
    about = f": {title_of(case, _TITLE)}, says {short(case.request.agent, 60)}"
    told = f"What request {short(case.id, 60)} was about is deleted, so only this message has these words."
    return rich.block(
        rich.section(rich.text(f"{emoji} {word}", bold=True), rich.text(about)),
        *([rich.quote(note.detail, _DETAIL, lines=30)] if note.detail else []),
        *([rich.section(rich.link(note.url))] if note.url else []),
        rich.section(rich.text(told, italic=True)),
    )


def is_for_nobody(case: Case, note: Note, roster: Roster, now: Instant) -> bool:
    """Whether there is nothing to be said: it would remind those who want none now, or is undone."""
    if isinstance(note, Recounted):
        return recounted.still_so(case, note, roster) == Recounted(())
    if not isinstance(note, Reminded):
        return False
    return bool(_reminded(case, roster, note.asked, None)) and not _reminded(case, roster, note.asked, now)


def put_off(case: Case, roster: Roster, permalink: str | None, key: str) -> Message:
    """To somebody whose time is over, in a message of their own: it waits for them still."""
    card = Mrkdwn(f"<{permalink}|Open the card>") if permalink is not None else None
    text = _say("note_put_off", case, roster, (), card=card)
    return Message(text, [words(text)], note_metadata(case, key))


def summons(
    case: Case, roster: Roster, permalink: str | None, key: str, *, early: bool, by: str | None = None
) -> Message:
    """To one of those whom an escalation asks about something critical, in a message of their own."""
    card = Mrkdwn(f"<{permalink}|Open the card>") if permalink is not None else None
    text = _say("note_summons", case, roster, (), early=early, by=by, card=card)
    return Message(text, [words(text)], note_metadata(case, key))


def _said(case: Case, note: Note, roster: Roster, now: Instant) -> Mrkdwn:  # noqa: PLR0911  # one for each
    match note:
        case Reminded(asked=groups):
            return _say("note_reminded", case, roster, _reminded(case, roster, groups, now))
        case Escalated(to=to, early=early, by=by, there=there):
            name = None if by is None else by.name
            asked_now = asked_by(case, note, roster, now)
            return _say(
                "note_escalated", case, roster, asked_now, group=to, early=early, by=name, there=there
            )
        case HandedTo(by=by, to=taker, reason=reason):
            return _say("note_handed", case, roster, (taker,), by=by.name, reason=reason)
        case Voided(by=by, people=people):
            asked = {person.id for person in waiting(case, roster)}
            changes = in_words(edits(case))
            called = [person for person in people if person.id in asked]
            return _say("note_voided", case, roster, called, by=by.name, changes=changes)
        case Recounted():
            return recounted.said(case, note, roster)
        case Skipped(people=people):
            names = [person.name for person in people]
            outside = all(roster.profile(person.id).outsider for person in people)
            skipped = _some(names)
            return _say("note_skipped", case, roster, (), names=skipped, many=len(names) > 1, outside=outside)
        case CameOfIt(status=status, detail=detail):
            told = f": {escape(detail, _TITLE)}" if detail else ""
            return Mrkdwn(f"{OUTCOMES[status][1]} (“{escape(title_of(case, _TITLE), _TITLE)}”){told}")
        case Restarted():
            return _say("note_restarted", case, roster, waiting(case, roster, now=now), until=ends_at(case))


def waiting(
    case: Case, roster: Roster, groups: tuple[GroupName, ...] | None = None, now: Instant | None = None
) -> tuple[Person, ...]:
    """Who of `groups` (None: of all asked) could decide, and has said nothing of it as it is now.

    With `now`, only who is to be reminded of it then: `approvals.attention` says who is not.
    """
    return _people(case, roster, groups, now, frozenset() if now is None else relieved(case, roster))


def asked_by(case: Case, note: Escalated, roster: Roster, now: Instant) -> tuple[Person, ...]:
    """Whom an escalation calls, also of those who handed it over: of these only not who does it by that.

    Whoever put off their reminders beyond `now` is left alone. Where nobody was known to be in the group, it
    calls nobody, also where it is said late: who is in it by then is called by another.
    """
    if not note.there:
        return ()
    return _people(case, roster, (note.to,), now, frozenset() if note.by is None else {note.by.id})


def _people(
    case: Case, roster: Roster, groups: tuple[GroupName, ...] | None, now: Instant | None, spared: Set[UserId]
) -> tuple[Person, ...]:
    if case.status.final:
        return ()
    done = spoken(case, roster)
    pairs = [(each, reached(case, each, roster, done)) for each in silent(case, roster, groups)]
    people = dict.fromkeys(
        called.person
        for asked, called in pairs
        if not {asked.id, called.id} & spared
        and (now is None or not any(puts_off(case, each.id, now) for each in (asked, called)))
    )
    return tuple(people)


def _reminded(
    case: Case, roster: Roster, asked: tuple[GroupName, ...] | None, now: Instant | None
) -> list[Person]:
    """Who waited already; whoever an escalation asks since then is called by that, and not twice."""
    since = tuple(group for group in case.asked if asked is not None and group not in asked)
    others = waiting(case, roster, since, now)
    return [person for person in waiting(case, roster, asked, now) if person not in others]


def _say(name: str, case: Case, roster: Roster, called: Iterable[Person], **more: object) -> Mrkdwn:
    gate = case.judgement.gate
    title = quotable(title_of(case, _TITLE), _TITLE)
    return say(
        name,
        gate=str(gate),
        called=_some([mention(person) for person in called]),
        title=title.rstrip("?.! ") if gate is Gate.QUESTION else title,
        agent=case.request.agent,
        groups=groups_asked(case),
        can_object=can_object(case, roster),
        missing=max(case.judgement.quorum - len(approvers(case, roster)), 0),
        some_approved=bool(approvers(case, roster)),
        due_at=ends_at(case) if case.parked_at is None else None,
        over=case.status.final,
        **more,
    )


def _some(people: list[Mrkdwn] | list[str]) -> list[object]:
    """At most so many, and how many there are besides."""
    more = len(people) - _CALLED
    return [*people[:_CALLED], *([f"{more:,} more"] if more > 0 else [])]
