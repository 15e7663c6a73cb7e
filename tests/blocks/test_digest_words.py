"""What is said around digests, storms and paused agents: each sentence true, legal, and agreed on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings

from approvals.errors import Reason
from approvals.events import Cancelled, PulledOut
from approvals.model import Case, Comment
from approvals.words import AgentName, Choice, DigestName, RequestId, Risk
from blocks import digest_words, pausing_words
from blocks.actions import NOTE_METADATA
from blocks.cleared_words import Cleared, Failed, NotCleared, cleared
from blocks.limits import problems_of_message
from blocks.message import Message
from blocks.pausing_words import Flood, Sent, StormMessage
from tests.blocks.boards import BOARD, BOARDS, ROSTER, board, happened, refund, refunds, stormed, voted
from tests.blocks.hostile import WORDS
from tests.harness.cases import ALICE, BOB, CAROL, DIRECTORS, NOON, a_roster
from tests.harness.reading import everything_shown, mrkdwn, read_message

GOLDEN = Path(__file__).parent / "golden" / "digest_words.txt"
BILLING, MAIL = AgentName("billing-agent"), AgentName("mail-agent")
LINK = "https://acme.slack.com/archives/C1/p2"


def _every_reason() -> Cleared:
    """One item for each way in which it was not cleared."""
    case = refund(1)
    missed = [
        NotCleared(happened(case, Cancelled("no")), Reason.LATE),
        NotCleared(voted(case, BOB, Choice.REJECT, "no"), Reason.LATE),
        NotCleared(BOARDS["went ahead"]().entries[0].case, Reason.LATE),
        NotCleared(BOARDS["cleared"]().entries[4].case, Reason.LATE),
        NotCleared(case, Reason.STALE),
        NotCleared(case, Reason.NOT_ASKED),
        NotCleared(case, Reason.IS_REQUESTER),
        NotCleared(happened(case, PulledOut(ALICE, ROSTER)), None),
        NotCleared(stormed(refund(1, rule={"risk": Risk.HIGH})), None),
        NotCleared(stormed(case), None),
        NotCleared(case, Reason.BREAKS_FORM),
        NotCleared(case, Reason.REQUESTER_UNKNOWN),
    ]
    return Cleared(11, 1, left=3, not_cleared=tuple(missed))


SENTENCES: Mapping[str, Callable[[], str]] = {
    "cleared": lambda: cleared(Cleared(12)),
    "cleared, some left": lambda: cleared(Cleared(11, 1, left=3)),
    "cleared, reviews": lambda: cleared(Cleared(right=2, flagged=1)),
    "cleared, some reviews": lambda: cleared(Cleared(2, 1, 4, 3, 5)),
    "cleared, some failed": lambda: cleared(
        Cleared(1, failed=(Failed(RequestId("r2"), "inc_1", refund(2)), Failed(RequestId("r3"), "inc_2")))
    ),
    "cleared, some pulled out": lambda: cleared(Cleared(11, left=1, on_cards=2)),
    "cleared, one pulled out": lambda: cleared(Cleared(11, on_cards=1)),
    "cleared, all left": lambda: cleared(Cleared(left=3)),
    "cleared, some not": lambda: cleared(_every_reason()),
    "cleared, none": lambda: cleared(Cleared(not_cleared=_every_reason().not_cleared[:1])),
    "not asked": lambda: digest_words.not_asked((DIRECTORS,)),
    "deactivated": digest_words.deactivated,
    "nothing left": digest_words.nothing_left,
    "carried on": lambda: digest_words.carried_on(LINK),
    "carried on, not posted yet": lambda: digest_words.carried_on(None),
    "unknown": digest_words.unknown_board,
    "clearing already": digest_words.clearing_already,
    "nothing to reject": digest_words.nothing_to_reject,
    "stale": digest_words.stale,
    "no reason": digest_words.reason_missing,
    "not all at once": digest_words.not_all_at_once,
    "being cleared": lambda: digest_words.being_cleared(500),
}
MESSAGES: Mapping[str, Callable[[], Message]] = {
    "reminder": lambda: digest_words.still_open(BOARDS["partly decided"](), "key:1"),
    "reminder, reviews": lambda: digest_words.still_open(BOARDS["open, reviews"](), "key:1"),
    "reminder, nobody is left": lambda: digest_words.still_open(
        board(refunds(2), roster=a_roster(members=())), "key:1"
    ),
    "reminder, too late": lambda: digest_words.still_open(BOARDS["cleared"](), "key:1"),
    "restarted": lambda: digest_words.restarted(BOARDS["open, some soft"](), "key:1"),
    "a comment": lambda: digest_words.item_comment(
        refund(1), Comment(BILLING, "The customer wrote again.", NOON), "key:1"
    ),
    "storm": lambda: pausing_words.storm(
        Flood(((BILLING, 63),), 0, 43, 20),
        "C0APPROVALS",
        timedelta(minutes=5),
        [StormMessage(LINK, clears=True)],
    ),
    "storm of escalations": lambda: pausing_words.storm(
        Flood((), 4, 1, 3), "C0APPROVALS", timedelta(minutes=5), [StormMessage(LINK, clears=True)]
    ),
    "storm of both": lambda: pausing_words.storm(
        Flood(((BILLING, 5),), 4, 9, 0), "C0APPROVALS", timedelta(minutes=5), []
    ),
    "storm of two": lambda: pausing_words.storm(
        Flood(((BILLING, 63), (MAIL, 1)), 0, 63, 1),
        "C0APPROVALS",
        timedelta(minutes=5),
        [StormMessage(None, clears=False)],
    ),
    "storm on two messages": lambda: pausing_words.storm(
        Flood(((BILLING, 63),), 0, 43, 20),
        "C0APPROVALS",
        timedelta(minutes=5),
        [StormMessage(LINK, clears=False), StormMessage(LINK, clears=True)],
    ),
    "storm on many messages": lambda: pausing_words.storm(
        Flood(((BILLING, 63),), 0, 43, 20),
        "C0APPROVALS",
        timedelta(minutes=5),
        [StormMessage(LINK, clears=False)] * 12,
    ),
    "paused": lambda: pausing_words.paused(BILLING, 3, may_resume=True),
    "paused, one open": lambda: pausing_words.paused(BILLING, 1, may_resume=True),
    "paused, nothing open": lambda: pausing_words.paused(BILLING, 0, may_resume=True),
    "paused, by no operator": lambda: pausing_words.paused(BILLING, 3, may_resume=False),
    "paused already": lambda: pausing_words.paused_already(BILLING, may_resume=True),
    "paused already, to no operator": lambda: pausing_words.paused_already(BILLING, may_resume=False),
    "resumed": lambda: pausing_words.resumed(BILLING, 12),
    "resumed, nothing waited": lambda: pausing_words.resumed(BILLING, 0),
    "not paused": lambda: pausing_words.not_paused(BILLING),
    "which agent": lambda: pausing_words.no_agent("", None, pausing_words.PAUSE),
    "no such agent": lambda: pausing_words.no_agent("billing-agnet", "billing-agent", pausing_words.PAUSE),
    "nothing like it": lambda: pausing_words.no_agent("xyz", None, pausing_words.PAUSE),
    "nothing like it, to operators": lambda: pausing_words.no_agent(
        "xyz", None, pausing_words.PAUSE, [f"agent-{n}" for n in range(12)]
    ),
    "nothing paused like it": lambda: pausing_words.no_agent("xyz", None, pausing_words.RESUME, [BILLING]),
    "nothing paused at all": lambda: pausing_words.no_agent("", None, pausing_words.RESUME, []),
    "agent revoked": lambda: pausing_words.agent_revoked(BILLING),
    "may not pause": lambda: pausing_words.may_not_pause(BILLING),
    "may not resume": lambda: pausing_words.may_not_resume(BILLING),
    "digests sent": lambda: pausing_words.sent(
        (Sent(DigestName("hourly"), 12, "C0APPROVALS"), Sent(DigestName("hourly"), 1, "C0OPS"))
    ),
    "nothing to send": lambda: pausing_words.sent(()),
    "no such digest": lambda: pausing_words.no_digest("hurly", "hourly", ("hourly", "daily")),
    "no digest like it": lambda: pausing_words.no_digest("xyz", None, ("hourly", "daily")),
    "no digests": lambda: pausing_words.no_digest("hourly", None, ()),
    "may not send": pausing_words.may_not_send,
}


def test_all_of_it_reads_as_it_was_agreed() -> None:
    """Every sentence, word for word, in one file that can be read aloud."""
    told = [f"[{name}]\n{mrkdwn(made())}" for name, made in SENTENCES.items()]
    for name, made in MESSAGES.items():
        assert problems_of_message(made().as_post()) == []
        told.append(f"[{name}]\n{read_message(made().as_call()).rstrip()}")
    text = "\n\n".join(told) + "\n"
    if os.environ.get("HITL_REGENERATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_what_was_not_cleared_is_named_up_to_ten() -> None:
    """Of more it says how many there are: nobody reads five hundred names."""
    missed = tuple(NotCleared(case, Reason.STALE) for case in refunds(500))
    said = cleared(Cleared(not_cleared=missed))
    assert said.count("was changed since you saw it") == 10
    assert "and 490 more" in said


@pytest.mark.parametrize("why", [None, *Reason])
def test_every_refusal_has_words(why: Reason | None) -> None:
    """Whatever keeps an item from being cleared, the sentence ends and names the item."""
    said = cleared(Cleared(not_cleared=(NotCleared(refund(1), why),)))
    assert said.startswith("Nothing was cleared. Not cleared: *Refund 1 EUR to C-1* ")
    assert said.endswith(".")


def test_a_reminder_calls_those_who_could_decide_and_nobody_else() -> None:
    """Each once, however many items wait for them; who asked on their behalf is left out."""
    view = board([refund(1), refund(2), refund(3, on_behalf_of=ALICE.id)])
    assert digest_words.still_open(view, "k").text.count("<@U0ALICE>") == 1
    theirs = replace(view, entries=view.entries[2:])
    assert "<@U0ALICE>" not in digest_words.still_open(theirs, "k").text
    assert "<@U0BOB>" in digest_words.still_open(theirs, "k").text


def test_who_put_off_all_that_waits_there_is_not_reminded_of_it() -> None:
    """Until then; where everybody did, the reminder is for nobody."""
    later = NOON + timedelta(days=1)
    case = replace(refund(1), snoozed={ALICE.id: later})
    assert "<@U0ALICE>" not in digest_words.still_open(board([case]), "k").text
    assert "<@U0ALICE>" in digest_words.still_open(board([case], now=later), "k").text
    assert "<@U0ALICE>" in digest_words.still_open(board([case, refund(2)]), "k").text
    assert not digest_words.is_for_nobody(board([case]))
    everybody = dict.fromkeys((ALICE.id, BOB.id, CAROL.id), later)
    assert digest_words.is_for_nobody(board([replace(case, snoozed=everybody)]))
    assert not digest_words.is_for_nobody(board([case], roster=a_roster(members=())))


def test_what_somebody_asks_about_an_item_names_it() -> None:
    """In the digest's thread the agent would not know which one is meant, nor would anybody else."""
    said = digest_words.item_comment(refund(1), Comment(ALICE, "Which order?", NOON), "k")
    assert said.text.startswith(f"Alice asks {refund(1).request.agent} about “")
    assert said.text.endswith("”: Which order?")


