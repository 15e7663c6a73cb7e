"""`hitl doctor` against a workspace: what would fail, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bot.cli.doctor_gallery import samples
from sandbox.faults import Fault
from sandbox.server import SlackStandIn
from tests.bot.cli.conftest import Hitl

POLICY = """\
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0ALICE, U0BOB]}
  directors: {usergroup: S0DIRECTORS}
rules:
  - {name: refunds, gate: hard, ask: directors, channel: C0REFUNDS, steps: [{after: 4h, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 1d, do: park}]}
"""
#: Whoever is asked already is asked again: it loads, with a warning.
NUDGE = "steps: [{after: 1h, do: escalate, to: support}, {after: 1d"


Doctor = Callable[[SlackStandIn, str | bytes], Result]
Change = Callable[[SlackStandIn], None]


@pytest.fixture
def doctor(hitl: Hitl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Run it on a workspace and a policy."""

    def run(slack: SlackStandIn, policy: str | bytes) -> Result:
        (tmp_path / "hitl.yml").write_bytes(policy.encode() if isinstance(policy, str) else policy)
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        monkeypatch.setenv("HITL_SLACK_API_URL", slack.api_url)
        return hitl("doctor")

    return run


async def told(doctor: Doctor, change: Change = lambda _: None, policy: str | bytes = POLICY) -> Result:
    """What it says after `change` happened in the workspace. It has a loop of its own, hence the thread."""
    async with SlackStandIn() as slack:
        change(slack)
        return await asyncio.to_thread(doctor, slack, policy)


async def test_a_workspace_that_is_in_order(doctor: Doctor) -> None:
    """Every line is ok, each thing the policy names has one, and the exit code is 0."""
    result = await told(doctor)
    lines = result.stdout.splitlines()
    assert [line for line in lines if not line.startswith("ok    ")] == []
    assert result.exit_code == 0
    for line in (
        "ok    settings: complete",
        "ok    policy: hitl.yml loads, 1 rules and a default",
        "ok    slack token: the bot is U0HITL in T0SANDBOX",
        "ok    slack scopes: all that manifest.yml asks for",
        "ok    socket mode: can be opened",
        f"ok    messages: Slack would show each of {len(list(samples()))} kinds of cards, modals and replies",
        "ok    channel C0APPROVALS: #approvals",
        "ok    channel C0REFUNDS: #refunds",
        "ok    group support: 2 by name",
        "ok    group directors: user group S0DIRECTORS, 2 in it",
        "ok    user U0ALICE: Alice Adler",
        "ok    user U0ADMIN: Olivia Okafor",
    ):
        assert line in lines, result.stdout


def lose_a_scope(slack: SlackStandIn) -> None:
    """The app was installed before the manifest asked for this one."""
    slack.app.scopes.discard("chat:write")


def leave_a_channel(slack: SlackStandIn) -> None:
    """Somebody removed the bot."""
    slack.workspace.remove_from_channel(slack.app.bot_user, "C0REFUNDS")


def archive_a_channel(slack: SlackStandIn) -> None:
    """Nobody used it any more."""
    slack.workspace.archive("C0REFUNDS")


def deactivate_somebody(slack: SlackStandIn) -> None:
    """Bob left."""
    slack.deactivate("U0BOB")


def forget_a_usergroup(slack: SlackStandIn) -> None:
    """The group was made anew, under another id."""
    del slack.workspace.usergroups["S0DIRECTORS"]


def empty_a_usergroup(slack: SlackStandIn) -> None:
    """Everybody left the group."""
    slack.set_usergroup("S0DIRECTORS", ())


def revoke_the_token(slack: SlackStandIn) -> None:
    """The app was removed."""
    slack.revoke_token()


def take_slack_down(slack: SlackStandIn) -> None:
    """Whatever is asked gets a 503."""
    slack.faults.add(Fault("status", status=503, times=None))


def ask_a_bot(slack: SlackStandIn) -> None:
    """Somebody named an app where a person is meant."""
    slack.workspace.users["U0BOB"].is_bot = True


def lose_the_scope_for_groups(slack: SlackStandIn) -> None:
    """Without it, Slack tells nobody who is in a user group."""
    slack.app.scopes.discard("usergroups:read")


def refuse_a_card(slack: SlackStandIn) -> None:
    """Slack has a rule that our book of them does not know."""
    errors = [{"code": "failed_constraint", "message": "no more than 1 header", "pointer": "/blocks/0"}]
    slack.faults.add(
        Fault("error", "blocks.validate", error="invalid_message", extra={"errors": errors}, times=1)
    )


