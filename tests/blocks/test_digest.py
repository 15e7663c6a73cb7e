"""A digest's message: true words at every stage, within Slack's limits whatever stands on it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from approvals.canonical import Json
from approvals.digesting import Line, Sum, Summary
from approvals.model import Outcome
from approvals.roster import Person
from approvals.words import STORM, AgentName, BoardId, GroupName, OutcomeStatus, Risk, UserId
from blocks import digest
from blocks.actions import BOARD_METADATA, BoardPage, OnBoard, Pausing, pausing_place
from blocks.digest_board import Unread
from blocks.digest_figures import what
from blocks.limits import problems_of_message
from tests.blocks.boards import BOARD, BOARDS, HOURLY, board, refund, refunds, stormed, voted
from tests.blocks.hostile import VALUES, WORDS
from tests.harness.cases import ALICE, BOB, CAROL, FINANCE, NOON
from tests.harness.reading import everything_shown, read_message

GOLDEN = Path(__file__).parent / "golden" / "digests.txt"


def buttons_of(view: digest.BoardView) -> dict[str, str]:
    """Each button of its message by its words, with what it carries."""
    rows = [block for block in digest.message(view).blocks if block["type"] == "actions"]
    return {each["text"]["text"]: each["value"] for row in rows for each in row["elements"]}


def test_every_digest_reads_as_it_was_agreed() -> None:
    """All stages, word for word, in one file that can be read aloud; each legal on an update."""
    told = []
    for name, made in BOARDS.items():
        call = digest.message(made()).as_call()
        assert problems_of_message(call, updating=True) == []
        told.append(f"[{name}]\n{read_message(call).rstrip()}")
    text = "\n\n".join(told) + "\n"
    if os.environ.get("HITL_REGENERATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BOARDS)
def test_slacks_own_models_agree(name: str) -> None:
    """Slack's SDK builds every block again, and objects to nothing."""
    blocks = digest.message(BOARDS[name]()).blocks
    assert [each.to_dict()["type"] for each in Block.parse_all(blocks)] == [each["type"] for each in blocks]


def test_it_is_found_again_by_its_id() -> None:
    """After an answer was lost, the metadata says which digest it is."""
    assert digest.message(board(refunds(1))).metadata == {
        "event_type": BOARD_METADATA,
        "event_payload": {"board": BOARD},
    }


def test_three_buttons_while_something_waits_and_none_after() -> None:
    """Each says how many items stood on the message; being cleared, carried over or done, there are none."""
    carried = OnBoard(BOARD, 12).encode()
    view = BOARDS["partly decided"]()
    assert buttons_of(view) == dict.fromkeys(("Approve all", "Review", "Reject all"), carried)
    assert buttons_of(replace(view, clearing=(ALICE,))) == {}
    assert buttons_of(replace(view, carried_on=True)) == {}
    assert buttons_of(BOARDS["cleared"]()) == {}


def test_what_is_not_cleared_in_one_click_has_no_approve_all() -> None:
    """In a storm risky ones are reviewed or rejected, nothing else, and the message says why."""
    view = BOARDS["storm of what is not cleared"]()
    assert [*buttons_of(view)][:2] == ["Review", "Reject all"]
    assert "high or critical risk" in everything_shown(digest.message(view).blocks)


def test_where_nothing_can_be_rejected_there_is_no_reject_all() -> None:
    """Questions, and what changed since it was put there, are pulled out in *Review*."""
    assert "Reject all" not in buttons_of(BOARDS["storm of questions"]())
    changed = BOARDS["open, one changed"]()
    assert "Reject all" in buttons_of(changed)
    assert [*buttons_of(replace(changed, entries=changed.entries[2:]))] == ["Approve all", "Review"]


def test_what_others_are_asked_too_is_counted_as_gone() -> None:
    """An item of a storm that was escalated stands on another of its messages, and this one says so."""
    cases = [stormed(each) for each in refunds(3)]
    view = board([replace(cases[0], escalated=(FINANCE,)), *cases[1:]], digest=STORM)
    assert [entry.place for entry in view.open] == [1, 2]
    assert "1 escalated to finance" in everything_shown(digest.message(view).blocks)


