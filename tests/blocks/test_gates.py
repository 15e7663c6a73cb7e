"""Cards of every gate: their buttons, what silence does, who else is asked, what was let through besides."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.escalation import ends_at
from approvals.events import HandedOver
from approvals.machine import decide
from approvals.model import Called, Case, Consequences, ContextItem, Step
from approvals.roster import Profile, Roster
from approvals.words import AgentName, Gate, GrantId, GroupName, Kind, Status, StepKind, UserId, Via
from blocks import actions, limits
from blocks.actions import Chosen, Item, Picked, Seen
from blocks.card import CardView, card, minimal
from tests.blocks.gate_states import (
    GATE_STATES,
    LONG,
    OPTIONS,
    ROSTER,
    answered,
    comment,
    corrected,
    deploy,
    draft,
    escalating,
    grant,
    question,
    shown,
)
from tests.blocks.hostile import WORDS
from tests.blocks.states import STATES, voted
from tests.harness.cases import ALICE, DIRECTORS, FINANCE, NOON, a_request, an_open_case
from tests.harness.reading import everything_shown, read_message

MINUTE = timedelta(minutes=1)


def row(view: CardView) -> list[dict[str, Any]]:
    """The elements that can be clicked."""
    blocks = card(view).blocks
    return [element for block in blocks if block["type"] == "actions" for element in block["elements"]]


def words_on(view: CardView) -> list[str]:
    """What the buttons say, and what the menus offer."""
    told = []
    for element in row(view):
        told += [each["text"]["text"] for each in element.get("options", [])] or [element["text"]["text"]]
    return told


def read(name: str) -> str:
    """A state's card as it is read."""
    return read_message(card(STATES[name]()).as_call())


def assert_legal(view: CardView) -> None:
    """Slack would take it, posted or as an update."""
    message = card(view)
    assert limits.problems_of_message(message.as_call(), updating=True) == []
    assert limits.characters_of_blocks(message.blocks) <= limits.MESSAGE_CHARACTERS
    assert len(message.blocks) <= limits.MESSAGE_BLOCKS


MENU = ["View everything", "Ask the agent", "Hand over", "Snooze"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("soft_open", ["Approve", "Edit", "Reject", *MENU, "Approve and allow similar"]),
        ("manual_open", ["Approve", "Edit", "Reject", *MENU]),
        ("audit_open", ["Looks right", "Correct", "Flag", *MENU]),
        ("audit_breaks_form", ["Correct", "Flag", *MENU]),
        ("open_breaks_form", ["Edit", "Reject", *MENU]),
        ("question_open", [*OPTIONS, *MENU]),
        ("question_without_options", ["Answer", *MENU]),
    ],
)
def test_the_buttons_are_the_contracts(name: str, words: list[str]) -> None:
    """Each gate has its own, in the contract's words and order."""
    assert words_on(STATES[name]()) == words


@pytest.mark.parametrize("name", [name for name in GATE_STATES if GATE_STATES[name]().case.status.final])
def test_what_has_ended_can_only_be_viewed(name: str) -> None:
    """No gate leaves a button on a decided card."""
    assert words_on(STATES[name]()) == ["View everything"]


def test_each_option_of_a_question_says_which_it_is() -> None:
    """By its place in the action_id, and in the menu by its value; what was seen goes with both."""
    case = question()
    seen = Seen(case.id, case.sight)
    few = row(STATES["question_open"]())[:-1]
    assert [element["action_id"] for element in few] == [f"hitl.answer.{place}" for place in range(3)]
    assert {Seen.decode(element["value"]) for element in few} == {seen}
    many = row(STATES["question_of_many"]())[0]
    assert (many["type"], many["action_id"]) == ("static_select", actions.ANSWER_SELECT)
    assert [Chosen.decode(each["value"]) for each in many["options"]] == [
        Chosen(place, seen) for place in range(7)
    ]
    assert "The first answer counts" in many["confirm"]["text"]["text"]


def test_five_options_are_buttons_and_six_a_menu() -> None:
    """The contract draws the line there."""
    options = tuple(f"option {number}" for number in range(6))
    five = row(CardView(question(options=options[:5], default_answer=None), ROSTER))
    six = row(CardView(question(options=options, default_answer=None), ROSTER))
    assert [element["type"] for element in five] == ["button"] * 5 + ["overflow"]
    assert [element["type"] for element in six] == ["static_select", "overflow"]


