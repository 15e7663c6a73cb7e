"""What is installed is whole, bounded and licensed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

#: Projects that number releases by date: an upper bound says nothing, and would hold back time zones.
BY_DATE = {"tzdata", "types-pyyaml"}


@pytest.fixture(scope="module")
def wheel(house: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a wheel built from this tree."""
    target = tmp_path_factory.mktemp("wheel")
    [built] = WheelBuilder(str(house)).build(directory=str(target), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_its_packages(
    wheel: set[str], house: Path, pyproject: dict[str, Any]
) -> None:
    """Code, templates and migrations are all installed, not Python files alone."""
    packages = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    here = {
        path.relative_to(house).as_posix()
        for package in packages
        for path in (house / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here - wheel == set()


def test_the_wheel_holds_the_manifest(wheel: set[str]) -> None:
    """`hitl doctor` finds the manifest's scopes in an installation too."""
    assert "bot/manifest.yml" in wheel


def test_the_wheel_holds_nothing_else(wheel: set[str], pyproject: dict[str, Any]) -> None:
    """Tests and the agents' client, a distribution of its own, stay out."""
    packages = set(pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    tops = {name.split("/", 1)[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} <= packages


def test_every_dependency_is_bounded(pyproject: dict[str, Any]) -> None:
    """Each requirement has a lower bound, and an upper one unless its project numbers by date."""
    project = pyproject["project"]
    unbounded = {
        requirement
        for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
        if not re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?>=[0-9a-z.]+,<[0-9.]+(; .+)?", requirement)
        and requirement.split(">=")[0] not in BY_DATE
    }
    assert unbounded == set()


def test_every_dependency_names_its_licence(house: Path, pyproject: dict[str, Any]) -> None:
    """A comment beside each requirement says under which licence it comes."""
    licence = re.compile(
        r'^\s+"([a-z0-9-]+).*",\s+# (?:MIT|Apache-2\.0|BSD-[23]-Clause|MPL-2\.0)\b', re.MULTILINE
    )
    licensed = set(licence.findall((house / "pyproject.toml").read_text(encoding="utf-8")))
    project = pyproject["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.split(r"[\[>]", requirement)[0] for requirement in required} - licensed == set()


def test_the_licence_is_the_one_declared(house: Path, pyproject: dict[str, Any]) -> None:
    """LICENSE is the text of Apache-2.0, which pyproject.toml declares."""
    text = (house / "LICENSE").read_text(encoding="utf-8")
    assert pyproject["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
