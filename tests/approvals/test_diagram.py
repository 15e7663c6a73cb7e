"""The picture in ARCHITECTURE.md is the machine's table."""

from __future__ import annotations

from pathlib import Path

from approvals.diagram import mermaid


def test_the_documented_life_of_a_request_is_the_real_one() -> None:
    """ARCHITECTURE.md holds exactly the diagram that `python -c 'from approvals.diagram import …'` draws."""
    page = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert f"```mermaid\n{mermaid()}\n```" in page
