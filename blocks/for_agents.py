"""What a decision says to the agent's model: plain text, no markup, one or two sentences."""

from __future__ import annotations

from typing import Final

from approvals.model import Case, Decision, Status, Via
from blocks.standing import edits, in_words
from blocks.text import cut, listed, one_line

#: An approver's words reach the model whole, within reason; `decision.reason` has all of them.
_WORDS: Final = 1_000


def message_for_agent(case: Case) -> str:
    """`decision.message`: who decided what and why, what was changed, whether asking again makes sense."""
    decision = case.decision
    if decision is None:
        return "Nobody has decided this yet: wait, and do not act."
    match decision.verdict:
        case Status.APPROVED | Status.MODIFIED:
            return _go_ahead(case, decision)
        case Status.REJECTED:
            said = f": {_words(decision.reason)}" if decision.reason else "."
            return (
                f"Rejected by {_people(decision)}{_stop(said)} Do not do it; ask again only with what was"
                f" objected to put right (supersedes: {case.id})."
            )
        case Status.TIMED_OUT:
            return (
                "Nobody decided in time: this is not a refusal, and it is not a permission. Do not act;"
                " ask again if it is still needed."
            )
        case Status.CANCELLED:
            said = f": {_words(decision.reason)}" if decision.reason else "."
            return f"Withdrawn by {case.request.agent} before anybody decided{_stop(said)} Do not act on it."
        case _:
            return f"Answered by {_people(decision)}: {_words(decision.answer or '')}"


def _go_ahead(case: Case, decision: Decision) -> str:
    said = f" They said: {_words(decision.reason)}" if decision.reason else ""
    if decision.verdict is Status.MODIFIED:
        changed = in_words(edits(case), most=8)
        verdict = f"Approved by {_people(decision)} with changes: {changed}.{_stop(said)}"
        return f"{verdict} Act on decision.payload, not on what you asked for; there is no need to ask again."
    return f"Approved by {_people(decision)}.{_stop(said)} Go ahead with exactly the arguments you asked for."


def _people(decision: Decision) -> str:
    if decision.by:
        return listed(one_line(person.name) for person in decision.by)
    return {Via.POLICY: "the policy, without a person", Via.GRANT: "a standing grant"}.get(
        decision.via, "nobody"
    )


def _words(reason: str | None) -> str:
    return f"“{cut(one_line(reason or ''), _WORDS)}”"


def _stop(said: str) -> str:
    """A sentence ends once: with its own stop, or with that of what it quotes."""
    return said if said.rstrip("”")[-1:] in ("", ".", "!", "?") else f"{said}."
