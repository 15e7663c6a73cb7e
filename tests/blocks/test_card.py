"""The card: legal whatever it shows, honest in every state, and never more than a vote's worth of buttons."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.canonical import Json
from approvals.model import Case, Consequences, ContextItem
from approvals.roster import Profile, Roster
from approvals.words import AgentName, UserId
from blocks import actions, limits
from blocks.actions import Item, Picked, Seen
from blocks.card import CardView, card, minimal
from tests.blocks.hostile import VALUES, WORDS
from tests.blocks.states import REFUND, ROSTER, STATES, edited, refund
from tests.harness.cases import ALICE, DIRECTORS, a_request, an_open_case
from tests.harness.reading import everything_shown, mrkdwn, read_message

HUGE: dict[str, dict[str, Json]] = {
    "many_keys": {f"key{number}": number for number in range(10_000)},
    "one_long_text": {"text": "word " * 50_000},
    "long_lines": {f"k{number}": "x" * 199 for number in range(1_000)},
    "tall": {f"k{number}": "line\n" * 300 for number in range(100)},
    "deep": {"a": json.loads("[" * 30 + "1" + "]" * 30)},
    "long_keys": {f"{'k' * 5_000}{number}": number for number in range(40)},
    "empty": {},
}


def buttons(blocks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The interactive elements by action_id."""
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return {element["action_id"]: element for row in rows for element in row}


def everything_long(case_words: str, payload: dict[str, Json]) -> Case:
    """A request in which every part is long."""
    request = a_request(
        payload=payload,
        agent=AgentName(case_words[:100] or "agent"),
        reasoning=case_words * 40,
        context=tuple(ContextItem(case_words, case_words * 3, f"https://x.example/{n}") for n in range(30)),
        effects=Consequences(case_words * 5, case_words * 5, case_words * 5),
        confidence=0.3333333333333333,
        on_behalf_of=case_words[:200] or None,
        supersedes="req_before",
    )
    return an_open_case(
        request,
        title=case_words[:250] or "title",
        guidance=case_words * 5,
        reasons=(case_words,) * 20,
        irreversible=True,
        quorum=3,
        summary=("payload.a", "payload.b.c"),
    )


def legal(view: CardView) -> str:
    """Asserts that Slack would take the card as a post and as an update; what it shows."""
    message = card(view)
    call = message.as_call()
    assert limits.problems_of_message(message.as_post() | {"unfurl_links": None}) == []
    assert limits.problems_of_message(call, updating=True) == []
    assert limits.characters_of_blocks(message.blocks) <= limits.MESSAGE_CHARACTERS
    assert len(message.blocks) <= 20
    return everything_shown(message.blocks)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, st.dictionaries(WORDS, VALUES, max_size=6))
def test_every_card_is_legal_and_forges_nothing(words: str, payload: dict[str, Json]) -> None:
    """Whatever an agent says: within Slack's limits, no token but our dates, no hidden character."""
    case = everything_long(words, payload)
    shown = legal(CardView(case, ROSTER))
    assert not set("\u202e\u200b") & set(shown)
    for block in card(CardView(case, ROSTER)).blocks:
        if block["type"] == "section":
            assert "<" not in block["text"]["text"].replace("<!date^", "")
            assert block["text"]["verbatim"] is True
    text = card(CardView(case, ROSTER)).text
    assert "<" not in text.replace("<!date^", "")
    assert "\n" not in text


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_payload_is_cut_where_everybody_sees_it(name: str) -> None:
    """Up to 256 KiB of arguments: the card is legal, and what is missing is counted."""
    payload = HUGE[name]
    legal(CardView(everything_long("Long words about it. " * 15, payload), ROSTER))
    shown = legal(CardView(an_open_case(a_request(payload=payload)), ROSTER))
    whole = name in ("empty", "deep")
    cut = "more: View everything" in shown or "more characters" in shown or "kkk…" in shown
    assert cut != whole


def test_many_arguments_are_counted() -> None:
    """Of ten thousand arguments the card says how many it does not show."""
    shown = legal(CardView(an_open_case(a_request(payload=HUGE["many_keys"])), ROSTER))
    told = shown.count("key")
    assert told >= 30
    assert f"… {10_000 - told:,} more: View everything" in shown


def test_the_reasons_that_decided_are_never_cut() -> None:
    """However much was found before: why this rule and this gate hold it heads the reasons."""
    deciding = (
        "rule c might apply: no amount",
        "rule c holds it, the strictest of those",
        "held as hard because …",
    )
    risks = tuple(f"payload.x{number} > 1: high" for number in range(20))
    case = an_open_case(a_request(), reasons=(*risks, *deciding), deciding=deciding)
    shown = legal(CardView(case, ROSTER))
    assert f"Why people are asked  {'; '.join(deciding)}; {risks[0]}; " in shown
    assert "17 more: View everything" in shown
    assert case.judgement.reasons[-3:] == deciding


def test_an_agents_own_title_is_marked_after_an_edit() -> None:
    """What was asked for cannot be made anew; a rule's title is true by itself, and so is an action alone."""
    own = edited(refund(rule={"template": None, "title": "Refund " * 40}), ALICE, amount=500)
    message = card(CardView(own, ROSTER))
    assert message.blocks[0]["text"]["text"].endswith("… (as asked)")
    assert "… (as asked)?” " in message.text
    made = card(CardView(edited(refund(), ALICE, amount=500), ROSTER))
    assert made.blocks[0]["text"]["text"] == "Refund 500 EUR to ACME GmbH"
    plain = edited(refund(rule={"template": None, "title": "Issue refund"}), ALICE, amount=500)
    assert card(CardView(plain, ROSTER)).blocks[0]["text"]["text"] == "Issue refund"


