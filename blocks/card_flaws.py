"""How a payload breaks its form, in words: nothing of what is sensitive is quoted."""

from __future__ import annotations

from typing import Final

from approvals.model import Case, Flaw
from approvals.words import Gate
from blocks import rich
from blocks.arguments import label_of
from blocks.rich import Block, Element
from blocks.text import cut, one_line, short

_FLAWS: Final = 5


def flaws(case: Case) -> list[Block]:
    """Why nobody can approve it as it stands."""
    if not case.flaws or case.status.final:
        return []
    found = [rich.section(flaw_words(each, case.judgement.sensitive)) for each in case.flaws[:_FLAWS]]
    if len(case.flaws) > _FLAWS:
        found.append(rich.section(rich.text(f"… {len(case.flaws) - _FLAWS:,} more: View everything")))
    review = case.judgement.gate is Gate.AUDIT
    intro = rich.section(
        rich.text(f"⚠️ Cannot be {'right' if review else 'approved'} as it stands", bold=True),
        rich.text(": it does not fit what the rule allows. "),
        rich.text("Correct it, or flag it." if review else "Edit it, or reject it."),
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
