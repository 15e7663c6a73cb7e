"""Cases come back exactly as they were, page by page, and two writers cannot both win."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import Json, canonical
from approvals.events import Cancelled, Commented, Edited, Ticked, Voted
from approvals.model import Case, ContextItem
from approvals.words import AgentName, Choice, RequestId, Status
from store import cases, facts, keys, payloads
from store.engine import Store
from store.errors import Conflict, KeyTaken
from store.payloads import SPELLING, joined_case
from store.spelling import Spelling, read_json, write_json
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, NOON, a_request, a_roster, opened
from tests.store.samples import happens, intake, numbered, write


def kinds(value: Any) -> Any:
    """A value with the type of each of its leaves, for which 750 and 750.0 differ."""
    if isinstance(value, dict):
        return {key: kinds(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [kinds(inner) for inner in value]
    return type(value), value


_NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_LEAVES = st.none() | st.booleans() | _NUMBERS | st.text(st.characters(exclude_categories=["Cs"]))
_NAMES = st.text(st.characters(exclude_categories=["Cs"]))
_JSON = st.recursive(_LEAVES, lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner))


@given(_JSON)
def test_json_keeps_every_value_and_its_type(value: Json) -> None:
    """What agents sent is read back as it was: integers, floats, strings, whatever they look like."""
    again = read_json(write_json(value))
    assert kinds(again) == kinds(value)
    assert canonical(again) == canonical(value)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # Hypothesis adds the zone
    st.timedeltas(timedelta(0), timedelta(days=4000)),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _JSON),
)
def test_a_case_in_two_texts_is_the_same_case(
    moment: datetime, life: timedelta, payload: dict[str, Json]
) -> None:
    """Microseconds, durations and payloads survive being written apart and joined."""
    request = a_request(payload=payload, created_at=moment, context=(ContextItem("order", payload, None),))
    case = opened(request, valid_for=life).case
    row = type("Row", (), {"state": SPELLING.write(case), "content": SPELLING.write_apart(case)})
    row.status, row.version = case.status, case.version  # type: ignore[attr-defined]
    row.chain_seq, row.chain_hash = case.chain.seq, case.chain.hash  # type: ignore[attr-defined]
    row.emptied_at = None  # type: ignore[attr-defined]
    assert joined_case(row) == case
    assert kinds(joined_case(row).payload) == kinds(payload)


def test_a_field_that_was_added_later_takes_its_default() -> None:
    """Rows written by an older release still load."""
    case = opened().case
    fields = read_json(Spelling(Case).write(case))
    del fields["escalated"], fields["judgement"]["confirm"]
    assert Spelling(Case).read_joined(fields) == case


async def test_a_case_is_loaded_as_it_was_added_and_saved(store: Store) -> None:
    """After opening, an edit, a comment and a decision, the loaded case equals the one that was saved."""
    words = "Grüße 😀 \u202e\u0000 'quoted' \\ 漢字"
    await store.write(intake(1, reasoning=words, payload={"amount": 750, "net": 750.0, "note": words}))
    loaded = await store.read(lambda u: cases.load(u, numbered(1)))
    assert (
        loaded == opened(a_request(id=numbered(1), reasoning=words, payload=loaded.payload)).case
        if loaded
        else 0
    )
    assert loaded is not None
    assert kinds(loaded.payload) == kinds({"amount": 750, "net": 750.0, "note": words})
    await happens(store, numbered(1), Commented(ALICE, words))
    edit = Edited(ALICE, {"amount": 500.0}, loaded.sight, a_roster(), words)
    ruling = await happens(store, numbered(1), edit, NOON + timedelta(microseconds=1))
    assert ruling.case.status is Status.MODIFIED
    assert await store.read(lambda u: cases.load(u, numbered(1))) == ruling.case
    chain = await store.read(lambda u: facts.chain(u, numbered(1)))
    assert chain[-len(ruling.facts) :] == ruling.facts


async def test_a_large_payload_is_kept_whole(store: Store) -> None:
    """The contract's 256 KiB fit."""
    text = "ä" * (127 * 1024)
    await store.write(intake(1, payload={"text": text}))
    loaded = await store.read(lambda u: cases.load(u, numbered(1)))
    assert loaded is not None
    assert loaded.payload["text"] == text


async def test_what_does_not_exist_is_none(store: Store) -> None:
    """Unknown ids, and ids that a database could not even hold, are no case."""
    assert await store.read(lambda u: cases.load(u, RequestId("req_x"))) is None
    assert await store.read(lambda u: cases.load(u, RequestId("req_\0"))) is None


async def test_the_second_of_two_who_read_the_same_version_gets_a_conflict(store: Store) -> None:
    """A save is conditional on the version that was read."""
    ruling = await store.write(intake(1))
    ended = await happens(store, numbered(1), Cancelled("changed our mind"))
    assert ended.case.version == ruling.case.version + 1

    def save(u: Unit) -> None:
        cases.save(u, ruling.case, replace(ruling.case, version=ruling.case.version + 1))

    with pytest.raises(Conflict):
        await store.write(save)


