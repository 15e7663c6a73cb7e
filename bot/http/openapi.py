"""The OpenAPI 3.1 document, `GET /v1/openapi.json`: every call, status, header and limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from approvals.words import Status
from bot.http import problems, queries
from bot.http.openapi_schemas import Schema, ref, schemas
from bot.http.problems import Sort

_SORTS: tuple[Sort, ...] = tuple(sort for sort in vars(problems).values() if isinstance(sort, Sort))

#: What any call may be answered with, and what any call with a token.
_ALWAYS = (400, 500, 503)
_WITH_TOKEN = (401, 422, 429)
_WITH_BODY = (408, 413)

_HEADERS: dict[int, dict[str, Schema]] = {
    401: {"WWW-Authenticate": {"type": "string"}},
    429: {"Retry-After": {"type": "integer", "description": "Seconds."}},
    503: {"Retry-After": {"type": "integer", "description": "Seconds."}},
}
_LOCATION = {
    "Location": {"type": "string", "description": "The request's path.", "pattern": "^/v1/requests/req_"}
}

_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "A request's id. Another agent's is as unknown as one that does not exist.",
    "schema": {"type": "string", "minLength": 1},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repeat returns the first request with 200; kept 7 days for each agent.",
    "schema": {"type": "string", "pattern": queries.IDEMPOTENCY_KEY},
}


def document(version: str) -> dict[str, Any]:
    """The document of this version of the program."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "hitl: the agents' endpoint",
            "version": version,
            "summary": "An agent asks, people decide in Slack, the agent goes on.",
            "description": "Every error is `application/problem+json`. Unknown fields and parameters are "
            "refused by name. A method that a path does not know gets 405 with `Allow`.\n\n"
            + _problem_list(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": {**_collection(), **_one(), **_check(), **_open()},
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`hitl agent add` prints it once.",
                }
            },
            "schemas": schemas(),
            "responses": {
                str(status): _problem(status) for status in sorted({sort.status for sort in _SORTS})
            },
        },
    }


def _collection() -> dict[str, Any]:
    created = _json("The request that was opened.", "Request", _LOCATION)
    repeated = _json("The request that this Idempotency-Key opened before.", "Request", _LOCATION)
    page = _json("Requests of this agent, newest first.", "Page")
    return {
        "/v1/requests": {
            "post": _operation(
                "postRequest",
                "Ask people",
                {"201": created, "200": repeated, **_problems(403, *_WITH_BODY)},
                parameters=[_KEY],
                body=_body("PostedRequest"),
            ),
            "get": _operation(
                "listRequests",
                "List this agent's requests",
                {"200": page, **_problems()},
                parameters=[
                    _query("status", "Only these.", {"type": "string", "enum": ["", *Status]}),
                    _query(
                        "action",
                        "Only actions that match this glob of `*` and `?`.",
                        {"type": "string", "maxLength": queries.LONGEST_GLOB, "pattern": r"^[^\u0000]*$"},
                    ),
                    _query(
                        "cursor",
                        "`next_cursor` of the page before.",
                        {
                            "anyOf": [
                                {"type": "string", "pattern": queries.CURSOR},
                                {"type": "string", "const": ""},
                            ]
                        },
                    ),
                    _query(
                        "limit",
                        f"At most so many; {queries.DEFAULT_ITEMS} without.",
                        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": queries.MOST_ITEMS}, _EMPTY]},
                    ),
                ],
            ),
        }
    }


_EMPTY: Schema = {"type": "string", "const": ""}


def _one() -> dict[str, Any]:
    wait = _query(
        "wait",
        "Hold the answer until the request is no longer pending, becomes parked meanwhile, or so many "
        "seconds are over.",
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": queries.LONGEST_WAIT}, _EMPTY]},
    )
    found = _json("The request as it stands.", "Request")
    whole = _operation("getRequest", "Look, or wait", {"200": found, **_problems(404)}, parameters=[wait])
    return {
        "/v1/requests/{id}": {"parameters": [_ID], "get": whole},
        "/v1/requests/{id}/cancel": _change(
            "cancelRequest", "Withdraw it", _body("PostedCancel", required=False)
        ),
        "/v1/requests/{id}/comments": _change(
            "commentOnRequest", "Speak in the card's thread", _body("PostedComment")
        ),
        "/v1/requests/{id}/claim": _change(
            "claimRequest",
            "Take it, once: 200 for exactly one caller, 409 for all others",
            _body("PostedNothing", required=False),
        ),
        "/v1/requests/{id}/outcome": _change("reportOutcome", "Say how it went", _body("PostedOutcome")),
    }


def _change(name: str, summary: str, body: Schema) -> dict[str, Any]:
    answers = {"200": _json("The request as it stands.", "Request"), **_problems(404, 409, *_WITH_BODY)}
    return {"parameters": [_ID], "post": _operation(name, summary, answers, body=body)}


def _check() -> dict[str, Any]:
    answers = {"200": _json("What it would get.", "Verdict"), **_problems(403, *_WITH_BODY)}
    summary = "The verdict a request would get; nothing is stored"
    return {"/v1/check": {"post": _operation("check", summary, answers, body=_body("PostedRequest"))}}


def _open() -> dict[str, Any]:
    text = {"description": "For Prometheus.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    spec = {"description": "This.", "content": {"application/json": {"schema": {"type": "object"}}}}
    calls = {
        "/v1/openapi.json": ("openapi", "This document", spec),
        "/healthz": ("healthz", "Alive", _json("The process answers.", "Health")),
        "/readyz": ("readyz", "Ready", _json("Database and Slack are there.", "Health")),
        "/metrics": ("metrics", "Metrics", text),
    }
    return {
        path: {
            "get": {
                "operationId": name,
                "summary": summary,
                "security": [],
                "responses": {"200": answer, **{str(status): _shared(status) for status in _ALWAYS}},
            }
        }
        for path, (name, summary, answer) in calls.items()
    }


def _operation(
    name: str,
    summary: str,
    responses: dict[str, Any],
    *,
    parameters: Sequence[Schema] = (),
    body: Schema | None = None,
) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": name, "summary": summary, "responses": responses}
    if parameters:
        told["parameters"] = list(parameters)
    if body is not None:
        told["requestBody"] = body
    return told


def _query(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _body(schema: str, *, required: bool = True) -> Schema:
    return {"required": required, "content": {"application/json": {"schema": ref(schema)}}}


def _json(description: str, schema: str, headers: dict[str, Schema] | None = None) -> dict[str, Any]:
    told = {"description": description, "content": {"application/json": {"schema": ref(schema)}}}
    return {**told, "headers": _spelled(headers)} if headers else told


def _spelled(headers: dict[str, Schema]) -> dict[str, Any]:
    return {name: {"required": True, "schema": schema} for name, schema in headers.items()}


def _problems(*statuses: int) -> dict[str, Any]:
    """What else a call with a token may be answered with."""
    return {str(status): _shared(status) for status in sorted({*_ALWAYS, *_WITH_TOKEN, *statuses})}


def _shared(status: int) -> Schema:
    return {"$ref": f"#/components/responses/{status}"}


def _problem(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": " ".join(sort.meaning for sort in _SORTS if sort.status == status),
        "content": {problems.CONTENT_TYPE: {"schema": ref("Problem")}},
    }
    return {**told, "headers": _spelled(_HEADERS[status])} if status in _HEADERS else told


def _problem_list() -> str:
    return "\n".join(f"- `{sort.type}` ({sort.status}): {sort.meaning}" for sort in _SORTS)
