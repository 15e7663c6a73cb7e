"""Many requests at once in words: how many of what, their sums, who decided them, what came of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from approvals import titles
from approvals.digesting import Line, Sum, Summary
from approvals.model import Case
from approvals.roster import Person
from approvals.words import Gate, Instant, Kind, OutcomeStatus, Risk, Status, UserId, Via
from blocks.digest_board import BoardView, Entry, Unread
from blocks.limits import bytes_of_text
from blocks.review_words import many, roughly
from blocks.standing import EMOJI, by_silence, risk_word, title_of
from blocks.text import Mrkdwn, escape, listed, mention, when

#: Sums of one action that are told, and groups that something went to.
_SUMS: Final = 4
_GROUPS: Final = 4
_FAILED: Final = 3
#: Numbers that are given of what could not be read.
_INCIDENTS: Final = 5
#: A three-letter code as in ISO 4217, or a sign: money, which has two decimals.
_MONEY: Final = re.compile(r"[A-Z]{3}|[€$£¥]")
#: A field that counts in a currency's hundredths: its unit is not what it says.
_HUNDREDTHS: Final = re.compile(r"((?<![a-zA-Z])[cC]|(?<=[a-z])C)ents?(?![a-z])|[pP]ence|[mM]inor")
#: Digits before and after the point that anybody reads.
_READABLE: Final = 18
_CENT: Final = Decimal("0.01")
#: Its exponent.
_CENTS: Final = -2


def fitting(parts: Sequence[str], most: int, between: str = " · ") -> str:
    """As many of `parts` as `most` bytes hold, in a row, and how many there are besides."""
    told = ""
    for place, part in enumerate(parts):
        longer = f"{told}{between}{part}" if told else part
        if bytes_of_text(longer) > most:
            return f"{told}{between}…and {len(parts) - place:,} more" if told else "…"
        told = longer
    return told


def what(summary: Summary) -> list[str]:
    """How many of each action, in bold, and their sums: `Issue refund`, twelve times, total 940.00 EUR."""
    return [f"*{_counted(line)}*{_sums(line)}" for line in summary.lines]


def what_plainly(summary: Summary) -> list[str]:
    """The same for a sentence: nothing in it is bold."""
    return [f"{_counted(line)}{_sums(line)}" for line in summary.lines]


def age(summary: Summary, now: Instant) -> str:
    """`oldest 50 min`."""
    return f"oldest {roughly(max(now, summary.oldest) - summary.oldest)}"


def risk(of: Risk) -> str:
    """`🟢 Low risk`: the highest among them."""
    return f"{EMOJI[of]} {risk_word(of)} risk"


def _counted(line: Line) -> str:
    words = escape(titles.in_words(line.action), 60) or escape(line.action, 60)
    return f"{line.count:,} × {words}"  # noqa: RUF001  # the sign is meant: times


def _sums(line: Line) -> str:
    rest = f", {line.unread:,} with an amount that is no number" if line.unread else ""
    rest += f", {line.without:,} without an amount" if line.without else ""
    if not line.sums:
        return rest
    several = len({each.field for each in line.sums}) > 1
    told = [_sum(each, several=several) for each in line.sums[:_SUMS]]
    if len(line.sums) > _SUMS:
        told.append(f"{len(line.sums) - _SUMS:,} more sums")
    return f", {'' if several else 'total '}{listed(told)}{rest}"


def _sum(each: Sum, *, several: bool) -> str:
    """By its field's name, but where the unit of the only field says what it is."""
    if _HUNDREDTHS.search(each.field):
        unit = f" ({escape(each.unit, 20)})" if each.unit is not None else ""
        among = _among(each, money=False)
        return f"{_number(each.total, money=False)} in {escape(each.field, 40)}{unit}{among}"
    unit = f" {escape(each.unit, 20)}" if each.unit is not None else ""
    money = each.unit is not None and _MONEY.fullmatch(each.unit) is not None
    named = several or (each.unit is None and each.field.lower() != "total")
    name = f"{escape(each.field, 40)} " if named else ""
    return f"{name}{_number(each.total, money=money)}{unit}{_among(each, money=money)}"