def test_what_a_button_cannot_hold_stands_whole_on_the_card() -> None:
    """Cut and numbered on the button, whole under the same number; nothing is listed that needs no list."""
    text = read("question_of_long_options")
    assert f"*3.*  {LONG[2]}\n" in text
    assert "3. Answer 3 of those" in text
    assert "The answers to choose from" not in read("question_open")


def test_options_that_look_alike_are_told_apart() -> None:
    """One that a button would show like another is numbered and shown as it is."""
    case = question(options=("yes", "yes\u200b"), default_answer=None)
    assert words_on(CardView(case, ROSTER))[:2] == ["yes", "2. yes⟦U+200B⟧"]
    assert "*2.*  yes⟦U+200B⟧" in read_message(card(CardView(case, ROSTER)).as_call())


def test_allowing_similar_is_offered_only_where_it_can_be_given() -> None:
    """With grants in its rule and a quorum of one; never under manual."""
    offered = [Picked.decode(each["value"]) for each in row(CardView(shown(draft()), ROSTER))[-1]["options"]]
    assert [each.item for each in offered if each] == list(Item)
    assert words_on(CardView(shown(draft(quorum=2)), ROSTER))[-1] == MENU[-1]
    assert words_on(CardView(deploy(grants=draft().judgement.grants, quorum=1), ROSTER))[-1] == MENU[-1]


def test_a_soft_card_names_the_end_of_the_window_that_it_begins() -> None:
    """Before it is in Slack it says half an hour from now, afterwards half an hour from when it came up."""
    waiting = draft()
    assert ends_at(shown(waiting)) == NOON + 31 * MINUTE
    before = card(CardView(waiting, ROSTER, now=NOON + 5 * MINUTE))
    after = card(CardView(shown(waiting), ROSTER, now=NOON + 9 * MINUTE))
    for message, time in ((before, "12:35"), (after, "12:31")):
        told = [block for block in message.blocks if f"{time} UTC" in everything_shown(block)]
        assert f"{time} UTC> unless somebody objects" in message.text
        assert len(told) == 2
        assert "*unless somebody objects*" in everything_shown(told[0])
        assert "If nobody answers" in everything_shown(told[1])


def test_silence_is_nobodys_approval() -> None:
    """What went ahead unopposed names nobody, and says whether people look at it again."""
    text = read("soft_went_ahead")
    assert "because nobody objected" in text
    assert "it is reviewed now" in text
    assert "Approved" not in text
    assert "review" not in read("soft_went_ahead_for_good")


def test_manual_says_what_each_approver_types() -> None:
    """The field's value as it is now, or the word; what is masked is not given away."""
    assert "*To approve*  Each approver types *checkout*." in read("manual_open")
    assert "*To approve*  Each approver types *CONFIRM*." in read("manual_by_the_word")
    masked = read_message(
        card(CardView(deploy(sensitive=("payload.service",), title="Deploy"), ROSTER)).as_call()
    )
    assert "checkout" not in masked
    assert "types a value that is masked here" in masked


def test_a_flag_waits_until_it_is_rolled_back() -> None:
    """The card says that the agent has something to do until it says that it did."""
    assert "waiting for moderation-agent to roll it back" in read("audit_flagged")
    assert "has to roll it back" in card(STATES["audit_flagged"]()).text
    assert "roll it back" not in read("audit_rolled_back")
    assert "Rolled back" in read("audit_rolled_back")


def test_a_correction_leaves_what_was_done() -> None:
    """The arguments and the title stay as they were; what they should have been stands as a change."""
    text = read("audit_corrected")
    assert "*label*  spam → satire" in text
    assert "*label*  spam\n" in text
    made = comment(template="Hide comment 5521 as {{ payload.label }}", title="Hide comment 5521 as spam")
    head = card(CardView(corrected(made, label="satire"), ROSTER)).blocks[0]
    assert head["text"]["text"] == "Hide comment 5521 as spam"


