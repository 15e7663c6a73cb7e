"""What time and others' doings have the bot say in a card's thread."""

from __future__ import annotations

from approvals.effects import Escalated, Note, Reminded, Restarted, Skipped, Voided
from approvals.model import Case, Roster
from blocks.card import note_metadata
from blocks.message import Message, words
from blocks.standing import title_of
from blocks.text import Mrkdwn, escape, listed, mention


def note_of(case: Case, note: Note, roster: Roster, key: str) -> Message:
    """`note` as a message; people are mentioned by today's roster."""
    text = Mrkdwn(f"{escape(title_of(case, 120))}: {_said(case, note, roster)}")
    return Message(text, [words(text)], note_metadata(case, key))


def _said(case: Case, note: Note, roster: Roster) -> str:
    match note:
        case Reminded():
            people = [mention(profile.person) for profile in roster.asked(case.asked)]
            return f"still waits for {listed(people)}."
        case Escalated(to=to):
            people = [mention(profile.person) for profile in roster.asked((to,))]
            return f"{escape(to)} are asked now as well: {listed(people)}."
        case Voided(by=by, people=gone):
            again = listed([mention(each) for each in gone])
            return f"{mention(by)} changed it, so earlier approvals no longer count: {again}."
        case Skipped(people=gone):
            return f"{listed([escape(each.name) for each in gone])} left Slack and is not asked."
        case Restarted():
            return "nobody could be heard for a while, so the window starts again."
