"""The gate review, put together: every request of a time, page by page, and what it comes to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from approvals import access
from approvals.gate_advice import QUIET_FOR, Advice, RuleToday, Suggestion, is_about
from approvals.gate_record import Record
from approvals.gate_review import GateReview, Members, Reviewing
from approvals.model import Case
from approvals.policy import Policy
from approvals.roster import Person
from approvals.words import GroupName, Instant, RequestId, UserId
from blocks.review import RequestLine
from bot.desk import home
from bot.desk.desk import Desk
from store import cases, muted, statistics
from store.cards import CardRef
from store.engine import Store
from store.statistics import Mark, Records
from store.unit_of_work import Unit

#: Requests read at once: with PostgreSQL they are taken apart on the event loop, some milliseconds a page.
_PAGE = 200
#: Nobody asks for more, and what ended before is in `hitl audit export`.
LONGEST = timedelta(days=366)

_Read = Callable[[Unit, Mark | None], Records]


@dataclass(frozen=True, slots=True)
class Told:
    """A gate review as people are told it."""

    review: GateReview
    #: what somebody wants to hear of
    suggestions: tuple[Suggestion, ...]
    #: how many others somebody has muted
    quiet: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the requests that a suggestion is about."""

    #: those that the reader may see
    lines: tuple[RequestLine, ...]
    #: how many others stand on this page
    hidden: int
    #: whether more pages follow
    more: bool


def may_ask(desk: Desk, user: UserId) -> bool:
    """Whether `user` may know how the desk is doing: who is in a group of the policy, and operators."""
    return home.involved(desk.policies.current, desk.directory.roster(), user)


def may_mute(desk: Desk, rule: str, user: UserId) -> bool:
    """Whether `user` may have a suggestion for `rule` put off for everybody: who it asks, and operators."""
    policy, roster = desk.policies.current, desk.directory.roster()
    asked = (group for each in (*policy.rules, policy.default) if each.name == rule for group in each.ask)
    return user in policy.operators or any(user == each.id for each in roster.asked(tuple(asked)))


async def told(desk: Desk, since: Instant, until: Instant) -> Told:
    """What became of all that ended from `since` until just before `until`, by today's policy and groups."""
    roster = desk.directory.roster()

    def members(groups: tuple[GroupName, ...]) -> frozenset[UserId]:
        return frozenset(profile.id for profile in roster.asked(groups))

    review = await reviewed(desk.store, since, until, members, today(desk.policies.current))
    now = desk.runtime.now()
    quiet = await desk.store.read(lambda unit: muted.muted(unit, now))
    wanted = tuple(each for each in review.suggestions if (each.rule, each.advice) not in quiet)
    return Told(review, wanted, len(review.suggestions) - len(wanted))


async def reviewed(
    store: Store, since: Instant, until: Instant, members: Members, rules: Mapping[str, RuleToday]
) -> GateReview:
    """The same, with who is in which group and what the rules say by the caller's word."""
    reviewing = Reviewing(since, until, lru_cache(maxsize=256)(members), rules)
    async for record in _records(store, since, until, None):
        reviewing.take(record)
    return reviewing.review()


async def about(
    desk: Desk,
    user: UserId,
    suggestion: tuple[str, Advice],
    since: Instant,
    until: Instant,
    *,
    start: int,
    most: int,
) -> Listed:
    """The requests that a suggestion is about, `most` from place `start` on, those that `user` may see."""
    rule, advice = suggestion
    rules = today(desk.policies.current)
    found: list[Record] = []
    async for record in _records(desk.store, since, until, rule):
        if is_about(advice, record, rules.get(rule)):
            found.append(record)
            if len(found) > start + most:
                break
    page = found[start : start + most]
    roster, operators = desk.directory.roster(), desk.policies.current.operators
    shown = await desk.store.read(
        lambda unit: _shown(unit, page, lambda case: access.may_see(case, user, roster, operators))
    )
    return Listed(shown, len(page) - len(shown), len(found) > start + most)


async def not_now(desk: Desk, rule: str, advice: Advice, by: Person) -> Instant:
    """Hear of that suggestion for that rule no more; until when."""
    until = desk.runtime.now() + QUIET_FOR
    await desk.store.write(lambda unit: muted.mute(unit, rule, advice, by=by.id, until=until))
    return until


def today(policy: Policy) -> dict[str, RuleToday]:
    """What each rule says, the default one too."""
    return {rule.name: RuleToday(rule.gate, rule.sample) for rule in (*policy.rules, policy.default)}


async def _records(store: Store, since: Instant, until: Instant, rule: str | None) -> AsyncIterator[Record]:
    """Page by page, each on a snapshot of its own: nobody waits for it, and little of it is in memory."""

    def ended(unit: Unit, after: Mark | None) -> Records:
        return statistics.ended(unit, since, until, after=after, most=_PAGE, rule=rule)

    def parked(unit: Unit, after: Mark | None) -> Records:
        last = after.id if after is not None else None
        return statistics.parked(unit, since, until, after=last, most=_PAGE, rule=rule)

    for read in (ended, parked):
        async for record in _pages(store, read):
            yield record


async def _pages(store: Store, read: _Read) -> AsyncIterator[Record]:
    after: Mark | None = None
    while True:
        mark = after
        page = await store.read(lambda unit, mark=mark: read(unit, mark), long=True)  # type: ignore[misc]
        for record in page.items:
            yield record
        if page.then is None:
            return
        after = page.then


def _shown(unit: Unit, records: list[Record], may_see: Callable[[Case], bool]) -> tuple[RequestLine, ...]:
    ids: list[RequestId] = [record.id for record in records]
    found = {case.id: (case, ref) for case, ref in cases.with_cards(unit, ids)}
    return tuple(_line(record, *found[record.id]) for record in records if may_see(found[record.id][0]))


def _line(record: Record, case: Case, ref: CardRef | None) -> RequestLine:
    link = ref.permalink if ref is not None else None
    return RequestLine(record, case.judgement.title, case.request.action, link)