def mix_the_tokens_up(slack: SlackStandIn) -> None:
    """Each was pasted into the other's variable."""
    slack.app.bot_token, slack.app.app_token = slack.app.app_token, slack.app.bot_token


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lose_a_scope,
            "slack scopes: lacks chat:write; add them as in manifest.yml and install the app again",
        ),
        (leave_a_channel, "channel C0REFUNDS: the bot is not in #refunds; there: /invite @hitl"),
        (archive_a_channel, "channel C0REFUNDS: #refunds is archived; unarchive it, or name another"),
        (deactivate_somebody, "user U0BOB: Bob Brandt is deactivated; take them out of the policy"),
        (
            forget_a_usergroup,
            "group directors: Slack says no_such_subteam to the user group S0DIRECTORS; check its id",
        ),
        (
            empty_a_usergroup,
            "group directors: user group S0DIRECTORS, 0 in it; put somebody in, or ask another group",
        ),
        (ask_a_bot, "user U0BOB: Bob Brandt is a bot, which decides nothing; name a person"),
        (
            refuse_a_card,
            "messages: Slack would not show “12:00 refund-agent asks”: "
            "no more than 1 header at /blocks/0; report this",
        ),
        (revoke_the_token, "slack token: Slack says token_revoked; check SLACK_BOT_TOKEN"),
        (
            take_slack_down,
            "slack: cannot be reached (http_503); check the network and HITL_SLACK_API_URL",
        ),
        (
            mix_the_tokens_up,
            "settings: SLACK_BOT_TOKEN wants the token that begins with xoxb-: OAuth & Permissions has it; "
            "SLACK_APP_TOKEN wants the token that begins with xapp-: Basic Information has it",
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_what_would_fail_has_a_line_that_says_what_to_do(
    doctor: Doctor, change: Change, line: str
) -> None:
    """That line is the only one that fails, and the exit code is 1."""
    result = await told(doctor, change)
    assert [line for line in result.stdout.splitlines() if line.startswith("FAIL")] == [f"FAIL  {line}"]
    assert result.exit_code == 1


async def test_a_group_that_cannot_be_asked_about_names_the_scope(doctor: Doctor) -> None:
    """Another id would not help, so none is asked for."""
    result = await told(doctor, lose_the_scope_for_groups)
    assert (
        "FAIL  group directors: Slack wants the scope usergroups:read; "
        "add it as in manifest.yml and install the app again" in result.stdout
    )
    assert result.exit_code == 1


async def test_the_channel_of_the_weekly_review_is_looked_at_too(doctor: Doctor) -> None:
    """Nobody would miss it for a week."""
    review = 'review: {cron: "0 9 * * mon", channel: C0RANDOM, timezone: Europe/Berlin}\n'
    result = await told(doctor, policy=POLICY + review)
    assert "FAIL  channel C0RANDOM: the bot is not in #random; there: /invite @hitl" in result.stdout
    assert result.exit_code == 1


async def test_scopes_beyond_the_manifest_are_named(doctor: Doctor) -> None:
    """Nothing fails for them, and whoever wants the smallest set learns which to take away."""
    result = await told(doctor, lambda slack: slack.app.scopes.add("files:read"))
    assert "note  slack scopes: files:read: granted, and not needed" in result.stdout
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            Fault("error", "blocks.validate", error="unknown_method", times=None),
            "0 of {every} kinds were checked: this Slack does not know blocks.validate",
        ),
        (
            Fault("ratelimited", "blocks.validate", retry_after=30, times=None),
            "0 of {every} kinds were checked: Slack wants a pause of 30 s",
        ),
    ],
    ids=["unknown", "busy"],
)
async def test_messages_that_slack_does_not_check_are_a_note(doctor: Doctor, fault: Fault, why: str) -> None:
    """A Slack without the method, or one that wants a pause, fails nothing."""

    def spoil(slack: SlackStandIn) -> None:
        slack.faults.add(fault)

    result = await told(doctor, spoil)
    assert f"note  messages: {why.format(every=len(list(samples())))}" in result.stdout
    assert result.exit_code == 0


async def test_ids_that_nobody_has_are_named(doctor: Doctor) -> None:
    """A channel and a person that were mistyped."""
    mistyped = POLICY.replace("C0REFUNDS", "C0REFUSED").replace("U0BOB", "U0BOBBY")
    result = await told(doctor, policy=mistyped)
    assert (
        "FAIL  channel C0REFUSED: Slack says channel_not_found; check the id, or invite the bot"
        in result.stdout
    )
    assert "FAIL  user U0BOBBY: Slack says user_not_found; check the id" in result.stdout
    assert result.exit_code == 1


async def test_what_the_policy_only_warns_of_is_shown(doctor: Doctor) -> None:
    """It would not fail, so the exit code stays 0."""
    result = await told(doctor, policy=POLICY.replace("steps: [{after: 1d", NUDGE))
    assert 'note  policy: hitl.yml:8: rule "default": steps: escalates to support' in result.stdout
    assert result.exit_code == 0


async def test_a_policy_that_is_not_utf_8_is_a_line_like_any_other(doctor: Doctor) -> None:
    """No traceback; whether Slack takes the token is looked at all the same."""
    result = await told(doctor, policy="# für\n".encode("latin-1"))
    assert "FAIL  policy: hitl.yml:1: is not UTF-8: save the file as UTF-8" in result.stdout
    assert "ok    slack token" in result.stdout
    assert result.exit_code == 1


ON_CALL = POLICY.replace(
    "rules:",
    """\
  turns: {rotation: {users: [U0CAROL], every: 1d, handoff: "09:00", timezone: UTC}}
  later: {rotation: {users: [U0DAN], every: 1d, handoff: "09:00", timezone: UTC, start: 2999-01-01}}
rules:""",
)


async def test_a_rotation_with_nobody_on_call_is_a_gap(doctor: Doctor) -> None:
    """Before its first shift, or where whoever is on call has left; each is a line."""
    well = await told(doctor, policy=ON_CALL)
    assert "ok    on call turns: Carol Castillo always" in well.stdout
    assert "FAIL  on call later: nobody until 2999-01-01 09:00:00 UTC, before the first shift" in well.stdout
    assert well.exit_code == 1
    left = await told(doctor, lambda slack: slack.deactivate("U0CAROL"), ON_CALL)
    assert "FAIL  on call turns: U0CAROL always: " in left.stdout
    assert "hand over: /hitl oncall turns @somebody" in left.stdout
