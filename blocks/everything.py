"""*View everything*: one request, whole, in pages that Slack takes.

Only what is sensitive is masked. Names longer than a line are whole in the JSON, values everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from approvals.audit import Fact, FactKind
from approvals.errors import Reason
from approvals.model import Case, Person
from blocks import actions, rich
from blocks.actions import Page, Seen
from blocks.arguments import hidden_in, how_many, label_of, leaves, masked, value_text
from blocks.card_flaws import flaw_text
from blocks.message import small
from blocks.rich import Block, Element
from blocks.standing import EMOJI, VERDICTS, every_edit, risk_word
from blocks.text import one_line, pretty, visible

#: Characters and blocks of one page: Slack allows more blocks, and documents no number of characters.
_PAGE: Final = 10_000
_PAGE_BLOCKS: Final = 60
#: Arguments that are listed one by one. More of them nobody reads, and to lay them out takes a second.
_LISTED: Final = 20_000
#: Characters of one block.
_BLOCK: Final = 2_500

#: What stands around the words of one element.
_AROUND: Final = 8
#: Characters of a label, as `rich.label` cuts it.
_LABEL: Final = 120

_HAPPENED: Final = {
    FactKind.OPENED: "asked",
    FactKind.APPROVED: "approved",
    FactKind.REJECTED: "rejected",
    FactKind.EDITED: "changed the arguments",
    FactKind.COMMENTED: "commented",
    FactKind.PARKED: "parked it, as it was not decided in time",
    FactKind.DECIDED: "ended it",
    FactKind.CLAIMED: "began to act on it",
    FactKind.REPORTED: "reported how it went",
}
#: Why somebody's decision did not count, after "but".
_WHY_NOT: Final = {
    str(Reason.NOT_ASKED): "is not one of those asked",
    str(Reason.IS_REQUESTER): "it is asked on their behalf",
    str(Reason.REQUESTER_UNKNOWN): "might be the one it is asked for",
    str(Reason.DEACTIVATED): "their account is deactivated",
    str(Reason.STALE): "it had changed meanwhile",
    str(Reason.LATE): "it was too late",
    str(Reason.BREAKS_FORM): "what they approved breaks the rule",
    str(Reason.REASON_MISSING): "gave no reason",
}
_VERDICTS: Final = {str(status): words for status, words in VERDICTS.items()}


@dataclass(frozen=True, slots=True)
class _Piece:
    """One block of a page, made when its page is the one that is wanted."""

    size: int
    make: Callable[[], Element]


@dataclass(frozen=True, slots=True)
class _Line:
    """A label and a value; both as they are, not yet fit for a screen."""

    label: str
    shown: str


def everything_modal(case: Case, facts: Sequence[Fact], page: int = 1) -> dict[str, Any]:
    """Page `page`, from 1, of the arguments, the verdict with its reasons, what was said, the history and the
    arguments as JSON. A page beyond the last is the last.
    """
    pages = _pages(case, facts)
    number = min(max(page, 1), len(pages))
    blocks = [rich.block(piece.make()) for piece in pages[number - 1]]
    seen = Seen(case.id, case.sight)
    if len(pages) > 1:
        blocks = [*blocks, small(f"Page {number} of {len(pages)}"), _turning(seen, number, len(pages))]
    return {
        "type": "modal",
        "callback_id": actions.EVERYTHING_MODAL,
        "private_metadata": Page(seen, number).encode(),
        "title": {"type": "plain_text", "text": "Everything"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


def _turning(seen: Seen, number: int, last: int) -> Block:
    wanted = (
        (actions.PAGE_FIRST, "First", 1, number > 2),
        (actions.PAGE_BACK, "Back", number - 1, number > 1),
        (actions.PAGE_ON, "Next", number + 1, number < last),
        (actions.PAGE_LAST, "Last", last, number < last - 1),
    )
    buttons = [
        {
            "type": "button",
            "action_id": action,
            "text": {"type": "plain_text", "text": text},
            "value": Page(seen, to).encode(),
            "accessibility_label": f"Page {to} of {last}",
        }
        for action, text, to, offered in wanted
        if offered
    ]
    return {"type": "actions", "elements": buttons}


def pages_of(case: Case, facts: Sequence[Fact]) -> list[list[Block]]:
    """The blocks of every page, without the buttons that turn it."""
    return [[rich.block(piece.make()) for piece in page] for page in _pages(case, facts)]


def _pages(case: Case, facts: Sequence[Fact]) -> list[list[_Piece]]:
    pages: list[list[_Piece]] = []
    room = 0
    for piece in _pieces(case, facts):
        if not pages or piece.size > room or len(pages[-1]) >= _PAGE_BLOCKS:
            pages.append([])
            room = _PAGE
        room -= piece.size
        pages[-1].append(piece)
    return pages


def _pieces(case: Case, facts: Sequence[Fact]) -> Iterator[_Piece]:
    payload = masked(case.payload, hidden_in(case.judgement.sensitive, case.payload))
    yield _heading("What exactly", case.request.action)
    count = how_many(payload)
    if count > _LISTED:
        yield from _tree([_Line("Arguments", f"{count:,}, too many to list: all of them are below, as JSON")])
    else:
        yield from _tree(_Line(label_of(leaf.path), leaf.shown) for leaf in leaves(payload))
    if case.edited:
        yield _heading("What was changed")
        changes = every_edit(case)
        yield from _tree(_Line(label_of(each.path), f"{each.before} → {each.after}") for each in changes)
    yield _heading("Verdict", f"{EMOJI[case.judgement.risk]} {risk_word(case.judgement.risk)} risk")
    yield from _tree(_verdict(case))
    told = [line for line in _told(case) if line.shown]
    if told:
        yield _heading("What was said")
        yield from _tree(told)
    yield _heading("History")
    yield from _history(facts)
    yield _heading("Arguments as JSON")
    for chunk in _chunks(visible(pretty(payload))):
        yield _Piece(len(chunk) + _AROUND, partial(rich.code, chunk))


def _heading(title: str, words: str = "") -> _Piece:
    said = rich.text(f"  {one_line(words)}" if words else "")
    return _made(rich.section(rich.text(title, bold=True), said))


def _made(element: Element) -> _Piece:
    size = sum(len(each.get("text", "")) + len(each.get("url", "")) + _AROUND for each in element["elements"])
    return _Piece(size, lambda: element)


def _verdict(case: Case) -> Iterator[_Line]:
    judgement = case.judgement
    yield _Line("Request", case.id)
    yield _Line("Agent", case.request.agent)
    yield _Line("Rule", judgement.rule)
    yield _Line("Gate", str(judgement.gate))
    yield _Line("Approvals needed", str(judgement.quorum))
    yield _Line("Can be undone", "no" if judgement.irreversible else "as far as the policy knows")
    for reason in judgement.reasons:
        yield _Line("Reason", reason)
    for flaw in case.flaws:
        yield _Line("Breaks the rule", flaw_text(flaw, judgement.sensitive))
    yield _Line("Policy", judgement.policy_version)
    yield _Line("SHA-256 of the arguments", case.digest)


def _told(case: Case) -> Iterator[_Line]:
    request = case.request
    yield _Line("Why it asks", request.reasoning or "")
    yield _Line("If approved", request.effects.approve or "")
    yield _Line("If rejected", request.effects.reject or "")
    yield _Line("Undo", request.effects.rollback or "")
    yield _Line("Rule to go by", case.judgement.guidance or "")
    for item in request.context:
        yield _Line(item.label, _with_url(value_text(item.value), item.url))
    yield _Line("Run", request.run_id or "")
    for name, text in request.metadata.items():
        yield _Line(name, text)
    for comment in case.comments:
        yield _Line(_name(comment.by), comment.text)


def _with_url(value: str, url: str | None) -> str:
    return f"{value} ({url})" if url else value


def _name(by: Person | str) -> str:
    return by.name if isinstance(by, Person) else by


def _history(facts: Sequence[Fact]) -> Iterator[_Piece]:
    for fact in facts:
        told, more = _happened(fact)
        line = [rich.date(fact.at), *rich.text("  "), *_by(fact.by), *rich.text(f" {told}")]
        yield _made(rich.section(line, rich.text(": ") if more else [], rich.said(more, 1_000)))
    if facts:
        chain = f"{len(facts):,} facts in one chain, the last is {facts[-1].hash[:16]}…"
        yield _made(rich.section(rich.text(chain, italic=True)))


def _happened(fact: Fact) -> tuple[str, str]:
    """What happened, in words of ours, and what there is to say of it."""
    if fact.kind is FactKind.REFUSED:
        why = _WHY_NOT.get(str(fact.body.get("why")))
        return f"tried to decide, but {why or 'it did not count'}", ""
    names = ["verdict", "status", "reason"]
    if fact.kind is FactKind.DECIDED and fact.by.startswith("person:"):
        # What people said stands with their votes: the one who ended it need not be the one who said it.
        names.remove("reason")
    more = [str(fact.body[name]) for name in names if fact.body.get(name)]
    return _HAPPENED[fact.kind], ": ".join(_VERDICTS.get(each, each) for each in more)


def _by(signed: str) -> list[Element]:
    kind, _, name = signed.partition(":")
    if kind == "person":
        return [{"type": "user", "user_id": name}]
    return rich.text(one_line(name) if kind == "agent" else f"The {kind}")


def _tree(lines: Iterable[_Line]) -> Iterator[_Piece]:
    """Lines of "label  value"; long values in quotes of their own, whole, in as many as it takes."""
    together: list[_Line] = []
    size = 0
    for line in lines:
        shown = visible(line.shown.replace("\r\n", "\n"))
        long = len(shown) > 200 or "\n" in shown
        cost = min(len(line.label), _LABEL) + _AROUND * 3 + (0 if long else len(shown))
        if together and size + cost > _BLOCK:
            yield _together(together, size)
            together, size = [], 0
        together.append(_Line(line.label, "" if long else shown))
        size += cost
        if long:
            yield _together(together, size)
            together, size = [], 0
            for chunk in _chunks(shown):
                yield _Piece(len(chunk) + _AROUND, partial(_quote, chunk))
    if together:
        yield _together(together, size)


def _together(lines: list[_Line], size: int) -> _Piece:
    return _Piece(size, lambda: rich.section(*(_elements(place, line) for place, line in enumerate(lines))))


def _elements(place: int, line: _Line) -> list[Element]:
    return [*(rich.text("\n") if place else []), *rich.label(line.label), *rich.text(line.shown)]


def _quote(chunk: str) -> Element:
    return {"type": "rich_text_quote", "elements": rich.text(chunk)}


def _chunks(text: str) -> Iterator[str]:
    """`text` in pieces that one block holds, at line ends where there are any."""
    rest = text
    while len(rest) > _BLOCK:
        end = rest.rfind("\n", 1, _BLOCK) + 1 or _BLOCK
        yield rest[:end]
        rest = rest[end:]
    if rest:
        yield rest
