"""The two commands that a newcomer types are on the front page, exist, and are what CI runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

#: Lines of README.md that a laptop shows without scrolling.
FIRST_SCREEN = 30


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_front_page_names_the_command_first(command: str, house: Path) -> None:
    """Whoever opens the README sees the command without scrolling."""
    first = (house / "README.md").read_text(encoding="utf-8").splitlines()[:FIRST_SCREEN]
    assert any(re.match(rf"{command}\b", line) for line in first)


@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_knows_the_command(target: str, house: Path) -> None:
    """make can plan the target, which it could not with a rule missing."""
    make = shutil.which("make")
    assert make is not None
    run = subprocess.run([make, "--dry-run", target], cwd=house, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    assert run.returncode == 0, run.stderr


def test_ci_runs_the_front_pages_command(house: Path) -> None:
    """CI runs `make test` from wherever it is called, and stops at the first failure."""
    lines = (house / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert "make test" in lines
    assert (house / ".ci" / "run").stat().st_mode & 0o100


def test_links_of_the_front_page_lead_somewhere(house: Path) -> None:
    """Every file that the README and the architecture link to is there."""
    missing = [
        (page, link)
        for page in ("README.md", "ARCHITECTURE.md")
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", (house / page).read_text(encoding="utf-8"))
        if not (house / link).exists()
    ]
    assert missing == []


def test_browser_tests_are_announced_when_left_out(house: Path, pyproject: dict[str, Any]) -> None:
    """What `make test` leaves out is left out by one marker, and make says so."""
    assert "not browser" in pyproject["tool"]["pytest"]["ini_options"]["addopts"]
    assert "browser tests were left out" in (house / "Makefile").read_text(encoding="utf-8")
