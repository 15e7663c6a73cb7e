"""The composition root: the only place where the rooms are built and handed to each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.metadata import version

from approvals.canonical import Json
from approvals.words import AgentName, DigestName, Instant, RequestId
from bot.alone import alone_with
from bot.desk import decide, follow_up, incidents, letters, notify, overdue, pausing, rounds
from bot.desk.desk import Desk
from bot.desk.handoffs import Handoffs
from bot.desk.muster import Muster
from bot.ears import LISTEN_EVERY, Ears
from bot.http import app as endpoint
from bot.http.callbacks import CallbackSender, Registration
from bot.http.listener import Listener, listen
from bot.http.meter import Meter
from bot.http.operations import Readiness
from bot.policies import PolicyShelf
from bot.policy_watch import LOOK_EVERY, PolicyWatch
from bot.runtime import Runtime
from bot.settings import Settings
from bot.slack.service import SlackSide, Workspace, slack_side
from scheduler.auditor import Auditor
from scheduler.clock import Clock
from scheduler.courier import Courier
from scheduler.digests import Digests, Turn
from scheduler.results import Result, Sender
from scheduler.reviews import Reviews
from scheduler.sweeper import Sweeper, Tick
from store import agents, migrate
from store.engine import Store
from store.errors import Unavailable
from store.outbox import Parcel, ParcelKind
from store.sqlite import file_of
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

ANCHOR_EVERY = timedelta(minutes=1)
TIDY_EVERY = timedelta(hours=1)
#: How soon a payload is deleted after its time. Costs a look at an index that holds what is not deleted yet.
FORGET_EVERY = timedelta(seconds=5)
#: How soon a request goes away that an agent got in while its token was being revoked.
WITHDRAW_EVERY = timedelta(minutes=1)
#: How soon it is noticed that a step is overdue, whatever kept the sweeper from it.
AUDIT_EVERY = timedelta(minutes=10)
#: How soon it is noticed that somebody asked to decide has left. Slack is asked about every 40 s.
MUSTER_EVERY = timedelta(seconds=3)
#: How soon both are told of a handoff, and another replica's overrides and absences hold here.
HANDOFFS_EVERY = timedelta(seconds=3)
#: How soon a request goes on that came in while its agent was being resumed.
RELEASE_EVERY = timedelta(seconds=5)
#: A stop takes ten seconds at most: its parts have nine, and closing what they used has the rest.
STOP_WITHIN = 9.0
#: What is cut off then has this long to let go.
_LETTING_GO = 0.5


@dataclass(slots=True)
class Bot:
    """Everything that runs, once it runs."""

    desk: Desk
    side: SlackSide
    shelf: PolicyShelf
    runtime: Runtime
    meter: Meter
    courier: Courier
    sweeper: Sweeper
    clock: Clock
    watch: PolicyWatch
    api: Listener
    slack: str

    async def reload(self) -> None:
        """Read the policy again (SIGHUP). A broken one changes nothing, and the operators are told."""
        await self.watch.again()


@asynccontextmanager
async def running(settings: Settings, runtime: Runtime) -> AsyncIterator[Bot]:
    """The bot, serving; stops within 10 s when the block is left, and leaves the rest in the outbox.

    Raises `PolicyError`, `SchemaBehind`, `Unavailable` and `OSError` (an address that is taken) before
    anything is served.
    """
    shelf = PolicyShelf.open(settings.config, runtime.now())
    _say_policy(shelf)
    async with AsyncExitStack() as stack:
        store, alone = await _opened(settings.database_url, stack)
        # So that a revocation that was cut short holds before anybody can click.
        await follow_up.cancel_all_of_revoked(store, runtime)
        side = await stack.enter_async_context(slack_side(_workspace(settings), store, shelf, runtime))
        meter = Meter(version("hitl-desk"))
        senders = _senders(side, store, runtime, meter)
        courier = Courier(store, senders, runtime, probe=side.probe, alarm=side.alarm, resumed=side.resumed)
        web = endpoint.build(
            side.desk,
            readiness=_told_of_itself(side.desk, shelf, _readiness(store, side, courier)),
            version=version("hitl-desk"),
            rate_limit=settings.rate_limit,
            meter=meter,
        )
        stack.push_async_callback(side.close)
        async with AsyncExitStack() as unless_served:
            unless_served.push_async_callback(side.stop_intake)
            address = await side.open()
            if alone:
                await courier.take_over()
            api = await listen(web, settings.api_host, settings.api_port)
            unless_served.pop_all()
        # From now on people can be heard, and silence means something.
        ears = Ears(runtime.now, lambda: _why_deaf(side, courier))
        sweeper = _sweeper(side.desk, shelf, ears)
        clock = _clock(side, sweeper, ears)
        watch = _watch(side, shelf, meter)
        clock.every(LOOK_EVERY, "policy", watch.look)
        stop = asyncio.Event()
        carrying = asyncio.create_task(courier.run(stop), name="courier")
        clock.start()
        log.info("started: agents at %s, Slack at %s", api.url, address)
        try:
            yield Bot(side.desk, side, shelf, runtime, meter, courier, sweeper, clock, watch, api, address)
        finally:
            stop.set()
            await all_ended(
                endpoint=api.close(), slack=side.stop_intake(), clock=clock.stop(), courier=carrying
            )
    log.info("stopped")


async def all_ended(within: float = STOP_WITHIN, **parts: Awaitable[object]) -> None:
    """Wait for each; one that fails keeps no other from its end, and is logged.

    What has not ended `within` so many seconds is cut off, and logged.
    """
    ends = {name: asyncio.ensure_future(end) for name, end in parts.items()}
    _, late = await asyncio.wait(ends.values(), timeout=within)
    for end in late:
        end.cancel()
    if late:
        await asyncio.wait(late, timeout=_LETTING_GO)
    for name, end in ends.items():
        if end in late:
            log.error("%s did not stop within %g s, and was cut off", name, within)
        elif end.cancelled():
            log.error("%s was cancelled while it stopped", name)
        elif (failed := end.exception()) is not None:
            log.error("%s did not stop well", name, exc_info=failed)


def _say_policy(shelf: PolicyShelf) -> None:
    policy = shelf.current
    log.info("the policy %s is in force: %s, %d rules", shelf.path, policy.version, len(policy.rules))
    for warning in policy.warnings:
        log.warning("the policy: %s", warning)


async def _opened(url: str, stack: AsyncExitStack) -> tuple[Store, bool]:
    """The store, and whether no other process serves it."""
    file = file_of(url)
    alone = alone_with(file) if file is not None else None
    if alone is not None:
        stack.callback(alone.release)
    if file is not None:
        await migrate.upgrade(url)
    store = await Store.open(url)
    stack.push_async_callback(store.close)
    kind = "PostgreSQL" if file is None else f"SQLite, {file}"
    log.info("the database is open: %s%s", kind, ", for this process alone" if alone is not None else "")
    return store, alone is not None


def _workspace(settings: Settings) -> Workspace:
    bot, signing, app = settings.slack_bot_token, settings.slack_signing_secret, settings.slack_app_token
    return Workspace(
        api_url=settings.slack_api_url,
        bot_token=bot.get_secret_value() if bot is not None else "",
        signing_secret=signing.get_secret_value() if signing is not None else None,
        app_token=app.get_secret_value() if app is not None else None,
        host=settings.slack_host,
        port=settings.slack_port,
    )


def _senders(side: SlackSide, store: Store, runtime: Runtime, meter: Meter) -> Mapping[ParcelKind, Sender]:
    async def registered(name: AgentName) -> Registration | None:
        agent = await store.read(lambda unit: agents.get(unit, name))
        return None if agent is None else Registration(agent.webhook_secret, agent.callback_hosts)

    def on_dead(unit: Unit, parcel: Parcel, why: str) -> None:
        letters.given_up(unit, parcel, why, runtime.now())

    callbacks = CallbackSender(registered, runtime.now, runtime.jitter, on_dead=on_dead)
    every: dict[ParcelKind, Sender] = {**side.senders, ParcelKind.CALLBACK: callbacks}
    return {kind: _counted(kind, sender, meter) for kind, sender in every.items()}


def _counted(kind: ParcelKind, sender: Sender, meter: Meter) -> Sender:
    async def send(parcel: Parcel) -> Result:
        result = await sender(parcel)
        meter.delivered(str(kind), type(result).__name__.lower())
        return result

    return send


async def _why_deaf(side: SlackSide, courier: Courier) -> str | None:
    return courier.paused or await side.why_not_ready()


def _tick(desk: Desk, ears: Ears) -> Tick:
    async def tick(request: RequestId, now: Instant) -> None:
        await decide.tick(desk, request, now, await ears.heard_since())

    return tick


def _sweeper(desk: Desk, shelf: PolicyShelf, ears: Ears) -> Sweeper:
    return Sweeper(
        desk.store,
        _tick(desk, ears),
        lambda: incidents.number(desk.runtime),
        report=partial(incidents.tell, desk, where="sweep"),
        keep_payloads=lambda: shelf.current.keep.payloads,
    )


def _auditor(desk: Desk, ears: Ears) -> Auditor:
    tell, incident = partial(overdue.tell, desk), lambda: incidents.number(desk.runtime)
    return Auditor(desk.store, _tick(desk, ears), tell, incident)


def _clock(side: SlackSide, sweeper: Sweeper, ears: Ears) -> Clock:
    desk = side.desk

    async def withdraw(_now: Instant) -> None:
        await follow_up.cancel_all_of_revoked(desk.store, desk.runtime)

    clock = Clock(
        desk.runtime.now, sweeper.run_once, sweeper.next_due, failed=partial(incidents.failed, desk)
    )
    clock.every(ANCHOR_EVERY, "anchor", sweeper.anchor)
    clock.every(TIDY_EVERY, "tidy", sweeper.tidy)
    clock.every(FORGET_EVERY, "forget", sweeper.forget)
    clock.every(AUDIT_EVERY, "audit", _auditor(desk, ears).run_once)
    clock.every(WITHDRAW_EVERY, "withdraw", withdraw)
    clock.every(LISTEN_EVERY, "listen", ears.listen)
    clock.every(HANDOFFS_EVERY, "handoffs", Handoffs(desk, side.people.reread).look)
    reviews = Reviews(desk.store, lambda: desk.policies.current.review)
    clock.at(reviews.next_at, "reviews", reviews.run_once)
    muster = Muster(desk)
    side.people.on_made = muster.saw
    clock.every(MUSTER_EVERY, "muster", muster.look)

    digests = _digests(desk)
    clock.at(digests.next_at, "digests", digests.run_once)
    clock.every(RELEASE_EVERY, "release", partial(pausing.release_all, desk))
    desk.store.on_commit(lambda committed: clock.rearm() if committed.requests else None)
    return clock


def _digests(desk: Desk) -> Digests:
    async def gather(digest: DigestName, now: Instant, turn: Turn) -> int:
        return len(await rounds.post(desk, digest, now, turn))

    settings, incident = lambda: desk.policies.current.digests, lambda: incidents.number(desk.runtime)
    return Digests(desk.store, settings, gather, incident, partial(incidents.tell, desk, where="digest"))


def _watch(side: SlackSide, shelf: PolicyShelf, meter: Meter) -> PolicyWatch:
    def taken() -> None:
        meter.policy_loaded.set(1)
        _say_policy(shelf)
        side.people.wake()

    async def tell(notice: Mapping[str, Json]) -> None:
        # The same mistake made twice a day is told twice, and by several replicas once.
        await notify.operators(side.desk, {**notice, "at": f"{side.desk.runtime.now():%H:%M}"})

    async def refused(problem: str) -> None:
        meter.policy_loaded.set(0)
        await tell({"notice": "policy_broken", "problem": problem})

    async def restored() -> None:
        await tell({"notice": "policy_restored", "version": shelf.current.version})

    return PolicyWatch(shelf, side.desk.runtime.now, taken, refused, restored)


def _readiness(store: Store, side: SlackSide, courier: Courier) -> Readiness:
    async def needs() -> Mapping[str, str | None]:
        database = None
        try:
            await store.read(agents.everybody)
        except Unavailable as away:
            database = str(away)
        return {"database": database, "slack": await _why_deaf(side, courier)}

    return needs


def _told_of_itself(desk: Desk, shelf: PolicyShelf, readiness: Readiness) -> Readiness:
    """What operators see in their home tabs is what `/readyz` says, and how the policy's file is."""
    desk.program.needs, desk.program.policy_file = readiness, shelf
    return readiness
