"""Where the repository lies, and how its pyproject.toml reads."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def house() -> Path:
    """The repository's root."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def pyproject(house: Path) -> dict[str, Any]:
    """pyproject.toml as a mapping."""
    return tomllib.loads((house / "pyproject.toml").read_text(encoding="utf-8"))
