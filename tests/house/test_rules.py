"""The rules of the house that the checkers are trusted to hold are really held."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOMS = {"approvals", "blocks", "store", "scheduler", "bot", "sandbox", "client", "tests"}

#: A line in scheduler/, and the rule that must refuse it there.
REFUSED = [
    ("from datetime import UTC, datetime\n\nMOMENT = datetime.now(UTC)\n", "TID251"),
    ("import time\n\nMOMENT = time.time()\n", "TID251"),
    ("import uuid\n\nNAME = uuid.uuid4()\n", "TID251"),
    ("import random\n\nDICE = random.random()\n", "TID251"),
    ("from random import choice\n\nDICE = choice([1, 2])\n", "TID251"),
    ("import secrets\n\nTOKEN = secrets.token_hex()\n", "TID251"),
    ("try:\n    import json\nexcept Exception:\n    json = None\n", "BLE001"),
]


def ruff_on(code: str, name: str, house: Path) -> str:
    """Ruff's findings on `code`, as if it stood in the file `name`."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--output-format",
        "concise",
        "--stdin-filename",
        name,
        "-",
    ]
    run = subprocess.run(command, input=code, text=True, capture_output=True, cwd=house, check=False)  # noqa: S603  # our own words
    assert run.returncode in {0, 1}, run.stderr
    return run.stdout


@pytest.mark.parametrize(("code", "rule"), REFUSED)
def test_clocks_dice_and_swallowed_exceptions_are_refused(code: str, rule: str, house: Path) -> None:
    """Time, ids and chance cannot be taken from the air, nor an exception swallowed."""
    assert rule in ruff_on(f'"""A module."""\n\n{code}', "scheduler/sample.py", house)


def test_the_runtime_may_look_at_the_clock(house: Path) -> None:
    """bot/runtime.py is the one place of the bot where real time and ids come in."""
    code = '"""A module."""\n\nimport uuid\n\nNAME = uuid.uuid4()\n'
    assert "TID251" not in ruff_on(code, "bot/runtime.py", house)


def test_a_test_without_a_sentence_is_refused(house: Path) -> None:
    """A test function that does not say which behaviour it holds does not pass the lint."""
    code = '"""A module."""\n\n\ndef test_it() -> None:\n    assert int("1") == 1\n'
    assert "D103" in ruff_on(code, "tests/bot/test_sample.py", house)


def imports_of(room: Path) -> Iterator[tuple[str, str]]:
    """Each (file, imported module) of a room; `from a import b` counts as `a.b`."""
    for path in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((path.name, f"{node.module}.{alias.name}") for alias in node.names)


def test_blocks_use_of_slack_is_data_only(house: Path) -> None:
    """Of slack_sdk, blocks imports the models, which are data, and never a client."""
    imported = [found for found in imports_of(house / "blocks") if found[1].startswith("slack_sdk")]
    assert [found for found in imported if not found[1].startswith("slack_sdk.models")] == []


def test_the_sandbox_knows_only_the_book_of_limits(house: Path) -> None:
    """Of ours, the stand-in Slack imports blocks.limits and the modules that belong to it, nothing else."""
    ours = [found for found in imports_of(house / "sandbox") if found[1].split(".")[0] in ROOMS - {"sandbox"}]
    book = ("blocks.limits.", "blocks.limits_")
    assert [found for found in ours if not f"{found[1]}.".startswith(book)] == []


def test_the_client_imports_none_of_the_rooms(house: Path) -> None:
    """The agents' client stands alone, so that an agent need not install a bot."""
    ours = [found for found in imports_of(house / "client") if found[1].split(".")[0] in ROOMS - {"client"}]
    assert ours == []
