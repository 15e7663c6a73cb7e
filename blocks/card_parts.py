"""What a card says of what is asked: the arguments, why, by which rule.

Each part gives blocks, none when there is nothing to say. Each keeps to a length of its own, so that together
they leave room for the arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from approvals.model import Case, ContextItem, Judgement
from approvals.roster import Roster
from approvals.words import Gate
from blocks import card_people, rich
from blocks.arguments import hidden_in, how_many_with_summary, masked, summary_first, value_text
from blocks.differences import Some
from blocks.rich import Block, Element
from blocks.table import Table
from blocks.text import cut, one_line, short

_CONTEXT_ITEMS: Final = 10
_REASONS: Final = 6
#: Below this an agent is guessing, and the card says so in a word.
_LOW_CONFIDENCE: Final = 0.7
#: Lines of what people changed.
MOST_CHANGES: Final = 12


#: What heads the arguments.
_WHAT: Final = {Gate.AUDIT: "What was done:", Gate.QUESTION: "What it is about:"}
_WHY: Final = {Gate.AUDIT: "Why it did it"}


def edited(case: Case, changed: Some) -> list[Block]:
    """Old → new, when people changed something."""
    if not changed.first:
        return []
    table = Table(room=1_000, lines=MOST_CHANGES)
    table.change(changed)
    heading = "✏️ What it should have been" if case.judgement.gate is Gate.AUDIT else "✏️ What was changed"
    return [rich.block(rich.section(rich.text(heading, bold=True)), *table.elements())]


def arguments(case: Case, room: int) -> list[Block]:
    """The exact arguments, as they are now, within `room` characters."""
    gate = case.judgement.gate
    # What was done stays what it was, however it should have been.
    whole = case.request.payload if gate is Gate.AUDIT else case.payload
    payload = masked(whole, hidden_in(case.judgement.sensitive, whole))
    heading = rich.text(_WHAT.get(gate, "What exactly:"), bold=True)
    title = rich.section(heading, rich.text(f" {short(case.request.action, 150)}"))
    table = Table(room=room - 200)
    if not whole or not isinstance(payload, Mapping):
        if not whole and gate is Gate.QUESTION:
            return [rich.block(title)]
        none = rich.text("No arguments." if not whole else str(payload))
        return [rich.block(title, rich.section(none))]
    summary = case.judgement.summary
    table.fill(summary_first(payload, summary), how_many_with_summary(payload, summary))
    return [rich.block(title, *table.elements())]


def why(case: Case) -> list[Block]:
    """Why the agent decided this, how sure it is, and what else it says one should know."""
    request = case.request
    parts: list[Element] = []
    heading = _WHY.get(case.judgement.gate, "Why it asks")
    if request.reasoning and request.reasoning.strip():
        parts += [
            rich.section(rich.text(heading, bold=True)),
            rich.quote(request.reasoning, 1_500, lines=15),
        ]
    else:
        parts.append(rich.titled(heading, rich.text(f"{short(request.agent, 60)} gave no reason.")))
    if request.confidence is not None:
        parts.append(rich.titled("How sure it is", rich.text(sureness(request.confidence))))
    parts += _context(case.request.context)
    return [rich.block(*parts)]


def sureness(confidence: float) -> str:
    """Exactly what the agent said, in percent; below what is a guess, that too."""
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


def background(case: Case, roster: Roster) -> list[Block]:
    """The rule's guidance, why people are asked, who may decide, and on whose behalf."""
    parts: list[Element] = []
    pending = not case.status.final
    if case.judgement.guidance and pending:
        parts.append(rich.titled("📌 Rule to go by", rich.said(case.judgement.guidance, 600)))
    if pending:
        parts.append(rich.titled("Why people are asked", rich.text(_reasons(case.judgement))))
    parts += card_people.people(case, roster)
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
