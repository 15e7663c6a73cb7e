"""Who notices that too few are left to decide: quickly, for whom it bears on, and once."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from approvals.canonical import Json
from approvals.model import Case, Lack
from approvals.policy import load
from approvals.roster import Person, Profile, Roster
from approvals.words import Choice, GroupName, Shortage, UserId
from bot.desk import decide
from bot.desk.desk import Desk
from bot.desk.muster import Muster, first_of
from sandbox.server import SlackStandIn
from scheduler.results import Done
from store import cases, outbox
from store.outbox import Parcel, ParcelKind
from store.tables import cases as rows
from store.unit_of_work import Unit
from tests.bot.desk.conftest import POLICY
from tests.harness.cases import a_request, an_open_case
from tests.harness.desk import RunningDesk
from tests.store.samples import numbered

CAROL, DAN = Profile(UserId("U0CAROL"), "carol", "carol@example.com"), Profile(UserId("U0DAN"), "dan")
TORN = "{}"
SUPPORT, DIRECTORS = GroupName("support"), GroupName("directors")


@dataclass
class Told:
    """Who is in which group, as a test says."""

    now: Roster

    def roster(self) -> Roster:
        """See `bot.desk.desk.Directory`."""
        return self.now


def support(*people: Profile) -> Roster:
    """These are in support; of directors nothing is known."""
    ids = tuple(each.id for each in people)
    return Roster({SUPPORT: ids, DIRECTORS: ()}, {each.id: each for each in people}, {DIRECTORS: None})


def where(bot: RunningDesk, roster: Roster) -> tuple[Desk, Told]:
    """The desk, with its groups in the test's hands."""
    told = Told(roster)
    return replace(bot.desk, directory=told), told


