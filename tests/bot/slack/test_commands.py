"""`/hitl`: what each subcommand answers, whatever people type."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals import grants as terms
from approvals import judging
from approvals.model import Grants, Request
from approvals.words import AgentName, Choice, GrantId, RequestId, Status
from blocks import commands
from blocks.commands import GrantLine
from blocks.limits import problems_of_message
from bot.desk import decide
from bot.slack.commands import Commands
from sandbox.server import SlackStandIn
from sandbox.words import words_of
from sandbox.workspace import Message
from store import grants
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, NOON, a_request, a_roster, an_open_case
from tests.harness.desk import RunningDesk

HOUR = timedelta(hours=1)


async def answered(slack: SlackStandIn, user: str, text: str) -> Message:
    """What only this person sees of it."""
    before = len(slack.ephemerals(user))
    answer = await slack.command(user, text, channel="C0APPROVALS")
    assert answer.acknowledged
    found = await slack.until(lambda: next(iter(slack.ephemerals(user)[before:]), None))
    assert found is not None
    return found


def words(message: Message) -> str:
    """All of it."""
    return f"{message.text} {message.blocks}"


async def allowed(bot: RunningDesk) -> GrantId:
    """A grant of Alice's, on a refund."""
    case = await bot.ask()
    await decide.vote(bot.desk, case.id, ALICE, Choice.APPROVE, case.sight, lasts=HOUR)
    [grant] = await bot.store.read(lambda unit: grants.of_request(unit, case.id))
    return grant.id


@pytest.mark.parametrize("typed", ["/hitl help", "/hitl HELP ", "/hitl `help`", "/hitl help nonsense"])
async def test_help_names_every_subcommand_with_an_example(
    bot: RunningDesk, slack: SlackStandIn, typed: str
) -> None:
    """What can be typed, and under each line one that somebody might well type."""
    told = await answered(slack, "U0CAROL", typed)
    lines = words_of(told.blocks).splitlines()
    for name in ("queue", "show", "stats", "oncall", "away", "grants", "revoke", "try", "dead", "help"):
        # What comes before the list names `/hitl help` as well.
        place = max(place for place, line in enumerate(lines) if line.startswith(f"`/hitl {name}"))
        assert f"for example `/hitl {name}" in lines[place + 1]
    listed = lines[next(place for place, line in enumerate(lines) if line.startswith("`/hitl` what")) + 1 :]
    usages, examples = listed[::2], listed[1::2]
    assert all(usage.startswith("`/hitl ") for usage in usages)
    assert all(example.strip().startswith("for example `/hitl ") for example in examples)
    assert len(usages) == len(examples)


@pytest.mark.parametrize(
    "blank", ["\t", "\n", "\u00a0", "\u2003", "\u2028", "\u200b", " \ufeff ", "\r\n\r\n"]
)
async def test_words_end_at_any_blank(gates: RunningDesk, slack: SlackStandIn, blank: str) -> None:
    """Tabs, breaks, blanks that pages have, and what nobody sees: as people paste them."""
    case = await gates.ask()
    for typed, found in (
        (f"{blank}queue{blank}all{blank}", "1 request"),
        (f"queue{blank}overdue", "Nothing is overdue"),
        (f"show{blank}{case.id}{blank}", "Issue refund?"),
        (f"stats{blank}7d", "Nothing was decided between"),
        (f"oncall{blank}support{blank}", "*support*"),
        (f"revoke{blank}g_none", "There is no grant `g_none`."),
        (f"help{blank}`queue`", "for example `/hitl queue"),
        (f'try{blank}issue_refund{blank}{{"amount": 5}}{blank}agent:billing', "by billing gets the gate"),
    ):
        assert found in words(await answered(slack, "U0ALICE", f"/hitl {typed}")), typed


