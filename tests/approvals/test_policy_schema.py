"""The schema that editors check a policy by."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import yaml

from approvals.policy_rules import FIELDS
from approvals.policy_schema import json_schema
from tests.approvals.policy_samples import CONTRACT, SMALLEST


def checked(text: str) -> bool:
    """Whether an editor would find nothing to complain of. (The base loader leaves every scalar a text.)"""
    value: Any = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # it constructs texts only
    for rule in value.get("rules", ()):
        for field, kind in (("quorum", int), ("sample", float)):
            if field in rule:
                rule[field] = kind(rule[field])
        for step in rule["steps"]:
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


def test_every_field_of_a_rule_is_in_the_schema() -> None:
    """What loads is completed, and what is completed loads."""
    assert json_schema()["properties"]["rules"]["items"]["properties"].keys() == set(FIELDS)
