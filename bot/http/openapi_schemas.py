"""The JSON that is sent and answered, as the OpenAPI document spells it.

What is sent is generated from the models that check it. What is answered is written out: `bot.desk.view`
makes it, and a property-based test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic.json_schema import models_json_schema

from approvals.words import Gate, Kind, OutcomeStatus, Risk, Status, Via
from bot.http.drafts import PostedCancel, PostedComment, PostedNothing, PostedOutcome, PostedRequest

Schema: TypeAlias = dict[str, Any]

_POSTED = (PostedRequest, PostedCancel, PostedComment, PostedOutcome, PostedNothing)
_TEXT: Schema = {"type": "string"}
_OBJECT: Schema = {"type": "object"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_NOTHING: Schema = {"type": "null"}


def ref(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Schema]:
    """Every component's schema by name."""
    return {**_posted(), **_ANSWERS}


def _posted() -> dict[str, Schema]:
    _, spelled = models_json_schema(
        [(model, "validation") for model in _POSTED], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Schema] = {name: _plain(schema) for name, schema in spelled["$defs"].items()}
    # Only a question has answers to choose from; `default_answer` must be among `options` if there are any.
    answers = {name: {"type": "null"} for name in ("options", "default_answer")}
    question = {"properties": {"kind": {"const": str(Kind.QUESTION)}}, "required": ["kind"]}
    found["PostedRequest"] |= {"if": question, "else": {"properties": answers}}
    return found


def _plain(schema: Any) -> Any:
    """Without pydantic's own titles and null defaults, which say nothing."""
    if isinstance(schema, Mapping):
        noise = {"title"} if isinstance(schema.get("title"), str) else set()
        noise |= {"default"} if "default" in schema and schema["default"] is None else set()
        return {
            name: {inner: _plain(value) for inner, value in part.items()}
            if name == "properties"
            else _plain(part)
            for name, part in schema.items()
            if name not in noise
        }
    return [_plain(part) for part in schema] if isinstance(schema, list) else schema


def _closed(properties: Mapping[str, Schema], *, optional: tuple[str, ...] = ()) -> Schema:
    """An object that has all of these, except the optional ones. More may be added one day."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NOTHING]}


def _one_of(values: Any) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_PERSON = _closed({"id": _TEXT, "name": _TEXT})
#: `for` is whoever was away, in whose place they decided.
_VOTER = _closed({"id": _TEXT, "name": _TEXT, "for": _PERSON}, optional=("for",))

_ANSWERS: dict[str, Schema] = {
    "Request": _closed(
        {
            "id": {"type": "string", "pattern": "^req_"},
            "kind": _one_of(Kind),
            "status": _one_of(Status),
            "proceed": {"type": "boolean", "description": "Whether the agent may go on, now."},
            "action": _TEXT,
            "payload": {**_OBJECT, "description": "The current arguments, as edited."},
            "gate": _one_of(Gate),
            "risk": _one_of(Risk),
            "rule": _TEXT,
            "reasons": _array(_TEXT),
            "policy_version": _TEXT,
            "approvals": _closed({"needed": {"type": "integer"}, "given": {"type": "integer"}}),
            "created_at": _MOMENT,
            "due_at": _or_null(_MOMENT),
            "parked_at": _or_null(_MOMENT),
            "title": _TEXT,
            "run_id": _or_null(_TEXT),
            "metadata": {"type": "object", "additionalProperties": _TEXT},
            "supersedes": _or_null(_TEXT),
            "review_of": _or_null(
                {
                    "type": "string",
                    "description": "What silence let through: this looks at it.",
                }
            ),
            "slack": _or_null(ref("Card")),
            "decision": _or_null(ref("Decision")),
            "comments": _array(ref("Comment")),
            "outcome": _or_null(ref("Outcome")),
            "claimed_at": _or_null(_MOMENT),
            "content_deleted_at": {
                **_or_null(_MOMENT),
                "description": "When payload, title, metadata and words were deleted after their time.",
            },
        }
    ),
    "Card": _closed({"channel": _TEXT, "ts": _TEXT, "permalink": _or_null(_TEXT)}),
    "Decision": _closed(
        {
            "verdict": _one_of(status for status in Status if status.final),
            "via": _one_of(Via),
            "by": _array(_VOTER),
            "reason": _or_null(_TEXT),
            "message": {"type": "string", "description": "For the agent's model, a sentence or two."},
            "payload": {**_OBJECT, "description": "The effective arguments: act on these."},
            "payload_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "changes": _array(
                _closed(
                    {"op": _one_of(("add", "remove", "replace")), "path": _TEXT, "value": {}},
                    optional=("value",),
                )
            ),
            "answer": _or_null(_TEXT),
            "decided_at": _MOMENT,
            "valid_until": _or_null(_MOMENT),
        }
    ),
    "Comment": _closed(
        {
            "by": {"anyOf": [_PERSON, _closed({"agent": _TEXT})]},
            "text": _TEXT,
            "at": _MOMENT,
            "edited_at": _MOMENT,
            "deleted_at": _MOMENT,
        },
        optional=("edited_at", "deleted_at"),
    ),
    "Outcome": _closed(
        {"status": _one_of(OutcomeStatus), "detail": _or_null(_TEXT), "url": _or_null(_TEXT), "at": _MOMENT}
    ),
    "Page": _closed({"items": _array(ref("Request")), "next_cursor": _or_null(_TEXT)}),
    "Verdict": _closed(
        {
            "gate": _one_of(Gate),
            "risk": _one_of(Risk),
            "rule": _TEXT,
            "reasons": _array(_TEXT),
            "policy_version": _TEXT,
        }
    ),
    "Health": _closed({"status": _TEXT}),
    "Problem": {
        **_closed(
            {
                "type": {"type": "string", "format": "uri"},
                "title": _TEXT,
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": _TEXT,
                "errors": {
                    **_array(_closed({"loc": _TEXT, "msg": _TEXT})),
                    "description": "Which fields are wrong, and how: `payload.amount`, `context.0.label`.",
                },
                "incident": {"type": "string", "description": "Finds it in the log."},
            },
            optional=("errors", "incident"),
        ),
        "description": "RFC 9457.",
    },
}