@pytest.mark.parametrize("twice", ["/hitl ", "`/hitl` ", "/HITL\t/hitl\n"])
async def test_the_name_of_the_command_typed_twice_counts_once(
    bot: RunningDesk, slack: SlackStandIn, twice: str
) -> None:
    """As when an example is pasted behind it; what changes something is known as that, too."""
    assert "Nothing is overdue" in words(await answered(slack, "U0CAROL", f"/hitl {twice}queue overdue"))
    assert "for example `/hitl queue" in words(await answered(slack, "U0CAROL", f"/hitl help {twice}queue"))
    alone = await answered(slack, "U0CAROL", "/hitl")
    assert (await answered(slack, "U0CAROL", f"/hitl {twice}")).text == alone.text
    for typed, looks in (("pause x", False), ("away\u00a0off", False), ("queue", True)):
        assert Commands.only_looks({"text": f"{twice}{typed}"}) is looks


async def test_help_with_one_subcommand(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Its own line, and its example."""
    told = await answered(slack, "U0CAROL", "/hitl help `queue`")
    assert told.text.startswith("`/hitl queue [mine|all|overdue|parked]")
    assert "for example `/hitl queue all action:issue_*`" in told.text
    assert "grants" not in told.text


async def test_a_typo_is_told_the_nearest(bot: RunningDesk, slack: SlackStandIn) -> None:
    """And what is nothing like it gets the list; what was typed pings nobody."""
    assert "Did you mean `/hitl grants`?" in (await answered(slack, "U0CAROL", "/hitl grnats")).text
    told = await answered(slack, "U0CAROL", "/hitl <!channel>")
    assert "Did you mean" not in told.text
    assert "<!channel>" not in words(told)


async def test_try_says_what_check_says(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Gate, risk, rule and every reason, in order; nothing is stored."""
    told = words(await answered(slack, "U0CAROL", '/hitl try issue_refund {"amount": 750} agent:billing'))
    request = Request(RequestId("req_x"), AgentName("billing"), "issue_refund", {"amount": 750}, NOON, "salt")
    judgement = judging.judge(gates.shelf.current, request)
    assert all(
        word in told for word in (f"the gate `{judgement.gate}`", f"risk `{judgement.risk}`", "billing")
    )
    assert f"rule `{judgement.rule}`" in told
    assert judgement.reasons
    places = [told.index(f"{number}. ") for number, _ in enumerate(judgement.reasons, 1)]
    assert places == sorted(places)
    assert gates.cards_in() == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("try note_this", "note_this"),
        ("try note_this {}", "risk `low`"),
        ("try note_this {“a”: “b”}", "risk `low`"),
        ('try `note_this` {"who": "<@U0ALICE|alice>"} kind:question', "gate `question`"),
        ('try note_this kind:review {"a": {"b": "&lt;x&gt; } {"}}', "gate `audit`"),
        ('try note_this\n{\n  "a":\u00a01\n}\n', "risk `low`"),
        ('try note_this{"a": {"b": [1]}}', "risk `low`"),
        ('try note_this\n```{"a": 1}```', "risk `low`"),
        ('try note_this {"a": 1', "must be a JSON object"),
        ("try note_this amount=5", "amount=5 is none"),
        ("try note_this [1]", "[1] is none"),
        ('try note_this {"a": 1, "a": 2}', "An agent could not ask that"),
        ("try note_this kind:wish", "An agent could not ask that: `kind`"),
        ("try note_this confidence:high", "An agent could not ask that: `confidence`"),
        ("try note_this confidence:0.2", "risk `low`"),
        ("try", "Say what to try"),
        ('try {"a": 1}', "Say what to try"),
        (f"try {'x' * 300}", "An agent could not ask that: `action`"),
    ],
)
async def test_try_takes_what_people_type(
    gates: RunningDesk, slack: SlackStandIn, typed: str, found: str
) -> None:
    """From phones, with mentions, with words beside the JSON; what is wrong is said in a sentence."""
    assert found in words(await answered(slack, "U0CAROL", f"/hitl {typed}"))


