"""The gallery's stories as the stand-in's page takes them, which knows nothing of ours."""

from __future__ import annotations

import copy
from typing import Any, Final

from bot.gallery.hall import hall
from bot.gallery.life import Place, Scene
from sandbox.page.gallery import Shown, Told

_KINDS: Final = {
    Place.REPLY: "whisper",
    Place.MODAL: "view",
    Place.HOME: "home",
    Place.AGENT: "words",
}


def hung() -> tuple[Told, ...]:
    """Every story."""
    return tuple(Told(story.name, story.title, tuple(map(_shown, story.scenes))) for story in hall())


def _shown(scene: Scene) -> Shown:
    kind = _KINDS.get(scene.place, "message")
    content = _filled_in(scene) if scene.typed else dict(scene.content)
    return Shown(scene.at, scene.moment, str(scene.place), kind, content, scene.errors)


def _filled_in(scene: Scene) -> dict[str, Any]:
    """The view with what was typed in its inputs."""
    view = copy.deepcopy(dict(scene.content))
    for block in view["blocks"]:
        if block.get("block_id") in scene.typed:
            block["element"]["initial_value"] = scene.typed[block["block_id"]]
    return view
