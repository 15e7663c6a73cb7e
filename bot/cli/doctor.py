"""`hitl doctor`: what would fail, before it fails."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator

import click

from approvals.policy import Policy, PolicyError
from approvals.policy_model import Rotation, UserGroup, Users
from approvals.rotation import Override, next_handoff, on_call
from approvals.words import GroupName
from bot.cli.common import asynchronous, short
from bot.cli.doctor_gallery import of_gallery
from bot.cli.findings import Finding
from bot.cli.scopes import wanted_scopes
from bot.policies import PolicyShelf
from bot.runtime import SystemRuntime
from bot.settings import Settings, SettingsError, read
from bot.slack.connection import Connection, connected
from bot.slack.identity import Identity
from bot.slack.profiles import is_outsider
from bot.slack.troubles import SlackTrouble, Trouble, said
from store import migrate, overrides
from store.engine import Store
from store.errors import SchemaBehind, Unavailable
from store.sqlite import file_of


@click.command()
@asynchronous
async def doctor() -> None:
    """Look at settings, database, Slack, channels, groups and people; exit 1 where something would fail."""
    failed = False
    async for finding in _findings():
        failed = failed or not finding.well
        click.echo(str(finding))
    sys.exit(1 if failed else 0)


async def _findings() -> AsyncIterator[Finding]:
    try:
        settings = read()
    except SettingsError as wrong:
        yield Finding("settings", False, "; ".join(str(wrong).splitlines()))
        return
    missing = settings.missing_for_slack()
    wrong_ones = "; ".join([*([f"set {', '.join(missing)}"] if missing else []), *_mixed_up(settings)])
    yield Finding("settings", not wrong_ones, wrong_ones or "complete")
    async for finding in _of_database(settings):
        yield finding
    policy = None
    try:
        policy = PolicyShelf.open(settings.config, SystemRuntime().now()).current
    except (PolicyError, OSError) as wrong:
        yield Finding("policy", False, "; ".join(str(wrong).splitlines()))
    else:
        yield Finding("policy", True, f"{settings.config} loads, {len(policy.rules)} rules and a default")
        for warning in policy.warnings:
            yield Finding("policy", True, str(warning), noted=True)
    if settings.slack_bot_token is None:
        return
    async with connected(settings.slack_bot_token.get_secret_value(), settings.slack_api_url) as connection:
        async for finding in _of_slack(settings, connection, policy):
            yield finding


def _mixed_up(settings: Settings) -> list[str]:
    """What is said of tokens in each other's place; how each begins: docs.slack.dev/authentication/tokens."""
    wanted = (
        ("SLACK_BOT_TOKEN", settings.slack_bot_token, ("xapp-", "xoxp-"), "xoxb-: OAuth & Permissions"),
        ("SLACK_APP_TOKEN", settings.slack_app_token, ("xox",), "xapp-: Basic Information"),
    )
    return [
        f"{name} wants the token that begins with {where} has it"
        for name, token, others, where in wanted
        if token is not None and token.get_secret_value().startswith(others)
    ]


async def _of_database(settings: Settings) -> AsyncIterator[Finding]:
    file = file_of(settings.database_url)
    if file is not None and not file.exists():
        yield Finding("database", file.parent.is_dir(), f"{file} is made at the first start")
        return
    try:
        found, wanted = await migrate.current_revision(settings.database_url), migrate.wanted_revision()
    except Unavailable as away:
        yield Finding("database", False, f"cannot be reached ({away}); check HITL_DATABASE_URL")
        return
    yield Finding("database", True, "answers")
    well = found == wanted or (file is not None and found is None)
    behind = f"at {found or 'nothing'}, this program needs {wanted}; run: hitl db upgrade"
    yield Finding("migrations", well or file is not None, f"at {found}" if well else behind)


async def _of_slack(
    settings: Settings, connection: Connection, policy: Policy | None
) -> AsyncIterator[Finding]:
    away = await _away(connection)
    if away is not None:
        yield Finding("slack", False, f"cannot be reached ({away}); check the network and HITL_SLACK_API_URL")
        return
    identity = Identity(connection.client)
    await identity.check()
    for finding in _of_identity(identity):
        yield finding
    if settings.slack_app_token is not None:
        yield await _asked(
            "socket mode",
            "apps.connections.open",
            connection,
            token=settings.slack_app_token.get_secret_value(),
        )
    if identity.bot is None:
        return
    yield await of_gallery(connection)
    if policy is None:
        return
    review = [policy.review.channel] if policy.review is not None else []
    for channel in dict.fromkeys([*policy.channels, *review]):
        yield await _of_channel(connection, channel)
    async for finding in _of_people(connection, policy, await _standing_in(settings)):
        yield finding


async def _away(connection: Connection) -> str | None:
    """Why nothing answers where Slack should be; None when something does, whatever it says of the token."""
    try:
        await said(connection.client.api_test())
    except SlackTrouble as trouble:
        return trouble.code if trouble.trouble is Trouble.AWAY else None
    return None


