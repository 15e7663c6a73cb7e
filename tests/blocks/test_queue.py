"""Lists of requests: within Slack's limits whatever is in them, and nothing approved that was not shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.canonical import Json
from approvals.model import Case, Consequences, ContextItem, Flaw
from approvals.words import AgentName, Gate, GroupName, Kind, RequestId
from blocks import limits
from blocks.card import CardView, card, minimal
from blocks.dead import A_PAGE as LETTERS
from blocks.dead import DeadLine, dead
from blocks.limits import problems_of_message
from blocks.listed import Listed, QueuePage
from blocks.queue import A_PAGE, Line, Listing, ambiguous, item, not_a_list, queue, shown
from blocks.text import spelled
from tests.blocks.hostile import VALUES, WORDS
from tests.blocks.states import ROSTER, edited
from tests.harness.cases import ALICE, NOON, a_request, an_open_case
from tests.harness.floods import FLOODS
from tests.harness.reading import everything_shown, read_message
from tests.harness.work import calls_of

LINK = f"https://example.slack.com/archives/C0APPROVALS/p{'1' * 16}"
MINE = QueuePage("mine")


def listing(*several: Case, page: QueuePage = MINE, count: int | None = None) -> Listing:
    """These, and nothing else."""
    lines = [Line(case, LINK) for case in several]
    return Listing(page, lines, len(lines) if count is None else count, mine=len(lines), others=3)


def numbered(number: int, **fields: Any) -> Case:
    """A refund of its own."""
    judgement = fields.pop("judgement", {})
    return an_open_case(a_request(id=RequestId(f"req_{number}"), **fields), **judgement)


def rows(blocks: list[Any]) -> list[Listed]:
    """Which requests can be decided there."""
    found = [Listed.decode(block.get("block_id")) for block in blocks if block["type"] == "actions"]
    return [each for each in found if each is not None]


def test_a_list_reads_as_a_person_reads_it() -> None:
    """What it is, how it stands, the arguments, why, the buttons; each row under its request."""
    two = listing(numbered(1, reasoning="Arrived broken."), numbered(2), count=7)
    told = read_message(queue(two, ROSTER).as_post())
    assert told.startswith("phone: 7 requests wait for you. First: 🟠 High risk, Refund 750 EUR to ACME")
    read = ("*7 requests", "|Refund 750", "*amount*", "Arrived", "[ Approve")
    places = [told.index(words) for words in read]
    assert places == sorted(places)
    assert "1 to 2 of 7. 3 requests wait for others: `/hitl queue all`." in told
    assert "[ More ]" in told


@given(st.dictionaries(WORDS, st.integers(1, 10**6), max_size=9))
def test_what_waits_unseen_is_said_within_slacks_limits(held: dict[str, int]) -> None:
    """Below full and empty lists, of whatever agents; most first, and the others by their number."""
    named = {AgentName(name): count for name, count in held.items()}
    for full in (listing(*(numbered(n, reasoning="x" * 3_000) for n in range(1, 6))), listing()):
        message = queue(replace(full, held=named), ROSTER)
        assert problems_of_message(message.as_post()) == []
        assert ("unseen until" in everything_shown(message.blocks)) == bool(held)
        assert ("for other agents" in everything_shown(message.blocks)) == (len(held) > 5)


def test_rows_name_their_requests() -> None:
    """The block says which, the list's page with it; the values are as on cards."""
    message = queue(listing(numbered(1), numbered(2), page=QueuePage("all", 5, "a*", "b")), ROSTER)
    assert rows(message.blocks) == [Listed(RequestId(f"req_{n}"), "queue|all|5|a*|b") for n in (1, 2)]
    assert QueuePage.decode("queue|all|5|a*|b") == QueuePage("all", 5, "a*", "b")


@given(st.none() | st.integers() | st.text() | st.text().map(lambda rest: f"item{rest}"))
def test_garbage_is_no_row(value: object) -> None:
    """A block_id that we did not make is a card's or nobody's."""
    found = Listed.decode(value)
    assert found is None or found.encode() == value
    assert QueuePage.decode(value) is None


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(st.dictionaries(WORDS, VALUES, max_size=6), WORDS, st.integers(1, A_PAGE), st.booleans())
def test_any_words_stay_within_slacks_limits(
    payload: dict[str, Json], words: str, many: int, linked: bool
) -> None:
    """Nobody is pinged by what agents say, and the whole list is legal."""
    several = [
        numbered(n, payload=payload, reasoning=words, judgement={"title": words or "-"}) for n in range(many)
    ]
    lines = [Line(case, LINK if linked else None) for case in several]
    message = queue(Listing(MINE, lines, many, mine=many, others=0), ROSTER)
    assert problems_of_message(message.as_post()) == []
    markup = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
    assert "<!" not in "".join(markup).replace("<!date^", "")
    assert len(rows(message.blocks)) >= 1


