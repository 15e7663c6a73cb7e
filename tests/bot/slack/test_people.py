"""Who is in which group: asked again all the time, and never waited for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals import policy
from approvals.roster import Roster
from approvals.words import GroupName, UserId
from bot.slack.troubles import SlackTrouble
from sandbox.server import SlackStandIn
from sandbox.workspace import User, UserGroup
from tests.harness.desk import POLICY, RunningDesk

DIRECTORS = GroupName("directors")


def _ids(roster: Roster, group: str) -> list[str]:
    return [profile.id for profile in roster.asked((GroupName(group),))]


async def test_names_and_addresses_are_slacks(bot: RunningDesk) -> None:
    """People are called by their display name, and their address is known for comparing requesters."""
    profile = bot.desk.directory.roster().profile(UserId("U0ALICE"))
    assert (profile.name, profile.email, profile.active) == ("alice", "alice@example.com", True)


async def test_a_change_is_noticed_without_an_event(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What Slack never told is seen at the next look, within a minute."""
    slack.workspace.usergroups["S0DIRECTORS"].users = ["U0BOB"]
    slack.workspace.users["U0BOB"].name = "bobby"
    bot.runtime.ahead += timedelta(seconds=45)
    await bot.side.people.refresh(bot.runtime.now())
    roster = bot.desk.directory.roster()
    assert _ids(roster, "directors") == ["U0BOB"]
    assert roster.profile(UserId("U0BOB")).name == "bobby"