async def test_many_and_long_reasons_stay_within_slacks_limits(
    gates: RunningDesk, slack: SlackStandIn
) -> None:
    """The book of Slack's limits has no problem with the answer; what was cut is said."""
    reasons = tuple(f"reason {number} <!channel> {'x' * 600}" for number in range(60))
    case = an_open_case(a_request(action="a" * 200, agent=AgentName("b" * 200)), reasons=reasons)
    message = commands.verdict(case, a_roster())
    assert problems_of_message(message.as_post()) == []
    assert "more" in str(message.blocks)


async def test_grants_are_listed_each_with_its_button(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Alice sees hers, Carol none, an operator everybody's; *Revoke* ends it at once."""
    grant = await allowed(gates)
    assert "You let nothing through" in (await answered(slack, "U0CAROL", "/hitl grants")).text
    assert "ACME" in words(await answered(slack, "U0ADMIN", "/hitl grants"))
    told = await answered(slack, "U0ALICE", "/hitl grants")
    assert grant in words(told)
    assert (await slack.click("U0ALICE", told.channel, told.ts, "Revoke")).acknowledged
    assert "never used" in (await slack.ephemeral_to("U0ALICE", "is revoked")).text
    assert (await gates.ask()).status is Status.PENDING


async def test_a_grant_is_revoked_by_its_id(gates: RunningDesk, slack: SlackStandIn) -> None:
    """As people type it; whoever is not asked about it is told whose it is, and a second time is too late."""
    grant = await allowed(gates)
    assert "alice's" in (await answered(slack, "U0CAROL", f"/hitl revoke {grant}")).text.casefold()
    assert (await gates.ask()).status is Status.APPROVED
    assert "no grant" in (await answered(slack, "U0CAROL", f"/hitl revoke {grant[:7]}")).text
    assert "used 1 time" in (await answered(slack, "U0BOB", f"/hitl revoke {grant[:7].upper()}")).text
    assert "over already" in (await answered(slack, "U0BOB", f"/hitl revoke `{grant}`")).text
    assert "no grant" in (await answered(slack, "U0BOB", "/hitl revoke g_nothing`<!here>")).text
    assert "Say which grant" in (await answered(slack, "U0BOB", "/hitl revoke")).text


async def test_letters_that_two_grants_begin_with_end_neither(
    gates: RunningDesk, slack: SlackStandIn
) -> None:
    """Whoever types too few is asked for more; both hold on."""
    grant = await allowed(gates)

    def another(unit: Unit) -> None:
        kept = grants.get(unit, grant)
        assert kept is not None
        grants.keep(unit, replace(kept.grant, id=GrantId(f"{grant[:7]}{'z' * 9}")))

    await gates.store.write(another)
    assert "more than one grant" in (await answered(slack, "U0ALICE", f"/hitl revoke {grant[:7]}")).text
    now = gates.runtime.now()
    assert len(await gates.store.read(lambda unit: grants.every(unit, now))) == 2


async def test_no_grant_is_live_for_an_operator(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Said in words, not with an empty list."""
    assert "No grant is live" in (await answered(slack, "U0ADMIN", "/hitl grants")).text


def test_many_grants_stay_within_slacks_limits() -> None:
    """Long values, long names, more than fit: the list has no problem, and says how many are left out."""
    payload = {f"field_{number}_{'x' * 100}": "<!here>" * 99 for number in range(30)}
    case = an_open_case(
        a_request(payload=payload), grants=Grants(HOUR, tuple(f"payload.{k}" for k in payload))
    )
    grant = terms.given(case, GrantId("g_1"), ALICE, NOON, HOUR)
    assert grant is not None
    lines = [GrantLine(replace(grant, id=GrantId(f"g_{number}")), case, holds=False) for number in range(25)]
    message = commands.grants(lines, everybodys=True)
    assert problems_of_message(message.as_post()) == []
    assert "10 more" in str(message.blocks)
    assert "<!here>" not in str(message.blocks)
