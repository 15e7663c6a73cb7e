"""What an approval is: the values that everything else passes around.

All frozen; `approvals.machine.decide` is the only thing that makes a new `Case` out of an old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from approvals.canonical import Digest, Json, digest_of, salted
from approvals.roster import Person
from approvals.words import (
    AgentName,
    Choice,
    DigestName,
    Gate,
    GrantId,
    GroupName,
    Instant,
    Kind,
    OutcomeStatus,
    RequestId,
    Risk,
    Shortage,
    Status,
    StepKind,
    UserId,
    Via,
)


@dataclass(frozen=True, slots=True)
class ContextItem:
    """One thing the approver should know."""

    label: str
    value: Json
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Consequences:
    """What the agent says happens then; each a sentence or None."""

    approve: str | None = None
    reject: str | None = None
    rollback: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """The thread a card shall be put in."""

    channel: str
    thread_ts: str


@dataclass(frozen=True, slots=True)
class Request:
    """One thing an agent asks people about, as it was posted. Never changes."""

    id: RequestId
    agent: AgentName
    action: str
    payload: Mapping[str, Json]
    created_at: Instant
    #: random, so that the digests in the facts cannot be guessed back to payloads
    salt: str
    kind: Kind = Kind.APPROVAL
    title: str | None = None
    reasoning: str | None = None
    context: tuple[ContextItem, ...] = ()
    effects: Consequences = Consequences()
    confidence: float | None = None
    risk: Risk | None = None
    reversible: bool | None = None
    form: Mapping[str, Json] | None = None
    options: tuple[str, ...] = ()
    default_answer: str | None = None
    on_behalf_of: str | None = None
    supersedes: RequestId | None = None
    run_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    callback_url: str | None = None
    reply_to: ReplyTo | None = None
    #: the request that silence let through, which this review looks at afterwards
    review_of: RequestId | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an escalation policy; `after` counts from the opening."""

    after: timedelta
    do: StepKind
    to: GroupName | None = None
    review: bool = False


@dataclass(frozen=True, slots=True)
class Grants:
    """An approver may let like requests through for at most `longest`, with `same` paths being equal."""

    longest: timedelta
    same: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the policy found for one request, kept with it: reloading the policy changes no open request."""

    gate: Gate
    risk: Risk
    rule: str
    #: why, in words, in the order in which the policy found them
    reasons: tuple[str, ...]
    #: `sha256:…` of the policy file it was judged by
    policy_version: str
    ask: tuple[GroupName, ...]
    steps: tuple[Step, ...]
    #: what heads the card
    title: str
    #: the rule's template that made it, so that an edit can make it anew; None: the title stays
    template: str | None = None
    quorum: int = 1
    irreversible: bool = False
    channel: str | None = None
    guidance: str | None = None
    #: dotted paths into the payload, `payload.amount`, that head the arguments
    summary: tuple[str, ...] = ()
    #: dotted paths into the payload that are masked in Slack and not editable there
    sensitive: tuple[str, ...] = ()
    #: the rule's own JSON Schema of the payload; what is approved always satisfies it
    form: Mapping[str, Json] | None = None
    valid_for: timedelta | None = None
    #: a dotted path whose value an approver types under `manual`; None: the word CONFIRM
    confirm: str | None = None
    digest: DigestName | None = None
    #: those of `reasons` for which this rule and this gate hold it, and no gentler ones: never cut on a card
    deciding: tuple[str, ...] = ()
    #: what an approver may let through beyond this one; None: nothing
    grants: Grants | None = None
    #: under `audit`, the share of requests that people are shown; None: all
    sample: float | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """One approver's approve or reject, bound to the payload that was on the screen."""

    by: Person
    choice: Choice
    digest: Digest
    #: which edit of the payload it was given for; an edit starts a new round and voids older approvals
    round: int
    at: Instant
    reason: str | None = None
    #: who was away and in whose place it was given; None: in their own right
    stands_for: Person | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """Something said about a request. `by` is a person, or the agent by its name."""

    by: Person | AgentName
    #: empty once it was deleted
    text: str
    at: Instant
    #: the message that it is, `channel:ts`; None where no message is known to hold it
    ref: str | None = None
    #: how often it was changed; its deletion counts too
    changes: int = 0
    #: when it was last changed or deleted, by the clock of where it was said
    changed_at: Instant | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Display:
    """Which edit of the payload the card shows, and since when by the clock of where it is shown."""

    round: int
    since: Instant


