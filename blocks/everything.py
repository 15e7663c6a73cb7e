"""*View everything*: one request, whole, in pages that Slack takes.

Only what is sensitive is masked. Names longer than a line are whole in the JSON, values everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from approvals.audit import Fact, FactKind
from approvals.errors import Reason
from approvals.model import Case, Person
from blocks import actions, rich
from blocks.actions import Page, Seen
from blocks.arguments import hidden_in, label_of, leaves, masked, value_text
from blocks.card_parts import flaw_text
from blocks.message import small
from blocks.rich import Block, Element
from blocks.standing import EMOJI, VERDICTS, edits, risk_word
from blocks.text import one_line, pretty, visible

#: Characters and blocks of one page: Slack allows more blocks, and documents no number of characters.
_PAGE: Final = 10_000
_PAGE_BLOCKS: Final = 60
#: Characters of one block.
_BLOCK: Final = 2_500

_HAPPENED: Final = {
    FactKind.OPENED: "asked",
    FactKind.APPROVED: "approved",
    FactKind.REJECTED: "rejected",
    FactKind.REFUSED: "tried to decide, which did not count",
    FactKind.EDITED: "changed the arguments",
    FactKind.COMMENTED: "commented",
    FactKind.PARKED: "parked it, as nobody had decided",
    FactKind.DECIDED: "ended it",
    FactKind.CLAIMED: "took the approval up",
    FactKind.REPORTED: "reported how it went",
}
_WHY_NOT: Final = {
    Reason.NOT_ASKED: "not asked",
    Reason.IS_REQUESTER: "it is asked on their behalf",
    Reason.REQUESTER_UNKNOWN: "might be the one it is asked for",
    Reason.DEACTIVATED: "account deactivated",
    Reason.STALE: "it had changed meanwhile",
    Reason.LATE: "too late",
    Reason.BREAKS_FORM: "against the rule",
    Reason.REASON_MISSING: "no reason given",
}
#: What is left to say about a fact in so many words; names as in its body.
_CODES: Final[dict[str, str]] = {str(code): text for code, text in (*VERDICTS.items(), *_WHY_NOT.items())}


def everything_modal(case: Case, facts: Sequence[Fact], page: int = 1) -> dict[str, Any]:
    """Page `page`, from 1, of the arguments, the verdict with its reasons, what was said, the history and the
    arguments as JSON. A page beyond the last is the last.
    """
    pages = pages_of(case, facts)
    number = min(max(page, 1), len(pages))
    blocks = pages[number - 1]
    seen = Seen(case.id, case.digest)
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
    pages: list[list[Block]] = []
    room = 0
    for element in _elements(case, facts):
        size = _size(element)
        if not pages or size > room or len(pages[-1]) >= _PAGE_BLOCKS:
            pages.append([])
            room = _PAGE
        room -= size
        pages[-1].append(rich.block(element))
    return pages


def _size(element: Element) -> int:
    return sum(len(each.get("text", "")) + len(each.get("url", "")) + 8 for each in element["elements"])


def _elements(case: Case, facts: Sequence[Fact]) -> Iterator[Element]:
    payload = masked(case.payload, hidden_in(case.judgement.sensitive, case.payload))
    yield from _heading("What exactly", case.request.action)
    yield from _tree([(label_of(leaf.path), leaf.shown) for leaf in leaves(payload)])
    changed = edits(case)
    if changed:
        yield from _heading("Changed by the approvers", "")
        yield from _tree([(label_of(each.path), f"{each.before} → {each.after}") for each in changed])
    yield from _heading("Verdict", f"{EMOJI[case.judgement.risk]} {risk_word(case.judgement.risk)} risk")
    yield from _tree(list(_verdict(case)))
    yield from _told(case)
    yield from _heading("History", "")
    yield from _history(facts)
    yield from _heading("Arguments as JSON", "")
    yield from (rich.code(chunk) for chunk in _chunks(visible(pretty(payload))))


def _heading(title: str, words: str) -> Iterator[Element]:
    yield rich.section(rich.text(title, bold=True), rich.text(f"  {one_line(words)}" if words else ""))


def _verdict(case: Case) -> Iterator[tuple[str, str]]:
    judgement = case.judgement
    yield "Request", case.id
    yield "Agent", case.request.agent
    yield "Rule", judgement.rule
    yield "Gate", str(judgement.gate)
    yield "Approvals needed", str(judgement.quorum)
    yield "Can be undone", "no" if judgement.irreversible else "as far as the policy knows"
    for reason in judgement.reasons:
        yield "Reason", reason
    for flaw in case.flaws:
        yield "Breaks the rule", flaw_text(flaw, judgement.sensitive)
    yield "Policy", judgement.policy_version
    yield "SHA-256 of the arguments", case.digest


def _told(case: Case) -> Iterator[Element]:
    request = case.request
    sayings = [
        ("Why it asks", request.reasoning),
        ("If approved", request.effects.approve),
        ("If rejected", request.effects.reject),
        ("Undo", request.effects.rollback),
        ("Decide by", case.judgement.guidance),
        *((item.label, _with_url(value_text(item.value), item.url)) for item in request.context),
        *(("Run", request.run_id) for _ in range(1) if request.run_id),
        *request.metadata.items(),
        *((_name(comment.by), comment.text) for comment in case.comments),
    ]
    told = [(label, text) for label, text in sayings if text]
    if told:
        yield from _heading("What was said", "")
        yield from _tree(told)


def _with_url(value: str, url: str | None) -> str:
    return f"{value} ({url})" if url else value


def _name(by: Person | str) -> str:
    return by.name if isinstance(by, Person) else by


def _history(facts: Sequence[Fact]) -> Iterator[Element]:
    for fact in facts:
        line = [rich.date(fact.at), *rich.text("  "), *_by(fact.by), *rich.text(f" {_HAPPENED[fact.kind]}")]
        more = [
            str(fact.body[name]) for name in ("verdict", "why", "status", "reason") if fact.body.get(name)
        ]
        told = ": ".join(_CODES.get(each, each) for each in more)
        yield rich.section(line, rich.text(": ") if told else [], rich.said(told, 1_000))
    if facts:
        chain = f"{len(facts):,} facts in one chain, the last is {facts[-1].hash[:16]}…"
        yield rich.section(rich.text(chain, italic=True))


def _by(signed: str) -> list[Element]:
    kind, _, name = signed.partition(":")
    if kind == "person":
        return [{"type": "user", "user_id": name}]
    return rich.text(one_line(name) if kind == "agent" else f"The {kind}")


def _tree(lines: Sequence[tuple[str, str]]) -> Iterator[Element]:
    """Lines of "label  value"; long values in quotes of their own, whole, in as many as it takes."""
    open_: list[Element] = []
    room = _BLOCK
    for label, raw in lines:
        shown = visible(raw.replace("\r\n", "\n"))
        long = len(shown) > 200 or "\n" in shown
        cost = len(label) + 2 + (0 if long else len(shown))
        if open_ and cost > room:
            yield rich.section(open_)
            open_, room = [], _BLOCK
        room -= cost
        open_ += [
            *(rich.text("\n") if open_ else []),
            *rich.label(label),
            *([] if long else rich.text(shown)),
        ]
        if long:
            yield rich.section(open_)
            open_, room = [], _BLOCK
            for chunk in _chunks(shown):
                yield {"type": "rich_text_quote", "elements": rich.text(chunk)}
    if open_:
        yield rich.section(open_)


def _chunks(text: str) -> Iterator[str]:
    """`text` in pieces that one block holds, at line ends where there are any."""
    rest = text
    while len(rest) > _BLOCK:
        end = rest.rfind("\n", 1, _BLOCK) + 1 or _BLOCK
        yield rest[:end]
        rest = rest[end:]
    if rest:
        yield rest
