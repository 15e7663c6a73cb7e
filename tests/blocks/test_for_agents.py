"""What the agent's model reads, for each verdict, kind and way: two sentences that say what to do now."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from approvals.events import Cancelled, Opened
from approvals.machine import decide
from approvals.model import Case
from approvals.words import Gate, Via
from blocks.for_agents import message_for_agent
from tests.blocks.gate_states import after, comment, draft, grant, question
from tests.blocks.states import STATES
from tests.harness.cases import NOON, a_judgement, a_request

GOLDEN = Path(__file__).parent / "golden" / "for_agents.txt"


def through(via: Via) -> Case:
    """What a grant let through."""
    case, made = grant()
    assert case.decision is not None
    return replace(case, decision=replace(case.decision, via=via, grant=made.id))


def by_policy(gate: Gate) -> Case:
    """What the policy let through: as its rule says, or because it was not picked for a look."""
    sample = 0.0 if gate is Gate.AUDIT else None
    return decide(None, Opened(a_request(), a_judgement(gate=gate, sample=sample)), NOON).case


def state(name: str) -> Callable[[], Case]:
    """The case of a card's state."""
    return lambda: STATES[name]().case


TOLD: Mapping[str, Callable[[], Case]] = {
    **{
        name: state(name)
        for name in (
            *("open", "approved", "approved_with_changes", "rejected", "timed_out", "withdrawn"),
            *("soft_went_ahead", "soft_went_ahead_for_good", "soft_stopped"),
            *("audit_open", "audit_looks_right", "audit_corrected", "audit_flagged", "audit_unreviewed"),
            *("question_open", "question_answered", "question_by_default", "question_unanswered"),
        )
    },
    "policy": lambda: by_policy(Gate.AUTO),
    "policy, not sampled": lambda: by_policy(Gate.AUDIT),
    "grant": lambda: through(Via.GRANT),
    "a withdrawn review": lambda: after(comment(), Cancelled("Hidden by its author."), minutes=5),
    "a withdrawn question": lambda: after(question(), Cancelled(None), minutes=5),
    "a withdrawn draft": lambda: after(draft(), Cancelled("Not today."), minutes=5),
}


def test_every_message_reads_as_it_was_agreed() -> None:
    """All of them, word for word, in one file."""
    text = "\n\n".join(f"[{name}]\n{message_for_agent(make())}" for name, make in TOLD.items()) + "\n"
    if os.environ.get("HITL_REGENERATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TOLD)
def test_the_model_reads_two_sentences_at_most(name: str) -> None:
    """One for the verdict, one for what to do; stops and breaks in what people said are theirs."""
    ours = re.sub(r"“[^”]*”", "“”", message_for_agent(TOLD[name]()))
    assert 1 <= len(re.findall(r"[.!?](?= |$)", ours)) <= 2
    assert "\n" not in ours


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("soft_went_ahead", "Nobody objected in time, so it is approved; people will review it afterwards"),
        ("grant", "Alice had allowed requests like this one"),
        ("policy, not sampled", "did not pick this one for review"),
        ("audit_corrected", "It should have been decision.payload (label spam → satire)"),
        ("audit_flagged", "report the outcome rolled_back"),
        ("question_answered", "Answered by Bob: “ACME Ltd, Leeds”"),
        ("question_by_default", "“ACME GmbH, Berlin”. Go on with it"),
        ("question_unanswered", "do not guess"),
    ],
)
def test_the_model_learns_what_matters(name: str, words: str) -> None:
    """By whom, by what way, and what to do with it."""
    assert words in message_for_agent(TOLD[name]())


def test_silence_and_grants_claim_no_persons_look() -> None:
    """What nobody looked at is not called approved by somebody."""
    for name in ("soft_went_ahead", "grant", "policy", "policy, not sampled"):
        assert "pproved by A" not in message_for_agent(TOLD[name]())
