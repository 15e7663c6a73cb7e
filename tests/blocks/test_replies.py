"""What people, operators and agents' models are told, sentence by sentence."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from approvals import grants
from approvals.canonical import digest_of
from approvals.effects import CallbackType
from approvals.errors import Reason
from approvals.events import Cancelled, Edited, Opened, Voted
from approvals.machine import Answer, decide
from approvals.model import Case, Comment, Flaw, Grants
from approvals.words import Choice, Gate, GrantId, Kind
from blocks import limits, notices, replies
from blocks.actions import NOTE_METADATA
from blocks.card import card
from blocks.for_agents import message_for_agent
from blocks.message import Message
from blocks.text import Mrkdwn
from tests.blocks.gate_states import answered, question
from tests.blocks.hostile import WORDS
from tests.blocks.states import REFUND, ROSTER, STATES, after, edited, refund, stranger, voted
from tests.harness.cases import ALICE, BOB, CAROL, DAN, NOON, a_request, an_open_case
from tests.harness.reading import everything_shown, mrkdwn, read_message

GOLDEN = Path(__file__).parent / "golden"
FLAW = Flaw("payload.amount", "must be at most 5,000")

#: What somebody in Slack can meet; the others are the agents' endpoint's.
TOLD = (
    Reason.NOT_ASKED,
    Reason.IS_REQUESTER,
    Reason.DEACTIVATED,
    Reason.OUTSIDER,
    Reason.STALE,
    Reason.BREAKS_FORM,
    Reason.REASON_MISSING,
    Reason.TOO_MANY_COMMENTS,
)

SENTENCES: Mapping[str, Callable[[], Mrkdwn | Message | str]] = {
    "counted": lambda: replies.answer_words(Answer(), voted(refund(), ALICE), ROSTER, "approve"),
    "counted edit": lambda: replies.answer_words(
        Answer(), edited(refund(), ALICE, amount=500), ROSTER, "edit"
    ),
    "done": lambda: replies.answer_words(Answer(), STATES["approved"]().case, ROSTER, "approve"),
    "done, uncalled": lambda: replies.answer_words(
        Answer(), voted(voted(refund(callback_url=None), ALICE), BOB), ROSTER, "approve"
    ),
    "rejected, uncalled": lambda: replies.answer_words(
        Answer(), voted(refund(callback_url=None), CAROL, Choice.REJECT, "No."), ROSTER, "reject"
    ),
    "done, rejected": lambda: replies.answer_words(Answer(), STATES["rejected"]().case, ROSTER, "reject"),
    "already said so": lambda: replies.answer_words(
        Answer(repeated=True), voted(refund(), ALICE), ROSTER, "approve"
    ),
    **{
        f"refused: {reason}": lambda reason=reason: replies.refusal(reason, refund(), ROSTER, (FLAW,))  # type: ignore[misc]
        for reason in TOLD
    },
    "requester": lambda: replies.refusal(
        Reason.REQUESTER_UNKNOWN, refund(on_behalf_of="alice@example.com"), ROSTER
    ),
    "changed": lambda: replies.refusal(Reason.STALE, edited(refund(), ALICE, amount=500), ROSTER),
    "too late, approved": lambda: replies.refusal(Reason.LATE, STATES["approved"]().case, ROSTER),
    "too late, expired": lambda: replies.refusal(Reason.LATE, STATES["timed_out"]().case, ROSTER),
    "too late, withdrawn": lambda: replies.refusal(Reason.LATE, STATES["withdrawn"]().case, ROSTER),
    **{
        f"{name}: {wanted}": lambda name=name, wanted=wanted: replies.answer_words(  # type: ignore[misc]
            Answer(), STATES[name]().case, ROSTER, wanted
        )
        for name, wanted in (
            ("audit_looks_right", "looks_right"),
            ("audit_corrected", "correct"),
            ("audit_flagged", "flag"),
            ("question_answered", "answer"),
            ("manual_half_approved", "approve"),
        )
    },
    "answered, uncalled": lambda: replies.answer_words(
        Answer(), answered(question(callback_url=None), "ACME Ltd, Leeds"), ROSTER, "answer"
    ),
    "flagged, uncalled": lambda: replies.answer_words(
        Answer(), voted(a_review(callback_url=None), ALICE, Choice.REJECT, "Twice."), ROSTER, "flag"
    ),
    "counted, of two reviewers": lambda: replies.answer_words(
        Answer(), voted(a_review(quorum=2), ALICE), ROSTER, "looks_right"
    ),
    "reviewed already": lambda: replies.answer_words(
        Answer(repeated=True), voted(a_review(quorum=2), ALICE), ROSTER, "looks_right"
    ),
    "allowed": lambda: replies.answer_words(
        Answer(), STATES["granting"]().case, ROSTER, "allow", NOON + timedelta(hours=6)
    ),
    **{
        f"too late: {name}": lambda name=name: replies.refusal(  # type: ignore[misc]
            Reason.LATE, STATES[name]().case, ROSTER
        )
        for name in (
            "soft_went_ahead",
            "soft_stopped",
            "audit_looks_right",
            "audit_corrected",
            "audit_flagged",
            "audit_unreviewed",
            "question_answered",
            "question_by_default",
            "question_unanswered",
        )
    },
    "too late, let through by a grant": lambda: replies.refusal(Reason.LATE, let_through(), ROSTER),
    "too late, let through by the policy": lambda: replies.refusal(
        Reason.LATE, an_open_case(gate=Gate.AUTO), ROSTER
    ),
    "not confirmed": lambda: replies.refusal(Reason.NOT_CONFIRMED, STATES["manual_open"]().case, ROSTER),
    "no such answer": lambda: replies.refusal(Reason.NO_ANSWER, STATES["question_open"]().case, ROSTER),
    "no answer": lambda: replies.refusal(Reason.NO_ANSWER, STATES["question_without_options"]().case, ROSTER),
    **{
        f"not this way: {name}": lambda name=name: replies.refusal(  # type: ignore[misc]
            Reason.NOT_THIS_WAY, STATES[name]().case, ROSTER
        )
        for name in ("question_open", "audit_open", "open")
    },
    "not to be allowed": lambda: replies.refusal(Reason.NOT_GRANTABLE, refund(), ROSTER),
    "a review breaks the form": lambda: replies.refusal(
        Reason.BREAKS_FORM, STATES["audit_breaks_form"]().case, ROSTER
    ),
    "not saved": replies.could_not_save,
    "saved late": replies.saved_late,
    "too slow": replies.took_too_long,
    "not up yet": replies.not_up_yet,
    "replaced": lambda: replies.replaced("https://acme.slack.com/archives/C1/p2", over=False),
    "replaced, and over": lambda: replies.replaced("https://acme.slack.com/archives/C1/p2", over=True),
    "unknown request": replies.unknown_request,
    "unknown button": replies.unknown_button,
    "our mistake": lambda: replies.incident("inc_7Q2K"),
    "the agent speaks": lambda: replies.comment_note(
        refund(), Comment(a_request().agent, "The receipt\nis attached.", NOON), "comment:1"
    ),
    "a dead letter": lambda: replies.dead_letter_note(
        refund(), CallbackType.DECIDED, "its address answers 500", "dead:1"
    ),
    "operators: a dead letter": lambda: notices.dead_letter(refund(), "HTTP 500", 24),
    "operators: archived": lambda: notices.channel_gone("C0REFUNDS", "is_archived", "C0APPROVALS"),
    "operators: not in it": lambda: notices.channel_gone("C0REFUNDS", "not_in_channel", "C0APPROVALS"),
    "operators: unknown": lambda: notices.channel_gone(
        "C0REFUNDS", "channel_not_found", "those asked, as a direct message"
    ),
    "operators: closed": lambda: notices.channel_gone("C0REFUNDS", "is_archived", ""),
    "operators: policy": lambda: notices.policy_broken("hitl.yml:12: rules[0].gate: must be auto or hard"),
    "operators: scope": lambda: notices.missing_scope("usergroups:read", "usergroups.users.list"),
    "operators: delayed": lambda: notices.delayed("C0REFUNDS", NOON, 312),
    "operators: back": lambda: notices.back(["C0REFUNDS"], None, 312, 0, 0),
    "operators: back, in several": lambda: notices.back(["C0REFUNDS", "C0SUPPORT"] * 6, None, 1, 0, 0),
    "operators: back after an outage": lambda: notices.back([], (NOON, NOON, "http_503"), 1_312, 0, 0),
    "operators: back, not all of it": lambda: notices.back([], (NOON, NOON, "token_revoked"), 7, 1, 2),
    "operators: an incident": lambda: notices.incident("inc_7Q2K", "KeyError in submission"),
    **{
        f"operators: an incident in {where}": lambda where=where: notices.incident(  # type: ignore[misc]
            "inc_7Q2K", "KeyError in submission", where
        )
        for where in (*filter(None, notices.WHERE), "anchor")
    },
    "operators: refused by Slack": lambda: notices.refused("chat.postMessage", "invalid_arguments"),
    "operators: refused": lambda: notices.card_refused(refund(), "no more than 50 items allowed"),
    **{
        f"to the agent: {name}": lambda name=name: message_for_agent(STATES[name]().case)  # type: ignore[misc]
        for name in (
            "approved",
            "approved_with_changes",
            "rejected",
            "timed_out",
            "timed_out_half_approved",
            "withdrawn",
            "withdrawn_as_revoked",
            "open",
        )
    },
}


def a_review(**fields: Any) -> Case:
    """A refund that was paid already."""
    asked = {name: fields.pop(name) for name in ("callback_url",) if name in fields}
    return an_open_case(a_request(kind=Kind.REVIEW, **asked), gate=Gate.AUDIT, **fields)


def let_through() -> Case:
    """A refund that a grant of Alice's let through."""
    case = an_open_case(grants=Grants(timedelta(hours=8)))
    grant = grants.given(case, GrantId("g_1"), ALICE, NOON, timedelta(hours=1))
    return decide(None, Opened(case.request, case.judgement, ROSTER, grant), NOON).case