def _of_identity(identity: Identity) -> Iterator[Finding]:
    if identity.bot is None:
        yield Finding("slack token", False, f"Slack says {identity.problem}; check SLACK_BOT_TOKEN")
        return
    yield Finding("slack token", True, f"the bot is {identity.bot.user} in {identity.bot.team}")
    granted, wanted = identity.bot.scopes, wanted_scopes()
    if not granted:
        yield Finding("slack scopes", True, "Slack did not say which were granted", noted=True)
        return
    lacking, beyond = sorted(wanted - granted), sorted(granted - wanted)
    advice = f"lacks {', '.join(lacking)}; add them as in manifest.yml and install the app again"
    yield Finding("slack scopes", not lacking, advice if lacking else "all that manifest.yml asks for")
    if beyond:
        unused = f"{', '.join(beyond)}: granted, and not needed; manifest.yml has the smallest set"
        yield Finding("slack scopes", True, unused, noted=True)


async def _of_channel(connection: Connection, channel: str) -> Finding:
    what = f"channel {channel}"
    try:
        told = (await said(connection.client.conversations_info(channel=channel)))["channel"]
    except SlackTrouble as trouble:
        return Finding(what, False, _refused(trouble, "; check the id, or invite the bot"))
    if told.get("is_archived"):
        return Finding(what, False, f"#{told.get('name')} is archived; unarchive it, or name another")
    if not told.get("is_member"):
        return Finding(what, False, f"the bot is not in #{told.get('name')}; there: /invite @hitl")
    return Finding(what, True, f"#{told.get('name')}")


async def _of_people(
    connection: Connection, policy: Policy, standing_in: tuple[Override, ...]
) -> AsyncIterator[Finding]:
    people = dict.fromkeys(policy.operators)
    for name, group in policy.groups.items():
        if isinstance(group, UserGroup):
            yield await _of_usergroup(connection, name, group.id)
            continue
        people.update(dict.fromkeys(group.users))
        if not group.users:
            yield Finding(f"group {name}", False, "has nobody in it")
        elif isinstance(group, Users):
            yield Finding(f"group {name}", True, f"{len(group.users)} by name")
        else:
            yield Finding(f"group {name}", True, f"{len(group.users)} in turns")
            yield await _of_turns(connection, name, group, standing_in)
    for user in people:
        yield await _of_user(connection, user)


async def _standing_in(settings: Settings) -> tuple[Override, ...]:
    """Who took over whose shift; nobody, where the database cannot say, which is a finding of its own."""
    file = file_of(settings.database_url)
    if file is not None and not file.exists():
        return ()
    try:
        store = await Store.open(settings.database_url)
    except (Unavailable, SchemaBehind):
        return ()
    try:
        return await store.read(lambda unit: overrides.since(unit, SystemRuntime().now()))
    finally:
        await store.close()


async def _of_turns(
    connection: Connection, name: GroupName, turns: Rotation, standing_in: tuple[Override, ...]
) -> Finding:
    """Whether somebody who can decide is on call now."""
    what, now = f"on call {name}", SystemRuntime().now()
    theirs = [each for each in standing_in if each.group == name]
    user = on_call(turns, theirs, now)
    ends = next_handoff(turns, theirs, now)
    until = f"until {short(ends)}" if ends is not None else "always"
    if user is None:
        return Finding(what, False, f"nobody {until}, before the first shift; name an earlier `start`")
    found = await _of_user(connection, user)
    if not found.well:
        return Finding(
            what, False, f"{user} {until}: {found.found}; hand over: /hitl oncall {name} @somebody"
        )
    return Finding(what, True, f"{found.found} {until}")


async def _of_usergroup(connection: Connection, name: str, usergroup: str) -> Finding:
    what = f"group {name}"
    try:
        users = (await said(connection.client.usergroups_users_list(usergroup=usergroup)))["users"]
    except SlackTrouble as trouble:
        return Finding(what, False, _refused(trouble, f" to the user group {usergroup}; check its id"))
    advice = "" if users else "; put somebody in, or ask another group"
    return Finding(what, bool(users), f"user group {usergroup}, {len(users)} in it{advice}")


async def _of_user(connection: Connection, user: str) -> Finding:
    what = f"user {user}"
    try:
        told = (await said(connection.client.users_info(user=user)))["user"]
    except SlackTrouble as trouble:
        return Finding(what, False, _refused(trouble, "; check the id"))
    name = told.get("real_name") or told.get("profile", {}).get("real_name") or told.get("name") or user
    if told.get("deleted"):
        return Finding(what, False, f"{name} is deactivated; take them out of the policy")
    if told.get("is_bot"):
        return Finding(what, False, f"{name} is a bot, which decides nothing; name a person")
    if is_outsider(told):
        advice = "is a guest, or from another workspace, and may not decide; take them out of the policy"
        return Finding(what, False, f"{name} {advice}")
    return Finding(what, True, name)


def _refused(trouble: SlackTrouble, advice: str) -> str:
    """What Slack said, and what helps: for want of a scope, no other id does."""
    if trouble.scope is not None:
        return f"Slack wants the scope {trouble.scope}; add it as in manifest.yml and install the app again"
    return f"Slack says {trouble.code}{advice}"


async def _asked(what: str, method: str, connection: Connection, **arguments: str) -> Finding:
    try:
        await said(connection.client.api_call(method, params={}, headers=_bearer(arguments)))
    except SlackTrouble as trouble:
        return Finding(what, False, f"Slack says {trouble.code}; check SLACK_APP_TOKEN (connections:write)")
    return Finding(what, True, "can be opened")


def _bearer(arguments: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {arguments['token']}"}
