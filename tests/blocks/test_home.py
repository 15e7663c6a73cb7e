"""The home tab: within Slack's limits whatever there is, in its order, and nothing hidden in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings

from approvals.events import Reported, Voted
from approvals.grants import Grant
from approvals.model import Called, Case, Flaw
from approvals.roster import Person
from approvals.rotation import Shift
from approvals.words import (
    AgentName,
    Choice,
    DigestName,
    Gate,
    GrantId,
    GroupName,
    Kind,
    OutcomeStatus,
    RequestId,
    Risk,
    UserId,
)
from blocks import actions
from blocks.commands import GrantLine
from blocks.dead import DeadLine
from blocks.duty import Turns
from blocks.home import asleep, home, minimal
from blocks.home_view import (
    AgentLine,
    Health,
    HomeView,
    InDigest,
    Overseen,
    Part,
    PolicyLine,
    Throttled,
    agent_block,
    agent_of,
)
from blocks.limits import problems_of_view
from blocks.listed import HOME, Listed
from blocks.queue import Line
from tests.blocks.hostile import WORDS
from tests.blocks.states import ROSTER, after, edited
from tests.blocks.test_queue import LINK, numbered
from tests.harness.cases import ALICE, BOB, NOON, a_request, a_roster, an_open_case
from tests.harness.reading import everything_shown, read_block

BILLING = AgentName("billing-agent")
HOUR = timedelta(hours=1)
VIEW = HomeView(ALICE.id, ROSTER, NOON, involved=True, operators=(UserId("U0ADMIN"),))


def read(view: dict[str, Any]) -> str:
    """As a person reads it."""
    return "\n".join(map(read_block, view["blocks"]))


def part(count: int, first: int = 1, shown: int = 8, **fields: Any) -> Part:
    """The first of so many requests."""
    return Part([Line(numbered(first + n, **fields), LINK) for n in range(min(count, shown))], count)


def crowded(words: str) -> HomeView:
    """More of everything than a tab holds, in those words."""
    title = {"title": words or "-"}
    # The policy's own words; agents choose none of them.
    groups = tuple(GroupName(f"g{n} {'word ' * 20}") for n in range(30))
    asked = a_request(kind=Kind.QUESTION, options=tuple(f"{n} {words}" for n in range(99)), reasoning=words)
    question = an_open_case(asked, gate=Gate.QUESTION, ask=groups, **title)
    fields: dict[str, Any] = {"payload": {f"key{n}": words for n in range(20)}, "judgement": title}
    broken = [
        replace(edited(numbered(n, **fields), ALICE, key1="x"), flaws=(Flaw(words, words),) * 9)
        for n in range(2, 9)
    ]
    grants = [
        GrantLine(
            Grant(
                GrantId(f"g_{n}"), BILLING, words, "r", Person(BOB.id, words), asked.id, Risk.LOW, NOON, NOON
            ),
            question,
            holds=False,
        )
        for n in range(5)
    ]
    shifts = tuple(Shift(UserId(f"U{n}"), NOON, NOON + n * HOUR, override=True) for n in range(1, 9))
    return HomeView(
        ALICE.id,
        ROSTER,
        NOON,
        involved=True,
        waiting=Part([Line(case, LINK) for case in (question, *broken)], 1_000),
        digests=[InDigest(DigestName(f"{n} {words}"), 1_000, LINK if n % 2 else None) for n in range(30)],
        others=part(1_000, 20, 5, **fields),
        overdue=part(1_000, 30, 5, **fields),
        parked=part(1_000, 40, 5, **fields),
        turns=[Turns(name, shifts) for name in groups],
        groups=groups,
        grants=grants,
        grant_count=1_000,
        decided=Part([Line(came_of(n, words), LINK) for n in range(50, 55)], 500, more=True),
        overseen=overseen(words, question),
    )


def came_of(number: int, words: str) -> Case:
    """Decided, and reported."""
    case = numbered(number, judgement={"title": words or "-"})
    case = after(case, Voted(ALICE, Choice.APPROVE, case.sight, ROSTER), minutes=1)
    return after(case, Reported(OutcomeStatus.FAILED, words or None), minutes=2)


def overseen(words: str, case: Case) -> Overseen:
    """An operator's worst day."""
    return Overseen(
        PolicyLine(words, 3, NOON, words),
        1_000,
        [
            AgentLine(AgentName(f"{n}{words}"[:200]), NOON, NOON if n % 2 else None, ALICE.id, 1_000 * n)
            for n in range(6)
        ],
        1_000,
        [DeadLine(n, "callback", words, case, LINK, NOON, 40, words) for n in range(3)],
        1_000,
        Health({words: words, "slack": None}, 1_000, NOON, [Throttled(words, 9, NOON)] * 50),
    )