@pytest.mark.parametrize("name", [name for name in GATE_STATES if name.startswith("audit")])
def test_a_review_is_never_called_an_approval(name: str) -> None:
    """No card of one says approved, rejected or expired."""
    text = read(name).lower()
    assert not [word for word in ("approve", "reject", "expire", "must not act") if word in text]


@pytest.mark.parametrize("name", [name for name in GATE_STATES if name.startswith("question")])
def test_a_question_is_answered_not_approved(name: str) -> None:
    """No card of one speaks of approvals."""
    text = read(name).lower()
    assert not [word for word in ("approv", "reject", "expire") if word in text]


def test_a_long_question_is_whole_under_its_heading() -> None:
    """A header holds 150 characters, a title 250."""
    long = f"{'Which of these customers did you mean, ' * 6}all in all?"[:240]
    assert long in read_message(card(CardView(question(title=long), ROSTER)).as_call())


def test_who_was_asked_as_well_and_since_when() -> None:
    """In its time with the time; early without one, and under a window that may have begun anew as well."""
    assert "*⏫ Also asked*  finance since 20 Nov 2026, 13:01 UTC" in read("escalated")
    early = "finance since 20 Nov 2026, 12:00 UTC (early, as too few of the others can decide)"
    assert f"*⏫ Also asked*  {early}" in read("escalated_early")
    handed = decide(escalating(), HandedOver(ALICE, ROSTER, to_group=FINANCE), NOON).case
    told = read_message(card(CardView(handed, ROSTER)).as_call())
    assert "*⏫ Also asked*  finance since 20 Nov 2026, 12:00 UTC (Alice handed it over)" in told
    assert "*Not asked*  Alice and Bob: no longer active in Slack." in read("escalated_early")
    steps = (
        Step(10 * MINUTE, StepKind.ESCALATE, to=GroupName("finance")),
        Step(30 * MINUTE, StepKind.APPROVE),
    )
    soft = replace(shown(draft(steps=steps)), fired=1, escalated=(GroupName("finance"),))
    assert "*⏫ Also asked*  finance\n" in read_message(card(CardView(soft, ROSTER)).as_call())


def test_too_few_are_said_with_what_is_done_about_it() -> None:
    """Operators are asked when nobody else will be; parked, nobody is."""
    view = STATES["too_few_left"]()
    assert "Only 1 of the 2 needed can decide*: the operators have been asked." in read("too_few_left")
    soon = CardView(escalating(), view.roster)
    assert "can decide*: more people are about to be asked." in read_message(card(soon).as_call())
    parked = CardView(replace(view.case, parked_at=NOON), view.roster)
    assert "can decide*." in read_message(card(parked).as_call())
    nobody = CardView(view.case, Roster({}))
    assert "*⚠️ Nobody who is asked can decide this*" in read_message(card(nobody).as_call())
    for case, can in ((comment(), "review"), (question(), "answer"), (shown(draft()), "object to")):
        read_ = read_message(card(CardView(case, Roster({}))).as_call())
        assert f"Nobody who is asked can {can} this*" in read_
    alone = read_message(
        card(CardView(voted(escalating(), ALICE), Roster({DIRECTORS: (ALICE.id,)}))).as_call()
    )
    assert "Nobody else who is asked can decide this" in alone


def test_nothing_is_said_to_have_been_asked_of_nobody() -> None:
    """Where the policy names no operators, the card says what helps."""
    view = replace(STATES["too_few_left"](), operators=False)
    text = read_message(card(view).as_call())
    assert "operators have been asked" not in text
    assert "there are no operators to be told: put somebody in" in text


def test_silence_is_not_asked_for_where_nobody_can_object() -> None:
    """Neither on the card nor on a phone; as soon as somebody can, it is again."""
    for text in (read("soft_and_nobody_can_object"), read("soft_open")):
        assert ("unless somebody objects" in text) is ("nobody who is asked can object" not in text)
    assert read("soft_and_nobody_can_object").count("nobody who is asked can object") == 2
    assert read("soft_open").count("unless somebody objects") == 2


