"""Bad input at the whole system: each gets a clear answer, and nothing of it is stored."""

from __future__ import annotations

import io
import json
from typing import Any

import aiohttp

from sandbox.delivery import Manner
from tests.harness.house import DECIDING, House, buttons, house
from tests.harness.process import hitl, registered
from tests.stories.conftest import Home

JSON = "application/problem+json"


def _body(**fields: Any) -> bytes:
    return json.dumps({"action": "issue_refund", "payload": {"amount": 1}, **fields}).encode()


def _deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = {"in": found}
    return found


#: What is posted, how it is answered, and the beginning of the place that is named.
POSTS: dict[str, tuple[bytes, int, str | None]] = {
    "not JSON": (b"amount=750", 400, None),
    "nothing": (b"", 400, None),
    "NaN": (b'{"action": "a", "payload": {"x": NaN}}', 400, None),
    "an unknown field": (_body(amuont=1), 422, "amuont"),
    "a missing field": (b'{"payload": {}}', 422, "action"),
    "a large payload": (_body(payload={"a": "x" * 262_144}), 422, "payload"),
    "a deep payload": (_body(payload=_deep(33)), 422, "payload.in"),
    "1e400": (b'{"action": "a", "payload": {"x": 1e400}}', 422, "payload.x"),
    "an integer that JSON loses": (b'{"action": "a", "payload": {"x": 9007199254740993}}', 422, "payload.x"),
    "duplicate keys": (b'{"action": "a", "payload": {"x": 1, "x": 2}}', 422, "payload.x"),
    "a lone surrogate": (b'{"action": "a", "payload": {"x": "\\ud800"}}', 422, "payload.x"),
    "a pattern with look-around": (
        _body(form={"properties": {"amount": {"pattern": "(?=a)b"}}}),
        422,
        "form.properties.amount.pattern",
    ),
    "a pattern with a back-reference": (
        _body(form={"properties": {"amount": {"pattern": r"(a+)+\1$"}}}),
        422,
        "form.properties.amount.pattern",
    ),
    "a remote $ref": (_body(form={"$ref": "http://169.254.169.254/latest"}), 422, "form.$ref"),
    "a file $ref": (_body(form={"$ref": "file:///etc/passwd"}), 422, "form.$ref"),
    "no schema": (_body(form={"type": "munber"}), 422, "form.type"),
    "no instance of the schema": (
        _body(form={"properties": {"amount": {"maximum": 0}}}),
        422,
        "payload.amount",
    ),
    "a callback elsewhere": (_body(callback_url="https://evil.example.net/"), 422, "callback_url"),
    "a callback to the metadata service": (
        _body(callback_url="http://169.254.169.254/"),
        422,
        "callback_url",
    ),
    "more than a mebibyte": (_body(reasoning="x" * 1_048_576), 413, None),
}