def read(sentence: Mrkdwn | Message | str) -> str:
    """A sentence or a message as it is read."""
    if isinstance(sentence, Message):
        return read_message(sentence.as_call()).rstrip()
    return mrkdwn(sentence)


def test_every_sentence_reads_as_it_was_agreed() -> None:
    """All of them, word for word, in one file that can be read aloud."""
    text = "\n\n".join(f"[{name}]\n{read(make())}" for name, make in SENTENCES.items()) + "\n"
    kept = GOLDEN / "sentences.txt"
    if os.environ.get("HITL_REGENERATE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SENTENCES)
def test_every_sentence_can_be_sent(name: str) -> None:
    """Each is legal in Slack, and ends."""
    said = SENTENCES[name]()
    call = said.as_call() if isinstance(said, Message) else {"text": str(said)}
    assert limits.problems_of_message(call, updating=True) == []
    assert str(call["text"])[-1] in ".!”"


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_says_what_is_the_matter(reason: Reason) -> None:
    """No reason of the core is left without a sentence of its own, with a case or without."""
    assert len(replies.refusal(reason, refund(), ROSTER)) > 20
    assert len(replies.refusal(reason, None, ROSTER)) > 20


def told(case: Case, event: Voted | Edited) -> str:
    """What somebody is told whose click became this event."""
    ruling = decide(case, event, NOON)
    wanted: replies.Wanted = "edit" if isinstance(event, Edited) else "approve"
    return replies.answer_words(ruling.answer, ruling.case, ROSTER, wanted)


def test_each_click_gets_its_answer() -> None:
    """From real rulings: not asked, stale, late, twice, counted, done, against the form."""
    case = refund()
    assert "You are not asked" in told(case, Voted(DAN, Choice.APPROVE, case.sight, ROSTER))
    assert "1 more approval is needed" in told(case, Voted(ALICE, Choice.APPROVE, case.sight, ROSTER))
    again = voted(case, ALICE)
    assert "it counts once" in told(again, Voted(ALICE, Choice.APPROVE, case.sight, ROSTER))
    assert "Done:" in told(again, Voted(BOB, Choice.APPROVE, case.sight, ROSTER))
    changed = edited(case, ALICE, amount=500)
    assert "amount 750 → 500" in told(changed, Voted(BOB, Choice.APPROVE, case.sight, ROSTER))
    over = STATES["rejected"]().case
    assert "Too late: it was rejected by Carol" in told(over, Voted(BOB, Choice.APPROVE, over.sight, ROSTER))
    wild = Edited(CAROL, {**REFUND, "amount": 9000}, case.sight, ROSTER)
    assert "amount must be at most 5,000" in told(case, wild)
    assert "Say why" in told(case, Voted(BOB, Choice.REJECT, case.sight, ROSTER))


@settings(deadline=None)
@given(WORDS)
def test_nobodys_words_forge_a_sentence(words: str) -> None:
    """Names, titles, reasons and comments of others stay inert in every answer."""
    eve = stranger(words or "e")
    case = an_open_case(a_request(on_behalf_of=words or None), title=words, ask=(words or "group",))
    case = decide(case, Voted(BOB, Choice.REJECT, digest_of({}), ROSTER, words), NOON).case
    note = replies.comment_note(case, Comment(eve, words, NOON), "comment:1")
    assert limits.problems_of_message(note.as_post() | {"unfurl_links": None}) == []
    assert note.metadata == {
        "event_type": NOTE_METADATA,
        "event_payload": {"request": case.id, "key": "comment:1"},
    }
    sentences = [replies.refusal(reason, case, ROSTER, (Flaw("payload.x", words),)) for reason in Reason]
    for text in [*sentences, note.text, notices.policy_broken(words).text]:
        assert "<" not in text.replace("<!date^", "")
        assert not set("\u202e\u200b") & set(text)


def test_the_model_learns_what_was_changed_and_why() -> None:
    """The message for the agent names who, what and why, in plain text, and whether to ask again."""
    case = voted(edited(refund(), ALICE, "The receipt covers 500.", amount=500), BOB)
    message = message_for_agent(case)
    assert message.startswith("Approved with changes by Alice, who said “The receipt covers 500.”, and Bob. ")
    assert "amount 750 → 500" in message
    assert "decision.payload" in message
    assert "ask again" in message_for_agent(STATES["rejected"]().case)
    assert "neither a refusal nor" in message_for_agent(STATES["timed_out"]().case)


@pytest.mark.parametrize("name", STATES)
def test_the_model_reads_two_sentences_at_most(name: str) -> None:
    """One for the verdict, one for what to do; stops and breaks in what people said are theirs."""
    message = message_for_agent(STATES[name]().case)
    ours = re.sub(r"“[^”]*”", "“”", message)
    assert 1 <= len(re.findall(r"[.!?](?= |$)", ours)) <= 2
    assert "\n" not in message


def test_peoples_stops_and_breaks_add_no_sentence() -> None:
    """Words of three lines stay one quotation in the first of two sentences."""
    case = voted(refund(), CAROL, Choice.REJECT, "No. Never!\nAsk the bank.")
    message = message_for_agent(case)
    assert message.startswith("Rejected by Carol, who said “No. Never! ⏎ Ask the bank.” Do not do it")
    assert message.count("“") == 1


def test_an_approval_says_that_nothing_need_be_asked_again() -> None:
    """An agent that was approved goes on, whether or not something was changed."""
    for name in ("approved", "approved_with_changes"):
        assert "no need to ask again" in message_for_agent(STATES[name]().case)


def test_a_withdrawal_does_not_deny_an_approval() -> None:
    """Where Alice had approved already, nobody claims that nobody had."""
    case = after(voted(refund(), ALICE), Cancelled("No longer needed."), minutes=30)
    message = message_for_agent(case)
    assert "anybody" not in message
    assert message.startswith(
        "Withdrawn by billing-agent, who said “No longer needed.”, before it was decided."
    )


@pytest.mark.parametrize("name", ["timed_out_half_approved", "parked"])
def test_too_few_approvals_are_not_nobody(name: str) -> None:
    """Under one approval of two, no sentence says that nobody decided."""
    view = STATES[name]()
    shown = everything_shown(card(view).as_call())
    assert "not enough approvals in time" in shown.replace("there were ", "")
    assert "obody decided" not in shown + message_for_agent(view.case)


def test_a_long_comment_is_cut_visibly() -> None:
    """An agent in full flow does not make an illegal message."""
    note = replies.comment_note(refund(), Comment(a_request().agent, "word " * 50_000, NOON), "comment:2")
    assert limits.problems_of_message(note.as_call()) == []
    assert "more characters" in everything_shown(note.blocks)
