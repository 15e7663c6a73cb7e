"""The gate review in Slack: true words, within its limits, whatever rules and agents are called."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.gate_advice import Advice, Correction, Gentler, Saving, Suggestion
from approvals.gate_record import Record
from approvals.gate_review import GateReview, Reviewing
from approvals.words import AgentName, Gate, Status, Via
from blocks import review
from blocks.actions import About, StatsPage
from blocks.limits import problems_of_message, problems_of_view
from blocks.review import RequestLine
from blocks.review_words import advice, figures_line, headline
from tests.approvals.test_gate_review import (
    FLAGGED,
    MODIFIED,
    PARKED,
    REJECTED,
    TIMED_OUT,
    a_record,
    members,
)
from tests.harness.cases import NOON

WEEK = timedelta(days=7)
HOSTILE = "<!channel> *`x`* <https://evil.example|here> " + "w" * 200
ASKED = StatsPage(7, NOON)


def a_review(rules: int, name: str = "rule") -> GateReview:
    """A week in which so many rules had a request each, of as many agents."""
    reviewing = Reviewing(NOON - WEEK, NOON, members, {})
    for number in range(rules):
        agent = AgentName(f"{name} {number}")
        reviewing.take(a_record(rule=f"{name} {number}", agent=agent))
    return reviewing.review()


def suggestions(many: int, name: str = "rule") -> list[Suggestion]:
    """So many, each as long as they get."""
    corrections = tuple(Correction(AgentName(name), f"/{name}", 9) for _ in range(3))
    saving = Saving(1_000, 1_000, timedelta(hours=900))
    return [
        Suggestion(f"{name} {number}", each, 39, 40, Gentler.AUTO, saving, 7, corrections)
        for number in range(many)
        for each in Advice
    ]


@pytest.mark.parametrize("many", [0, 1, 12, 60])
@pytest.mark.parametrize("name", ["rule", HOSTILE])
def test_every_page_is_one_that_slack_takes(many: int, name: str) -> None:
    """However many rules and suggestions, and whatever they are called; all pages together have them all."""
    told, advised = a_review(many, name), suggestions(many // 4, name)
    pages, number = [], 1
    while True:
        message = review.stats(told, advised, 3, ASKED.at(number))
        assert problems_of_message(message.as_post()) == []
        pages.append(str(message.blocks))
        if "stats_on" not in pages[-1]:
            break
        number += 1
    # What a button carries is shown to nobody, and is the rule's name as it is.
    shown = re.sub(r"'value': (?:'[^']*'|\"[^\"]*\")", "", "".join(pages))
    assert "<!channel>" not in shown
    assert "".join(pages).count("Not now") >= len(advised)
    post = review.weekly(told, advised, 0, "review:2026")
    assert problems_of_message(post.as_post()) == []


def test_a_page_beyond_the_last_is_the_last() -> None:
    """Figures move between two clicks."""
    assert (
        review.stats(a_review(2), [], 0, ASKED.at(9)).blocks == review.stats(a_review(2), [], 0, ASKED).blocks
    )


@pytest.mark.parametrize(
    ("suggestion", "sentence"),
    [
        (
            Suggestion("r", Advice.GENTLER, 39, 40, Gentler.SOFT, Saving(0, 39, timedelta())),
            "39 of 40 were approved as asked (over 95%). Try `gate: soft`, where silence approves."
            " It would have saved 39 answers.",
        ),
        (
            Suggestion("r", Advice.GENTLER, 20, 20, Gentler.AUTO, Saving(25, 1, timedelta(hours=25)), 7),
            "Try `gate: auto`, with nobody asked. It would have saved 25 cards, 1 answer and 25 h of waiting."
            " But 7 of the approvals came within 5s: look whether they were read.",
        ),
        (
            Suggestion("r", Advice.GENTLER, 20, 20, Gentler.HARD, Saving(0, 20, timedelta())),
            "Try `gate: hard`, without typing. It would have saved 20 typed words.",
        ),
        (
            Suggestion("r", Advice.MODIFIED, 4, 10, corrections=(Correction(AgentName("a"), "/amount", 3),)),
            "4 of 10 were changed before they were approved (over 30%). Mostly `/amount` of a (3 times)",
        ),
        (
            Suggestion("r", Advice.MODIFIED, 4, 10, changes_gone=4),
            "(over 30%). It is not known any more which fields: the arguments were deleted after their time",
        ),
        (
            Suggestion("r", Advice.MODIFIED, 4, 10, None, None, 0, (Correction(AgentName("a"), "/x", 2),), 1),
            "put it into the form. For 1 of them it is not known any more which fields: the arguments were",
        ),
        (
            Suggestion("r", Advice.MODIFIED, 4, 10),
            "4 of 10 were changed before they were approved (over 30%).",
        ),
        (
            Suggestion("r", Advice.UNANSWERED, 2, 10),
            "2 of 10 were not answered in time (over 10%). The route",
        ),
        (
            Suggestion("r", Advice.GENTLER, 39, 40, Gentler.SAMPLE),
            "39 of 40 looked right (over 95%). Try a smaller share",
        ),
        (Suggestion("r", Advice.FLAGGED, 1, 1), "1 of 1 review said to roll it back."),
        (Suggestion("r", Advice.GRANTS, 2, 3), "grants let 2 of 3 requests through."),
    ],
)
def test_each_suggestion_says_what_and_why_in_its_own_numbers(suggestion: Suggestion, sentence: str) -> None:
    """Counts, thresholds and savings are the suggestion's."""
    assert sentence in advice(suggestion)