async def _posted(one: House, raw: bytes, token: str | None = None) -> tuple[int, str, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    # aiohttp warns of large bodies that are bytes.
    async with one.agent.http.post(
        f"{one.agent.api}/v1/requests",
        data=io.BytesIO(raw),
        headers={"Content-Type": "application/json", **headers},
    ) as answer:
        return answer.status, answer.content_type, await answer.json(content_type=None)


async def _nothing_is_stored(one: House) -> None:
    status, listed = await one.agent.call("GET", "/v1/requests")
    assert (status, listed["items"]) == (200, [])
    assert await one.metric("hitl_requests") == 0
    assert await one.metric("hitl_outbox_waiting") == 0
    assert await one.hitl("audit", "export") == ""
    assert one.slack.calls("chat.postMessage") == []


async def test_what_an_agent_posts_wrongly_is_named_and_not_stored(home: Home) -> None:
    """Every line of the list, with the status, the shape and the field that the contract promises."""
    async with house(home.url, home.agent) as one:
        for what, (raw, expected, loc) in POSTS.items():
            status, kind, told = await _posted(one, raw)
            assert (status, kind, told["status"]) == (expected, JSON, expected), (what, told)
            assert {"type", "title", "detail"} <= told.keys(), what
            if loc is not None:
                assert any(each["loc"].startswith(loc) and each["msg"] for each in told["errors"]), (
                    what,
                    told,
                )
        await _nothing_is_stored(one)


async def test_a_pattern_that_backtracks_costs_nothing(home: Home) -> None:
    """`(a+)+$` on forty characters would take years elsewhere: here it is judged at once."""
    async with house(home.url, home.agent) as one:
        form = {"properties": {"note": {"type": "string", "pattern": "^(a+)+$"}}}
        status, _, told = await _posted(one, _body(payload={"note": "a" * 4_000 + "!"}, form=form))
        assert status == 422
        assert [each["loc"] for each in told["errors"]] == ["payload.note"]
        await _nothing_is_stored(one)


async def test_who_may_not_is_refused_and_learns_nothing(home: Home) -> None:
    """No token, a wrong one and a revoked one are 401; another agent's request is the same 404 as none."""
    async with house(home.url, home.agent) as one:
        asked = await one.agent.ask()
        other = await registered(one.env, "other-agent", "--action", "send_*")
        as_other = f"Bearer {other['token']}"
        _, unknown = await one.agent.call("GET", "/v1/requests/req_01UNKNOWN", Authorization=as_other)
        status, theirs = await one.agent.call("GET", f"/v1/requests/{asked['id']}", Authorization=as_other)
        assert (status, theirs) == (404, unknown)
        for call in ("cancel", "claim", "comments", "outcome"):
            body = {"comments": {"text": "x"}, "outcome": {"status": "succeeded"}}.get(call, {})
            status, told = await one.agent.call(
                "POST", f"/v1/requests/{asked['id']}/{call}", body, Authorization=as_other
            )
            assert (status, told) == (404, unknown), call
        assert (await _posted(one, _body(), other["token"]))[0] == 403
        assert (await _posted(one, _body(), "hitl_wrong"))[0] == 401
        # In a process of its own: a token may be trusted for as long as that one takes to end.
        code, _, err = await hitl(one.env, "agent", "revoke", "other-agent")
        assert code == 0, err
        status, kind, _ = await _posted(one, _body(action="send_mail"), other["token"])
        assert (status, kind) == (401, JSON)
        async with aiohttp.ClientSession() as http, http.get(f"{one.agent.api}/v1/requests") as answer:
            assert (answer.status, answer.content_type) == (401, JSON)
        assert await one.metric("hitl_requests") == 1
        assert await one.facts(asked["id"]) == ["request.opened"]


async def test_a_post_that_slack_did_not_sign_decides_nothing(home: Home) -> None:
    """A wrong signature, and a right one that is too old: 401, and the card stays as it is."""
    async with house(home.url, home.agent) as one:
        asked = await one.agent.ask()
        card = await one.settled_card(asked["id"])
        for manner in (Manner(wrong_signature=True), Manner(age=301), Manner(age=-301)):
            answer = await one.slack.click("U0ALICE", card.channel, card.ts, "Approve", manner=manner)
            assert (answer.acknowledged, answer.status) == (False, 401), manner
        assert (await one.agent.look(asked["id"]))["status"] == "pending"
        assert await one.facts(asked["id"]) == ["request.opened"]
        assert buttons(await one.card(asked["id"])) >= DECIDING


async def test_a_modal_that_comes_after_the_decision_changes_nothing(home: Home) -> None:
    """Bob was still typing when Alice approved: he is told so, in the modal or beside it."""
    async with house(home.url, home.agent) as one:
        asked = await one.agent.ask()
        card = await one.settled_card(asked["id"])
        for what in ("Edit", "Reject"):
            await one.modal("U0BOB" if what == "Edit" else "U0ALICE", card, what)
        await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
        await one.agent.hears(asked["id"])
        before = await one.agent.look(asked["id"])
        amount = next(b["label"]["text"] for b in one.slack.views("U0BOB")[-1].blocks if b["type"] == "input")
        for user, values in (("U0BOB", {amount: "5"}), ("U0ALICE", {"reason": "no"})):
            answer = await one.slack.submit(user, values)
            assert answer.acknowledged
            seen = [json.dumps(answer.body), *(each.text for each in one.slack.ephemerals(user))]
            if not any("Too late" in each for each in seen):
                await one.slack.ephemeral_to(user, "Too late")
        after = await one.agent.look(asked["id"])
        assert after["decision"] == before["decision"]
        assert (await one.facts(asked["id"])).count("request.decided") == 1


async def test_somebody_who_is_not_asked_is_told_who_is(home: Home) -> None:
    """The click is answered in words only that person sees; nothing changes."""
    async with house(home.url, home.agent) as one:
        asked = await one.agent.ask()
        card = await one.settled_card(asked["id"])
        for what in ("Approve", "Edit", "Reject"):
            answer = await one.slack.click("U0DAN", card.channel, card.ts, what)
            assert answer.acknowledged
        await one.slack.until(lambda: len(one.slack.ephemerals("U0DAN")) >= 3)
        for told in one.slack.ephemerals("U0DAN"):
            assert "not asked" in told.text
            assert "alice" in told.text
        assert one.slack.views("U0DAN") == []
        told_now = await one.agent.look(asked["id"])
        assert (told_now["status"], told_now["approvals"]["given"]) == ("pending", 0)
