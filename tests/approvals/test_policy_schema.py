"""The schema that editors check a policy by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from approvals.policy import PolicyError, load
from approvals.policy_rules import FIELDS
from approvals.policy_schema import json_schema
from approvals.words import Gate, StepKind
from tests.approvals.policy_samples import CONTRACT, HARD, SMALLEST, with_rules


def checked(text: str) -> bool:
    """Whether an editor would find nothing to complain of. (The base loader leaves every scalar a text.)"""
    value: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # it constructs texts only
    for rule in value.get("rules", ()):
        for field, kind in (("quorum", int), ("sample", float)):
            if field in rule:
                rule[field] = kind(rule[field])
        for step in rule.get("steps", ()):
            step.update({"review": True} if "review" in step else {})
    for lift in value.get("risk", {}).get("raise", ()):
        lift.update({"by": int(lift["by"])} if "by" in lift else {})
    if "storm" in value:
        value["storm"]["cards"] = int(value["storm"]["cards"])
    return jsonschema_rs.validator_for(json_schema()).is_valid(value)


@pytest.mark.parametrize("text", [SMALLEST, CONTRACT])
def test_a_good_policy_fits(text: str) -> None:
    """The contract's example, whole, and the smallest one."""
    assert checked(text)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("quorum:", "quorom:"),
        ("gate: hard", "gate: hrad"),
        ("channel: C0APPROVALS", ""),
        ("do: park", "do: wait"),
    ],
)
def test_a_slip_of_the_hand_does_not_fit(right: str, wrong: str) -> None:
    """Unknown fields and words, and missing ones, are underlined while typing."""
    assert not checked(CONTRACT.replace(right, wrong))


@pytest.mark.parametrize(
    "rule",
    [
        "name: r, gate: hard, ask: support",
        "name: r, gate: soft, ask: support, steps: [{after: 1h, do: expire}]",
        "name: r, gate: soft, quorum: 2, ask: support, steps: [{after: 1h, do: approve}]",
        "name: r, gate: hard, ask: support, steps: [{after: 1h, do: approve}]",
        "name: r, gate: hard, ask: support, steps: [{after: 1h, do: escalate}, {after: 2h, do: park}]",
        "name: r, gate: hard, ask: support, steps: [{after: 1h, do: park, to: support}]",
        "name: r, gate: hard, ask: support, steps: [{after: 1h, do: park, review: true}]",
        f"name: r, sample: 0.5, {HARD}",
        f"name: r, confirm: payload.x, {HARD}",
        f"name: r, quorum: 2, grants: {{longest: 1h}}, {HARD}",
        f"name: r, summary: [amount], {HARD}",
    ],
)
def test_what_does_not_go_together_is_underlined(rule: str) -> None:
    """What an editor underlines does not load either."""
    text = with_rules(rule)
    assert not checked(text)
    with pytest.raises(PolicyError):
        load(text)


@pytest.mark.parametrize(
    "rule",
    [
        "name: r, gate: auto",
        f"name: r, grants: {{longest: 1h, same: [payload.x]}}, {HARD}",
        "name: r, gate: soft, ask: [support], steps: [{after: 1h, do: remind}, {after: 2h, do: approve}]",
        "name: r, gate: manual, confirm: payload.x, ask: support, steps: [{after: 1h, do: park}]",
        "name: r, gate: question, ask: support, steps: [{after: 1h, do: expire}]",
    ],
)
def test_what_loads_fits(rule: str) -> None:
    """Nobody is shown an error where there is none."""
    assert load(with_rules(rule)).rules
    assert checked(with_rules(rule))


def described(schema: Any) -> Iterator[tuple[str, bool]]:
    """Every property in a schema, and whether an editor has something to say of it."""
    for name, inner in schema.get("properties", {}).items():
        yield name, bool(inner.get("description"))
        yield from described(inner)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from described(schema[key])
    for inner in schema.get("oneOf", ()):
        yield from described(inner)


def test_editors_have_words_for_everything() -> None:
    """Each property has a description, each gate and step is offered with what it means."""
    every = list(described(json_schema()))
    assert [name for name, told in every if not told] == []
    assert len(every) > 60
    rule = json_schema()["properties"]["rules"]["items"]["properties"]
    step = rule["steps"]["items"]["properties"]
    for words, known in ((rule["gate"], Gate), (step["do"], StepKind)):
        assert set(words["enum"]) == set(known)
        assert len(words["enumDescriptions"]) == len(words["enum"])
        assert all(f"{word}: " in words["description"] for word in words["enum"])


def test_every_field_of_a_rule_is_in_the_schema() -> None:
    """What loads is completed, and what is completed loads."""
    assert json_schema()["properties"]["rules"]["items"]["properties"].keys() == set(FIELDS)
