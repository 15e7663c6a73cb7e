"""What a rule does, and what a request would get, in words: for `hitl policy` and for `/hitl try`.

Plain text, one line each, as (what it is about, words).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from approvals import confirming
from approvals.canonical import canonical
from approvals.durations import spelled
from approvals.grants import grantable
from approvals.model import Case, Grants, Step
from approvals.policy_model import Policy, Raise, Rule
from approvals.roster import Roster
from approvals.words import Gate, StepKind
from blocks.card import CardView, card

Line: TypeAlias = tuple[str, str]

_GATES: Final[Mapping[Gate, str]] = {
    Gate.AUTO: "approved at once, by the policy; no message, only the log",
    Gate.AUDIT: "the agent goes on at once; people look at it afterwards",
    Gate.SOFT: "waits for the window to close, then goes ahead unless somebody rejects it",
    Gate.HARD: "waits until people decide; silence never approves it",
    Gate.MANUAL: "waits until people decide, each approver typing what confirms it",
    Gate.QUESTION: "waits for the first answer",
}
_ENDS: Final[Mapping[StepKind, str]] = {
    StepKind.REMIND: "a reminder in the card's thread",
    StepKind.APPROVE: "it goes ahead: approved by silence",
    StepKind.EXPIRE: "it times out: the agent must not act",
    StepKind.PARK: "it is parked: still to be decided, out of everybody's way",
}


def of_policy(policy: Policy) -> Iterator[Line]:
    """What holds before any rule: risk, what raises it, and what cannot be undone."""
    for risk, globs in policy.risk.levels:
        yield f"{risk} risk", ", ".join(globs.patterns)
    yield f"{policy.risk.unknown} risk", "every action that is not listed"
    for lift in policy.risk.raises:
        yield "raised", f"{_raised(lift)} when {one_line(lift.when.text)}"
    if policy.irreversible.patterns:
        patterns = ", ".join(policy.irreversible.patterns)
        yield "irreversible", f"{patterns}: never auto, soft or audit, but held as hard"
    for name, digest in policy.digests.items():
        yield "digest", f"{name}, at {digest.cron} in {digest.timezone}"
    if policy.storm is not None:
        most, within = policy.storm.cards, spelled(policy.storm.within)
        yield "storm", f"more than {most} cards for a channel in {within} join one message"


def of_rule(rule: Rule, default: Rule) -> Iterator[Line]:
    """What `rule` does with a request that it holds, at a risk that its gate is for."""
    if rule is not default:
        yield "when", one_line(rule.when.text) if rule.when is not None else "always"
    yield "gate", f"{rule.gate}: {_GATES[rule.gate]}"
    if rule.gate is Gate.AUTO:
        yield "else", "above medium risk, or where it cannot be undone, it is held as hard:"
    yield "asks", _asks(rule.ask or default.ask, rule.quorum)
    if rule.confirm is not None:
        yield "typed", f"the value of {rule.confirm}; where there is none, {confirming.CONFIRM}"
    elif rule.gate is Gate.MANUAL:
        yield "typed", f"the word {confirming.CONFIRM}"
    if rule.sample is not None:
        yield "sample", _sampled(rule.sample)
    if rule.digest is not None:
        yield "shown", f"in the digest {rule.digest}; what one click may not clear has a card"
    yield from _steps(rule.steps or default.steps, rule.gate)
    if rule.grants is not None:
        yield "grants", _granted(rule.grants)
    if rule.valid_for is not None:
        yield "valid", f"an approval has to be claimed within {spelled(rule.valid_for)}"


def of_case(case: Case, roster: Roster) -> Iterator[Line]:
    """What happens to a request that was just opened, if people are shown it."""
    judgement = case.judgement
    yield "gate", f"{judgement.gate}: {_GATES[judgement.gate]}"
    yield "risk", str(judgement.risk) + (", and it cannot be undone" if judgement.irreversible else "")
    yield "rule", judgement.rule
    if judgement.gate is Gate.AUTO:
        return
    if judgement.sample is not None:
        yield "sample", f"{_sampled(judgement.sample)}; which, a hash of the request's id decides"
    yield "asks", _asks(judgement.ask, judgement.quorum)
    if case.request.on_behalf_of is not None:
        yield "not", f"{case.request.on_behalf_of}, for whom it is, does not count"
    where = f"in {judgement.channel}" if judgement.channel is not None else "as a direct message"
    yield ("card", where) if case.waits_in is None else ("shown", f"in the digest {case.waits_in}, {where}")
    word = confirming.word(judgement, case.payload)
    if word is not None:
        yield "typed", f"{word}, by each approver"
    for flaw in case.flaws:
        yield "form", f"{flaw.loc}: {flaw.msg}; it can be edited or rejected, not approved as it is"
    if case.waits_in is None:
        yield "buttons", ", ".join(_buttons(card(CardView(case, roster)).blocks))
    else:
        yield "buttons", "Approve all, Review, Reject all, for all that it holds"
    yield from _steps(judgement.steps, judgement.gate, answer=case.request.default_answer)
    if judgement.grants is not None and grantable(case):
        yield "grants", _granted(judgement.grants)
    if judgement.valid_for is not None and judgement.gate not in (Gate.AUDIT, Gate.QUESTION):
        yield "valid", f"an approval has to be claimed within {spelled(judgement.valid_for)}"


def one_line(text: str) -> str:
    """A condition as it is read aloud."""
    return " ".join(text.split())


def _raised(lift: Raise) -> str:
    if lift.to is not None:
        return f"to {lift.to} at least"
    return f"by {lift.by} level{'s' if lift.by > 1 else ''}"


def _asks(groups: tuple[str, ...], quorum: int) -> str:
    asked = ", ".join(groups)
    return asked if quorum == 1 else f"{asked}: {quorum} of them have to approve, one reject ends it"


def _sampled(share: float) -> str:
    return f"{share * 100:g} % are shown to people; the rest is recorded as passed by the policy"


def _granted(grants: Grants) -> str:
    same = f" with the same {', '.join(grants.same)}," if grants.same else ""
    return f"an approver may let like ones through,{same} for at most {spelled(grants.longest)}"


def _steps(steps: tuple[Step, ...], gate: Gate, *, answer: str | None = None) -> Iterator[Line]:
    for step in steps:
        since = " of the card" if gate is Gate.SOFT else ""
        yield "steps", f"after {spelled(step.after)}{since}: {_step(step, gate, answer)}"


def _step(step: Step, gate: Gate, answer: str | None) -> str:
    if step.do is StepKind.ESCALATE:
        return f"{step.to} may decide as well"
    if step.do is StepKind.APPROVE and step.review:
        return f"{_ENDS[step.do]}, and a review is opened for it"
    if step.do in (StepKind.EXPIRE, StepKind.PARK) and gate is Gate.AUDIT:
        return "it times out: listed as unreviewed"
    if step.do in (StepKind.EXPIRE, StepKind.PARK) and gate is Gate.QUESTION:
        if answer is not None:
            return f"it times out, and the agent goes on with {canonical(answer).decode()}"
        return "it times out: the agent goes on only if it has a default answer"
    return _ENDS[step.do]


def _buttons(blocks: list[dict[str, Any]]) -> Iterator[str]:
    """The words on everything that can be clicked; a menu's stand behind an ellipsis."""
    for block in blocks:
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            if "text" in element:
                yield element["text"]["text"]
            for option in element.get("options", ()):
                yield f"… {option['text']['text']}"