def test_the_longest_requests_fit_at_least_one_by_one() -> None:
    """With hundreds of flaws, edits, options and people: fewer on a page, never a refused list."""
    long = "word " * 2_000
    flaws = tuple(Flaw(f"payload.field{n}", long) for n in range(200))
    asked = a_request(kind=Kind.QUESTION, options=tuple(f"{n} {long}" for n in range(100)), reasoning=long)
    groups = tuple(GroupName(f"g{n} {long}") for n in range(30))
    question = an_open_case(asked, gate=Gate.QUESTION, title=long, ask=groups)
    payload = {f"field{n}": long for n in range(50)}
    several = [numbered(n, payload=payload, reasoning=long) for n in range(A_PAGE)]
    broken = [replace(edited(case, ALICE, field1="x", field2="y"), flaws=flaws) for case in several]
    for cases in ([question, *several], several, broken):
        message = queue(listing(*cases[:A_PAGE]), ROSTER)
        assert problems_of_message(message.as_post()) == []
        assert limits.characters_of_blocks(message.blocks) <= limits.MESSAGE_CHARACTERS
        shown_here = [each.request for each in rows(message.blocks)]
        assert shown_here == [case.id for case in cases[: len(shown_here)]]
        assert len(shown_here) >= 1
        if len(shown_here) < A_PAGE:
            assert QueuePage("mine", len(shown_here)).encode() in str(message.blocks)


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_costs_what_is_shown(name: str) -> None:
    """Of a hundred thousand arguments a list spells a few dozen."""
    case = numbered(1, payload=FLOODS[name])
    assert calls_of(spelled, lambda: queue(listing(case), ROSTER)) < 600


def test_what_is_not_shown_whole_is_not_approved_unasked() -> None:
    """Where arguments are cut, Slack asks before Approve; where all of them stand there, it does not."""
    for payload, asks in (({"amount": 1}, False), ({"note": "word " * 900}, True)):
        row = item(Line(numbered(1, payload=payload), None), ROSTER, "")[-1]
        confirmed = {element["action_id"] for element in row["elements"] if "confirm" in element}
        assert confirmed == ({"approve"} if asks else set())
    manual = numbered(1, payload={"note": "word " * 900}, judgement={"gate": Gate.MANUAL})
    assert "confirm'" not in str(item(Line(manual, None), ROSTER, "")[-1])


@pytest.mark.parametrize(
    ("asked", "judged", "told"),
    [
        ({"reasoning": "x " * 400 + "AND HE NEVER ORDERED IT"}, {}, ""),
        ({"reasoning": "five\nlines\nare\nnot\nfour"}, {}, "are"),
        ({"context": (ContextItem("Fraud score", "97 of 100", None),)}, {}, ""),
        ({"supersedes": RequestId("req_0")}, {}, "asks again"),
        ({"effects": Consequences(approve="word " * 60)}, {}, "If approved"),
        ({}, {"guidance": "word " * 60}, "Rule to go by"),
    ],
)
def test_what_a_card_would_have_warned_of_is_not_approved_unasked(
    asked: dict[str, Any], judged: dict[str, Any], told: str
) -> None:
    """What a row has no room for, or cuts, is asked about first; what it has room for stands there."""
    blocks = item(Line(numbered(1, **asked, judgement=judged), None), ROSTER, "")
    confirmed = [element["action_id"] for element in blocks[-1]["elements"] if "confirm" in element]
    assert confirmed == ["approve"]
    assert told in everything_shown(blocks)


def test_what_follows_stands_in_a_row_and_needs_no_asking() -> None:
    """What to go by, what comes of it, how it is undone, how sure the agent is: short, so all of it."""
    effects = Consequences(approve="Everything is paid.", reject="Nothing.", rollback="By hand.")
    case = numbered(1, effects=effects, confidence=0.4, judgement={"guidance": "FIN-7: with a receipt"})
    blocks = item(Line(case, None), ROSTER, "")
    for words in ("Everything is paid.", "Nothing.", "By hand.", "40%", "FIN-7: with a receipt"):
        assert words in everything_shown(blocks)
    assert "confirm'" not in str(blocks[-1])


def test_whoever_cannot_decide_gets_no_buttons_that_do() -> None:
    """In a list, and on a card shown to them alone, whichever card it is: what looks is left."""
    case = numbered(1)
    line = Line(case, LINK, decides=False)
    for blocks in (
        item(line, ROSTER, ""),
        shown(card(CardView(case, ROSTER)), line).blocks,
        shown(minimal(case, "too long"), line).blocks,
    ):
        [row] = [block for block in blocks if block["type"] == "actions"]
        assert [element["action_id"] in ("more", "view") for element in row["elements"]] == [True]
        assert "Approve" not in str(row)
        assert "View everything" in str(row)


def test_a_shown_card_is_legal_and_bound_to_its_row() -> None:
    """The largest card, with a link to where it is."""
    case = numbered(1, payload={f"field{n}": "word " * 300 for n in range(40)}, reasoning="why " * 900)
    message = shown(card(CardView(case, ROSTER)), Line(case, LINK))
    assert problems_of_message(message.as_post()) == []
    assert rows(message.blocks) == [Listed(case.id, "shown")]
    assert LINK in everything_shown(message.blocks)


def test_dead_letters_stay_within_slacks_limits() -> None:
    """A whole page of the longest; nobody is pinged by an error."""
    case, why = numbered(1, judgement={"title": "<!here> " * 99}), "<!channel> " * 99
    lines = [DeadLine(n, "callback", "request.decided", case, LINK, NOON, 40, why) for n in range(LETTERS)]
    message = dead(lines, 8, 99)
    assert problems_of_message(message.as_post()) == []
    assert "<!here>" not in str(message.blocks)
    assert "<!channel>" not in str(message.blocks)
    assert all(f"letter:{n}" in str(message.blocks) for n in range(LETTERS))


def test_what_was_typed_is_quoted_inert() -> None:
    """In every answer that repeats it."""
    typed = "`<!channel>` *x*"
    for message in (not_a_list(typed, None), ambiguous(typed, [numbered(1)])):
        assert problems_of_message(message.as_post()) == []
        assert "<!channel>" not in str(message)
