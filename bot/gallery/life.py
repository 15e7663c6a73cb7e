"""One request through its life, decided by the machine, and what Slack shows of it at each moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Self

from approvals.audit import Fact
from approvals.canonical import Json
from approvals.effects import AskOperators, PostComment, PostNote, ShowCard, TellUnreached
from approvals.events import (
    Allowing,
    Answered,
    Cancelled,
    Claimed,
    Commented,
    Edited,
    Event,
    Opened,
    Reported,
    Shown,
    Ticked,
    Voted,
)
from approvals.field_entry import entered
from approvals.fields import fields
from approvals.judging import judge
from approvals.machine import Ruling, decide
from approvals.model import Case, Comment, Request
from approvals.roster import Person, Roster
from approvals.words import AgentName, Choice, Gate, GrantId, Instant, OutcomeStatus
from blocks import attention_words, notices, replies
from blocks.card import CardView, card
from blocks.for_agents import message_for_agent
from blocks.inputs import block_of
from blocks.message import Message, words
from blocks.modals import edit_modal, errors_at
from blocks.replies import Wanted
from blocks.text import Mrkdwn
from blocks.thread_decided import decided_note
from blocks.thread_notes import note_of
from bot.gallery.cast import NOON, roster, the_policy

#: The steps of a life are named by the clock in this place: where most of its people are.
_CLOCK: Final = "%H:%M"
#: The one grant that is given in the gallery.
GRANT: Final = GrantId("g_01JD3V8Q0001")


class Place(StrEnum):
    """Where a scene is seen."""

    CARD = "card"
    THREAD = "in the card's thread"
    REPLY = "only the one who clicked sees"
    DIRECT = "direct message"
    CHANNEL = "message"
    MODAL = "modal"
    HOME = "home"
    #: what the agent's model reads: no message of Slack's
    AGENT = "the agent reads"


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that is seen at one moment."""

    #: when it is seen
    at: Instant
    #: what has just happened, in a few words
    moment: str
    place: Place
    #: a message's `text`, `blocks` and `metadata`, or a view; `text` alone for an agent
    content: Mapping[str, Any]
    #: what somebody typed into a view, and sent: `block_id` → words
    typed: Mapping[str, str] = field(default_factory=dict)
    #: what its fields are marked with then: `block_id` → sentence
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """A request's life, or a few things of one kind, in the order in which they are seen."""

    #: short, of letters and underscores: a file's name
    name: str
    title: str
    scenes: tuple[Scene, ...]


