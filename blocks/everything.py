"""*View everything*: one request, whole, in pages that Slack takes.

Only what is sensitive is masked. Names longer than a line are whole in the JSON, values everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from approvals import escalation
from approvals.audit import Fact
from approvals.durations import spelled as span_words
from approvals.model import Case, Comment, Judgement, Step
from approvals.roster import Person
from approvals.words import Gate, Kind, StepKind, Via
from blocks import actions, deleted, rich
from blocks.actions import Page, Seen
from blocks.arguments import hidden_in, how_many, label_of, leaves, masked, value_text
from blocks.card_flaws import flaw_text
from blocks.history import history
from blocks.message import small
from blocks.pages import (
    LISTED,
    Line,
    Piece,
    Turn,
    as_json,
    heading,
    laid_out,
    made,
    paged,
    tree,
    turning,
)
from blocks.rich import Block
from blocks.standing import EMOJI, by_silence, every_edit, risk_word, verdict_word
from blocks.text import listed, one_line, short

_KINDS: Final = {
    Kind.APPROVAL: "an approval: may the agent do this?",
    Kind.REVIEW: "a review: the agent did this; was it right?",
    Kind.QUESTION: "a question: the agent wants to know which is meant",
}
_GATES: Final = {
    Gate.AUTO: "auto: the policy lets it through by itself",
    Gate.AUDIT: "audit: the agent goes on at once, and people look at it afterwards",
    Gate.SOFT: "soft: it goes ahead unless somebody rejects it in time",
    Gate.HARD: "hard: it waits until it is approved",
    Gate.MANUAL: "manual: it waits until it is approved, and each approver types {word}",
    Gate.QUESTION: "question: it waits for the first answer",
}
_STEPS: Final = {
    StepKind.REMIND: "those asked are reminded",
    StepKind.APPROVE: "it goes ahead if nobody objected",
    StepKind.EXPIRE: "it expires",
    StepKind.PARK: "it is parked: still open, out of everybody's way",
}
_VIA: Final = {
    Via.HUMAN: "by people",
    Via.POLICY: "by the policy; nobody was asked",
    Via.GRANT: "by a grant; nobody was asked",
    Via.TIMEOUT: "by the clock; it was not decided in time",
    Via.AGENT: "by the agent",
}


def everything_modal(case: Case, facts: Sequence[Fact], page: int = 1) -> dict[str, Any]:
    """Page `page`, from 1, of the arguments, the verdict with its reasons, what was said, the history and the
    arguments as JSON. A page beyond the last is the last.
    """
    pages = paged(_pieces(case, facts))
    number = min(max(page, 1), len(pages))
    blocks = laid_out(pages[number - 1])
    seen = Seen(case.id, case.sight)
    if len(pages) > 1:
        turns = turning(seen, len(pages), _turns(number, len(pages)))
        blocks = [*blocks, small(f"Page {number} of {len(pages)}"), turns]
    return {
        "type": "modal",
        "callback_id": actions.EVERYTHING_MODAL,
        "private_metadata": Page(seen, number).encode(),
        "title": {"type": "plain_text", "text": "Everything"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


def _turns(number: int, last: int) -> list[Turn]:
    wanted = (
        (Turn(actions.PAGE_FIRST, "First", 1), number > 2),
        (Turn(actions.PAGE_BACK, "Back", number - 1), number > 1),
        (Turn(actions.PAGE_ON, "Next", number + 1), number < last),
        (Turn(actions.PAGE_LAST, "Last", last), number < last - 1),
    )
    return [turn for turn, offered in wanted if offered]


def pages_of(case: Case, facts: Sequence[Fact]) -> list[list[Block]]:
    """The blocks of every page, without the buttons that turn it."""
    return [laid_out(page) for page in paged(_pieces(case, facts))]


def _pieces(case: Case, facts: Sequence[Fact]) -> Iterator[Piece]:
    payload = masked(case.payload, hidden_in(case.judgement.sensitive, case.payload))
    yield heading("What exactly", case.request.action)
    count = how_many(payload)
    if case.gone_at is not None:
        yield made(deleted.content(case))
    elif count > LISTED:
        yield from tree([Line("Arguments", f"{count:,}, too many to list: all of them are below, as JSON")])
    else:
        yield from tree(Line(label_of(leaf.path), leaf.shown) for leaf in leaves(payload))
    yield from _part("Answers to choose from", _options(case))
    if case.edited:
        changes = every_edit(case)
        lines = (Line(label_of(each.path), f"{each.before} → {each.after}") for each in changes)
        yield from _part("What was changed", lines)
    yield heading("Verdict", f"{EMOJI[case.judgement.risk]} {risk_word(case.judgement.risk)} risk")
    yield from tree(_verdict(case))
    yield from _part("How it ended", _ending(case))
    if case.judgement.steps:
        yield heading("What happens over time")
        yield from _steps(case)
    yield from _part("What was said", _told(case))
    yield heading("History")
    yield from history(facts)
    if case.gone_at is None:
        yield heading("Arguments as JSON")
        yield from as_json(payload)


def _part(title: str, lines: Iterator[Line]) -> Iterator[Piece]:
    """Lines under a heading; nothing when there are none with words."""
    told = [line for line in lines if line.shown]
    if told:
        yield heading(title)
        yield from tree(told)


def _options(case: Case) -> Iterator[Line]:
    for place, option in enumerate(case.request.options, 1):
        yield Line(f"{place}", option)
    yield Line("If nobody answers", case.request.default_answer or "")


def _verdict(case: Case) -> Iterator[Line]:
    request, judgement = case.request, case.judgement
    yield Line("Request", case.id)
    yield Line("Kind", _KINDS[request.kind])
    yield Line("Agent", request.agent)
    if request.review_of is not None:
        yield Line("Looks at", f"{request.review_of}, which went ahead because nobody objected")
    if request.supersedes is not None:
        yield Line("Asked again after", request.supersedes)
    yield Line("Rule", judgement.rule)
    yield Line("Gate", _gate(judgement))
    if judgement.sample is not None:
        yield Line(
            "Sample", f"people are shown {judgement.sample * 100:g}% of these, chosen by the request's id"
        )
    yield Line("Asked", listed(judgement.ask) or "nobody")
    if case.escalated:
        yield Line("Asked besides, by escalation", listed(case.escalated))
    if judgement.gate is not Gate.QUESTION:
        yield Line("Approvals needed", str(judgement.quorum))
    yield Line("Can be undone", "no" if judgement.irreversible else "as far as the policy knows")
    if judgement.grants is not None:
        yield Line(
            "Similar ones", f"an approver may allow them for at most {span_words(judgement.grants.longest)}"
        )
    for reason in judgement.reasons:
        yield Line("Reason", reason)
    for flaw in case.flaws:
        yield Line("Breaks the rule", flaw_text(flaw, judgement.sensitive))
    yield Line("Policy", judgement.policy_version)
    yield Line("SHA-256 of the arguments", case.digest)


def _gate(judgement: Judgement) -> str:
    named = judgement.confirm
    word = "the word CONFIRM" if named is None else f"what {named} says"
    return _GATES[judgement.gate].format(word=word)


def _ending(case: Case) -> Iterator[Line]:
    decision = case.decision
    if decision is None:
        return
    yield Line("Verdict", verdict_word(case))
    silent = "by the clock; nobody objected"
    yield Line("Decided", silent if by_silence(case) else _VIA[decision.via])
    if decision.grant is not None:
        given = listed([person.name for person in decision.by])
        yield Line("Grant", f"{decision.grant}, given by {given}")
    yield Line("Answer", decision.answer or "")


def _steps(case: Case) -> Iterator[Piece]:
    """Each step with its time, once that is known, and whether it has happened."""
    began = escalation.began_at(case)
    left = {place for place, _ in escalation.remaining(case)}
    for place, step in enumerate(case.judgement.steps):
        happened = place < case.fired or place in case.ahead
        state = " (happened)" if happened else "" if place in left else " (no longer)"
        at = [rich.date(began + step.after)] if began is not None else rich.text(span_words(step.after))
        after = "" if began is not None else " after the card is up"
        yield made(rich.section(at, rich.text(f"{after}  {one_line(_step(step))}{state}")))


def _step(step: Step) -> str:
    if step.do is StepKind.ESCALATE:
        return f"{short(step.to or 'nobody', 60)} is asked as well"
    return f"{_STEPS[step.do]}{', and is reviewed afterwards' if step.review else ''}"


def _told(case: Case) -> Iterator[Line]:
    request = case.request
    review = request.kind is Kind.REVIEW
    yield Line("Why it did it" if review else "Why it asks", request.reasoning or "")
    yield Line("What it comes to" if review else "If approved", request.effects.approve or "")
    yield Line("If rejected", request.effects.reject or "")
    yield Line("Undo", request.effects.rollback or "")
    yield Line("Rule to go by", case.judgement.guidance or "")
    for item in request.context:
        yield Line(item.label, _with_url(value_text(item.value), item.url))
    yield Line("Run", request.run_id or "")
    for name, text in request.metadata.items():
        yield Line(name, text)
    for comment in case.comments:
        yield Line(_name(comment.by), _comment(comment))


def _comment(comment: Comment) -> str:
    if comment.deleted:
        return "(deleted)"
    return f"{comment.text} (edited)" if comment.changed_at is not None else comment.text


def _with_url(value: str, url: str | None) -> str:
    return f"{value} ({url})" if url else value


def _name(by: Person | str) -> str:
    return by.name if isinstance(by, Person) else by
