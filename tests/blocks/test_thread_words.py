"""What the bot answers to whoever decides by words: read as a whole, legal, and nobody's to forge."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from approvals.errors import Reason
from approvals.machine import Answer
from approvals.model import Case
from approvals.roster import Person
from approvals.spoken_otherwise import otherwise
from approvals.spoken_words import Verb
from approvals.words import AgentName, Choice, RequestId, UserId
from blocks import guide, limits, thread_words
from blocks.replies import Wanted
from blocks.text import Mrkdwn
from tests.blocks.hostile import WORDS
from tests.blocks.states import ROSTER, STATES, edited, refund, voted
from tests.harness.cases import ALICE, BOB, a_request, an_open_case

GOLDEN = Path(__file__).parent / "golden"
_TWO = [refund(), refund(id=RequestId("req_01JD3VZZ0000000000000000B2"))]
_ERRORS = {"amount": "Must be at most 5,000.", "reason": "Must be one of return, goodwill."}


def done(name: str, wanted: Wanted, why: str | None = None) -> Mrkdwn:
    """What the thread reads of a state that Alice's words led to."""
    return thread_words.done(STATES[name]().case, ALICE, wanted, why, ROSTER)


def helped(case: Case, said: str) -> Mrkdwn:
    """What is answered to words that are no verb."""
    return thread_words.help_(case, otherwise(case, said))


def not_called() -> Case:
    """A refund of an agent that has no callback."""
    case = refund()
    return replace(case, request=replace(case.request, callback_url=None))


SENTENCES: dict[str, Callable[[], Mrkdwn]] = {
    "approved": lambda: done("approved", "approve"),
    "approved, with changes": lambda: done("approved_with_changes", "edit", "receipt covers 500"),
    "approved, one of two": lambda: thread_words.done(voted(refund(), ALICE), ALICE, "approve", None, ROSTER),
    "edited, one of two": lambda: thread_words.done(
        edited(refund(), ALICE, amount=500), ALICE, "edit", None, ROSTER
    ),
    "approved, with another's changes": lambda: thread_words.done(
        voted(edited(refund(), BOB, amount=500), ALICE), ALICE, "approve", None, ROSTER
    ),
    "rejected": lambda: done("rejected", "reject", "no receipt"),
    "looks right": lambda: done("audit_looks_right", "looks_right"),
    "corrected": lambda: done("audit_corrected", "correct", "typo"),
    "flagged": lambda: done("audit_flagged", "flag", "twice"),
    "answered": lambda: done("question_answered", "answer"),
    "confirm an edit": lambda: thread_words.not_done(
        Answer(Reason.NOT_CONFIRMED), STATES["manual_open"]().case, "edit", ROSTER
    ),
    "confirm": lambda: thread_words.not_done(
        Answer(Reason.NOT_CONFIRMED), STATES["manual_open"]().case, "approve", ROSTER
    ),
    "no such answer": lambda: thread_words.not_done(
        Answer(Reason.NO_ANSWER), STATES["question_open"]().case, "answer", ROSTER
    ),
    "already said so": lambda: thread_words.not_done(
        Answer(repeated=True), voted(refund(), ALICE), "approve", ROSTER
    ),
    "misread": lambda: thread_words.misread(refund(), _ERRORS),
    "unclear": lambda: thread_words.unclear(refund(), "The quote of customer is not closed."),
    "unclear, as it changes something": lambda: thread_words.unclear(
        refund(), "That would change it.", instead="edit amount=500"
    ),
    "unclear, as it names another": lambda: thread_words.unclear(
        refund(), "req_01ZZZZZZZZ is another request: write in its thread.", example=False
    ),
    "edit what": lambda: thread_words.nothing_named(refund(), Verb.EDIT),
    "correct what": lambda: thread_words.nothing_named(STATES["audit_open"]().case, Verb.CORRECT),
    "which": lambda: thread_words.which(_TWO, Verb.APPROVE),
    "no such id": lambda: thread_words.which(_TWO, Verb.REJECT, "req_01XYZ"),
    "a typo": lambda: helped(refund(), "aprove"),
    "not understood": lambda: helped(refund(), "lunch"),
    "a yes": lambda: helped(refund(), "lgtm"),
    "a yes by emoji, on a review": lambda: helped(STATES["audit_open"]().case, ":+1:"),
    "a yes, of an agent that is not called": lambda: helped(not_called(), "ok"),
    "a yes, too late": lambda: helped(STATES["rejected"]().case, "yes"),
    "a no": lambda: helped(refund(), "no way"),
    "changes without edit": lambda: helped(refund(), "amount=500 please"),
    "an option without answer": lambda: helped(STATES["question_open"]().case, "acme ltd, leeds"),
    "sent to the agent": lambda: thread_words.sent_to_agent(refund()),
    "sent to the agent, which is not called": lambda: thread_words.sent_to_agent(not_called()),
    "sent to the agent, under a question": lambda: thread_words.sent_to_agent(STATES["question_open"]().case),
    "sent to the agent, once it is decided": lambda: thread_words.sent_to_agent(STATES["rejected"]().case),
    "help": lambda: helped(refund(), "help"),
    "help, once it is decided": lambda: helped(STATES["rejected"]().case, "help"),
    "how to review": lambda: thread_words.not_this_way(STATES["audit_open"]().case),
    "how to answer": lambda: thread_words.not_this_way(STATES["question_open"]().case),
    "kept only": thread_words.kept_only,
    "not kept": thread_words.not_kept,
    "edited message": thread_words.edited,
    "too long": lambda: thread_words.too_long(3000),
    "usage": guide.usage,
}


