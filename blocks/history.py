"""What happened to a request, fact by fact, as people read it in *View everything*."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from approvals.audit import Fact, FactKind
from approvals.errors import Reason
from approvals.words import Status
from blocks import rich
from blocks.pages import Piece, made
from blocks.rich import Element
from blocks.text import one_line

_HAPPENED: Final = {
    FactKind.OPENED: "asked",
    FactKind.APPROVED: "approved",
    FactKind.REJECTED: "rejected",
    FactKind.EDITED: "changed the arguments",
    FactKind.ANSWERED: "answered",
    FactKind.GRANTED: "allowed similar requests for a while",
    FactKind.UNGRANTED: "took that back: similar requests are asked about again",
    FactKind.COMMENTED: "commented",
    FactKind.COMMENT_EDITED: "changed the words of a comment",
    FactKind.COMMENT_DELETED: "took away the words of a comment, as its message was deleted",
    FactKind.SHOWN: "put up the card, and the time to object began",
    FactKind.REMINDED: "reminded those asked",
    FactKind.ESCALATED: "asked more people",
    FactKind.RESTARTED: "began the time to object anew, as nobody could be heard meanwhile",
    FactKind.RESUMED: "let the agent go on, and it was asked anew",
    FactKind.PULLED_OUT: "pulled it out of its digest",
    FactKind.HANDED_OVER: "handed it over",
    FactKind.SNOOZED: "put off their reminders",
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
    str(Reason.OUTSIDER): "is a guest, or from another workspace",
    str(Reason.STALE): "it had changed meanwhile",
    str(Reason.LATE): "it was too late",
    str(Reason.BREAKS_FORM): "what they approved breaks the rule",
    str(Reason.REASON_MISSING): "gave no reason",
    str(Reason.NOT_CONFIRMED): "did not type what confirms it",
    str(Reason.NOTHING_CHANGED): "the correction changed nothing",
    str(Reason.NO_ANSWER): "what they said is none of its answers",
    str(Reason.NOT_THIS_WAY): "it is not decided in that way",
    str(Reason.NOT_GRANTABLE): "similar ones cannot be allowed",
}
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_VERDICTS: Final = {
    str(Status.APPROVED): "approved",
    str(Status.MODIFIED): "approved with changes",
    str(Status.REJECTED): "rejected",
    str(Status.ANSWERED): "answered",
    str(Status.TIMED_OUT): "nobody decided in time",
    str(Status.CANCELLED): "withdrawn",
}


def history(facts: Sequence[Fact]) -> Iterator[Piece]:
    """A line for each fact, and one for the chain that they make."""
    for fact in facts:
        told, more = _happened(fact)
        line = [rich.date(fact.at), *rich.text("  "), *_by(fact.by), *rich.text(f" {told}"), *_to(fact)]
        yield made(rich.section(line, rich.text(": ") if more else [], rich.said(more, 1_000)))
    if facts:
        chain = f"{len(facts):,} facts in one chain, the last is {facts[-1].hash[:16]}…"
        yield made(rich.section(rich.text(chain, italic=True)))


def _happened(fact: Fact) -> tuple[str, str]:
    """What happened, in words of ours, and what there is to say of it."""
    if fact.kind is FactKind.REFUSED:
        why = _WHY_NOT.get(str(fact.body.get("why")))
        return f"tried to decide, but {why or 'it did not count'}", ""
    names = ["verdict", "status", "to", "reason"]
    if fact.kind is FactKind.DECIDED and fact.by.startswith("person:"):
        # What people said stands with their votes: the one who ended it need not be the one who said it.
        names.remove("reason")
    if fact.kind is FactKind.HANDED_OVER:
        names.remove("to")
    more = [str(fact.body[name]) for name in names if fact.body.get(name)]
    return _HAPPENED[fact.kind], ": ".join(_VERDICTS.get(each, each) for each in more)


def _to(fact: Fact) -> list[Element]:
    """To whom it was handed over: a person by id, or a group by name."""
    if fact.kind is not FactKind.HANDED_OVER:
        return []
    name = str(fact.body.get("to"))
    taker: list[Element] = [{"type": "user", "user_id": name}] if _USER.fullmatch(name) else rich.text(name)
    return [*rich.text(" to "), *taker]


def _by(signed: str) -> list[Element]:
    kind, _, name = signed.partition(":")
    if kind == "person":
        return [{"type": "user", "user_id": name}]
    if kind == "grant":
        return rich.text(f"Grant {one_line(name)}")
    return rich.text(one_line(name) if kind == "agent" else f"The {kind}")
