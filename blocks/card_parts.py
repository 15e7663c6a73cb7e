"""What a card says of what is asked: the arguments, why, what happens then, by which rule.

Each part gives blocks, none when there is nothing to say. Each keeps to a length of its own, so that together
they leave room for the arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from approvals.model import Case, ContextItem, Judgement, Roster, Status
from blocks import rich
from blocks.arguments import hidden_in, how_many_with_summary, masked, summary_first, value_text
from blocks.differences import Some
from blocks.rich import Block, Element
from blocks.standing import who_may
from blocks.table import Table
from blocks.text import cut, one_line, short

_CONTEXT_ITEMS: Final = 10
_REASONS: Final = 6
#: Below this an agent is guessing, and the card says so in a word.
_LOW_CONFIDENCE: Final = 0.7
#: Lines of what people changed.
MOST_CHANGES: Final = 12


def edited(changed: Some) -> list[Block]:
    """Old → new, when people changed something."""
    if not changed.first:
        return []
    table = Table(room=1_000, lines=MOST_CHANGES)
    table.change(changed)
    return [rich.block(rich.section(rich.text("✏️ What was changed", bold=True)), *table.elements())]


def arguments(case: Case, room: int) -> list[Block]:
    """The exact arguments, as they are now, within `room` characters."""
    payload = masked(case.payload, hidden_in(case.judgement.sensitive, case.payload))
    title = rich.section(rich.text("What exactly: ", bold=True), rich.text(short(case.request.action, 150)))
    table = Table(room=room - 200)
    if not case.payload or not isinstance(payload, Mapping):
        none = rich.text("No arguments." if not case.payload else str(payload))
        return [rich.block(title, rich.section(none))]
    summary = case.judgement.summary
    table.fill(summary_first(payload, summary), how_many_with_summary(payload, summary))
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
    """The rule's guidance, why people are asked, who may decide, and on whose behalf."""
    parts: list[Element] = []
    pending = not case.status.final
    if case.judgement.guidance and pending:
        parts.append(rich.titled("📌 Rule to go by", rich.said(case.judgement.guidance, 600)))
    if pending:
        parts.append(rich.titled("Why people are asked", rich.text(_reasons(case.judgement))))
        parts.append(rich.titled("Who may decide", rich.text(who_may(case, roster))))
    if case.request.on_behalf_of:
        requester = _requester(case.request.on_behalf_of, roster)
        note = "; they may not approve it." if pending else "."
        parts.append(rich.titled("On behalf of", rich.text(f"{requester}{note}")))
    return [rich.block(*parts)] if parts else []


def footing(case: Case) -> Block:
    """The request's id, to be copied, and the rule that holds it: small print, in plain text."""
    told = f"Request {short(case.id, 60)} · rule {short(case.judgement.rule, 80)}"
    return {"type": "context", "elements": [{"type": "plain_text", "text": told, "emoji": False}]}


def _reasons(judgement: Judgement) -> str:
    """Those that decided rule and gate, all of them; then of the others as many as a card has room for."""
    others = [reason for reason in judgement.reasons if reason not in judgement.deciding]
    shown = [*judgement.deciding, *others[: max(_REASONS - len(judgement.deciding), 0)]]
    told = [cut(one_line(reason), 150).rstrip(".") for reason in shown]
    missing = len(judgement.deciding) + len(others) - len(shown)
    if missing:
        told.append(f"{missing:,} more: View everything")
    return "; ".join(told) or "the policy gives no reason"


def _requester(requester: str, roster: Roster) -> str:
    names = [profile.name for user, profile in roster.people.items() if user == requester]
    return short(names[0] if names else requester, 100)
