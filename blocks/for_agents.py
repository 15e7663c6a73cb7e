"""What a decision says to the agent's model: plain text, no markup, two sentences.

The first is the verdict, with who decided and what they said; the second is what to do now.
"""

from __future__ import annotations

from typing import Final

from approvals.model import Case, Decision
from approvals.words import Gate, Status, Via
from blocks.standing import agent_was_revoked, deciders, edits, in_words, reviewed_afterwards, some_approved
from blocks.text import cut, listed, one_line

#: An approver's words reach the model whole, within reason; `decision.reason` has all of them.
_WORDS: Final = 1_000
_CHANGES: Final = 8
#: What to do with what went ahead, once what it was is deleted.
_OVER: Final = (
    " Its arguments were deleted after their time, so do not act on it any more;"
    " ask again if it is still needed."
)


def message_for_agent(case: Case) -> str:
    """`decision.message`: who decided what and why, what was changed, whether asking again makes sense."""
    decision = case.decision
    if decision is None:
        if case.judgement.gate is Gate.AUDIT:
            return "Nobody has reviewed this yet: you may go on meanwhile."
        return "This is not decided yet: wait, and do not act."
    if decision.verdict is Status.CANCELLED:
        return _withdrawn(case, decision)
    if case.judgement.gate is Gate.AUDIT:
        return _reviewed(case, decision)
    if case.judgement.gate is Gate.QUESTION:
        return _answered(case, decision)
    return _decided(case, decision)


def _decided(case: Case, decision: Decision) -> str:
    match decision.verdict:
        case Status.APPROVED if case.emptied:
            return f"{_stopped(_let_through(case, decision))}{_OVER}"
        case Status.MODIFIED if case.emptied:
            return f"Approved with changes by {_stopped(_people(case, decision))}{_OVER}"
        case Status.APPROVED:
            return (
                f"{_stopped(_let_through(case, decision))}"
                " Go ahead with exactly the arguments you asked for; there is no need to ask again."
            )
        case Status.MODIFIED:
            return (
                f"Approved with changes by {_stopped(_people(case, decision))}"
                " Go ahead with decision.payload instead"
                f" of what you asked for ({_changed(case)}); there is no need to ask again."
            )
        case Status.REJECTED:
            return (
                f"Rejected by {_stopped(_people(case, decision))}"
                " Do not do it, and ask again only with what was"
                f" objected to put right (supersedes: {case.id})."
            )
        case _:
            verdict = "There were not enough approvals" if some_approved(case) else "Nobody decided"
            return (
                f"{verdict} in time, which is neither a refusal nor a permission."
                " Do not act; ask again if it is still needed."
            )


def _let_through(case: Case, decision: Decision) -> str:
    match decision.via:
        case Via.POLICY:
            return "Approved by the policy, without a person"
        case Via.GRANT:
            names = listed([one_line(person.name) for person in decision.by]) or "somebody"
            return (
                f"Approved without a new look, because {names} had allowed requests like this one for a while"
            )
        case Via.TIMEOUT:
            review = "; people will review it afterwards" if reviewed_afterwards(case) else ""
            return f"Nobody objected in time, so it is approved{review}"
        case _:
            return f"Approved by {_people(case, decision)}"


def _reviewed(case: Case, decision: Decision) -> str:
    match decision.verdict:
        case Status.APPROVED if decision.via is Via.POLICY:
            return (
                "Let through by the policy, which did not pick this one for review."
                " You may go on; there is no need to ask again."
            )
        case Status.APPROVED:
            people = _stopped(_people(case, decision))
            return f"Found right by {people} There is nothing to put right or to ask again."
        case Status.MODIFIED if case.gone_at is not None:
            return (
                f"Corrected by {_stopped(_people(case, decision))} What it should have been was deleted"
                " after its time: there is nothing to put right or to ask again."
            )
        case Status.MODIFIED:
            return (
                f"Corrected by {_stopped(_people(case, decision))} It should have been decision.payload"
                f" ({_changed(case)}): put right what you did if you can, and do it so the next time."
            )
        case Status.REJECTED:
            return (
                f"Flagged by {_stopped(_people(case, decision))}"
                " Roll it back, report the outcome rolled_back when it is undone, and do not do it again."
            )
        case _:
            return (
                "Nobody looked at it in time, so it stays unreviewed."
                " You may go on; there is no need to ask again."
            )


def _answered(case: Case, decision: Decision) -> str:
    if decision.verdict is Status.ANSWERED:
        return (
            f"Answered by {_people(case, decision)}: {_stopped(_quoted(decision.answer))}"
            " Go on with that answer; there is no need to ask again."
        )
    if decision.answer is not None:
        return (
            f"Nobody answered in time, so your default_answer holds: {_stopped(_quoted(decision.answer))}"
            " Go on with it; there is no need to ask again."
        )
    return (
        "Nobody answered in time, and there is no default_answer."
        " Stop here and do not guess; ask again if it is still needed."
    )


def _changed(case: Case) -> str:
    return in_words(edits(case, _CHANGES), _CHANGES)


def _withdrawn(case: Case, decision: Decision) -> str:
    if agent_was_revoked(case):
        return (
            f"Withdrawn before it was decided, because {case.request.agent} was revoked."
            " Do not act on it; a revoked agent cannot ask again."
        )
    said = f", who said {_quoted(decision.reason)}," if decision.reason else ""
    if case.judgement.gate is Gate.AUDIT:
        return f"Withdrawn by {case.request.agent}{said} before it was reviewed. There is nothing to do."
    return (
        f"Withdrawn by {case.request.agent}{said} before it was decided."
        " Do not act on it; ask again if it is needed after all."
    )


def _people(case: Case, decision: Decision) -> str:
    """Each with what they said."""
    if not decision.by:
        return "nobody"
    words = {vote.by.id: vote.reason for vote in case.votes if vote.round == case.round and vote.reason}
    told = [
        f"{one_line(name)}, who said {_quoted(words[person.id])}" if person.id in words else one_line(name)
        for person, name in zip(decision.by, deciders(case), strict=True)
    ]
    if len(told) == 2 and ", who said " in told[0]:
        return f"{told[0]}, and {told[1]}"
    return listed(told)


def _stopped(sentence: str) -> str:
    """With a full stop, unless a quotation ends it with one of its own."""
    return sentence if sentence.endswith((".”", "?”", "!”", "…”")) else f"{sentence}."


def _quoted(words: str | None) -> str:
    return f"“{cut(one_line(words or ''), _WORDS)}”"