def _among(each: Sum, *, money: bool) -> str:
    """What a total hides that goes both ways."""
    return f" ({_number(each.below, money=money)} among them)" if each.below else ""


def _number(number: Decimal, *, money: bool) -> str:
    """Exact, money with its cents; what has more digits than anybody reads as a power of ten."""
    short = number.normalize()
    exponent = int(short.as_tuple().exponent)
    if short and (short.adjusted() > _READABLE or exponent < -_READABLE):
        return f"{short:.6E}"
    return f"{short.quantize(_CENT) if money and exponent > _CENTS else short:,f}"


@dataclass(frozen=True, slots=True)
class Ending:
    """Several items that ended alike."""

    emoji: str
    #: with `{}` for how many, and after who did it where somebody did
    words: str
    people: tuple[Person, ...]
    in_place_of: tuple[tuple[UserId, Person], ...]
    count: int
    #: the last of them
    at: Instant

    def told(self) -> str:
        """`✅ <@U0ALICE> approved 12, today 13:42`."""
        return f"{self.emoji} {self._who(mention)}{self._what}, {when(self.at)}"

    def plainly(self) -> str:
        """`Alice approved 12`."""
        return f"{self._who(lambda person: escape(person.name, 60))}{self._what}"

    @property
    def _what(self) -> str:
        return self.words.format(f"{self.count:,}")

    def _who(self, called: Callable[[Person], str]) -> str:
        stood_in = dict(self.in_place_of)
        names = [
            f"{called(person)} for {called(stood_in[person.id])}" if person.id in stood_in else called(person)
            for person in self.people
        ]
        return f"{listed(names)} " if names else ""


#: By what somebody did: on an approval, and on a review.
_DONE: Final = {
    Status.APPROVED: (("✅", "approved {}"), ("✅", "found {} right")),
    Status.MODIFIED: (("✏️", "approved {} with changes"), ("✏️", "corrected {}")),
    Status.REJECTED: (("❌", "rejected {}"), ("🚩", "flagged {}")),
    Status.ANSWERED: (("☑️", "answered {}"), ("☑️", "answered {}")),
}
_EXPIRED: Final = (("⌛", "{} expired"), ("⌛", "{} stayed unreviewed"))
_WITHDRAWN: Final = ("↩️", "{} withdrawn")
_SILENCE: Final = ("✅", "{} went ahead, as nobody objected")


def endings(entries: Iterable[Entry]) -> list[Ending]:
    """Who ended how many, and how; the largest group first."""
    groups: dict[tuple[object, ...], Ending] = {}
    for case in (entry.case for entry in entries):
        decision = case.decision
        if decision is None:
            continue
        emoji, words = _how(case)
        people = decision.by if decision.via is Via.HUMAN else ()
        stood_in = tuple(sorted(decision.in_place_of.items())) if people else ()
        key = (words, tuple(person.id for person in people), tuple(user for user, _ in stood_in))
        before = groups.get(key)
        count = 1 if before is None else before.count + 1
        at = decision.decided_at if before is None else max(before.at, decision.decided_at)
        groups[key] = Ending(emoji, words, people, stood_in, count, at)
    return sorted(groups.values(), key=lambda each: -each.count)


def _how(case: Case) -> tuple[str, str]:
    review = case.judgement.gate is Gate.AUDIT
    if case.status is Status.CANCELLED:
        return _WITHDRAWN
    if by_silence(case):
        return _SILENCE
    return _EXPIRED[review] if case.status is Status.TIMED_OUT else _DONE[case.status][review]


def went_apart(entries: Sequence[Entry]) -> str:
    """Where those went that left the message; empty for none."""
    cards = _left([entry.case for entry in entries if entry.case.waits_in is None])
    storm = _left([entry.case for entry in entries if entry.case.waits_in is not None])
    told = [f"↗️ On cards of their own: {cards}"] if cards else []
    return " · ".join([*told, *([f"↗️ On another message, as cards are too many: {storm}"] if storm else [])])