def test_sums_are_exact_and_in_their_units() -> None:
    """Money has its cents; cents are not called euros; what has no unit is called by its field."""
    lines = (
        Line("issue_refund", 3, (Sum("amount", Decimal(940), "EUR"), Sum("amount", Decimal("1.5"), "USD"))),
        Line("book_hours", 2, (Sum("amount", Decimal("7.50"), "h"), Sum("fee", Decimal("0.125"), "EUR"))),
        Line("pay", 1, (Sum("amountCents", Decimal(94_000), "EUR"),)),
        Line("count", 1, (Sum("count", Decimal("1e300"), None),)),
        Line("pay_back", 3, (Sum("amount", Decimal(0), "EUR", Decimal(-490)),), 1),
        Line("price_many", 1, tuple(Sum("price", Decimal(n), f"U{n}") for n in range(1, 8))),
        Line("send_mail", 4, (Sum("amount", Decimal(12), None),), unread=2),
        Line("send_all", 1, (), unread=1),
        Line("order", 2, (Sum("total", Decimal(7), None),)),
        Line("sell", 2, (Sum("amount", Decimal(3), "EUR"), Sum("amount", Decimal(4), None))),
    )
    assert what(Summary(8, lines, NOON, Risk.LOW)) == [
        "*3 × Issue refund*, total 940.00 EUR and 1.50 USD",  # noqa: RUF001
        "*2 × Book hours*, amount 7.5 h and fee 0.125 EUR",  # noqa: RUF001
        "*1 × Pay*, total 94,000 in amountCents (EUR)",  # noqa: RUF001
        "*1 × Count*, total count 1.000000E+300",  # noqa: RUF001
        "*3 × Pay back*, total 0.00 EUR (-490.00 among them), 1 without an amount",  # noqa: RUF001
        "*1 × Price many*, total 1 U1, 2 U2, 3 U3, 4 U4 and 3 more sums",  # noqa: RUF001
        "*4 × Send mail*, total amount 12, 2 with an amount that is no number",  # noqa: RUF001
        "*1 × Send all*, 1 with an amount that is no number",  # noqa: RUF001
        "*2 × Order*, total 7",  # noqa: RUF001
        "*2 × Sell*, total 3.00 EUR and amount 4",  # noqa: RUF001
    ]


def test_a_soft_window_that_waits_for_the_message_begins_with_it() -> None:
    """The message names the end of the window that it begins: half an hour from when it is made."""
    soft = BOARDS["open, soft"]()
    until = int((soft.now + timedelta(minutes=30)).timestamp())
    assert f"<!date^{until}^" in everything_shown(digest.message(soft).blocks)


def test_a_thousand_items_of_a_hundred_actions_are_one_message() -> None:
    """Whatever waits is counted, and the message stays within Slack's limits."""
    cases = [
        refund(number, action=f"do_{'long_' * 12}{number % 100}", rule={"risk": Risk.MEDIUM})
        for number in range(1_000)
    ]
    done = [voted(case, by) for case, by in zip(cases[:300], [ALICE, BOB, CAROL] * 100, strict=True)]
    call = digest.message(board([*done, *cases[300:]])).as_call()
    assert problems_of_message(call, updating=True) == []
    assert "*700 of 1,000 still open*" in call["blocks"][0]["text"]["text"]
    assert "more" in call["blocks"][0]["text"]["text"]


@given(words=WORDS.filter(bool), payload=st.dictionaries(WORDS, VALUES, max_size=4))
@settings(max_examples=60, deadline=None)
def test_nobody_writes_into_a_digest(words: str, payload: dict[str, Json]) -> None:
    """What agents, units, groups and people are called pings nobody, links nowhere, breaks nothing."""
    told: dict[str, Json] = {**payload, "amount": 3, "currency": words}
    person, group = Person(UserId("nobody"), words), GroupName(words)
    case = refund(1, told, action=words, agent=AgentName(words), rule={"ask": (group,), "title": words})
    done = voted(refund(2, told, action=words), ALICE)
    decision = done.decision
    assert decision is not None
    failed = Outcome(OutcomeStatus.FAILED, NOON, words, None)
    done = replace(done, decision=replace(decision, by=(person,)), outcome=failed)
    gone = replace(case, waits_in=None, escalated=(group,))
    for digest_name, one in ((HOURLY, case), (STORM, stormed(case))):
        view = board([one, done, gone], digest=digest_name, ask=(group,))
        stages = (
            view,
            replace(view, clearing=(person,)),
            replace(view, carried_on=True),
            board([done, gone]),
        )
        for stage in stages:
            call = digest.message(stage).as_call()
            assert problems_of_message(call, updating=True) == []
            assert "<!channel>" not in everything_shown(call)
            assert "<https://evil" not in everything_shown(call)


