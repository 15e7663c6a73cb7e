"""Idempotency-Key: an agent that repeats itself opens one request."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from tests.bot.http.conftest import MAILER, REFUND, Endpoint

KEY = {"Idempotency-Key": "order-8821"}


async def test_a_repeat_returns_the_first_request(on_each: Endpoint) -> None:
    """200 and the same request, as it stands by then."""
    first = await on_each.post(headers=KEY)
    await on_each.vote(first.body["id"])
    again = await on_each.post(headers=KEY)
    assert (first.status, again.status) == (201, 200)
    assert again.body["id"] == first.body["id"]
    assert again.body["status"] == "approved"
    assert again.headers["Location"] == first.headers["Location"]
    assert await on_each.count() == 1


async def test_order_and_space_are_no_difference(endpoint: Endpoint) -> None:
    """A client that spells the same JSON in another way repeats itself all the same."""
    first = await endpoint.post(headers=KEY)
    spelled = json.dumps(dict(reversed([*REFUND.items()])), indent=3).encode()
    again = await endpoint.call("POST", "/v1/requests", raw=spelled, headers=KEY)
    assert again.status == 200
    assert again.body["id"] == first.body["id"]


async def test_another_body_is_refused(on_each: Endpoint) -> None:
    """422: a key that comes with something else is a mistake of the agent's."""
    await on_each.post(headers=KEY)
    answer = await on_each.post({"title": "other"}, headers=KEY)
    assert answer.status == 422
    assert answer.body["type"] == "urn:hitl:problem:key-reused"
    assert await on_each.count() == 1


async def test_twins_open_one_request(on_each: Endpoint) -> None:
    """Of the same POST many times at once one is 201, and all name the same request."""
    answers = await asyncio.gather(*(on_each.post(headers=KEY) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [201]
    assert len({answer.body["id"] for answer in answers}) == 1
    assert await on_each.count() == 1


async def test_twins_with_different_bodies_are_told_apart(on_each: Endpoint) -> None:
    """One of them opens its request, the other is refused."""
    answers = await asyncio.gather(*(on_each.post({"title": str(n)}, headers=KEY) for n in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422, 422]
    assert await on_each.count() == 1


async def test_keys_are_each_agents_own(endpoint: Endpoint) -> None:
    """Two agents may use the same key."""
    first = await endpoint.post(headers=KEY)
    second = await endpoint.post(headers=KEY, token=MAILER)
    assert (first.status, second.status) == (201, 201)
    assert first.body["id"] != second.body["id"]


async def test_a_key_is_kept_seven_days(on_each: Endpoint) -> None:
    """Then it may be used anew."""
    await on_each.post(headers=KEY)
    on_each.runtime.at += timedelta(days=7) - timedelta(seconds=1)
    assert (await on_each.post(headers=KEY)).status == 200
    on_each.runtime.at += timedelta(seconds=1)
    assert (await on_each.post(headers=KEY)).status == 201


async def test_a_refused_post_uses_no_key(endpoint: Endpoint) -> None:
    """Whoever mends the body may keep the key."""
    assert (await endpoint.post({"risk": "none"}, headers=KEY)).status == 422
    assert (await endpoint.post(headers=KEY)).status == 201


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "é"])
async def test_a_wrong_key_is_refused(endpoint: Endpoint, key: str) -> None:
    """422 that names the header."""
    answer = await endpoint.post(headers={"Idempotency-Key": key})
    assert answer.status == 422
    assert answer.locs == ["Idempotency-Key"]
    assert await endpoint.count() == 0


async def test_a_key_of_255_characters_is_taken(endpoint: Endpoint) -> None:
    """The longest one."""
    assert (await endpoint.post(headers={"Idempotency-Key": "k" * 255})).status == 201