@dataclass(frozen=True, slots=True)
class Decision:
    """The end of a request. Its payload and changes are the case's own: they no longer move."""

    verdict: Status
    via: Via
    by: tuple[Person, ...]
    decided_at: Instant
    reason: str | None = None
    answer: str | None = None
    valid_until: Instant | None = None
    #: with `Via.GRANT`: the grant that let it through, and `by` is whoever gave that
    grant: GrantId | None = None
    #: of `by`, those who decided in the place of somebody who was away → that one
    in_place_of: Mapping[UserId, Person] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the agent says happened after it acted."""

    status: OutcomeStatus
    at: Instant
    detail: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Flaw:
    """One way a payload breaks a form. `loc` is dotted: `payload.amount`."""

    loc: str
    msg: str


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last link of a request's chain of facts; `seq` 0 and an empty hash before the first."""

    seq: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Lack:
    """Too few can decide: how many still can, how many approvals are missing, and why."""

    left: int
    missing: int
    why: Shortage = Shortage.FEW


@dataclass(frozen=True, slots=True)
class Called:
    """When a group was asked beyond the rule's own, and why then."""

    at: Instant
    #: before its step's time
    early: bool = False
    #: who handed it over to them; None: the clock, or too few were left to decide
    by: Person | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A request and all that became of it so far."""

    request: Request
    judgement: Judgement
    #: the current payload, as edited
    payload: Mapping[str, Json]
    digest: Digest
    #: the digest of the payload as it was posted
    posted: Digest
    status: Status = Status.PENDING
    round: int = 0
    votes: tuple[Vote, ...] = ()
    #: ways in which the current payload breaks the rule's form: while there are any, nobody can approve it
    flaws: tuple[Flaw, ...] = ()
    #: groups asked beyond the rule's own, by escalation, in order
    escalated: tuple[GroupName, ...] = ()
    #: of those, how it came; of some that were asked before this was kept, nothing is known
    called: Mapping[GroupName, Called] = field(default_factory=dict)
    #: how many steps of the escalation policy have fired
    fired: int = 0
    #: places of steps that fired before those in front of them, because too few were left to decide
    ahead: tuple[int, ...] = ()
    #: those asked who had left Slack at the last muster, sorted: each was named as having left
    missed: tuple[UserId, ...] = ()
    #: what the operators were asked about, as it stood at the last muster; None: enough could decide
    lacking: Lack | None = None
    #: whose approval of the current payload counted no more at the last look, sorted: each was named
    lapsed: tuple[UserId, ...] = ()
    #: of `escalated`, those in which nobody was when they were asked, and nobody has been since
    unreached: tuple[GroupName, ...] = ()
    #: of `escalated`, those of which Slack had not told who is in them, and has not since
    unheard: tuple[GroupName, ...] = ()
    #: who handed it over: they may decide it still, and are not reminded of it, sorted
    excused: tuple[UserId, ...] = ()
    #: who put off their reminders of it → until when
    snoozed: Mapping[UserId, Instant] = field(default_factory=dict)
    #: true while its agent is paused: nobody is shown it, nothing lets it through, and no step counts
    held: bool = False
    #: the digest that shows it; None: it has a card of its own
    waits_in: DigestName | None = None
    #: from when the steps count; None: from the opening, or, under `soft`, not yet
    began_at: Instant | None = None
    parked_at: Instant | None = None
    decision: Decision | None = None
    comments: tuple[Comment, ...] = ()
    #: the latest edit that is known to be on the card; None: the payload as it was posted
    display: Display | None = None
    claimed_at: Instant | None = None
    outcome: Outcome | None = None
    #: when its content (payload, words, title) was deleted after its time; None while it is there
    gone_at: Instant | None = None
    chain: ChainHead = ChainHead()
    #: counts every change; a conditional update on it decides races
    version: int = 0

    @property
    def id(self) -> RequestId:
        """The request's id."""
        return self.request.id

    @property
    def asked(self) -> tuple[GroupName, ...]:
        """Every group that may decide it now, the rule's own first, none twice."""
        return tuple(dict.fromkeys((*self.judgement.ask, *self.escalated)))

    @property
    def edited(self) -> bool:
        """True when the current payload is not the posted one."""
        return self.digest != self.posted

    @property
    def emptied(self) -> bool:
        """True when arguments were deleted after their time; where there never were any, none are missing."""
        return self.gone_at is not None and self.digest != digest_of({})

    @property
    def sight(self) -> Digest:
        """What a button carries of the payload on the screen: a digest that nobody can guess it back from."""
        return salted(self.request.salt, self.digest)

    @property
    def quiet(self) -> bool:
        """True when no person is to be shown it: the policy or a grant let it through, or it is held."""
        return self.held or (self.decision is not None and self.decision.via in (Via.POLICY, Via.GRANT))

    @property
    def flagged(self) -> bool:
        """True when a reviewer wants undone what the agent did."""
        return self.judgement.gate is Gate.AUDIT and self.status is Status.REJECTED
