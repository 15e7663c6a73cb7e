"""The policy file's JSON Schema, by which editors complete and check it as it is typed.

It says what fits where; `approvals.policy.load` alone says whether a policy makes sense.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from approvals.words import Gate, Risk, StepKind

_DURATION = {
    "type": "string",
    "description": "30s, 15m, 4h, 2d, 1w, or in words: 1 week",
    "pattern": r"^\s*\d{1,9}\s*[A-Za-z]+\s*$",
}
_TEXT = {"type": "string", "minLength": 1}
_USER = {"type": "string", "pattern": "^[UW][A-Z0-9]+$", "description": "a Slack user id"}
_CHANNEL = {"type": "string", "pattern": "^[CGD][A-Z0-9]+$", "description": "a Slack channel id"}
_USERS = {"type": "array", "items": _USER, "minItems": 1, "description": "Slack user ids"}
_GLOBS = {"type": "array", "items": _TEXT, "description": "action names; * stands for anything"}
_PATH = {
    "type": "string",
    "pattern": r"^payload(\.[^.\s]+)+$",
    "description": "a path into the payload, payload.amount",
}
_PATHS = {"type": "array", "items": _PATH}
_WHEN = {**_TEXT, "description": "a condition in CEL, over action, payload, kind, risk, confidence, agent, …"}
_CRON = {**_TEXT, "description": "crontab(5): minute, hour, day of month, month, day of week"}
_ZONE = {**_TEXT, "description": "an IANA time zone, Europe/Berlin"}

_GATES = {
    Gate.AUTO: "approved at once by the policy, at low and medium risk",
    Gate.AUDIT: "the agent goes on at once; people look at it afterwards",
    Gate.SOFT: "goes ahead when its window closes, unless somebody rejects it; at low and medium risk",
    Gate.HARD: "waits until people decide",
    Gate.MANUAL: "waits until people decide, each typing what confirms it",
    Gate.QUESTION: "waits for the first answer",
}
_STEPS = {
    StepKind.REMIND: "a reminder in the card's thread",
    StepKind.ESCALATE: "`to` a group, who may then decide as well",
    StepKind.APPROVE: "last, with gate soft only: it goes ahead",
    StepKind.EXPIRE: "last: timed out, the agent must not act",
    StepKind.PARK: "last: stays pending, out of everybody's way",
}


def _enum(words: Mapping[Any, str], about: str) -> dict[str, Any]:
    """One of `words`. What each means stands in a keyword that some editors know, and in the description."""
    told = "; ".join(f"{word}: {means}" for word, means in words.items())
    return {
        "enum": [str(word) for word in words],
        "enumDescriptions": list(words.values()),
        "description": f"{about}. {told}",
    }


_RISKS = {"enum": [str(risk) for risk in Risk]}


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `hitl.yml`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hitl.yml",
        **_map("the policy of the approval desk", _top(), "channel", "groups", "default"),
    }


def _top() -> dict[str, Any]:
    digest = _map("one digest", {"cron": _CRON, "timezone": _ZONE}, "cron", "timezone")
    cards = {"type": "integer", "minimum": 1, "description": "more cards than this for one channel"}
    review = {"cron": _CRON, "channel": _CHANNEL, "timezone": _ZONE}
    rules = {"type": "array", "items": _rule(), "description": "the first that matches holds the request"}
    payloads = {**_DURATION, "description": "of decided requests; facts stay"}
    return {
        "channel": {**_CHANNEL, "description": "where cards go unless a rule says otherwise"},
        "operators": {**_USERS, "minItems": 0, "description": "told when something is wrong"},
        "groups": {
            "type": "object",
            "additionalProperties": _group(),
            "minProperties": 1,
            "description": "who may decide, by a name that rules use",
        },
        "risk": _risk(),
        "irreversible": {**_GLOBS, "description": "actions that cannot be undone: never auto, soft or audit"},
        "rules": rules,
        "default": _held("what holds a request that no rule matches", {}, "gate", "ask", "steps"),
        "digests": {
            "type": "object",
            "additionalProperties": digest,
            "description": "when digests are posted, by a name that rules use",
        },
        "review": _map("the gate review, posted regularly", review, "cron", "channel", "timezone"),
        "storm": _map("when cards join a digest", {"cards": cards, "in": _DURATION}, "cards", "in"),
        "keep": _map("how long what is kept", {"payloads": payloads}),
    }


def _map(about: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _group() -> dict[str, Any]:
    rotation = {
        "users": {**_USERS, "description": "who take turns, in this order"},
        "every": {**_DURATION, "description": "how long a shift is: whole hours, days or weeks"},
        "handoff": {**_TEXT, "description": 'when shifts change: "Mon 09:00", or a time alone'},
        "timezone": _ZONE,
        "start": {"type": "string", "description": "the first shift begins on or after this day"},
    }
    turns = _map("people who take turns", rotation, "users", "every", "handoff", "timezone")
    usergroup = {"type": "string", "pattern": "^S[A-Z0-9]+$", "description": "a Slack user group's id"}
    return {
        "oneOf": [
            _map("people by name", {"users": _USERS}, "users"),
            _map("whoever is in a Slack user group", {"usergroup": usergroup}, "usergroup"),
            _map("whoever is on call", {"rotation": turns}, "rotation"),
        ]
    }


def _risk() -> dict[str, Any]:
    to = {**_RISKS, "description": "to this level at least"}
    by = {"type": "integer", "minimum": 1, "maximum": 3, "description": "by so many levels"}
    lift = _map("lifts the risk where `when` is met", {"when": _WHEN, "to": to, "by": by}, "when")
    either = [
        {"required": ["to"], "not": {"required": ["by"]}},
        {"required": ["by"], "not": {"required": ["to"]}},
    ]
    return _map(
        "how risky an action is",
        {
            "levels": _map("actions by their level", {str(risk): _GLOBS for risk in Risk}),
            "unknown": {**_RISKS, "description": "how risky an action is that nobody listed"},
            "raise": {
                "type": "array",
                "items": {**lift, "oneOf": either},
                "description": "what lifts the risk, in this order",
            },
        },
    )


def _rule() -> dict[str, Any]:
    name = {**_TEXT, "description": "what cards and logs call the rule"}
    rule = _held("how one kind of request is held", {"name": name, "when": _WHEN}, "name", "gate")
    # Where `auto` gives way to `hard`, the default's approvers and steps are taken.
    rule["allOf"].append(_if("gate", {"not": {"const": "auto"}}, {"required": ["ask", "steps"]}))
    return rule


def _held(about: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {**_map(about, {**properties, **_fields()}, *required), "allOf": _together()}


def _fields() -> dict[str, Any]:
    groups = {"type": "array", "items": _TEXT, "minItems": 1}
    grants = {
        "longest": {**_DURATION, "description": "how long like requests may be let through at most"},
        "same": {**_PATHS, "description": "what has to be equal in them"},
    }
    return {
        "gate": _enum(_GATES, "how strictly it is held"),
        "ask": {"anyOf": [_TEXT, groups], "description": "who decides: a group, or a list of groups"},
        "steps": {
            "type": "array",
            "items": _step(),
            "minItems": 1,
            "description": "what happens while nobody answers; the last one ends it",
        },
        "quorum": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "description": "how many different people have to approve; one reject ends it",
        },
        "channel": {**_CHANNEL, "description": "where these cards go"},
        "title": {**_TEXT, "description": "a Jinja2 template: Refund {{ payload.amount }}"},
        "guidance": {**_TEXT, "description": "what to decide by, shown on the card"},
        "summary": {**_PATHS, "description": "what heads the arguments"},
        "sensitive": {**_PATHS, "description": "masked in Slack, not editable there"},
        "form": {"type": "object", "description": "property: JSON Schema; what is approved always fits"},
        "valid_for": {**_DURATION, "description": "an approval older than this cannot be claimed"},
        "confirm": {**_PATH, "description": "with gate manual: type this value; else the word CONFIRM"},
        "digest": {**_TEXT, "description": "the digest that shows it, by name"},
        "sample": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1,
            "description": "with gate audit: the share that people are shown",
        },
        "grants": _map("an approver may let like requests through for a while", grants, "longest"),
    }


def _together() -> list[dict[str, Any]]:
    """Fields that go together; the rest only loading the policy can tell."""
    alone = {"quorum": {"const": 1}}
    people = {"gate": {"enum": ["auto", "soft", "hard"]}}
    return [
        _with("sample", {"properties": {"gate": {"const": "audit"}}}),
        _with("confirm", {"properties": {"gate": {"const": "manual"}}}),
        _with("grants", {"properties": {**people, **alone}}),
        _if("gate", {"const": "soft"}, {"properties": {**alone, **_last("approve")}}),
        _if("gate", {"not": {"const": "soft"}}, {"properties": {"steps": {"items": _NO_APPROVE}}}),
    ]


_NO_APPROVE = {"properties": {"do": {"not": {"const": "approve"}}}}


def _last(do: str) -> dict[str, Any]:
    return {"steps": {"contains": {"properties": {"do": {"const": do}}, "required": ["do"]}}}


def _with(field: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"required": [field]}, "then": then}


def _if(field: str, fits: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {field: fits}, "required": [field]}, "then": then}


def _step() -> dict[str, Any]:
    step = _map(
        "one step",
        {
            "after": {**_DURATION, "description": "counted from the opening; with gate soft, from the card"},
            "do": _enum(_STEPS, "what happens then"),
            "to": {**_TEXT, "description": "with escalate: a group"},
            "review": {"type": "boolean", "description": "with approve: reviewed afterwards"},
        },
        "after",
        "do",
    )
    escalates = {"if": {"properties": {"do": {"const": "escalate"}}}, "then": {"required": ["to"]}}
    escalates["else"] = {"not": {"required": ["to"]}}
    reviewed = _with("review", {"properties": {"do": {"const": "approve"}}})
    return {**step, "allOf": [escalates, reviewed]}