def test_a_revoked_agent_did_not_withdraw_anything_itself() -> None:
    """The card says why it is gone, and puts no words into the agent's mouth."""
    message = card(STATES["withdrawn_as_revoked"]())
    assert "Withdrawn, because billing-agent was revoked" in message.text
    assert "the agent billing-agent was revoked" not in everything_shown(message.blocks)


@pytest.mark.parametrize("name", STATES)
def test_a_phone_shows_the_whole_sentence(name: str) -> None:
    """Some 150 characters, a little more where people changed something or said a lot."""
    text = mrkdwn(re.sub(r"<!date[^>]*>", "today 16:00", card(STATES[name]()).text))
    assert len(text) <= (150 if STATES[name]().case.round == 0 and not STATES[name]().case.flaws else 190)


def test_an_emptied_group_is_said() -> None:
    """When nobody who is asked can decide, the card says so instead of naming nobody."""
    shown = legal(CardView(refund(), Roster({DIRECTORS: ()})))
    assert "directors (but nobody there can at the moment)" in shown


def test_a_big_group_is_named_in_part() -> None:
    """Of a hundred approvers eight are named, the others counted."""
    users = tuple(UserId(f"U{number:08}") for number in range(100))
    people = {user: Profile(user, "N" * 200) for user in users}
    assert "and 92 more" in legal(CardView(refund(), Roster({DIRECTORS: users}, people)))


def test_an_open_card_carries_what_was_seen() -> None:
    """Each button and the menu name the request and the digest of exactly the payload that is shown."""
    case = refund()
    found = buttons(card(CardView(case, ROSTER)).blocks)
    seen = Seen(case.id, case.sight)
    assert list(found) == [actions.APPROVE, actions.EDIT, actions.REJECT, actions.MORE]
    assert {
        Seen.decode(found[name]["value"]) for name in (actions.APPROVE, actions.EDIT, actions.REJECT)
    } == {seen}
    options = found[actions.MORE]["options"]
    assert [Picked.decode(option["value"]) for option in options] == [
        Picked(item, seen) for item in (Item.VIEW, Item.ASK, Item.HAND_OVER, Item.SNOOZE)
    ]
    assert [found[name].get("style") for name in found] == ["primary", None, "danger", None]


@pytest.mark.parametrize(
    "name", ["approved", "approved_with_changes", "rejected", "timed_out", "withdrawn", "succeeded", "failed"]
)
def test_a_decided_card_only_views(name: str) -> None:
    """Nothing is left on a decided card but the menu that views it."""
    assert list(buttons(card(STATES[name]()).blocks)) == [actions.MORE]


def test_what_breaks_the_form_cannot_be_approved_from_the_card() -> None:
    """No Approve, but Edit and Reject, and the card says which argument breaks what."""
    message = card(STATES["open_breaks_form"]())
    assert list(buttons(message.blocks)) == [actions.EDIT, actions.REJECT, actions.MORE]
    assert "Cannot be approved as it stands" in everything_shown(message.blocks)


def test_a_copy_has_no_buttons_and_says_so() -> None:
    """A duplicate that Slack forced on us decides nothing."""
    message = card(STATES["copy"]())
    assert buttons(message.blocks) == {}
    assert message.text.startswith("This is a copy")


@pytest.mark.parametrize("name", STATES)
def test_what_is_sensitive_is_on_no_card(name: str) -> None:
    """A masked argument's value stands nowhere in the message, in no state."""
    assert "4111" not in json.dumps(card(STATES[name]()).as_call())


def test_a_flaw_of_something_sensitive_is_masked() -> None:
    """A validator's message quotes values; where one is sensitive, the card does not repeat it."""
    form = {"properties": {"card_number": {"type": "string", "maxLength": 4}}}
    case = refund(rule={"form": form})
    assert case.flaws
    message = card(CardView(case, ROSTER))
    assert "does not fit the rule (masked)" in everything_shown(message.blocks)
    assert "4111" not in json.dumps(message.as_call())


def test_it_names_itself_for_whoever_looks_for_it() -> None:
    """Metadata and both forms of the call: previews of links are off where it is posted."""
    case = refund()
    message = card(CardView(case, ROSTER))
    assert message.metadata == {"event_type": actions.CARD_METADATA, "event_payload": {"request": case.id}}
    assert message.as_post() == {**message.as_call(), "unfurl_links": False, "unfurl_media": False}


@given(WORDS, WORDS)
@settings(deadline=None)
def test_the_minimal_card_is_always_legal(title: str, why: str) -> None:
    """The last resort takes any title and any reason, and offers what there is to do."""
    case = an_open_case(a_request(payload=REFUND), title=title)
    message = minimal(case, why)
    assert limits.problems_of_message(message.as_call(), updating=True) == []
    assert list(buttons(message.blocks)) == [actions.APPROVE, actions.EDIT, actions.REJECT, actions.VIEW]
    assert "could not be shown whole" in read_message(message.as_call())


def test_a_minimal_card_of_something_decided_only_views() -> None:
    """It says how it stands and has no buttons but the one that views."""
    case = STATES["rejected"]().case
    message = minimal(case, "too long")
    assert list(buttons(message.blocks)) == [actions.VIEW]
    assert "It is rejected." in message.text


def test_approving_from_a_minimal_card_is_asked_twice() -> None:
    """The arguments are not on the screen: Slack asks whether they were looked at."""
    found = buttons(minimal(refund(), "x").blocks)
    assert "confirm" in found[actions.APPROVE]
    assert "confirm" not in buttons(minimal(STATES["open_breaks_form"]().case, "x").blocks)[actions.EDIT]
