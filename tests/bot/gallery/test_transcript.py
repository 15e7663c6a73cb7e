"""Everything that people read of a dozen requests, kept as it was read as a whole and agreed on.

Each story is kept twice in tests/blocks/golden/stories: as text, which is read, and as Block Kit, which is
sent. `make transcript` writes both anew; then read the difference, aloud.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from blocks import limits
from bot.gallery.hall import hall
from bot.gallery.life import Place, Scene, Story
from tests.harness.reading import read_message, read_view

GOLDEN = Path(__file__).parents[2] / "blocks" / "golden" / "stories"
STORIES = {story.name: story for story in hall()}
VIEWS = (Place.MODAL, Place.HOME)
#: What a title within quotation marks has for its own.
QUOTES = str.maketrans({"“": "‘", "”": "’"})  # noqa: RUF001  # single quotes are meant


def as_text(story: Story) -> str:
    """As somebody reads it who was there the whole time."""
    scenes = (f"--- {scene.moment} · {scene.place}\n{shown(scene)}" for scene in story.scenes)
    return "\n".join([f"{story.title}\n{'=' * len(story.title)}\n", *scenes])


def shown(scene: Scene) -> str:
    """One scene; of a message that is one sentence, nothing is said twice."""
    if scene.place in VIEWS:
        wrong = (f"⚠ {scene.typed.get(block, '')}: {words}\n" for block, words in scene.errors.items())
        return f"{read_view(scene.content)}{''.join(wrong)}"
    if scene.place is Place.AGENT:
        return f"{scene.content['text']}\n"
    text = read_message(scene.content)
    phone, _, blocks = text.partition("\n\n")
    return f"{phone}\n" if blocks.strip() == phone.removeprefix("phone: ") else text


def as_blocks(story: Story) -> str:
    """As it is sent: JSON, with a line for each block, so that a difference is one of blocks."""
    return "[\n" + ",\n".join(_scene(scene) for scene in story.scenes) + "\n]\n"


def _scene(scene: Scene) -> str:
    content = dict(scene.content)
    blocks = content.pop("blocks", None)
    content |= {"errors": dict(scene.errors)} if scene.errors else {}
    told = json.dumps({"moment": scene.moment, "place": scene.place, **content}, ensure_ascii=False)
    if blocks is None:
        return told
    lines = ",\n".join(f"  {json.dumps(block, ensure_ascii=False)}" for block in blocks)
    return f'{told[:-1]}, "blocks": [\n{lines}]}}'


def kept(path: Path, text: str) -> str:
    """What the file says; with `make transcript`, from now on this."""
    if os.environ.get("HITL_REGENERATE"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_a_story_reads_as_it_was_agreed(name: str) -> None:
    """Every sentence of it, on card and phone, in the thread and in modals, is word for word as agreed."""
    told = as_text(STORIES[name])
    assert told == kept(GOLDEN / f"{name}.txt", told)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_sent_as_it_was_agreed(name: str) -> None:
    """Every block of it is as it was, down to the values of its buttons."""
    told = as_blocks(STORIES[name])
    assert told == kept(GOLDEN / f"{name}.json", told)
    assert len(json.loads(told)) == len(STORIES[name].scenes)


def test_no_story_is_left_over() -> None:
    """Every file in the folder belongs to a story that is told, and each story has a name of its own."""
    assert len(STORIES) == len(hall())
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{name}.{kind}" for name in STORIES for kind in ("txt", "json")
    }


@pytest.mark.parametrize("name", STORIES)
def test_slack_takes_every_scene(name: str) -> None:
    """Each message, posted or updated, and each modal is within Slack's rules."""
    for scene in STORIES[name].scenes:
        if scene.place in VIEWS:
            assert limits.problems_of_view(dict(scene.content)) == []
        elif scene.place is not Place.AGENT:
            assert limits.problems_of_message(dict(scene.content)) == []
            assert limits.problems_of_message(dict(scene.content), updating=True) == []


def test_the_stories_show_every_way_a_request_may_end() -> None:
    """Whoever reads them all has read of every ending and every outcome that a card knows."""
    read = "\n".join(as_text(story) for story in STORIES.values())
    endings = ("Approved*", "Approved with changes*", "Rejected*", "Answered*", "Expired*", "Withdrawn*")
    gates = (
        "Went ahead*",
        "Looks right*",
        "Corrected*",
        "Flagged*",
        "Unreviewed*",
        "Nobody answered in time*",
    )
    others = ("🏁 Done", "❗ Failed", "↪️ Rolled back", "*parked*", "Asked again", "This is a copy")
    assert [words for words in (*endings, *gates, *others) if words not in read] == []


def test_what_is_wrong_is_said_at_a_field_that_is_there() -> None:
    """Slack drops an error at a block without an input, and closes the modal as if all were well."""
    marked = [scene for story in hall() for scene in story.scenes if scene.errors]
    assert marked
    for scene in marked:
        inputs = {block["block_id"] for block in scene.content["blocks"] if block["type"] == "input"}
        assert set(scene.errors) <= inputs


def clickable(value: object) -> Iterator[Mapping[str, Any]]:
    """Every button."""
    if isinstance(value, Mapping):
        if value.get("type") == "button":
            yield value
        for each in value.values():
            yield from clickable(each)
    elif isinstance(value, list):
        for each in value:
            yield from clickable(each)


@pytest.mark.parametrize("name", STORIES)
def test_a_button_that_is_read_aloud_says_what_it_is_about(name: str) -> None:
    """Its label begins with the words on it, as who steers by voice says those, and is no other button's."""
    for scene in STORIES[name].scenes:
        buttons = list(clickable(scene.content.get("blocks", [])))
        labels = [str(button.get("accessibility_label", button["text"]["text"])) for button in buttons]
        for button, label in zip(buttons, labels, strict=True):
            assert label.startswith(str(button["text"]["text"])[:70])
            assert len(label) <= 75
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", STORIES)
def test_a_card_is_read_in_the_order_in_which_it_is_decided(name: str) -> None:
    """Read from the top: what it is, how it stands, and last, after everything it says, what can be done."""
    for scene in STORIES[name].scenes:
        if scene.place is Place.CARD:
            first, second, *_ = kinds = [block["type"] for block in scene.content["blocks"]]
            assert (first, second) == ("header", "section")
            assert kinds.count("actions") <= 1
            assert "actions" not in kinds[:-1]


@pytest.mark.parametrize("name", STORIES)
def test_a_phone_says_which_request_it_is(name: str) -> None:
    """The text of every card names what heads it: a locked screen shows nothing else."""
    cards = [scene.content for scene in STORIES[name].scenes if scene.place is Place.CARD]
    for card in cards:
        header = next(block for block in card["blocks"] if block["type"] == "header")
        title = str(header["text"]["text"]).rstrip("?").translate(QUOTES)
        assert title in str(card["text"]).translate(QUOTES)
