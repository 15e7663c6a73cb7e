"""What whoever hands something over, puts it off or asks its agent is told, and what the thread hears."""

from __future__ import annotations

from approvals.escalation import ends_at
from approvals.model import Case
from approvals.words import Instant
from blocks import rich
from blocks.card import note_metadata
from blocks.card_text import quotable
from blocks.message import Message
from blocks.standing import then, title_of
from blocks.text import Mrkdwn, escape, short
from blocks.wording import say


def asked_note(case: Case, name: str, question: str, key: str) -> Message:
    """In the card's thread: somebody asks the agent. What it answers comes as what agents say."""
    agent = case.request.agent
    block = rich.block(
        rich.section(
            rich.text(short(name, 80), bold=True),
            rich.text(" asks "),
            rich.text(f"{short(agent, 80)}:", bold=True),
        ),
        rich.quote(question, 3_000, lines=60),
    )
    text = Mrkdwn(f"{escape(name, 80)} asks {escape(agent, 80)}: {escape(question, 300)}")
    return Message(text, [block], note_metadata(case, key))


def snoozed(case: Case, until: Instant) -> Mrkdwn:
    """Until when nobody reminds them; and that it ends before that, where it does."""
    ends = ends_at(case) if case.parked_at is None else None
    return say(
        "snoozed",
        title=quotable(title_of(case, 150), 150),
        until=until,
        ends=ends if ends is not None and ends <= until else None,
        then=then(case),
    )


def nobody_takes_it(case: Case) -> Mrkdwn:
    """Nobody but them may decide it, and no step asks anybody else."""
    title = quotable(title_of(case, 120), 120)
    return Mrkdwn(
        f"There is nobody to hand “{escape(title, 120)}” over to: nobody else who is asked may decide it,"
        " and its rule asks no other group later."
    )


def too_far_away(longest_days: int) -> Mrkdwn:
    """They picked a time that is years away."""
    return Mrkdwn(f"That is too far away: pick a time within {longest_days} days.")


def no_time() -> Mrkdwn:
    """What was chosen is no time."""
    return Mrkdwn("That is no time I know: choose one of those, or pick one from the calendar.")


def nothing_asked() -> Mrkdwn:
    """Only blanks were typed."""
    return Mrkdwn("Write a question: the agent reads it.")
