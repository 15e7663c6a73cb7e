"""The words of the gate review: what a suggestion says, and what a line of figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from approvals.durations import spelled
from approvals.gate_advice import (
    GENTLE_SAMPLE,
    MODIFIED_SHARE,
    UNANSWERED_SHARE,
    UNCHANGED_SHARE,
    Advice,
    Gentler,
    Suggestion,
)
from approvals.gate_review import HASTY, LONG_SHARE, Figures, GateReview
from blocks.text import Mrkdwn, escape, listed, when

#: What a rule would say, or what else is gentler.
_GENTLER: Final = {
    Gentler.HARD: "`gate: hard`, without typing",
    Gentler.SOFT: "`gate: soft`, where silence approves",
    Gentler.AUTO: "`gate: auto`, with nobody asked",
    Gentler.SAMPLE: f"a smaller share of them shown, `sample: {GENTLE_SAMPLE:g}`",
}


def advice(suggestion: Suggestion) -> Mrkdwn:
    """What to do, and why, in a few sentences."""
    told = _ADVICE[suggestion.advice](suggestion)
    return Mrkdwn(f"💡 *{name_of(suggestion.rule)}*: {told}")


def _gentler(told: Suggestion) -> str:
    how = "looked right" if told.gentler is Gentler.SAMPLE else "were approved as asked"
    sentences = [f"{told.count:,} of {told.among:,} {how} (over {UNCHANGED_SHARE:.0%})."]
    if told.gentler is not None:
        sentences.append(f"Try {_GENTLER[told.gentler]}.")
    if told.saving is not None:
        saved = []
        if told.saving.cards:
            saved.append(many(told.saving.cards, "card"))
        if told.saving.answers:
            unit = "typed word" if told.gentler is Gentler.HARD else "answer"
            saved.append(many(told.saving.answers, unit))
        if told.saving.waited:
            saved.append(f"{_hours(told.saving.waited)} of waiting")
        if saved:
            sentences.append(f"It would have saved {listed(saved)}.")
    if told.hasty:
        sentences.append(
            f"But {told.hasty:,} of the approvals came within {spelled(HASTY)}: look whether they were read."
        )
    return " ".join(sentences)


def _modified(told: Suggestion) -> str:
    fields = [
        f"`{code_of(each.place)}` of {name_of(each.agent)} ({each.times:,} times)"
        for each in told.corrections
    ]
    what = (
        f" Mostly {listed(fields)}: tell the agent what is right, or put it into the form." if fields else ""
    )
    over = f"over {MODIFIED_SHARE:.0%}"
    gone = _changes_gone(told)
    return f"{told.count:,} of {told.among:,} were changed before they were approved ({over}).{what}{gone}"


def _changes_gone(told: Suggestion) -> str:
    """That it names no fields, or not all, because the arguments were deleted before it was drawn."""
    if not told.changes_gone:
        return ""
    of = "It" if told.changes_gone == told.count else f"For {told.changes_gone:,} of them it"
    return f" {of} is not known any more which fields: the arguments were deleted after their time (`keep`)."


def _unanswered(told: Suggestion) -> str:
    return (
        f"{told.count:,} of {told.among:,} were not answered in time (over {UNANSWERED_SHARE:.0%})."
        " The route or the hours are wrong: ask another group, escalate sooner, or give it more time."
    )


def _flagged(told: Suggestion) -> str:
    return (
        f"{told.count:,} of {many(told.among, 'review')} said to roll it back."
        " Ask before the agent acts, or look at what these have in common."
    )


def _grants(told: Suggestion) -> str:
    return (
        f"grants let {told.count:,} of {many(told.among, 'request')} through."
        " What is allowed again and again may be a rule of its own."
    )


_ADVICE: Final[Mapping[Advice, Callable[[Suggestion], str]]] = {
    Advice.GENTLER: _gentler,
    Advice.MODIFIED: _modified,
    Advice.UNANSWERED: _unanswered,
    Advice.FLAGGED: _flagged,
    Advice.GRANTS: _grants,
}


def figures_line(name: str, figures: Figures) -> Mrkdwn:
    """One rule, or one agent, in two lines."""
    as_asked = figures.approved - figures.looked_right
    ends = [
        (as_asked, "approved as asked"),
        (figures.modified - figures.corrected, "with changes" if as_asked else "approved with changes"),
        (figures.rejected - figures.flagged, "rejected"),
        (figures.looked_right, "looked right"),
        (figures.corrected, "corrected"),
        (figures.flagged, "flagged"),
        (figures.answered, "answered"),
        (figures.timed_out - figures.unreviewed, "timed out"),
        (figures.unreviewed, "not reviewed"),
        (figures.cancelled, "withdrawn"),
        (figures.by_policy, "let through by the policy"),
        (figures.by_grant, "let through by a grant"),
        (figures.by_silence, "gone ahead as nobody objected"),
    ]
    told = listed(f"{times:,} {what}" for times, what in ends if times)
    ended = f"{many(figures.requests, 'request')}{f': {told}' if told else ''}"
    parked = f"{many(figures.parked, 'request')} parked and waiting"
    parts = [ended] if figures.requests or not figures.parked else []
    line = f"*{name_of(name)}* {'; '.join([*parts, *([parked] if figures.parked else [])])}"
    pace = _pace(figures)
    return Mrkdwn(f"{line}\n{pace}" if pace else line)


def _pace(figures: Figures) -> str:
    parts = []
    if figures.median is not None and figures.p90 is not None:
        parts.append(
            f"decided within {_within(figures.median)} (half), {_within(figures.p90)} ({LONG_SHARE:.0%})"
        )
    if figures.pings_per_person_day is not None:
        parts.append(f"{figures.pings_per_person_day:.1f} pings a day for each approver")
    if figures.hasty_share is not None:
        parts.append(f"{figures.hasty_share:.0%} of approvals within {spelled(HASTY)}")
    return " · ".join(parts)


def _within(span: timedelta) -> str:
    """Nobody decides within no time at all."""
    return roughly(max(span, timedelta(seconds=1)))


def headline(review: GateReview) -> Mrkdwn:
    """All of it in a sentence."""
    total = review.total
    if not total.requests and not total.parked:
        return Mrkdwn(f"Nothing was decided between {when(review.since)} and {when(review.until)}.")
    if not total.requests:
        return Mrkdwn(
            f"Nothing was decided between {when(review.since)} and {when(review.until)};"
            f" {many(total.parked, 'request')} {'was' if total.parked == 1 else 'were'} parked."
        )
    quick = f", half of them within {_within(total.median)}" if total.median is not None else ""
    return Mrkdwn(
        f"{many(total.requests, 'request')} ended between {when(review.since)} and {when(review.until)};"
        f" people decided {total.decided:,}{quick}."
    )


def many(count: int, noun: str) -> str:
    """`1 card`, `2 cards`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return roughly(span) if hours < 1 else f"{hours:,.0f} h"


def roughly(span: timedelta) -> str:
    """A length of time to two digits or so: `4 s`, `12 min`, `3.5 h`, `2.1 days`."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3_600:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * 86_400:
        return f"{seconds / 3_600:.1f} h"
    return f"{seconds / 86_400:.1f} days"


def name_of(text: str) -> Mrkdwn:
    """What somebody calls a rule, or an agent."""
    return escape(text, 80)


def code_of(text: str) -> Mrkdwn:
    """The same between backticks."""
    return escape(text.replace("`", "'"), 120)
