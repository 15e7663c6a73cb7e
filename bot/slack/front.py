"""What every listener shares: who is asking, which request they mean, and that each of them is answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from approvals.errors import Refused
from approvals.model import Case
from approvals.roster import Person
from approvals.words import Instant, RequestId
from blocks import replies
from blocks.replies import Wanted
from bot.desk import decide, incidents
from bot.desk.decide import Told
from bot.desk.desk import Desk
from bot.slack import landed
from bot.slack.home import Homes
from bot.slack.landed import Awaited
from bot.slack.outgoing import Outgoing
from bot.slack.payloads import Body, Click, Submission, request_carried
from bot.slack.private import whisper
from bot.slack.troubles import SlackTrouble
from bot.slack.unshown import Decided, Unshown
from bot.tasks import Tasks
from store import cards, cases, outbox
from store.errors import Unavailable
from store.outbox import ParcelKind
from store.unit_of_work import Committed, Unit

T = TypeVar("T")
log = logging.getLogger(__name__)

#: Slack wants its answer within 3 s; the store itself gives up after 2.5.
ANSWER_WITHIN = 2.8
#: Seconds for a card whose post is still being answered: people can click before its `ts` is known.
_CARD_WITHIN = 0.8
#: Pauses before an answer that could not be put into the outbox is tried again.
_TRIES = (0.0, 1.0, 4.0, 15.0)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What to tell a person whose wish came to nothing."""

    text: str
    #: the store is away: its outbox cannot carry the words
    past_the_store: bool = False
    #: what was clicked is not known as a card
    not_up: bool = False
    #: it is a mistake of ours
    ours: bool = False


class NotUpYet(Exception):
    """A click on a message that is not (yet) known as a card."""


