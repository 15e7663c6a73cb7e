"""`hitl oncall`: who decides when, by the wall clock of the rotation's zone."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from approvals.rotation import Override
from approvals.words import GroupName, UserId
from store import overrides
from tests.bot.cli.conftest import Hitl, written
from tests.harness.cases import NOON

POLICY = """\
channel: C0APPROVALS
groups:
  support: {users: [U0ALICE, U0BOB]}
  directors: {usergroup: S0DIRECTORS}
  finance:
    rotation: {users: [U0CAROL, U0DAN], every: 1 week, handoff: "Mon 09:00", timezone: Europe/Berlin}
  later: {rotation: {users: [U0DAN], every: 1d, handoff: "09:00", timezone: UTC, start: 2999-01-01}}
default: {gate: hard, ask: finance, steps: [{after: 1d, do: park}]}
"""


@pytest.fixture
def policy(hitl: Hitl, tmp_path: Path) -> Hitl:
    """In a folder with that policy, and an empty database."""
    (tmp_path / "hitl.yml").write_text(POLICY)
    hitl("db", "upgrade")
    return hitl


def standing_in(starts: str, ends: str) -> Override:
    """Bob, in UTC."""
    first, last = (datetime.fromisoformat(f"{each}+00:00") for each in (starts, ends))
    return Override(GroupName("finance"), UserId("U0BOB"), first, last, UserId("U0ADMIN"), NOON)


def test_a_plan_shows_each_shift_in_the_rotations_zone(policy: Hitl) -> None:
    """Across the change of time, with whoever stands in."""
    override = standing_in("2999-03-26T10:00", "2999-03-26T12:00")
    written(lambda unit: overrides.add(unit, override))
    told = policy("oncall", "finance", "--from", "2999-03-25 09:00", "--until", "2999-04-08 08:00")
    assert told.exit_code == 0, told.output
    head, *lines = told.stdout.splitlines()
    assert head.split() == ["from", "(Europe/Berlin)", "until", "who"]
    assert [line.split()[:3] for line in lines] == [
        ["Mon", "2999-03-25", "09:00+01:00"],
        ["Tue", "2999-03-26", "11:00+01:00"],
        ["Tue", "2999-03-26", "13:00+01:00"],
        ["Mon", "2999-04-01", "09:00+02:00"],
    ]
    assert "U0BOB" in lines[1]
    assert lines[1].endswith("stands in")
    whole = ("oncall", "finance", "--from", "2999-03-26", "--until", "2999-03-26", "--json")
    found = json.loads(policy(*whole).stdout)
    assert [each["override"] for each in found] == [False, True, False]
    assert (found[1]["user"], found[1]["starts"]) == ("U0BOB", "2999-03-26T10:00:00Z")


def test_all_groups_in_one_table(policy: Hitl) -> None:
    """On call now, not yet, kept by Slack, and always."""
    _, *lines = policy("oncall").stdout.splitlines()
    found = {line.split()[0]: line for line in lines}
    assert found["finance"].split()[1] in ("U0CAROL", "U0DAN")
    assert "nobody yet" in found["later"]
    assert "S0DIRECTORS" in found["directors"]
    assert "U0ALICE, U0BOB" in found["support"]


def test_a_gap_is_a_line(policy: Hitl) -> None:
    """Before the first shift nobody is on call."""
    told = policy("oncall", "later", "--until", "2999-01-02")
    assert ["nobody" in line for line in told.stdout.splitlines()[1:]] == [True, False]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody",), "there is no group 'nobody'"),
        (("support",), "do not take turns"),
        (("directors",), "kept there"),
        (("finance", "--from", "soon"), "no day"),
        (("finance", "--until", "2001-01-01"), "--until must be after --from"),
        (("finance", "--until", "9999-12-31"), "date value out of range"),
    ],
)
def test_what_has_no_plan_says_why(policy: Hitl, words: tuple[str, ...], says: str) -> None:
    """With exit 1."""
    told = policy("oncall", *words)
    assert told.exit_code == 1
    assert says in told.stderr
