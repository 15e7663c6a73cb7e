"""The parts of a card, from the status line to the small print.

Each gives blocks, none when there is nothing to say. Each keeps to a length of its own, so that together they
leave room for the arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from approvals.escalation import ends_at
from approvals.model import Case, ContextItem, Flaw, Roster, Status
from blocks import rich
from blocks.arguments import Table, differences, hidden_in, label_of, masked, summary_first, value_text
from blocks.rich import Block, Element
from blocks.standing import EMOJI, OUTCOMES, approvers, edits, risk_word, standing, then, who_may
from blocks.text import Mrkdwn, cut, mention, one_line, short
from blocks.wording import say

_PEOPLE: Final = 8
_CONTEXT_ITEMS: Final = 10
_REASONS: Final = 6
_FLAWS: Final = 5
_SAYINGS: Final = 3
#: Below this an agent is guessing, and the card says so in a word.
_LOW_CONFIDENCE: Final = 0.7


def open_status(case: Case, roster: Roster) -> Mrkdwn:
    """Risk, who asks, how many are needed, until when, and what happens then."""
    return say(
        "status_open",
        emoji=EMOJI[case.judgement.risk],
        risk=risk_word(case.judgement.risk),
        irreversible=case.judgement.irreversible,
        agent=case.request.agent,
        standing=standing(case, roster),
        approved_by=[mention(person) for person in approvers(case, roster)[:_PEOPLE]],
        parked_at=case.parked_at,
        due_at=ends_at(case),
        then=then(case),
    )


def decided_status(case: Case) -> Mrkdwn:
    """The verdict, by whom and when."""
    decision = case.decision
    assert decision is not None  # noqa: S101  # only called for decided cases
    return say(
        "status_decided",
        verdict=str(decision.verdict),
        via=str(decision.via),
        people=[mention(person) for person in decision.by[:_PEOPLE]],
        at=decision.decided_at,
        valid_until=decision.valid_until,
        agent=case.request.agent,
        by_agent=decision.verdict is not Status.CANCELLED,
        emoji=EMOJI[case.judgement.risk],
        risk=risk_word(case.judgement.risk),
    )


def outcome(case: Case) -> list[Block]:
    """What came of it, as the agent says."""
    if case.outcome is None:
        return []
    emoji, word = OUTCOMES[case.outcome.status]
    line = [*rich.text(f"{emoji} {word} ", bold=True), rich.date(case.outcome.at)]
    if case.outcome.detail:
        line += [*rich.text(": "), *rich.said(case.outcome.detail, 500)]
    if case.outcome.url:
        line += [*rich.text(" · "), *rich.link(case.outcome.url)]
    return [rich.block(rich.section(line))]


def sayings(case: Case) -> list[Block]:
    """What the people say who decide, each by name."""
    parts: list[Element] = []
    for name, reason in _reasons_given(case):
        parts += [rich.section(rich.label(f"{name}:")), rich.quote(reason, 400, lines=6)]
    return [rich.block(*parts)] if parts else []


def _reasons_given(case: Case) -> list[tuple[str, str]]:
    """What the people said whose votes count, the last few of them; else what the decision itself says."""
    told = [(vote.by.name, vote.reason) for vote in case.votes if vote.round == case.round and vote.reason]
    if not told and case.decision is not None and case.decision.reason:
        names = ", ".join(person.name for person in case.decision.by)
        return [(names or case.request.agent, case.decision.reason)]
    return told[-_SAYINGS:]


def flaws(case: Case) -> list[Block]:
    """Why nobody can approve it as it stands."""
    if not case.flaws or case.status.final:
        return []
    found = [rich.section(flaw_words(each, case.judgement.sensitive)) for each in case.flaws[:_FLAWS]]
    if len(case.flaws) > _FLAWS:
        found.append(rich.section(rich.text(f"… {len(case.flaws) - _FLAWS:,} more: View everything")))
    intro = rich.section(
        rich.text("⚠️ Cannot be approved as it stands", bold=True),
        rich.text(": it does not fit what the rule allows. Edit it, or reject it."),
    )
    return [rich.block(intro, {"type": "rich_text_list", "style": "bullet", "elements": found})]


def flaw_words(flaw: Flaw, sensitive: tuple[str, ...]) -> list[Element]:
    """One way in which a payload breaks a form, its field in bold, without what is sensitive."""
    return [*rich.label(_flawed(flaw)), *rich.text(_flaw_message(flaw, sensitive))]


def flaw_text(flaw: Flaw, sensitive: tuple[str, ...]) -> str:
    """The same as text."""
    return f"{short(_flawed(flaw), 60)} {_flaw_message(flaw, sensitive)}"


def _flawed(flaw: Flaw) -> str:
    return label_of(tuple(int(part) if part.isdigit() else part for part in flaw.loc.split(".")[1:]))


def _flaw_message(flaw: Flaw, sensitive: tuple[str, ...]) -> str:
    if _touches(flaw.loc, sensitive):
        return "does not fit the rule (masked)"
    return cut(one_line(flaw.msg), 200)


def _touches(loc: str, sensitive: tuple[str, ...]) -> bool:
    """True when a message about `loc` might quote what is sensitive: at it, inside it, or around it."""
    names = ".".join(part for part in loc.split(".") if not part.isdigit())
    return any(
        f"{one}.".startswith(f"{rule}.") or f"{rule}.".startswith(f"{one}.")
        for rule in sensitive
        for one in (loc, names)
    )


def edited(case: Case) -> list[Block]:
    """Old → new, when people changed something."""
    changed = edits(case)
    if not changed:
        return []
    table = Table(room=1_000, lines=12)
    for each in changed:
        table.change(each)
    return [rich.block(rich.section(rich.text("✏️ Changed by the approvers", bold=True)), *table.elements())]


def asked_again(case: Case, previous: Case | None) -> list[Block]:
    """What was said to the request that this one supersedes, and what is different now."""
    if case.request.supersedes is None:
        return []
    if previous is None:
        told = rich.text(
            f"🔁 Asked again after {short(case.request.supersedes, 60)}, which is not kept any more."
        )
        return [rich.block(rich.section(told))]
    parts = [rich.section(rich.text("🔁 Asked again. ", bold=True), _said_then(previous))]
    if previous.decision is not None and previous.decision.reason:
        parts.append(rich.quote(previous.decision.reason, 300, lines=4))
    sensitive = (*case.judgement.sensitive, *previous.judgement.sensitive)
    before, now = previous.payload, case.request.payload
    different = tuple(differences(before, now, hidden_in(sensitive, before, now)))
    if previous.request.action != case.request.action:
        actions = f"{short(previous.request.action, 80)} → {short(case.request.action, 80)}"
        parts.append(rich.section(rich.label("Another action now:"), rich.text(actions)))
    if not different:
        parts.append(rich.section(rich.text("The arguments are the same.")))
        return [rich.block(*parts)]
    table = Table(room=500, lines=8)
    for each in different:
        table.change(each)
    return [rich.block(*parts, rich.section(rich.text("Different now", bold=True)), *table.elements())]


def _said_then(previous: Case) -> list[Element]:
    told = {
        Status.PENDING: "The one before is still open",
        Status.APPROVED: "It was approved",
        Status.MODIFIED: "It was approved with changes",
        Status.REJECTED: "It was rejected",
        Status.ANSWERED: "It was answered",
        Status.TIMED_OUT: "Nobody decided it in time",
        Status.CANCELLED: "It was withdrawn",
    }[previous.status]
    decision = previous.decision
    if decision is None:
        return rich.text(f"{told}.")
    by = ", ".join(short(person.name, 60) for person in decision.by[:3])
    return [
        *rich.text(f"{told}{f' by {by}' if by else ''}, "),
        rich.date(decision.decided_at),
        *rich.text("."),
    ]


def not_delivered(case: Case, undelivered: str | None) -> list[Block]:
    """The agent does not know: a dead letter."""
    if undelivered is None:
        return []
    note = rich.section(
        rich.text(f"📪 {short(case.request.agent, 60)} could not be told", bold=True),
        rich.text(": "),
        rich.said(undelivered, 300),
    )
    return [rich.block(note)]


def arguments(case: Case, room: int) -> list[Block]:
    """The exact arguments, as they are now, within `room` characters."""
    payload = masked(case.payload, hidden_in(case.judgement.sensitive, case.payload))
    title = rich.section(rich.text("What exactly: ", bold=True), rich.text(short(case.request.action, 150)))
    table = Table(room=room - 200)
    for leaf in summary_first(payload, case.judgement.summary):  # type: ignore[arg-type]  # a mapping stays one
        table.add(leaf)
    if not case.payload:
        return [rich.block(title, rich.section(rich.text("No arguments.")))]
    return [rich.block(title, *table.elements())]


def why(case: Case) -> list[Block]:
    """Why the agent decided this, how sure it is, and what else it says one should know."""
    request = case.request
    parts: list[Element] = []
    if request.reasoning and request.reasoning.strip():
        parts += [
            rich.section(rich.text("Why it asks", bold=True)),
            rich.quote(request.reasoning, 1_500, lines=15),
        ]
    else:
        parts.append(rich.titled("Why it asks", rich.text(f"{short(request.agent, 60)} gave no reason.")))
    if request.confidence is not None:
        parts.append(rich.titled("How sure it is", rich.text(_sureness(request.confidence))))
    parts += _context(case.request.context)
    return [rich.block(*parts)]


def _sureness(confidence: float) -> str:
    percent = format((Decimal(str(confidence)) * 100).normalize(), "f")
    return f"{percent}%, by its own account{': low' if confidence < _LOW_CONFIDENCE else ''}"


def _context(items: tuple[ContextItem, ...]) -> Iterable[Element]:
    room = 1_000
    for place, item in enumerate(items):
        line = [*rich.label(item.label), *rich.said(value_text(item.value), 250)]
        if item.url:
            line += [*rich.text(" · "), *rich.link(item.url)]
        room -= sum(len(each["text"]) + len(each.get("url", "")) for each in line)
        if room < 0 or place >= _CONTEXT_ITEMS:
            yield rich.section(rich.text(f"… {len(items) - place:,} more: View everything", italic=True))
            return
        yield rich.section(line)


def consequences(case: Case) -> list[Block]:
    """What happens if approved, what if rejected, and how it is undone. Calm once it is decided."""
    told = case.request.effects
    undo = rich.titled("Undo", _undo(case))
    if case.status.final:
        return [rich.block(undo)] if case.status in (Status.APPROVED, Status.MODIFIED) else []
    approve = told.approve or "The agent goes on with exactly these arguments."
    reject = told.reject or "The agent is told no, and why; it must not act."
    return [
        rich.block(
            rich.titled("If approved", rich.said(approve, 400)),
            rich.titled("If rejected", rich.said(reject, 400)),
            undo,
        )
    ]


def _undo(case: Case) -> list[Element]:
    told = case.request.effects.rollback
    if case.judgement.irreversible:
        claim = [*rich.text(" The agent says: "), *rich.said(told, 400)] if told else []
        return [*rich.text("It cannot be undone.", bold=True), *claim]
    return rich.said(told, 400) if told else rich.text("Not known: the agent did not say how.")


def background(case: Case, roster: Roster) -> list[Block]:
    """The rule's guidance, why it is that risky, who may decide, on whose behalf, and the request's id."""
    parts: list[Element] = []
    pending = not case.status.final
    if case.judgement.guidance and pending:
        parts.append(rich.titled("📌 Decide by", rich.said(case.judgement.guidance, 600)))
    if pending:
        parts.append(rich.titled("Why this risk", rich.text(_reasons(case.judgement.reasons))))
        parts.append(rich.titled("Who may decide", rich.text(who_may(case, roster))))
    if case.request.on_behalf_of:
        requester = _requester(case.request.on_behalf_of, roster)
        note = "; they may not approve it." if pending else "."
        parts.append(rich.titled("On behalf of", rich.text(f"{requester}{note}")))
    rule = f"Request {short(case.id, 60)} · rule {short(case.judgement.rule, 80)}"
    parts.append(rich.section(rich.text(rule, italic=True)))
    return [rich.block(*parts)]


def _reasons(reasons: tuple[str, ...]) -> str:
    told = [cut(one_line(reason), 150).rstrip(".") for reason in reasons[:_REASONS]]
    if len(reasons) > _REASONS:
        told.append(f"{len(reasons) - _REASONS} more: View everything")
    return "; ".join(told) or "the policy gives no reason"


def _requester(requester: str, roster: Roster) -> str:
    names = [profile.name for user, profile in roster.people.items() if user == requester]
    return short(names[0] if names else requester, 100)
