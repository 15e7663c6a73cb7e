"""The scopes that the app's manifest asks for."""

from __future__ import annotations

from pathlib import Path

import yaml

_ROOM = Path(__file__).parents[1]


def wanted_scopes() -> frozenset[str]:
    """The bot's scopes in manifest.yml: beside the package in a wheel, at the root in a checkout."""
    places = (_ROOM / "manifest.yml", _ROOM.parent / "manifest.yml")
    page = next(place for place in places if place.exists())
    manifest = yaml.safe_load(page.read_text(encoding="utf-8"))
    return frozenset(manifest["oauth_config"]["scopes"]["bot"])
