"""The OpenAPI document tells the truth."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from approvals.model import Case
from approvals.words import Choice, Kind, RequestId
from bot.desk import decide
from bot.http.openapi import document
from store import cards, cases
from store.cards import CardRef
from store.engine import Store
from store.unit_of_work import Committed
from tests.bot.http.conftest import BILLING, Endpoint
from tests.harness.cases import ALICE

CONFIG = Path(__file__).with_name("schemathesis.toml")

FIELDS = {
    "action", "payload", "kind", "title", "reasoning", "context", "effects", "confidence", "risk",
    "reversible", "form", "options", "default_answer", "on_behalf_of", "supersedes", "run_id",
    "metadata", "callback_url", "reply_to",
}  # fmt: skip


class AliceApproves:
    """Approves whatever is opened, as soon as it is: long-polls end, and requests can be claimed."""

    def __init__(self, endpoint: Endpoint, store: Store) -> None:
        self._endpoint = endpoint
        self._tasks: set[asyncio.Task[None]] = set()
        store.on_commit(self._heard)

    def _heard(self, committed: Committed) -> None:
        for request in committed.requests:
            task = asyncio.create_task(self._approve(request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _approve(self, request: RequestId) -> None:
        desk = self._endpoint.desk
        case = await desk.store.read(lambda unit: cases.load(unit, request))
        if case is not None and not case.status.final:
            if case.request.kind is Kind.QUESTION:
                answer = next(iter(case.request.options), "yes")
                told = await decide.answer(desk, request, ALICE, answer, case.sight)
            else:
                told = await decide.vote(desk, request, ALICE, Choice.APPROVE, case.sight)
            assert told.case.status.final

    async def done(self) -> None:
        """Everything heard of is decided."""
        await asyncio.gather(*self._tasks)


@pytest.mark.timeout(120)
async def test_a_property_based_tester_finds_nothing(
    endpoint: Endpoint, store: Store, tmp_path: Path
) -> None:
    """schemathesis, with all its checks and phases, against the live server."""
    alice = AliceApproves(endpoint, store)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"),
        f"{endpoint.listener.url}/v1/openapi.json",
        *("--header", f"Authorization: Bearer {BILLING}", "--no-color"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    await alice.done()
    assert process.returncode == 0, said.decode()[-8000:]
    assert b"Operations:       11 selected / 11 total" in said
    assert await endpoint.count() > 0


async def test_every_route_is_in_it(endpoint: Endpoint) -> None:
    """No call is served that is not described, none described that is not served."""
    answer = await endpoint.call("GET", "/v1/openapi.json", token=None)
    assert answer.status == 200
    assert answer.body == document("0.0.0")
    described = {
        (method.upper(), path)
        for path, item in answer.body["paths"].items()
        for method in item
        if method != "parameters"
    }
    for method, path in described:
        token = BILLING if path.startswith("/v1") else None
        told = await endpoint.call(method, path.replace("{id}", "req_0"), token=token)
        assert told.status != 405, (method, path)
        assert told.status != 404 or "{id}" in path
    assert len(described) == 12


def test_the_contracts_fields_are_in_it() -> None:
    """All of them, and `action` alone is required."""
    posted = document("0.0.0")["components"]["schemas"]["PostedRequest"]
    assert set(posted["properties"]) == FIELDS
    assert posted["required"] == ["action"]
    assert posted["additionalProperties"] is False


def test_every_problem_is_described() -> None:
    """With its type, and the headers that come with it."""
    told = document("0.0.0")
    for name in ("not-json", "no-token", "wrong-state", "bad-input", "key-reused", "too-many", "unavailable"):
        assert f"urn:hitl:problem:{name}" in told["info"]["description"]
    assert set(told["components"]["responses"]["429"]["headers"]) == {"Retry-After"}
    assert set(told["components"]["responses"]["401"]["headers"]) == {"WWW-Authenticate"}


async def test_answers_are_as_described(endpoint: Endpoint) -> None:
    """Pending, edited with a card, commented and reported: each has its schema's members, and no others."""
    request = await endpoint.opened()
    ref = CardRef("C0APPROVALS", "1700000000.000100", "https://x.slack.com/1")
    await endpoint.desk.store.write(lambda unit: cards.place(unit, request, ref))
    _is_described(await _state(endpoint, request))
    await endpoint.call("POST", f"/v1/requests/{request}/comments", {"text": "photo attached"})
    case = await endpoint.desk.store.read(lambda unit: cases.load(unit, request))
    assert isinstance(case, Case)
    told = await decide.edit(endpoint.desk, request, ALICE, {"/amount": "500"}, case.sight, reason="receipt")
    assert told.errors == {}
    await endpoint.call("POST", f"/v1/requests/{request}/claim")
    await endpoint.call("POST", f"/v1/requests/{request}/outcome", {"status": "succeeded"})
    state = await _state(endpoint, request)
    assert state["status"] == "modified"
    assert state["decision"]["changes"] == [{"op": "replace", "path": "/amount", "value": 500}]
    _is_described(state)


async def _state(endpoint: Endpoint, request: RequestId) -> Any:
    return (await endpoint.call("GET", f"/v1/requests/{request}")).body


def _is_described(state: dict[str, Any]) -> None:
    components = document("0.0.0")["components"]
    schema = {"$ref": "#/components/schemas/Request", "components": components}
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(state)
    for name, part in (
        ("Request", state),
        ("Decision", state["decision"]),
        ("Outcome", state["outcome"]),
        ("Card", state["slack"]),
        *(("Comment", comment) for comment in state["comments"]),
    ):
        if part is not None:
            described = components["schemas"][name]
            assert set(described["required"]) <= set(part) <= set(described["properties"])
