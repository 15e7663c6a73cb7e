"""What a card says of the request that was there before it."""

from __future__ import annotations

from typing import Final

from approvals.model import Case
from approvals.words import Gate, Status
from blocks import deleted, rich
from blocks.arguments import hidden_in
from blocks.differences import differences, some
from blocks.rich import Block, Element
from blocks.standing import deciders, verdict_word
from blocks.table import Table
from blocks.text import short

_LINES: Final = 8


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
    if previous.gone_at is not None:
        return [rich.block(*parts, *_another_action(case, previous), deleted.not_compared(previous))]
    sensitive = (*case.judgement.sensitive, *previous.judgement.sensitive)
    before, now = previous.payload, case.request.payload
    different = some(differences(before, now, hidden_in(sensitive, before, now)), _LINES)
    parts += _another_action(case, previous)
    if not different.first:
        parts.append(rich.section(rich.text("The arguments are the same.")))
        return [rich.block(*parts)]
    table = Table(room=500, lines=_LINES)
    table.change(different)
    return [rich.block(*parts, rich.section(rich.text("Different now", bold=True)), *table.elements())]


def _another_action(case: Case, previous: Case) -> list[Element]:
    if previous.request.action == case.request.action:
        return []
    actions = f"{short(previous.request.action, 80)} → {short(case.request.action, 80)}"
    return [rich.section(rich.label("Another action now:"), rich.text(actions))]


def let_through(case: Case, reviewed: Case | None) -> list[Block]:
    """What a review that opened by itself looks at: silence let it through."""
    if case.request.review_of is None:
        return []
    decision = reviewed.decision if reviewed is not None else None
    line = rich.section(
        rich.text("🔕 It went ahead because nobody objected", bold=True),
        [*rich.text(", "), rich.date(decision.decided_at)] if decision is not None else [],
        rich.text(f" (request {short(case.request.review_of, 60)})."),
    )
    return [rich.block(line)]


def _said_then(previous: Case) -> list[Element]:
    decision = previous.decision
    if decision is None:
        return rich.text("The one before is still open.")
    expired = previous.status is Status.TIMED_OUT and previous.judgement.gate is not Gate.AUDIT
    told = "It expired" if expired else f"It was {verdict_word(previous)}"
    by = ", ".join(short(name, 100) for name in deciders(previous)[:3])
    return [
        *rich.text(f"{told}{f' by {by}' if by else ''}, "),
        rich.date(decision.decided_at),
        *rich.text("."),
    ]