def test_old_knowledge_of_a_group_is_said() -> None:
    """As last known at a time, or never known; other groups' troubles are not this card's."""
    text = read("groups_of_old")
    assert "directors as last known, 20 Nov 2026, 11:53 UTC." in text
    assert "Slack has not said yet who is in finance" in text
    other = replace(ROSTER, as_of={GroupName("support"): NOON})
    assert "last known" not in read_message(card(CardView(escalating(), other)).as_call())


def test_grants_say_how_to_take_them_back_while_they_live() -> None:
    """Live: until when, how often, the command; afterwards how they ended, and no command."""
    assert "(3 so far, the last 20 Nov 2026, 15:00 UTC). Take it back: /hitl revoke g_01JD3WG0" in read(
        "granting"
    )
    ended = read("granted_and_taken_back")
    assert "until 20 Nov 2026, 15:30 UTC, when that was ended (3 in all)." in ended
    case, made = grant(uses=0)
    over = read_message(card(CardView(case, ROSTER, grants=(made,), now=made.until)).as_call())
    assert "went through until 20 Nov 2026, 18:20 UTC (0 in all)." in over
    assert "revoke" not in ended + over


@pytest.mark.parametrize("name", STATES)
def test_nobody_is_called_by_a_card(name: str) -> None:
    """A phone's line mentions nobody; a card mentions those alone who decided or approved."""
    view = STATES[name]()
    message = card(view)
    assert "<@" not in message.text
    voices = {vote.by.id for vote in view.case.votes} | {
        person.id for person in (view.case.decision.by if view.case.decision else ())
    }
    marked = "".join(block["text"]["text"] for block in message.blocks if block["type"] == "section")
    mentioned = {user for user in ROSTER.people if f"<@{user}>" in marked}
    assert '"type": "user"' not in json.dumps(message.blocks)
    assert mentioned <= voices
    if not view.case.status.final and view.case.votes == ():
        assert mentioned == set()


@pytest.mark.parametrize("name", STATES)
def test_a_phones_line_is_a_sentence(name: str) -> None:
    """While it is open somebody does something in it, and it ends."""
    text = card(STATES[name]()).text
    assert text[-1] in ".?!”"
    if not STATES[name]().case.status.final:
        assert any(f" {verb} " in text for verb in ("asks", "went", "goes"))


def full(case_words: str, gate: Gate, options: tuple[str, ...]) -> Case:
    """A request of any gate in which every part is long."""
    asking = gate is Gate.QUESTION
    request = a_request(
        kind=Kind.QUESTION if asking else Kind.REVIEW if gate is Gate.AUDIT else Kind.APPROVAL,
        payload={f"{case_words[:50]}{number}": case_words for number in range(60)},
        agent=AgentName(case_words[:100] or "agent"),
        reasoning=case_words * 40,
        context=tuple(ContextItem(case_words, case_words * 3, f"https://x.example/{n}") for n in range(30)),
        effects=Consequences(case_words * 5, case_words * 5, case_words * 5),
        confidence=0.3333333333333333,
        on_behalf_of=case_words[:200] or None,
        supersedes="req_before",
        review_of="req_silent" if gate is Gate.AUDIT else None,
        options=options if asking else (),
        default_answer=options[-1] if asking and options else None,
    )
    step = Step(60 * MINUTE, StepKind.APPROVE if gate is Gate.SOFT else StepKind.EXPIRE, review=True)
    finance = GroupName(case_words[:60] or "finance")
    case = an_open_case(
        request,
        gate=gate,
        title=case_words[:250] or "title",
        guidance=case_words * 5,
        reasons=(case_words,) * 20,
        irreversible=gate is not Gate.SOFT,
        quorum=2 if gate in (Gate.HARD, Gate.MANUAL) else 1,
        confirm="payload.amount",
        steps=(Step(MINUTE, StepKind.ESCALATE, to=finance), step),
        ask=tuple(GroupName(f"{case_words[:50]}{number}") for number in range(4)),
    )
    return replace(case, escalated=(finance,), fired=1)


def crowd(case: Case, words: str) -> Roster:
    """Of each group's people, most of whom have left, Slack told long ago."""
    users = tuple(UserId(f"U{number:08}") for number in range(60))
    people = {
        user: Profile(user, f"{words[:80]}{user}", active=place < 2) for place, user in enumerate(users)
    }
    return Roster(dict.fromkeys(case.asked, users), people, dict.fromkeys(case.asked, NOON))


