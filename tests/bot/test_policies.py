"""Today's policy: a file that cannot be taken says why, and takes nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from approvals.policy import PolicyError
from bot.policies import PolicyShelf
from tests.harness.cases import NOON

GOOD = """\
channel: C0APPROVALS
groups: {support: {users: [U0ALICE]}}
default: {gate: hard, ask: support, steps: [{after: 1d, do: park}]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy that loads."""
    path = tmp_path / "hitl.yml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_file_that_is_not_utf_8_is_a_problem_of_the_policy(file: Path) -> None:
    """At the start it names the file and the line."""
    file.write_bytes(GOOD.encode() + "# für".encode("latin-1"))
    with pytest.raises(PolicyError, match=r"hitl\.yml:4: is not UTF-8"):
        PolicyShelf.open(file, NOON)


def test_a_file_that_cannot_be_read_names_itself_and_the_variable(file: Path) -> None:
    """Whoever starts the bot in the wrong folder sees which file it looked for, and what says so."""
    file.unlink()
    with pytest.raises(OSError, match=r"hitl\.yml cannot be read: No such file.*HITL_CONFIG"):
        PolicyShelf.open(file, NOON)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"channel: C0", None])
def test_a_broken_file_takes_nothing_away(file: Path, content: bytes | None) -> None:
    """Not UTF-8, not a policy, or gone: the one from before stays, and the problem is kept to be told."""
    shelf = PolicyShelf.open(file, NOON)
    before = shelf.current
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert not shelf.reload(NOON)
    assert shelf.current is before
    assert "hitl.yml" in (shelf.problem or "")
    file.write_text(GOOD, encoding="utf-8")
    assert shelf.reload(NOON)
    assert shelf.problem is None


def test_a_byte_order_mark_is_no_part_of_the_policy(file: Path) -> None:
    """Editors on Windows write one."""
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert PolicyShelf.open(file, NOON).current.channel == "C0APPROVALS"
