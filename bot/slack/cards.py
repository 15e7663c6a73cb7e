"""Makes Slack show a request as it stands, on a card of its own."""

from __future__ import annotations

from dataclasses import dataclass

from approvals import escalation
from approvals.events import Shown
from approvals.model import Case, Display
from approvals.seen import is_shown
from approvals.words import Instant
from blocks import guide
from blocks.card import card, minimal
from blocks.message import Message
from bot.desk import notify
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on, show_card
from bot.slack.keeping import Keeping
from bot.slack.outgoing import Outgoing
from bot.slack.places import Way
from bot.slack.search import Place
from bot.slack.showing import Known, load
from scheduler.results import Done, Result
from store import cards, cases, outbox
from store.cards import CardRef
from store.outbox import Parcel
from store.unit_of_work import Unit


class CardSender:
    """The courier's sender for `ParcelKind.CARD`."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out
        self._keeping = Keeping(out)

    async def send(self, parcel: Parcel) -> Result:
        """Make Slack show the request of `parcel` as it stands now."""
        desk = self._out.desk
        now = desk.runtime.now()
        shown = await desk.store.read(lambda unit: load(unit, parcel.request, now))
        if shown is None or shown.case.held:
            return Done()
        if shown.case.waits_in is not None and shown.ref is None:
            # Whoever asked for its card did not know that a digest shows it.
            case = shown.case
            await desk.store.write(lambda unit: show_card(unit, case, now))
            return Done()
        return await self._keeping.show(parcel, _Card(desk, shown))


@dataclass(frozen=True, slots=True)
class _Card:
    """See `Kept`."""

    desk: Desk
    shown: Known

    @property
    def case(self) -> Case:
        return self.shown.case

    @property
    def name(self) -> str:
        """See `Kept`."""
        return f"the card of {self.case.id}"

    @property
    def ref(self) -> CardRef | None:
        """See `Kept`."""
        return self.shown.ref

    @property
    def over(self) -> bool:
        """See `Kept`."""
        return self.case.status.final

    @property
    def way(self) -> Way:
        """See `Kept`."""
        request = self.case.request
        asked = request.reply_to
        thread = Place(asked.channel, asked.thread_ts) if asked is not None else None
        return Way(self.case.judgement.channel, self.case.asked, thread, request.agent)

    def message(self, *, duplicate: bool = False) -> Message:
        """See `Kept`."""
        operators = bool(self.desk.policies.current.operators)
        return card(self.shown.view(self.desk.directory.roster(), operators=operators, duplicate=duplicate))

    async def smaller(self, problem: str) -> Message:
        """The operators are told once a day for each problem."""
        notice = {"notice": "card_refused", "request": self.case.id, "problem": problem}
        await notify.operators(self.desk, notice, f"card_refused:{problem}"[:200])
        return minimal(self.case, problem)

    def bare(self, smaller: Message) -> Message:
        """See `Kept`."""
        return guide.bare(self.case, smaller)

    def posted_again(self) -> str:
        """See `Kept`."""
        return guide.posted_again(final=self.over)

    def placed(self, unit: Unit, ref: CardRef) -> None:
        """A soft window begins with its first card."""
        cards.place(unit, self.case.id, ref)
        if escalation.began_at(self.case) is None:
            self._begin(unit)

    async def seen(self, since: Instant) -> None:
        """A window that starts again begins with the update that says so; and an edit can be seen now."""
        if self.ref is not None and escalation.began_at(self.case) is None:
            await self.desk.store.write(self._begin)
        if not self.over and not is_shown(self.case):
            await self.desk.store.write(lambda unit: self._display(unit, since))

    def ended(self, unit: Unit, addressed: CardRef | None) -> None:
        """See `Kept`."""
        if addressed is not None:
            cards.place(unit, self.case.id, addressed)

    def _display(self, unit: Unit, since: Instant) -> None:
        """Who decides by words from then on has seen this edit."""
        case, roster = cases.load(unit, self.case.id), self.desk.directory.roster()
        if case is not None:
            event = Shown(Display(self.case.round, since))
            rule_on(unit, case, event, self.desk.runtime.now(), roster)

    def _begin(self, unit: Unit) -> None:
        """The window ends when the card says, or later; where the minute differs, the card says so."""
        case, now = cases.load(unit, self.case.id), self.desk.runtime.now()
        if case is None:
            return
        began = rule_on(unit, case, Shown(), now, self.desk.directory.roster()).case.began_at
        if began == now and f"{began:%H:%M}" != f"{self.shown.now:%H:%M}":
            outbox.show_card(unit, case.id, now, final=False)
