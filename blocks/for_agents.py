"""What a decision says to the agent's model: plain text, no markup, two sentences.

The first is the verdict, with who decided and what they said; the second is what to do now.
"""

from __future__ import annotations

from typing import Final

from approvals.model import Case, Decision, Status, Via
from blocks.standing import agent_was_revoked, edits, in_words, some_approved
from blocks.text import cut, listed, one_line

#: An approver's words reach the model whole, within reason; `decision.reason` has all of them.
_WORDS: Final = 1_000
_CHANGES: Final = 8


def message_for_agent(case: Case) -> str:
    """`decision.message`: who decided what and why, what was changed, whether asking again makes sense."""
    decision = case.decision
    if decision is None:
        return "This is not decided yet: wait, and do not act."
    match decision.verdict:
        case Status.APPROVED:
            return (
                f"Approved by {_people(case, decision)}."
                " Go ahead with exactly the arguments you asked for; there is no need to ask again."
            )
        case Status.MODIFIED:
            changed = in_words(edits(case, _CHANGES), _CHANGES)
            return (
                f"Approved with changes by {_people(case, decision)}. Go ahead with decision.payload instead"
                f" of what you asked for ({changed}); there is no need to ask again."
            )
        case Status.REJECTED:
            return (
                f"Rejected by {_people(case, decision)}. Do not do it, and ask again only with what was"
                f" objected to put right (supersedes: {case.id})."
            )
        case Status.TIMED_OUT:
            verdict = "There were not enough approvals" if some_approved(case) else "Nobody decided"
            return (
                f"{verdict} in time, which is neither a refusal nor a permission."
                " Do not act; ask again if it is still needed."
            )
        case Status.CANCELLED:
            return _withdrawn(case, decision)
        case _:
            return f"Answered by {_people(case, decision)}: {_quoted(decision.answer or '')}."


def nobody_objected(case: Case) -> str:
    """Why a review was opened by itself, as its card's reasoning: `case` is what silence let through."""
    why = case.request.reasoning
    own = f" The agent had given as its reason: {why}" if why else ""
    return f"It went ahead because nobody objected in time ({case.id}): was that right?{own}"


def _withdrawn(case: Case, decision: Decision) -> str:
    if agent_was_revoked(case):
        return (
            f"Withdrawn before it was decided, because {case.request.agent} was revoked."
            " Do not act on it; a revoked agent cannot ask again."
        )
    said = f", who said {_quoted(decision.reason)}," if decision.reason else ""
    return (
        f"Withdrawn by {case.request.agent}{said} before it was decided."
        " Do not act on it; ask again if it is needed after all."
    )


def _people(case: Case, decision: Decision) -> str:
    """Each with what they said."""
    if not decision.by:
        nobody = {Via.POLICY: "the policy, without a person", Via.GRANT: "a standing grant"}
        return nobody.get(decision.via, "nobody")
    words = {vote.by.id: vote.reason for vote in case.votes if vote.round == case.round and vote.reason}
    told = [
        f"{one_line(person.name)}, who said {_quoted(words[person.id])}"
        if person.id in words
        else one_line(person.name)
        for person in decision.by
    ]
    if len(told) == 2 and ", who said " in told[0]:
        return f"{told[0]}, and {told[1]}"
    return listed(told)


def _quoted(words: str | None) -> str:
    return f"“{cut(one_line(words or ''), _WORDS)}”"