RIGHT = replace(FLAGGED, verdict=Status.APPROVED)


@pytest.mark.parametrize(
    ("records", "line"),
    [
        ([RIGHT, FLAGGED], "*refunds* 2 requests: 1 looked right and 1 flagged"),
        (
            [a_record(), RIGHT, RIGHT, REJECTED, replace(FLAGGED, verdict=Status.MODIFIED)],
            "*refunds* 5 requests: 1 approved as asked, 1 rejected, 2 looked right and 1 corrected",
        ),
        (
            [replace(TIMED_OUT, gate=Gate.AUDIT), TIMED_OUT],
            "*refunds* 2 requests: 1 timed out and 1 not reviewed",
        ),
        ([replace(RIGHT, via=Via.POLICY)], "*refunds* 1 request: 1 let through by the policy"),
        ([PARKED] * 6, "*refunds* 6 requests parked and waiting"),
        ([MODIFIED, PARKED], "*refunds* 1 request: 1 approved with changes; 1 request parked and waiting"),
    ],
)
def test_each_request_is_told_once_by_what_became_of_it(records: list[Record], line: str) -> None:
    """Reviews by their own words; what is parked did not end."""
    [(_, figures)] = told_of(*records).rules
    assert figures_line("refunds", figures).splitlines()[0] == line


def test_nobody_decides_within_no_time() -> None:
    """A median below a second is a second; and where nothing ended, what was parked is told."""
    at_once = told_of(a_record(decided_at=NOON + timedelta(seconds=1.2)))
    assert headline(at_once).endswith("people decided 1, half of them within 1 s.")
    assert "decided within 1 s (half), 1 s (90%)" in figures_line("x", at_once.total)
    assert headline(told_of(PARKED)).startswith("Nothing was decided between")
    assert headline(told_of(PARKED)).endswith("; 1 request was parked.")


def told_of(*records: Record) -> GateReview:
    """A week with these."""
    reviewing = Reviewing(NOON - WEEK, NOON, members, {})
    for record in records:
        reviewing.take(record)
    return reviewing.review()


def test_the_requests_of_a_suggestion_are_listed_with_their_cards() -> None:
    """A full page of the longest titles fits; a deleted title gives way to the action; none is said."""
    about = About("refunds", Advice.MODIFIED, NOON - WEEK, NOON, 2)
    lines = [
        RequestLine(MODIFIED, HOSTILE, "pay", "https://x.slack.com/archives/C1/p1")
    ] * review.REQUESTS_A_PAGE
    view = review.requests_modal(about, lines, more=True)
    assert problems_of_view(view) == []
    assert "<!channel>" not in str(view)
    assert "requests_back" in str(view)
    assert "requests_on" in str(view)
    gone = review.requests_modal(about.at(1), [RequestLine(MODIFIED, "", "pay", None)], more=False)
    assert "*pay*" in str(gone)
    assert "requests_" not in str(gone["blocks"])
    flagged = review.requests_modal(about, [RequestLine(FLAGGED, "", "pay", None)], more=False)
    assert "flagged <!date" in str(flagged)
    assert "There are none" in str(review.requests_modal(about, [], more=False))


def test_what_buttons_carry_is_read_back_or_is_nothing() -> None:
    """Any rule's name, its bars and line breaks too; of what somebody else made up nothing is believed."""
    for rule in ("refunds", "a|b|c", "two\nlines", "ü"):
        about = About(rule, Advice.GENTLER, NOON - WEEK, NOON, 3)
        assert About.decode(about.encode()) == about
    page = StatsPage(30, NOON, 2)
    assert StatsPage.decode(page.encode()) == page
    for odd in (None, 7, "", "gentler|1|2|0|r", "other|1|2|1|r", "gentler|1|2|1|", "gentler|x|2|1|r"):
        assert About.decode(odd) is None
    for odd in (None, "", "0|1|1", "7|1|0", "7|1", "99999|1|1"):
        assert StatsPage.decode(odd) is None


def test_a_deleted_request_is_told_by_what_it_was() -> None:
    """Parked ones have no end to tell."""
    waiting = replace(MODIFIED, decided_at=None)
    about = About("refunds", Advice.UNANSWERED, NOON - WEEK, NOON)
    assert "parked" in str(review.requests_modal(about, [RequestLine(waiting, "t", "pay", None)], more=False))