class Life:
    """A request as it is asked, looked at, decided and carried out. Every method adds what is then seen."""

    def __init__(self, asked: Request, who: Roster | None = None, **view: Any) -> None:
        self.roster = who or roster()
        self.scenes: list[Scene] = []
        self.facts: list[Fact] = []
        self._view = view
        self._at: Instant = asked.created_at
        opening = decide(None, Opened(asked, judge(the_policy(), asked), self.roster), self._at)
        self.case: Case = opening.case
        self._follow(opening, f"{asked.agent} asks")

    def story(self, name: str, title: str, *others: Life) -> Story:
        """Everything that was seen of it, and then of the `others`, under a name."""
        return Story(name, title, tuple(scene for life in (self, *others) for scene in life.scenes))

    # What happens

    def shown(self, minutes: float = 0) -> Self:
        """The card is up: a soft window begins."""
        return self._happens(Shown(), minutes, "The card is up")

    def approves(
        self,
        by: Person,
        minutes: float,
        why: str | None = None,
        *,
        typed: str | None = None,
        allowing: timedelta | None = None,
    ) -> Self:
        """Somebody approves, or says that it looks right."""
        allow = Allowing(GRANT, allowing) if allowing is not None else None
        vote = Voted(by, Choice.APPROVE, self.case.sight, self.roster, why, typed, allow)
        wanted: Wanted = "allow" if allow is not None else "approve"
        until = self._moment(minutes) + allowing if allowing is not None else None
        review = self.case.judgement.gate is Gate.AUDIT
        moment = f"{by.name} {'finds it right' if review else 'approves'}"
        return self._happens(vote, minutes, moment, "looks_right" if review else wanted, until)

    def rejects(self, by: Person, minutes: float, why: str) -> Self:
        """Somebody rejects it, or flags it."""
        vote = Voted(by, Choice.REJECT, self.case.sight, self.roster, why)
        if self.case.judgement.gate is Gate.AUDIT:
            return self._happens(vote, minutes, f"{by.name} flags it", "flag")
        return self._happens(vote, minutes, f"{by.name} rejects it", "reject")

    def edits(self, by: Person, minutes: float, why: str | None = None, **values: Json) -> Self:
        """Somebody changes arguments, and approves them so; or corrects what was done."""
        event = Edited(by, {**self.case.payload, **values}, self.case.sight, self.roster, why)
        if self.case.judgement.gate is Gate.AUDIT:
            return self._happens(event, minutes, f"{by.name} corrects it", "correct")
        return self._happens(event, minutes, f"{by.name} changes it", "edit")

    def answers(self, by: Person, minutes: float, answer: str) -> Self:
        """Somebody answers a question."""
        event = Answered(by, answer, self.case.sight, self.roster)
        return self._happens(event, minutes, f"{by.name} answers", "answer")

    def comments(self, by: Person | AgentName, minutes: float, text: str) -> Self:
        """Somebody, or the agent, says something."""
        name = by.name if isinstance(by, Person) else by
        return self._happens(Commented(by, text), minutes, f"{name} says something")

    def waits(self, minutes: float, moment: str) -> Self:
        """Time goes by, up to so many minutes after it was asked."""
        return self._happens(Ticked(self.roster), minutes, moment)

    def withdraws(self, minutes: float, reason: str | None, *, by_operator: bool = False) -> Self:
        """The agent does not want it any more."""
        moment = "The agent is revoked" if by_operator else "The agent withdraws it"
        return self._happens(Cancelled(reason, by_operator), minutes, moment)

    def reports(
        self, status: OutcomeStatus, minutes: float, detail: str | None = None, url: str | None = None
    ) -> Self:
        """The agent takes it up, and says what came of it."""
        if status is not OutcomeStatus.ROLLED_BACK:
            self._at = self._moment(minutes)
            self.case = self._kept(decide(self.case, Claimed(), self._at))
        return self._happens(Reported(status, detail, url), minutes, "The agent reports")

    def happens(self, event: Event, minutes: float, moment: str) -> Self:
        """Something else."""
        return self._happens(event, minutes, moment)

    def skipped(self) -> Self:
        """What was seen so far is seen in another story."""
        self.scenes.clear()
        return self

    # What is seen besides

    def opens(self, moment: str, view: Mapping[str, Any]) -> Self:
        """Somebody opens a modal."""
        return self._seen(moment, Place.MODAL, view)

    def enters(self, moment: str, **values: str) -> Self:
        """Somebody types what does not fit into the form, and sends it: argument → what is in its input."""
        shown = fields(self.case)
        typed = {each.id: values[each.path[-1]] for each in shown if each.path and each.path[-1] in values}
        errors = errors_at(entered(self.case, typed).errors, shown)
        view = edit_modal(self.case, shown, self.roster)
        self._seen(moment, Place.MODAL, view)
        typed_at = {block_of(id_): words for id_, words in typed.items()}
        self.scenes[-1] = replace(self.scenes[-1], typed=typed_at, errors=errors)
        return self

    def looks(self, moment: str, **view: Any) -> Self:
        """The card, with something that is not the request's own."""
        return self._seen(moment, Place.CARD, card(self._card(**view)).as_call())

    def told(self, moment: str, text: Mrkdwn) -> Self:
        """A sentence that only whoever clicked sees."""
        return self._seen(moment, Place.REPLY, Message(text, [words(text)]).as_call())

    def hears(self, moment: str, message: Message, place: Place = Place.DIRECT) -> Self:
        """Another message."""
        return self._seen(moment, place, message.as_call())

    # How

    def _happens(
        self,
        event: Event,
        minutes: float,
        moment: str,
        wanted: Wanted | None = None,
        until: Instant | None = None,
    ) -> Self:
        self._at = self._moment(minutes)
        ruling = decide(self.case, event, self._at)
        before, self.case = self.case, ruling.case
        if wanted is not None:
            self.told(moment, replies.answer_words(ruling.answer, ruling.case, self.roster, wanted, until))
        self._follow(ruling, moment)
        if before.decision is None and ruling.case.decision is not None and not ruling.case.quiet:
            self.hears(moment, decided_note(ruling.case, self.roster, "decided"), Place.THREAD)
        if before.decision is None and ruling.case.decision is not None:
            self._seen(moment, Place.AGENT, {"text": message_for_agent(ruling.case)})
        return self

    def _follow(self, ruling: Ruling, moment: str) -> None:
        self.case = self._kept(ruling)
        if ShowCard() in ruling.effects:
            self.looks(moment)
        for effect in ruling.effects:
            match effect:
                case PostNote(key=key, note=note):
                    self.hears(moment, note_of(self.case, note, self.roster, key, self._at), Place.THREAD)
                case PostComment(key=key, comment=Comment(by=Person(name=name), text=text)):
                    self.hears(moment, attention_words.asked_note(self.case, name, text, key), Place.THREAD)
                case PostComment(key=key, comment=comment):
                    self.hears(moment, replies.comment_note(self.case, comment, key), Place.THREAD)
                case AskOperators(lack=lack):
                    self.hears(moment, notices.too_few(self.case, lack, None))
                case TellUnreached(to=group):
                    self.hears(moment, notices.unreached(self.case, group, None, known=True))
                case _:
                    # The card is drawn once, whatever changed; what agents are called with, nobody here sees.
                    continue

    def _kept(self, ruling: Ruling) -> Case:
        self.facts += ruling.facts
        return ruling.case

    def _card(self, **view: Any) -> CardView:
        return CardView(self.case, self.roster, **{**self._view, "now": self._at, **view})

    def _moment(self, minutes: float) -> Instant:
        return self.case.request.created_at + timedelta(minutes=minutes)

    def _seen(self, moment: str, place: Place, content: Mapping[str, Any]) -> Self:
        self.scenes.append(seen(self._at, moment, place, content))
        return self


def seen(at: Instant, moment: str, place: Place, content: Message | Mapping[str, Any]) -> Scene:
    """One scene, its moment headed by the clock."""
    shown = content.as_call() if isinstance(content, Message) else content
    return Scene(at, f"{at:{_CLOCK}} {moment}", place, shown)


def later(asked: Request, minutes: float) -> Request:
    """The same, asked so many minutes after noon."""
    return replace(asked, created_at=NOON + timedelta(minutes=minutes))
