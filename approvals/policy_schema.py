"""The policy file's JSON Schema, by which editors complete and check it as it is typed.

It says what fits where; `approvals.policy.load` alone says whether a policy makes sense.
"""

from __future__ import annotations

from typing import Any

from approvals.model import Gate, Risk, StepKind

_DURATION = {
    "type": "string",
    "description": "30s, 15m, 4h, 2d, 1w, or in words: 1 week",
    "pattern": r"^\s*\d{1,9}\s*[A-Za-z]+\s*$",
}
_TEXT = {"type": "string", "minLength": 1}
_USER = {"type": "string", "pattern": "^[UW][A-Z0-9]+$", "description": "a Slack user id"}
_CHANNEL = {"type": "string", "pattern": "^[CGD][A-Z0-9]+$", "description": "a Slack channel id"}
_USERS = {"type": "array", "items": _USER, "minItems": 1}
_GLOBS = {"type": "array", "items": _TEXT, "description": "action names; * stands for anything"}
_PATH = {"type": "string", "pattern": r"^payload\.", "description": "a path into the payload, payload.amount"}
_PATHS = {"type": "array", "items": _PATH}
_RISK = {"enum": [str(risk) for risk in Risk]}
_WHEN = {**_TEXT, "description": "a condition in CEL, over action, payload, kind, risk, confidence, agent, …"}
_CRON = {**_TEXT, "description": "crontab(5): minute, hour, day of month, month, day of week"}
_ZONE = {**_TEXT, "description": "an IANA time zone, Europe/Berlin"}


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `hitl.yml`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hitl.yml",
        **_map(
            {
                "channel": {**_CHANNEL, "description": "where cards go unless a rule says otherwise"},
                "operators": {**_USERS, "minItems": 0},
                "groups": {"type": "object", "additionalProperties": _group(), "minProperties": 1},
                "risk": _risk(),
                "irreversible": _GLOBS,
                "rules": {"type": "array", "items": _map(_rule(), "name", "gate")},
                "default": _map(_default(), "gate", "ask", "steps"),
                "digests": {
                    "type": "object",
                    "additionalProperties": _map({"cron": _CRON, "timezone": _ZONE}, "cron", "timezone"),
                },
                "review": _map(
                    {"cron": _CRON, "channel": _CHANNEL, "timezone": _ZONE}, "cron", "channel", "timezone"
                ),
                "storm": _map({"cards": {"type": "integer", "minimum": 1}, "in": _DURATION}, "cards", "in"),
                "keep": _map({"payloads": _DURATION}),
            },
            "channel",
            "groups",
            "default",
        ),
    }


def _map(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _group() -> dict[str, Any]:
    rotation = {
        "users": _USERS,
        "every": _DURATION,
        "handoff": {**_TEXT, "description": 'when shifts change: "Mon 09:00", or a time alone'},
        "timezone": _ZONE,
        "start": {"type": "string", "description": "the first shift begins on or after this day"},
    }
    return {
        "oneOf": [
            _map({"users": _USERS}, "users"),
            _map({"usergroup": {"type": "string", "pattern": "^S[A-Z0-9]+$"}}, "usergroup"),
            _map({"rotation": _map(rotation, "users", "every", "handoff", "timezone")}, "rotation"),
        ]
    }


def _risk() -> dict[str, Any]:
    lift = {"when": _WHEN, "to": _RISK, "by": {"type": "integer", "minimum": 1, "maximum": 3}}
    return _map(
        {
            "levels": _map({str(risk): _GLOBS for risk in Risk}),
            "unknown": {**_RISK, "description": "how risky an action is that nobody listed"},
            "raise": {"type": "array", "items": _map(lift, "when")},
        }
    )


def _rule() -> dict[str, Any]:
    return {"name": _TEXT, "when": _WHEN, **_default()}


def _default() -> dict[str, Any]:
    return {
        "gate": {"enum": [str(gate) for gate in Gate]},
        "ask": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
        "steps": {"type": "array", "items": _step(), "minItems": 1},
        "quorum": {"type": "integer", "minimum": 1, "maximum": 100},
        "channel": _CHANNEL,
        "title": {**_TEXT, "description": "a Jinja2 template: Refund {{ payload.amount }}"},
        "guidance": {**_TEXT, "description": "what to decide by, shown on the card"},
        "summary": {**_PATHS, "description": "what heads the arguments"},
        "sensitive": {**_PATHS, "description": "masked in Slack, not editable there"},
        "form": {"type": "object", "description": "property: JSON Schema"},
        "valid_for": {**_DURATION, "description": "an approval older than this cannot be claimed"},
        "confirm": {**_PATH, "description": "with gate manual: type this value"},
        "digest": _TEXT,
        "sample": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "grants": _map({"longest": _DURATION, "same": _PATHS}, "longest"),
    }


def _step() -> dict[str, Any]:
    return _map(
        {
            "after": {**_DURATION, "description": "counted from the opening"},
            "do": {"enum": [str(kind) for kind in StepKind]},
            "to": {**_TEXT, "description": "with escalate: a group"},
            "review": {"type": "boolean", "description": "with approve: reviewed afterwards"},
        },
        "after",
        "do",
    )