def _left(cases: Sequence[Case]) -> str:
    """`1 pulled out and 2 escalated to finance`."""
    escalated = [case for case in cases if case.escalated]
    parked = sum(case.parked_at is not None for case in cases if not case.escalated)
    told = []
    if pulled := len(cases) - len(escalated) - parked:
        told.append(f"{pulled:,} pulled out")
    if escalated:
        groups = list(dict.fromkeys(group for case in escalated for group in case.escalated))
        named: list[str] = [escape(group, 60) for group in groups[:_GROUPS]]
        named += [f"{len(groups) - _GROUPS:,} more"] if len(groups) > _GROUPS else []
        told.append(f"{len(escalated):,} escalated to {listed(named)}")
    return listed([*told, *([f"{parked:,} parked"] if parked else [])])


def nothing_here(view: BoardView) -> str:
    """Said where no item is open. What cannot be read may be, but nobody decides it there."""
    return "Nothing can be decided here any more" if view.unread else "Nothing waits here any more"


def unread(items: Sequence[Unread]) -> str:
    """What is missing, and by which numbers operators find it in the log; there is one at least."""
    one = len(items) == 1
    so = "so it cannot be decided here. It is" if one else "so they cannot be decided here. They are"
    numbers: list[str] = [escape(each.incident, 40) for each in items[:_INCIDENTS]]
    numbers += [f"{len(items) - _INCIDENTS:,} more"] if len(items) > _INCIDENTS else []
    incidents = f"incident{'' if one else 's'} {listed(numbers)}"
    return f"⚠️ {many(len(items), 'request')} could not be read, {so} in the log as {incidents}."


def outcomes(entries: Iterable[Entry]) -> str:
    """`🏁 11 carried out · ❗ 1 failed: “Refund 40 EUR to ACME”`; empty while no agent said anything."""
    reported = [entry.case for entry in entries if entry.case.outcome is not None]
    by_status: dict[OutcomeStatus, list[Case]] = {}
    for case in reported:
        if case.outcome is not None:
            by_status.setdefault(case.outcome.status, []).append(case)
    told = []
    for status, (emoji, words) in _CAME_OF_IT.items():
        cases = by_status.get(status, [])
        if cases:
            told.append(f"{emoji} {len(cases):,} {words}")
        if cases and status is OutcomeStatus.FAILED:
            told[-1] += f": {named(cases, _FAILED)}"
    return " · ".join(told)


_CAME_OF_IT: Final = {
    OutcomeStatus.SUCCEEDED: ("🏁", "carried out"),
    OutcomeStatus.FAILED: ("❗", "failed"),
    OutcomeStatus.ROLLED_BACK: ("↪️", "rolled back"),
}


def named(cases: Sequence[Case], most: int) -> str:
    """The first few by their titles, and how many there are besides."""
    titled = [f"“{escape(title_of(case, 80), 80)}”" for case in cases[:most]]
    more = [f"{len(cases) - most:,} more"] if len(cases) > most else []
    return listed([*titled, *more])


#: Why one click is not enough, each between brackets.
_RISKY: Final = "high or critical risk"
_TYPED: Final = "something to type"
_SEVERAL: Final = "several approvals needed"
_ASKS: Final = "a question"
_FLAWED: Final = "not what its rule allows"


def obstacles(case: Case) -> tuple[str, ...]:
    """Why one click may not approve it; empty where it may."""
    judgement = case.judgement
    found = {
        _ASKS: case.request.kind is Kind.QUESTION,
        _RISKY: judgement.risk.rank >= Risk.HIGH.rank,
        _TYPED: judgement.gate is Gate.MANUAL,
        _SEVERAL: judgement.quorum > 1,
        _FLAWED: bool(case.flaws),
    }
    return tuple(words for words, holds in found.items() if holds)


def all_obstacles(entries: Iterable[Entry]) -> Mrkdwn:
    """The obstacles of all of them, each once."""
    return Mrkdwn(listed(dict.fromkeys(each for entry in entries for each in obstacles(entry.case)), "or"))