def test_every_answer_reads_as_it_was_agreed() -> None:
    """Word for word what was read and agreed on."""
    text = "\n\n".join(f"## {name}\n{make()}" for name, make in SENTENCES.items()) + "\n"
    kept = GOLDEN / "thread_words.txt"
    if os.environ.get("HITL_REGENERATE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SENTENCES)
def test_every_answer_can_be_sent(name: str) -> None:
    """As a message of the thread, within Slack's limits."""
    note = thread_words.said_note(refund(), SENTENCES[name](), "said:C0:1.2")
    assert limits.problems_of_message(note.as_post()) == []


@settings(deadline=None)
@given(WORDS)
def test_nobodys_words_forge_an_answer(words: str) -> None:
    """Names, titles, reasons, ids and values stay inert, and the message legal."""
    eve = Person(UserId("U0EVE"), words or "e")
    case = an_open_case(a_request(payload={words: 1, "amount": 2}), title=words, ask=(words or "group",))
    case = voted(case, BOB, Choice.APPROVE, words)
    told = [
        thread_words.done(case, eve, "approve", words, ROSTER),
        thread_words.misread(case, {words: words}),
        thread_words.unclear(case, words),
        thread_words.unclear(case, words, instead=words),
        thread_words.sent_to_agent(
            replace(case, request=replace(case.request, agent=AgentName(words or "a")))
        ),
        thread_words.which([case, replace(case)], Verb.EDIT, words),
        helped(case, words),
        helped(case, f"ok {words}"),
    ]
    for text in told:
        assert "<" not in text
        assert not set("\u202e\u200b") & set(text)
        assert limits.problems_of_message(thread_words.said_note(case, text, "k").as_post()) == []


def test_ids_are_cut_to_what_no_other_shares() -> None:
    """Six characters of the end at least; of two that end alike, as many as it takes."""
    one, two = _case("req_01JD3V8Q0000000000000000A1"), _case("req_01JD3V8Q1000000000000000A1")
    assert thread_words.short_id(one, [one]) == "0000A1"
    assert not two.id.endswith(thread_words.short_id(one, [one, two]))
    assert one.id.endswith(thread_words.short_id(one, [one, two]))


def _case(id_: str) -> Case:
    return an_open_case(a_request(id=RequestId(id_)))