async def all_sent(bot: RunningDesk) -> None:
    """Nothing waits in the outbox; no commit says so, therefore it is looked at again and again."""
    async with asyncio.timeout(5.0):
        while any((await bot.store.read(outbox.counts)).waiting.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def without_dan(bot: RunningDesk, slack: SlackStandIn) -> None:
    """He leaves Slack, and the bot has heard of it."""
    slack.deactivate("U0DAN")
    await bot.eventually(lambda: bool(bot.desk.directory.roster().skipped((SUPPORT,))))


async def state_of(bot: RunningDesk, case: Case) -> str:
    """What its row says."""
    look = sa.select(rows.c.state).where(rows.c.id == case.id)
    said: str = await bot.store.read(lambda unit: unit.read(look, of=(rows,)).scalar_one())
    return said


async def says(bot: RunningDesk, case: Case, state: str) -> None:
    """Its row, from now on; what cannot be read, where it is torn."""
    write = sa.update(rows).where(rows.c.id == case.id).values(state=state)
    await bot.store.write(lambda unit: unit.change(write, {}, of=(rows,)))


async def test_one_that_cannot_be_read_keeps_no_other_from_it(
    each_bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is looked at, each time once, and what is asked for is found; operators hear of it once."""
    bot = each_bot
    bad, good = [await bot.ask("delete_draft") for _ in range(2)]
    desk, told = where(bot, support(CAROL, replace(DAN, active=False)))
    muster = Muster(desk)
    await says(bot, bad, TORN)
    with caplog.at_level(logging.ERROR):
        assert [await muster.look(bot.runtime.now()) for _ in range(2)] == [1, 0]
        assert (await bot.case(good.id)).lacking == Lack(1, 2, Shortage.LEFT)
        told.now = support(CAROL, DAN)
        assert [await muster.look(bot.runtime.now()) for _ in range(2)] == [1, 0]
        assert await first_of(desk, lambda _: True) == good.id
    [logged] = [each for each in caplog.messages if f"{bad.id} cannot be read" in each]
    incident = logged.partition("(incident ")[2].rstrip(")")
    await slack.until(lambda: any(incident in each.text for each in slack.direct_messages("U0ADMIN")))


async def test_a_look_that_fails_half_way_is_gone_on_with(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A card is drawn anew once, however often what comes after it fails; and again when more has changed."""
    given, silent = await bot.ask(), await bot.ask("publish_draft")
    alice = Person(UserId("U0ALICE"), "alice")
    await decide.vote(bot.desk, given.id, alice, Choice.APPROVE, given.sight, lasts=timedelta(hours=1))
    card = await bot.card(silent.id)
    desk, told = where(bot, support(CAROL, DAN))
    muster = Muster(desk)
    await muster.look(bot.runtime.now())
    await all_sent(bot)
    state = await state_of(bot, given)
    await says(bot, given, TORN)

    def drawn() -> int:
        return sum(call.args["ts"] == card.ts for call in slack.calls("chat.update"))

    for before, here in enumerate((CAROL, DAN), drawn()):
        told.now = support(here)
        for _ in range(3):
            with pytest.raises(ValueError, match="Field required"):
                await muster.look(bot.runtime.now())
            await all_sent(bot)
            assert drawn() == before + 1
    await says(bot, given, state)
    before = drawn()
    await muster.look(bot.runtime.now())
    await all_sent(bot)
    assert drawn() == before


async def test_others_have_their_turn_while_all_is_looked_at(bot: RunningDesk) -> None:
    """SQLite answers without giving way: between two pages somebody's click is taken."""

    def fill(unit: Unit) -> None:
        for number in range(401):
            cases.add(unit, an_open_case(a_request(id=numbered(number))))

    await bot.store.write(fill)
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(other_work())
    await asyncio.sleep(0)
    before = turns
    assert await Muster(bot.desk).look(bot.runtime.now()) == 0
    assert turns - before >= 2
    other.cancel()


async def test_only_those_are_changed_whom_it_bears_on(bot: RunningDesk) -> None:
    """Somebody's new name, an e-mail address nobody asks for, another group: no card is touched."""
    case = await bot.ask("delete_draft")
    gone = replace(DAN, active=False)
    desk, told = where(bot, support(CAROL, gone))
    muster = Muster(desk)
    assert await muster.look(bot.runtime.now()) == 1
    after = await bot.case(case.id)
    assert (after.missed, after.lacking) == ((DAN.id,), Lack(1, 2, Shortage.LEFT))
    told.now = support(replace(CAROL, name="Carol C.", email="cc@example.com"), gone)
    assert await muster.look(bot.runtime.now()) == 0
    told.now = Roster({**told.now.groups, DIRECTORS: (CAROL.id,)}, told.now.people)
    assert await muster.look(bot.runtime.now()) == 0
    assert await bot.case(case.id) == after
    told.now = support(CAROL, DAN)
    assert await muster.look(bot.runtime.now()) == 1
    assert (await bot.case(case.id)).lacking is None


async def test_an_address_counts_where_a_requester_is_compared_by_it(bot: RunningDesk) -> None:
    """Slack tells no e-mail address, so nobody can decide; once it tells two, they can."""
    case = await bot.ask("delete_draft", on_behalf_of="zoe@example.com")
    silent = replace(CAROL, email=None)
    desk, told = where(bot, support(silent, DAN))
    muster = Muster(desk)
    assert await muster.look(bot.runtime.now()) == 1
    assert (await bot.case(case.id)).lacking == Lack(0, 2, Shortage.UNCOMPARED)
    told.now = support(CAROL, replace(DAN, email="dan@example.com"))
    assert await muster.look(bot.runtime.now()) == 1
    assert (await bot.case(case.id)).lacking is None


async def test_one_notice_tells_of_all_requests_that_lack_the_same(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Three wait for Dan: one message; each card says so; nothing is said again, however late."""
    asked = [await bot.ask("delete_draft") for _ in range(3)]
    for case in asked:
        await bot.card(case.id)
    await without_dan(bot, slack)
    assert await Muster(bot.desk).look(bot.runtime.now()) == 3
    await all_sent(bot)
    [told] = slack.direct_messages("U0ADMIN")
    assert asked[0].id in told.text
    for case in asked:
        assert "the operators have been asked" in str((await bot.card(case.id)).blocks)
    shown = len(slack.messages("C0APPROVALS"))
    bot.runtime.ahead += timedelta(days=8)
    now = bot.runtime.now()
    assert await bot.store.write(lambda unit: outbox.forget_done(unit, now)) > 0
    assert await Muster(bot.desk).look(now) == 0
    await all_sent(bot)
    assert len(slack.direct_messages("U0ADMIN")) == 1
    assert len(slack.messages("C0APPROVALS")) == shown


def notice(bot: RunningDesk, case: Case) -> Parcel:
    """What the operators are to be told, beginning with `case`."""
    body: Json = {
        "notice": "too_few",
        "to": "U0ADMIN",
        "request": case.id,
        "left": 1,
        "missing": 2,
        "why": "left",
    }
    now = bot.runtime.now()
    return Parcel(9, ParcelKind.NOTICE, None, "k", "", body, now, now, 1, 1, now, None, "me")


async def test_a_notice_whose_request_is_over_names_another(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Whoever is first in it may be rejected before it is sent: others wait still. Then nobody does."""
    first, second = [await bot.ask("delete_draft") for _ in range(2)]
    desk, _ = where(bot, support(CAROL, replace(DAN, active=False)))
    carol = Person(CAROL.id, CAROL.name)
    await decide.vote(bot.desk, first.id, carol, Choice.REJECT, first.sight, reason="No.")
    send = bot.side.senders[ParcelKind.NOTICE]
    assert await send(notice(bot, first)) == Done()
    assert slack.direct_messages("U0ADMIN") == []
    assert await Muster(desk).look(bot.runtime.now()) == 1
    await all_sent(bot)
    slack_said = len(slack.direct_messages("U0ADMIN"))
    assert await send(notice(bot, first)) == Done()
    assert second.id in slack.direct_messages("U0ADMIN")[slack_said].text


async def test_without_operators_it_is_logged_once(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is told, and no card says that somebody was."""
    bot.shelf.current = load(POLICY.replace("operators: [U0ADMIN]\n", ""), "hitl.yml")
    asked = [await bot.ask("delete_draft") for _ in range(2)]
    for case in asked:
        await bot.card(case.id)
    await without_dan(bot, slack)
    with caplog.at_level(logging.ERROR, "bot.desk.ruling"):
        assert await Muster(bot.desk).look(bot.runtime.now()) == 2
    assert caplog.text.count("names no operators") == 1
    await all_sent(bot)
    text = str((await bot.card(asked[1].id)).blocks)
    assert "there are no operators to be told" in text
    assert "operators have been asked" not in text