# Pause this agent


def test_the_agent_that_is_paused_is_named_by_the_buttons_place_and_its_value() -> None:
    """A value alone, of another board's button or of another agent's, pauses nobody."""
    view = BOARDS["storm"]()
    agents = digest.agents_of(view)
    row = next(each for each in digest.message(view).blocks if each.get("block_id") == "pause")
    pressed = {each["text"]["text"]: (each["action_id"], each["value"]) for each in row["elements"]}
    busy, mail = pressed["Pause this agent: billing-agent"], pressed["Pause this agent: mail-agent"]
    assert digest.agent_to_pause(agents, *busy) == "billing-agent"
    assert digest.agent_to_pause(agents, *mail) == "mail-agent"
    assert digest.agent_to_pause(agents, busy[0], mail[1]) is None
    assert digest.agent_to_pause(agents, "hitl.pause.7", busy[1]) is None
    assert digest.agent_to_pause(agents, busy[0], Pausing(view.on, AgentName("other")).encode()) is None


def test_an_agents_button_means_the_same_when_more_has_come() -> None:
    """Somebody presses what was on their screen: by then another agent may have sent more."""
    view = BOARDS["storm of one agent"]()
    row = next(each for each in digest.message(view).blocks if each.get("block_id") == "pause")
    busy = AgentName("busy-agent")
    later = [*(entry.case for entry in view.entries), *(refund(n, agent=busy) for n in range(100, 200))]
    button = row["elements"][0]
    agents = digest.agents_of(board(later, digest=STORM))
    assert digest.agent_to_pause(agents, button["action_id"], button["value"]) == "billing-agent"


def test_an_agents_button_means_the_same_when_its_first_request_cannot_be_read() -> None:
    """Its place is counted with what is missing, as the desk counts it when the button is pressed."""
    whole = BOARDS["storm"]()
    agents = digest.agents_of(whole)
    first, *rest = whole.entries
    view = replace(
        whole, entries=tuple(rest), unread=(Unread(first.place, first.case.request.agent, "inc_1"),)
    )
    row = next(each for each in digest.message(view).blocks if each.get("block_id") == "pause")
    for button in row["elements"]:
        named = digest.agent_to_pause(agents, button["action_id"], button["value"])
        assert button["text"]["text"] == f"Pause this agent: {named}"


# What buttons carry


@given(st.integers(0, 999_999), st.integers(1, 999_999), WORDS.filter(bool))
def test_what_buttons_carry_reads_back(shown: int, page: int, agent: str) -> None:
    """Board, count, page and agent come back as they were."""
    on = OnBoard(BoardId(BOARD), shown)
    assert OnBoard.decode(on.encode()) == on
    assert BoardPage.decode(BoardPage(on, page).encode()) == BoardPage(on, page)
    assert Pausing.decode(Pausing(on, AgentName(agent)).encode()) == Pausing(on, AgentName(agent))


@pytest.mark.parametrize("value", [None, "", "b1:dig_1", "b1:dig_1:-1", "v1:dig_1:3", "b1::3", "b1:dig_1:3|"])
def test_what_no_version_of_ours_made_is_nothing(value: object) -> None:
    """A value from elsewhere names no board and no agent."""
    assert OnBoard.decode(value) is None
    assert BoardPage.decode(value) is None
    assert Pausing.decode(value) is None


def test_only_our_own_action_names_a_place() -> None:
    """The place of an agent is the end of the button's action."""
    assert [pausing_place(each) for each in ("hitl.pause.0", "hitl.pause.12", "hitl.pause.", "approve")] == [
        0,
        12,
        None,
        None,
    ]