class Bell:
    """Rings at each commit, for whoever waits for one."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self, _committed: Committed) -> None:
        """Wake everybody who waits."""
        woken, self._next = self._next, asyncio.Event()
        woken.set()

    @property
    def next(self) -> asyncio.Event:
        """Set by the next commit. Take it before looking, so that no commit falls between."""
        return self._next


@dataclass(slots=True)
class Front:
    """The bot, as its listeners see it."""

    out: Outgoing
    tasks: Tasks = field(default_factory=Tasks)
    #: what only waits for something that may never come: a stop does not wait for it
    lingering: Tasks = field(default_factory=Tasks)
    bell: Bell = field(default_factory=Bell)
    homes: Homes = field(init=False)
    unshown: Unshown = field(init=False)

    def __post_init__(self) -> None:
        self.homes = Homes(self.desk)
        self.unshown = Unshown(self.desk, self.lingering)
        self.desk.store.on_commit(self.bell.ring)

    @property
    def desk(self) -> Desk:
        """The use cases' surroundings."""
        return self.out.desk

    def person(self, by: Person) -> Person:
        """Whoever acted, by the name that the roster knows; else by the one that Slack sent along."""
        known = self.desk.directory.roster().people.get(by.id)
        return known.person if known is not None else by

    async def request_of(self, click: Click) -> RequestId:
        """Which request was clicked: of a card by where it is, of a list by its block, and by nothing else.

        Raises `NotUpYet`.
        """
        if click.listed is not None:
            return click.listed.request

        async def looking() -> RequestId | None:
            return await self.desk.store.read(lambda unit: cards.at(unit, click.channel, click.ts))

        return await self.once_up(looking)

    async def case_of(self, click: Click) -> Case:
        """The case that was clicked, in one look. Raises `NotUpYet`, `Refused(UNKNOWN_REQUEST)`."""
        if click.listed is not None:
            request = click.listed.request
            return await self.desk.store.read(lambda unit: decide.known(unit, request))

        async def looking() -> Case | None:
            return await self.desk.store.read(lambda unit: cases.of_card(unit, click.channel, click.ts))

        return await self.once_up(looking)

    async def once_up(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """What `look` finds at a card, looking again while that may be about to be up. Raises `NotUpYet`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CARD_WITHIN
        while True:
            next_commit = self.bell.next
            found = await look()
            if found is not None:
                return found
            if loop.time() >= deadline:
                raise NotUpYet
            # Another replica's commit does not ring here: hence a last look when the time is over.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await next_commit.wait()

    async def answered(
        self, work: Callable[[], Awaitable[None]], within: float = ANSWER_WITHIN
    ) -> Wrong | None:
        """Do `work`; None when it went well, else what to tell the person. One handler for all.

        `within` is how many seconds it may take.
        """
        try:
            async with asyncio.timeout(within):
                await work()
        except NotUpYet:
            return Wrong(replies.not_up_yet(), not_up=True)
        except Refused as refused:
            # A vote that the rules refuse is told by its ruling; what is raised is a request nobody knows.
            log.info("what somebody did was refused: %s", refused.reason)
            return Wrong(replies.unknown_request())
        except (TimeoutError, Unavailable) as late:
            log.warning("what somebody did could not be saved: %r", late)
            return Wrong(replies.could_not_save(), past_the_store=True)
        except Exception as bug:
            # The one place where a bug ends: whoever clicked is told, and the log has the rest.
            incident = incidents.number(self.desk.runtime)
            log.exception("something somebody did went wrong (incident %s)", incident)
            self.tasks.start(incidents.tell(self.desk, incident, bug), "incident")
            return Wrong(replies.incident(incident), ours=True)
        return None

    def tell(self, click: Click, wrong: Wrong) -> None:
        """Say what went wrong."""
        if wrong.not_up:
            self.tasks.start(self._tell_where(click, wrong), "say where")
        else:
            self.say(click, wrong.text, past_the_store=wrong.past_the_store)
        if wrong.past_the_store and (click.ts or click.listed is not None):
            self._linger(landed.clicked(click, self._gave_up_since()), _place(click), click.key)

    def tell_if_saved(self, by: Person, request: RequestId, key: str, *, decides: bool) -> None:
        """Say so, where what they submitted about `request` is saved after all. The modal said it was not.

        `key` is the same for every delivery of the submission; `decides`: the modal is one that decides.
        """
        awaited = landed.submitted(by, request, self._gave_up_since(), decides=decides)
        self._linger(awaited, {"user": by.id}, key)

    def _gave_up_since(self) -> Instant:
        return landed.since(self.desk.runtime.now(), ANSWER_WITHIN)

    def _linger(self, awaited: Awaited, place: dict[str, str], key: str) -> None:
        """A commit may be under way when its caller stops waiting: nobody knows how it ends."""

        async def waiting() -> None:
            if await landed.has_landed(self.desk, awaited, lambda: self.bell.next):
                body = {**place, "text": replies.saved_late()}
                self.tasks.start(self._tell(body, f"said:landed:{key}"), "say")

        self.lingering.start(waiting(), "say that it landed")

    async def _tell_where(self, click: Click, wrong: Wrong) -> None:
        """A message that is no card: one that another took the place of, or one of another installation.

        What the button carries only helps to say which; it is all the same to what is decided, nothing.
        """
        request = request_carried(click.value)
        better: str | None = None
        if request is not None:
            try:
                better = await self.desk.store.read(lambda unit: _instead_of(unit, click, request))
            except Unavailable as away:
                log.warning("nobody knows which card it was: %s", away)
        self.say(click, better if better is not None else wrong.text)

    def answer_mention(self, event: Body, wrong: Wrong) -> None:
        """Tell whoever mentioned the bot, where they did, what went wrong; once for all deliveries of it."""
        if not event.get("user") or event.get("bot_id"):
            return
        body = {"user": str(event["user"]), "channel": str(event["channel"]), "text": wrong.text}
        if event.get("thread_ts"):
            body["thread_ts"] = str(event["thread_ts"])
        self.tasks.start(self._tell(body, f"said:mention:{event['channel']}:{event['ts']}"), "say")

    def say(self, click: Click, text: str, *, past_the_store: bool = False) -> None:
        """Tell whoever clicked, without anybody waiting for it."""
        body = {**_place(click), "text": text}
        if past_the_store:
            self.tasks.start(self._tell_directly(body), "say")
        else:
            self.tasks.start(self._tell(body, f"said:{click.key}"), "say")

    def tell_unless_shown(self, told: Told, wanted: Wanted, click: Click | Submission) -> None:
        """What was decided on its card is said there: in words too, where Slack does not show it soon."""
        if told.answer.refused is not None or told.answer.repeated or not told.case.status.final:
            return
        words = replies.answer_words(told.answer, told.case, self.desk.directory.roster(), wanted)
        place = _place(click) if isinstance(click, Click) else {"user": click.by.id}
        self.unshown.look_after(Decided(told.case.id, replies.not_on_the_card(words), place, click.key))

    async def _tell(self, body: dict[str, str], key: str) -> None:
        """Through the outbox, which tries again and survives a restart."""

        def putting(unit: Unit) -> None:
            now = self.desk.runtime.now()
            outbox.put(unit, ParcelKind.REPLY, request=None, key=key, lane="", body=body, now=now)

        try:
            await self.desk.store.write(putting)
        except Exception as lost:  # noqa: BLE001  # whatever the store has, the person is to be told
            log.warning("an answer goes to Slack directly: %s", type(lost).__name__)
            await self._tell_directly(body)

    async def _tell_directly(self, body: dict[str, str]) -> None:
        for pause in _TRIES:
            await asyncio.sleep(pause)
            try:
                await whisper(self.out, body)
                return
            except SlackTrouble as trouble:
                log.warning("somebody could not be answered: %s", trouble)

    def name(self, click: Click) -> Click:
        """The click, with the person's name as the roster has it."""
        return replace(click, by=self.person(click.by))


def _place(click: Click) -> dict[str, str]:
    """Who clicked, and where an answer to them goes; a direct message where that is nowhere."""
    place = {"user": click.by.id, "channel": click.channel, "response_url": click.response_url or ""}
    return {name: value for name, value in place.items() if value}


def _instead_of(unit: Unit, click: Click, request: RequestId) -> str | None:
    """What to say of a message of that request which is not its card; None while its card is being put up."""
    case = cases.load(unit, request)
    if case is None:
        return replies.unknown_request()
    ref = cards.of(unit, request)
    if ref is None or (ref.channel, ref.ts) == (click.channel, click.ts):
        return None
    return replies.replaced(ref.permalink, over=case.status.final)