def test_what_is_said_once_is_found_again() -> None:
    """By the digest and the key; what an agent said by its request and the key, as under a card."""
    view = BOARDS["open"]()
    expected = {"event_type": NOTE_METADATA, "event_payload": {"board": BOARD, "key": "k"}}
    assert digest_words.still_open(view, "k").metadata == expected
    assert digest_words.restarted(view, "k").metadata == expected
    said = digest_words.item_comment(refund(1), Comment(BILLING, "x", NOON), "k")
    assert said.metadata == {
        "event_type": NOTE_METADATA,
        "event_payload": {"request": "req_0001", "key": "k"},
    }


@given(words=WORDS)
@settings(max_examples=60, deadline=None)
def test_nobody_writes_into_them(words: str) -> None:
    """Titles, agents, channels and what was typed ping nobody and stay within the limits."""
    case: Case = refund(1, rule={"title": words or "x"})
    agent = AgentName(words)
    told = [
        digest_words.item_comment(case, Comment(agent, words, NOON), "k"),
        pausing_words.storm(Flood(((agent, 2),) * 7, 1, 13, 2), words, timedelta(0), []),
        pausing_words.paused(words, 2, may_resume=True),
        pausing_words.resumed(words, 2),
        pausing_words.no_agent(words, words, pausing_words.RESUME),
        pausing_words.no_agent(words, None, pausing_words.PAUSE, [words] * 12),
        pausing_words.no_digest(words, None, (words, words)),
        pausing_words.sent((Sent(DigestName(words), 1, words),) * 12),
    ]
    sentences = [
        cleared(Cleared(not_cleared=(NotCleared(case, Reason.STALE),) * 12)),
    ]
    for message in told:
        assert problems_of_message(message.as_post()) == []
        shown = message.text + "".join(each["text"]["text"] for each in message.blocks if "text" in each)
        assert "<!channel>" not in shown
        assert "<https" not in shown
    assert all("<!channel>" not in each and "<https" not in each for each in sentences)
    assert everything_shown([message.blocks for message in told])