def test_it_reads_in_its_order() -> None:
    """What waits first, with its buttons; then what others decide, on call, late, grants, decided."""
    told = read(home(crowded("a word")))
    places = [
        "# 1,000 requests wait for you",
        "[ Approve",
        "more wait for you*: `/hitl queue`",
        "*In digests*",
        "# Asked of you, decided by others",
        "# On call",
        "# Overdue",
        "# Parked",
        "# What you let through",
        "# Decided by you this week: 500 or more",
        "# For operators",
        "*Agents*",
        "Dead letters: 1,000",
        "*Policy*",
        "*Health*",
    ]
    found = [told.index(words, told.index(places[0])) for words in places if words != "[ Approve"]
    assert found == sorted(found)


def test_rows_name_their_requests() -> None:
    """A row says which request it is about and that it stands in the home tab; each once."""
    blocks = home(replace(VIEW, waiting=part(3)))["blocks"]
    rows = [Listed.decode(block.get("block_id")) for block in blocks if block["type"] == "actions"]
    assert rows == [Listed(RequestId(f"req_{n}"), HOME) for n in (1, 2, 3)]


def test_a_line_stands_between_two_requests() -> None:
    """Above, below and between none: only where one ends and another begins."""
    for many in (1, 3, 8):
        blocks = home(replace(VIEW, waiting=part(many)))["blocks"]
        drawn = [block["type"] for block in blocks if block["type"] in ("divider", "actions")]
        rows = drawn.count("actions")
        assert drawn[: 2 * rows - 1] == ["actions", *["divider", "actions"] * (rows - 1)]


def test_what_somebody_handed_over_says_so() -> None:
    """To which group or whom, whichever was the last."""
    called = {GroupName("finance"): Called(NOON, early=True, by=ALICE)}
    bob = {numbered(1).id: BOB}
    for groups, took, told in (
        ({}, {}, "you handed it over;"),
        (called, {}, "you handed it over to finance;"),
        (called, bob, "you handed it over to Bob;"),
    ):
        case = replace(numbered(1), excused=(ALICE.id,), called=groups)
        assert told in read(home(replace(VIEW, others=Part([Line(case, LINK)], 1), took=took)))


def test_nothing_waits() -> None:
    """Said kindly, with what the desk is for; no section without anything in it."""
    told = read(home(VIEW))
    assert "Nothing waits for you" in told
    assert "Agents ask here before they act" in told
    assert told.count("# ") == 1


def test_whoever_is_asked_nothing_learns_what_it_is() -> None:
    """And whom to ask; unless something of theirs is left here from before."""
    stranger = replace(VIEW, involved=False)
    assert "The approval desk for AI agents" in read(home(stranger))
    assert "@U0ADMIN" in read(home(stranger))
    was_asked = replace(stranger, decided=Part([Line(came_of(1, "x"), LINK)], 1))
    assert "Decided by you this week: 1" in read(home(was_asked))


def test_who_else_can_decide_is_said() -> None:
    """By name; that nobody else can, where that is so."""
    waiting = Part([Line(numbered(1), LINK)], 1)
    assert "Bob and Carol can decide it too." in read(home(replace(VIEW, waiting=waiting)))
    alone = a_roster(members=(ALICE,))
    assert "Nobody else can decide this." in read(home(replace(VIEW, waiting=waiting, roster=alone)))


def test_what_was_decided_meanwhile_has_no_buttons() -> None:
    """Between looking for what waits and reading it somebody was quicker."""
    view = home(replace(VIEW, waiting=Part([Line(came_of(1, "x"), LINK)], 1)))
    assert "is approved" in read(view)
    assert not [block for block in view["blocks"] if block["type"] == "actions"]


def test_it_says_no_time_of_its_own() -> None:
    """Drawn a minute later it is the same, so that it is not sent again for nothing."""
    view = crowded("a word")
    assert home(view) == home(replace(view, now=NOON + timedelta(seconds=1)))


def test_the_longest_of_everything_fits() -> None:
    """A thousand of all, in words as long as they get, that would be markup."""
    for words in ("<!channel> *word* & " * 200, "\u202e&<>" * 900, "`" * 4_000):
        view = home(crowded(words))
        assert problems_of_view(view) == []
        assert len(json.dumps(view)) < 250_000
        assert "Approve" in everything_shown(view) or "Answer" in everything_shown(view)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=25)
@given(WORDS)
def test_any_words_stay_within_slacks_limits(words: str) -> None:
    """Nobody is pinged by what agents say, and the whole tab is legal."""
    view = home(crowded(words))
    assert problems_of_view(view) == []
    markup = [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]
    assert "<!" not in "".join(markup).replace("<!date^", "")


def test_a_tab_at_rest_can_only_be_woken() -> None:
    """No button of then is left on it; nor on one that Slack refused."""
    assert problems_of_view(asleep()) == []
    assert [
        block["elements"][0]["action_id"] for block in asleep()["blocks"] if block["type"] == "actions"
    ] == [actions.HOME_AGAIN]
    assert problems_of_view(minimal("<!channel> " * 99)) == []
    assert "actions" not in {block["type"] for block in minimal("x")["blocks"]}


def test_a_row_names_its_agent() -> None:
    """By the block alone; others name none."""
    assert agent_of(agent_block(BILLING)) == BILLING
    assert agent_of("item:req_1:home") is None
