"""What a digest's message shows, as values: which items stand on it, and which of them still wait there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from approvals import digesting
from approvals.digest_choices import Pick
from approvals.model import Case
from approvals.roster import Person, Roster
from approvals.words import STORM, AgentName, BoardId, DigestName, Gate, GroupName, Instant, Kind
from blocks.actions import OnBoard


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a digest, as it stands now."""

    #: from 0, in the order in which they stand on it
    place: int
    case: Case
    #: its payload is not the one that it had when it was put there
    changed: bool = False
    #: another message of the same name holds it
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """One item of a digest of which nothing is known, as it cannot be read."""

    place: int
    agent: AgentName
    #: what the log has it under
    incident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """Everything a digest's message shows."""

    board: BoardId
    digest: DigestName
    #: the groups that decide all that stands on it
    ask: tuple[GroupName, ...]
    #: whether *Approve all* may clear what it holds
    clears: bool
    #: all that was ever put on it, in order of their places
    entries: tuple[Entry, ...]
    roster: Roster
    #: the moment it is made for
    now: Instant
    #: what is missing among `entries`
    unread: tuple[Unread, ...] = ()
    #: who is clearing it right now
    clearing: tuple[Person, ...] = ()
    #: true when a newer message holds what was open
    carried_on: bool = False
    #: that message's permalink, as far as it is known
    carried: str | None = None
    #: whose requests a storm is made of, the most frequent first; empty: counted here
    agents: tuple[AgentName, ...] = ()

    @property
    def storm(self) -> bool:
        """True for the digest of a channel that got too many cards."""
        return self.digest == STORM

    @property
    def on(self) -> OnBoard:
        """What its buttons carry."""
        places = [*(each.place for each in self.entries), *(each.place for each in self.unread)]
        return OnBoard(self.board, max(places, default=-1) + 1)

    @property
    def open(self) -> tuple[Entry, ...]:
        """Those that wait on it."""
        return tuple(entry for entry in self.entries if self.waits_here(entry))

    @property
    def ended(self) -> tuple[Entry, ...]:
        """Those that were decided, or ended otherwise, while they stood on it."""
        return tuple(each for each in self.entries if each.case.status.final and self.holds(each))

    @property
    def apart(self) -> tuple[Entry, ...]:
        """Those that left it for a card of their own, or for a storm, decided there or not."""
        return tuple(entry for entry in self.entries if not self.holds(entry))

    def holds(self, entry: Entry) -> bool:
        """True unless it left: what others are asked too, of a storm, stands on another of its messages."""
        here = entry.case.waits_in == self.digest and entry.case.asked == self.ask
        return here and not entry.moved

    def waits_here(self, entry: Entry) -> bool:
        """True while it can be decided from this message."""
        return not entry.case.status.final and self.holds(entry)

    def may_approve(self, entry: Entry) -> bool:
        """Whether one click may approve it: neither board nor rule says otherwise, and it is as it was."""
        return self.clears and self.waits_here(entry) and not entry.changed and digesting.clears(entry.case)

    @property
    def rejectable(self) -> tuple[Entry, ...]:
        """Those that *Reject all* decides: neither questions, nor what changed since it was put there."""
        return tuple(entry for entry in self.open if self.pick(entry, Pick.REJECT) is Pick.REJECT)

    def default(self, entry: Entry) -> Pick:
        """What becomes of it in *Review* unless somebody chooses otherwise."""
        return Pick.APPROVE if self.may_approve(entry) else Pick.LEAVE

    def pick(self, entry: Entry, chosen: Pick | None) -> Pick:
        """What becomes of it when somebody chose that, as far as it can."""
        if chosen is None:
            return self.default(entry)
        if not self.waits_here(entry) or entry.changed or entry.case.request.kind is Kind.QUESTION:
            return Pick.LEAVE
        return Pick.LEAVE if chosen is Pick.APPROVE and not self.may_approve(entry) else chosen


def reviews(entries: Iterable[Entry]) -> bool:
    """True when there are any, and all of them ask whether what was done is right."""
    gates = {entry.case.judgement.gate for entry in entries}
    return gates == {Gate.AUDIT}


def agents_of(view: BoardView) -> tuple[AgentName, ...]:
    """Whose requests were ever put there, by first appearance: an agent's place never changes."""
    known = {entry.place: entry.case.request.agent for entry in view.entries}
    every = known | {each.place: each.agent for each in view.unread}
    return tuple(dict.fromkeys(every[place] for place in sorted(every)))


def busiest(cases: Sequence[Case], order: Sequence[AgentName] = ()) -> tuple[tuple[AgentName, int], ...]:
    """Whose requests they are and how many, in that `order`, else the most frequent first."""
    counted = Counter(case.request.agent for case in cases)
    if order:
        return tuple((agent, counted[agent]) for agent in order if counted[agent])
    return tuple(counted.most_common())