async def test_pages_hold_everything_once_newest_first(store: Store) -> None:
    """Seven requests in pages of three: no gap, no repetition, an end."""
    await asyncio.gather(*(store.write(intake(number)) for number in range(7)))
    seen: list[RequestId] = []
    cursor: str | None = None
    for _ in range(3):
        page = await store.read(
            lambda u, at=cursor: cases.page(
                u, AgentName("billing-agent"), status=None, action=None, cursor=at, limit=3
            )  # type: ignore[misc]
        )
        seen += [case.id for case in page.items]
        cursor = page.next_cursor
    assert seen == [numbered(number) for number in reversed(range(7))]
    assert cursor is None


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("issue_*", [1, 0]),
        ("issue?refund", [1, 0]),
        ("Issue*", []),
        ("*[a]*", [2]),
        ("%", []),
        ("iss\0*", []),
        ("*", [2, 1, 0]),
    ],
)
async def test_an_action_glob_means_the_same_on_both_databases(
    store: Store, glob: str, found: list[int]
) -> None:
    """Stars and question marks only, case matters, everything else is itself."""
    await store.write(intake(0))
    await store.write(intake(1))
    await store.write(intake(2, action="x[a]y"))
    page = await store.read(
        lambda u: cases.page(u, None, status=Status.PENDING, action=glob, cursor=None, limit=9)
    )
    assert [case.id for case in page.items] == [numbered(number) for number in found]


async def test_another_agents_requests_are_on_no_page_of_mine(store: Store) -> None:
    """An agent sees its own only; nobody's page is everybody's."""
    await store.write(intake(0))
    await store.write(intake(1, agent=AgentName("other")))
    page = await store.read(
        lambda u: cases.page(u, AgentName("other"), status=None, action=None, cursor=None, limit=9)
    )
    assert [case.id for case in page.items] == [numbered(1)]
    assert await store.read(lambda u: cases.open_of(u, AgentName("other"))) == (numbered(1),)


async def test_due_lists_what_is_due_until_it_has_ended(store: Store) -> None:
    """A request is due at its next step, and no longer once that has fired."""
    await store.write(intake(1))
    await store.write(intake(2, created_at=NOON + timedelta(hours=1)))
    after = NOON + timedelta(hours=4)
    assert await store.read(cases.next_due) == after
    assert await store.read(lambda u: cases.due(u, after - timedelta(microseconds=1), 9)) == ()
    assert await store.read(lambda u: cases.due(u, after, 9)) == (numbered(1),)
    await happens(store, numbered(1), Ticked(), after)
    assert await store.read(cases.next_due) == after + timedelta(hours=1)


async def test_content_goes_after_its_time_and_facts_stay(store: Store) -> None:
    """Only what was decided long enough ago is emptied, once, and its chain still verifies."""
    await store.write(intake(1, reasoning="because"))
    await store.write(intake(2))
    vote = Voted(ALICE, Choice.APPROVE, opened().case.sight, a_roster(), "fine")
    decided = await happens(store, numbered(1), vote)
    later = NOON + timedelta(days=90)
    assert await store.write(lambda u: payloads.forget(u, NOON, later, 10)) == 0
    assert await store.write(lambda u: payloads.forget(u, later, later, 10)) == 1
    assert await store.write(lambda u: payloads.forget(u, later, later, 10)) == 0
    emptied = await store.read(lambda u: cases.load(u, numbered(1)))
    assert emptied is not None
    assert (emptied.payload, emptied.request.reasoning, emptied.gone_at) == ({}, None, later)
    assert emptied.judgement.title == "Issue refund"
    assert (emptied.digest, emptied.decision) == (decided.case.digest, decided.case.decision)
    assert await store.read(lambda u: payloads.gone_at(u, numbered(1))) == later
    assert await store.read(lambda u: payloads.gone_at(u, numbered(2))) is None
    assert await store.read(facts.first_break) is None


async def test_of_two_posts_under_one_key_one_is_told_that_it_is_taken(store: Store) -> None:
    """Both looked and found nothing; the database decides, and the loser leaves nothing behind."""
    agent, body = AgentName("billing-agent"), opened().case.digest

    def post(number: int) -> Any:
        ruling = opened(a_request(id=numbered(number)))

        def work(u: Unit) -> None:
            write(u, ruling)
            keys.remember(u, agent, "key", body, numbered(number), NOON)

        return store.write(work)

    results = await asyncio.gather(*(post(number) for number in range(10)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), *[KeyTaken] * 9]
    found = await store.read(lambda u: keys.find(u, agent, "key", NOON))
    assert found == keys.Remembered(numbered(0), body)
    assert await store.read(lambda u: cases.load(u, numbered(1))) is None


async def test_a_key_is_free_again_after_seven_days(store: Store) -> None:
    """Also where the sweep has not come by yet."""
    agent, body = AgentName("billing-agent"), opened().case.digest
    await store.write(intake(1))
    await store.write(intake(2))
    await store.write(lambda u: keys.remember(u, agent, "key", body, numbered(1), NOON))
    later = NOON + keys.KEPT
    assert await store.read(lambda u: keys.find(u, agent, "key", later)) is None
    await store.write(lambda u: keys.remember(u, agent, "key", body, numbered(2), later))
    found = await store.read(lambda u: keys.find(u, agent, "key", later))
    assert found == keys.Remembered(numbered(2), body)
    assert await store.write(lambda u: keys.forget_old(u, later + keys.KEPT)) == 1