GATES = st.sampled_from([Gate.SOFT, Gate.HARD, Gate.MANUAL, Gate.AUDIT, Gate.QUESTION])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, GATES, st.lists(WORDS, max_size=8, unique=True))
def test_no_gate_lets_anybody_forge_or_overflow(words: str, gate: Gate, options: list[str]) -> None:
    """Agents' words in titles, options, groups and names: legal, nobody called, nothing hidden or forged."""
    case = full(words, gate, tuple(options))
    given_, made = grant()
    grants = tuple(replace(made, id=GrantId(words[:100] or "g")) for _ in range(9))
    view = CardView(case, crowd(case, words), grants=grants, now=NOON, reviewed=given_)
    assert_legal(view)
    message = card(view)
    shown_ = everything_shown(message.blocks)
    assert not set("\u202e\u200b") & set(shown_ + message.text)
    assert "<" not in message.text.replace("<!date^", "")
    for block in message.blocks:
        if block["type"] == "section":
            assert "<" not in block["text"]["text"].replace("<!date^", "")
    for element in row(view):
        if element["type"] == "button":
            assert element["text"]["emoji"] is False
            assert "<@" not in element["text"]["text"]


@settings(max_examples=40, deadline=None)
@given(WORDS)
def test_an_answer_forges_nothing(words: str) -> None:
    """Whatever somebody writes as the answer stands exactly in a quotation, and inert on a phone."""
    case = answered(question(options=(), default_answer=None), words or "-")
    if case.status is Status.PENDING:
        return
    view = CardView(case, ROSTER)
    assert_legal(view)
    assert "<" not in card(view).text.replace("<!date^", "")
    inner = card(view).text.split("“", 1)[1].split("”", 1)
    assert inner[1].startswith(": Which ACME did you mean?")


@pytest.mark.parametrize("gate", [Gate.SOFT, Gate.HARD, Gate.MANUAL, Gate.AUDIT, Gate.QUESTION])
def test_the_longest_cards_of_every_gate_are_legal(gate: Gate) -> None:
    """Long words everywhere, a hundred long options: within the book, and what is missing is counted."""
    words = "Long words about it, and more of them. " * 12
    options = tuple(f"{number}: {words * 20}" for number in range(100))
    case = full(words, gate, options)
    called = {group: Called(NOON, early=True, by=replace(ALICE, name=words)) for group in case.escalated}
    case = replace(case, called=called)
    given_ = (grant()[1],) * 5 if gate is not Gate.QUESTION else ()
    assert_legal(CardView(case, crowd(case, words), grants=given_, now=NOON))
    if gate is Gate.QUESTION:
        text = read_message(card(CardView(case, ROSTER)).as_call())
        listed = len(re.findall(r"^\*\d+\.\*", text, re.MULTILINE))
        assert 1 <= listed < 100
        assert f"… {100 - listed} more: View everything" in text
    if case.status is Status.PENDING:
        decided = replace(case.judgement, gate=gate)
        assert_legal(CardView(replace(case, judgement=decided, parked_at=NOON), ROSTER))


@pytest.mark.parametrize("name", STATES)
def test_the_smallest_card_of_every_state_is_legal(name: str) -> None:
    """It asks before it lets anybody decide what is not on the screen, by the gate's own buttons."""
    case = STATES[name]().case
    message = minimal(case, "too long")
    assert limits.problems_of_message(message.as_call(), updating=True) == []
    elements = message.blocks[-1]["elements"]
    yes = (actions.APPROVE, actions.LOOKS_RIGHT, actions.ANSWER, actions.ANSWER_SELECT)
    for element in elements:
        agrees = element["action_id"] in yes or element["action_id"].startswith(actions.ANSWER_OPTION)
        assert ("confirm" in element) == agrees


def test_a_grants_own_request_says_who_had_allowed_it() -> None:
    """No card is shown for it, but wherever it is told it names the granter."""
    case, made = grant()
    assert case.decision is not None
    through = replace(case, decision=replace(case.decision, via=Via.GRANT, grant=made.id))
    assert card(CardView(through, ROSTER)).text.startswith("Let through, as Alice had allowed: ")