async def test_what_is_fresh_is_not_asked_again(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A round right after another one calls nothing."""
    await bot.side.people.refresh(bot.runtime.now())
    before = len(slack.calls())
    await bot.side.people.refresh(bot.runtime.now())
    assert len(slack.calls()) == before


async def test_a_new_policys_groups_are_asked_about_at_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A group that came with a reload has members as soon as Slack has said who."""
    with_support = POLICY.replace("support: {users: [U0CAROL, U0DAN]}", "support: {usergroup: S0SUPPORT}")
    bot.shelf.current = policy.load(with_support, "hitl.yml")
    assert _ids(bot.desk.directory.roster(), "support") == []
    bot.side.people.wake()
    await bot.eventually(lambda: _ids(bot.desk.directory.roster(), "support") == ["U0CAROL", "U0DAN"])
    assert _ids(bot.desk.directory.roster(), "directors") == ["U0ALICE", "U0BOB"]
    assert slack.calls("usergroups.users.list")


async def test_a_rate_limit_keeps_what_is_known(bot: RunningDesk, slack: SlackStandIn) -> None:
    """429 ends the round, says how long to wait, and loses nobody."""
    bot.runtime.ahead += timedelta(seconds=45)
    slack.faults.rate_limit("usergroups.users.list", retry_after=30)
    with pytest.raises(SlackTrouble) as limited:
        await bot.side.people.refresh(bot.runtime.now())
    assert limited.value.retry_after == 30
    assert _ids(bot.desk.directory.roster(), "directors") == ["U0ALICE", "U0BOB"]


async def test_a_round_stays_within_slacks_rates(bot: RunningDesk, slack: SlackStandIn) -> None:
    """With many groups a round asks about a few, the ones never heard of first; all are known in the end."""
    names = [f"S0TEAM{number}" for number in range(12)]
    for name in names:
        slack.workspace.add_usergroup(UserGroup(name, name.lower(), name, ["U0DAN"]))
    groups = "".join(f"  {name.lower()}: {{usergroup: {name}}}\n" for name in names)
    bot.shelf.current = policy.load(POLICY.replace("groups:\n", f"groups:\n{groups}"), "hitl.yml")
    asked = []
    for _ in range(3):
        before = len(slack.calls("usergroups.users.list"))
        await bot.side.people.refresh(bot.runtime.now())
        asked.append(len(slack.calls("usergroups.users.list")) - before)
    assert asked == [5, 5, 2]
    assert all(_ids(bot.desk.directory.roster(), name.lower()) == ["U0DAN"] for name in names)


async def test_a_bot_and_a_stranger_decide_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A bot user in a group, and an id that Slack does not know, are not among those asked."""
    slack.workspace.add_user(User("U0ROBOT", "robot", "Robot", is_bot=True))
    users = "support: {users: [U0ROBOT, U0NOBODY, U0DAN]}"
    bot.shelf.current = policy.load(POLICY.replace("support: {users: [U0CAROL, U0DAN]}", users), "hitl.yml")
    await bot.side.people.refresh(bot.runtime.now())
    assert _ids(bot.desk.directory.roster(), "support") == ["U0DAN"]


async def test_a_disabled_user_group_has_nobody(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack does not know it any more: nobody in it decides today."""
    del slack.workspace.usergroups["S0DIRECTORS"]
    bot.runtime.ahead += timedelta(seconds=45)
    await bot.side.people.refresh(bot.runtime.now())
    assert bot.desk.directory.roster().groups[DIRECTORS] == ()


@pytest.mark.parametrize("fault", ["status", "error"])
async def test_an_odd_answer_about_a_group_empties_it_not(
    bot: RunningDesk, slack: SlackStandIn, fault: str
) -> None:
    """A proxy's 403, or an error nobody knows, is no word about members: they stay, and people are asked."""
    slack.workspace.users["U0BOB"].name = "bobby"
    bot.runtime.ahead += timedelta(seconds=45)
    if fault == "status":
        slack.faults.status(403, "usergroups.users.list", times=None)
    else:
        slack.faults.refuse("plan_upgrade_required", "usergroups.users.list", times=None)
    await bot.side.people.refresh(bot.runtime.now())
    roster = bot.desk.directory.roster()
    assert _ids(roster, "directors") == ["U0ALICE", "U0BOB"]
    assert roster.profile(UserId("U0BOB")).name == "bobby"
    age = bot.side.people.ages().oldest_group
    assert age is not None
    assert age >= timedelta(seconds=45)


async def test_an_odd_answer_about_one_person_leaves_the_others_their_turn(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """One unknown error does not end the round; who it was about stays as last heard."""
    for user in slack.workspace.users.values():
        user.name = f"{user.name}-anew"
    bot.runtime.ahead += timedelta(seconds=45)
    slack.faults.refuse("team_is_upside_down", "users.info")
    await bot.side.people.refresh(bot.runtime.now())
    roster = bot.desk.directory.roster()
    known = ("U0ALICE", "U0BOB", "U0CAROL", "U0DAN", "U0ADMIN")
    names = [roster.profile(UserId(user)).name for user in known]
    assert sum(name.endswith("-anew") for name in names) == len(known) - 1


async def test_it_is_said_how_old_a_membership_is(bot: RunningDesk, slack: SlackStandIn) -> None:
    """After a minute and a half in which Slack could not be asked; after a day it holds no more."""
    people = bot.side.people
    assert bot.desk.directory.roster().as_of == {}
    slack.faults.status(403, "usergroups.users.list", times=None)
    heard = bot.runtime.now() - (people.ages().oldest_group or timedelta())
    bot.runtime.ahead += timedelta(seconds=80)
    assert bot.desk.directory.roster().as_of == {}
    bot.runtime.ahead += timedelta(seconds=60)
    at = bot.desk.directory.roster().as_of[DIRECTORS]
    assert at is not None
    assert abs(at - heard) < timedelta(seconds=5)
    assert _ids(bot.desk.directory.roster(), "directors") == ["U0ALICE", "U0BOB"]
    bot.runtime.ahead += timedelta(days=1)
    assert _ids(bot.desk.directory.roster(), "directors") == []
    assert bot.desk.directory.roster().as_of == {DIRECTORS: at}


async def test_a_group_that_was_never_heard_of_is_unknown(bot: RunningDesk) -> None:
    """Not empty: nobody can say that too few are in it."""
    bot.shelf.current = policy.load(POLICY.replace("S0DIRECTORS", "S0NOBODYSAID"), "hitl.yml")
    assert bot.desk.directory.roster().as_of == {DIRECTORS: None}
