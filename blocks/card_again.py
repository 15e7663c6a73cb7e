"""What a card says of the request that was there before it."""

from __future__ import annotations

from typing import Final

from approvals.model import Case, Status
from blocks import rich
from blocks.arguments import hidden_in
from blocks.differences import differences, some
from blocks.rich import Block, Element
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
    sensitive = (*case.judgement.sensitive, *previous.judgement.sensitive)
    before, now = previous.payload, case.request.payload
    different = some(differences(before, now, hidden_in(sensitive, before, now)), _LINES)
    if previous.request.action != case.request.action:
        actions = f"{short(previous.request.action, 80)} → {short(case.request.action, 80)}"
        parts.append(rich.section(rich.label("Another action now:"), rich.text(actions)))
    if not different.first:
        parts.append(rich.section(rich.text("The arguments are the same.")))
        return [rich.block(*parts)]
    table = Table(room=500, lines=_LINES)
    table.change(different)
    return [rich.block(*parts, rich.section(rich.text("Different now", bold=True)), *table.elements())]


def _said_then(previous: Case) -> list[Element]:
    told = {
        Status.PENDING: "The one before is still open",
        Status.APPROVED: "It was approved",
        Status.MODIFIED: "It was approved with changes",
        Status.REJECTED: "It was rejected",
        Status.ANSWERED: "It was answered",
        Status.TIMED_OUT: "It expired",
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
