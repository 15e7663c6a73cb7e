"""The gallery: what it is given is drawn as the page draws it, for this machine alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from sandbox.page.gallery import Gallery, Shown, Told
from tests.sandbox.conftest import actions, button, plain, section

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CARD = {"text": "A refund waits", "blocks": [section("*Refund* <script>"), actions(button("Approve", "go"))]}
MODAL = {
    "type": "modal",
    "title": plain("Reject"),
    "submit": plain("Reject it"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why?"),
            "element": {"type": "plain_text_input", "action_id": "value"},
        }
    ],
}
STORIES = (
    Told(
        "refund",
        "A refund",
        (
            Shown(NOON, "12:00 It is asked", "card", "message", CARD),
            Shown(NOON, "12:01 Bob clicks", "only Bob sees", "whisper", {"text": "Counted", "blocks": []}),
            Shown(NOON, "12:02 Bob sends nothing", "modal", "view", MODAL, {"why": "Say why."}),
            Shown(NOON, "12:03 It is over", "the agent reads", "words", {"text": "Rejected by Bob."}),
        ),
    ),
    Told("home", "A home", (Shown(NOON, "Bob looks", "home", "home", {"blocks": [section("Nothing")]}),)),
)


@pytest.fixture
async def gallery() -> AsyncIterator[Gallery]:
    """It hangs two stories."""
    async with Gallery(STORIES) as hung:
        yield hung


async def read(gallery: Gallery, path: str, **headers: str) -> tuple[int, str]:
    """What is at an address."""
    async with aiohttp.ClientSession() as http, http.get(f"{gallery.url}{path}", headers=headers) as answer:
        return answer.status, await answer.text()


async def test_the_wall_shows_a_story_in_both_looks_and_widths(gallery: Gallery) -> None:
    """Four frames, each with its look, and a line for every story; the first is shown at first."""
    status, wall = await read(gallery, "/")
    assert status == 200
    assert wall.count("<iframe") == 4
    assert wall.count('src="/story/refund?look=dark"') == 2
    assert "A home" in wall


@pytest.mark.parametrize(
    ("asked", "frames"), [("look=dark", 2), ("width=phone", 2), ("look=light&width=desk", 1)]
)
async def test_the_wall_shows_what_is_asked_for(gallery: Gallery, asked: str, frames: int) -> None:
    """One look, one width, or one of both, of the story that is named."""
    _, wall = await read(gallery, f"/?story=home&{asked}")
    assert wall.count("<iframe") == wall.count('src="/story/home?') == frames


async def test_a_story_shows_each_scene_in_order(gallery: Gallery) -> None:
    """Moments and places as headings, the card with its phone's sentence, the modal with its mistake."""
    _, story = await read(gallery, "/story/refund?look=dark")
    assert '<html lang="en" data-look="dark">' in story
    words = ("12:00 It is asked", "A refund waits", "Approve</button>", "Only visible to you", "Counted")
    more = ("12:02 Bob sends nothing", "Say why.", "Reject it", "Rejected by Bob.")
    places = [story.index(each) for each in (*words, *more)]
    assert places == sorted(places)


async def test_nobodys_text_is_markup_of_the_gallery(gallery: Gallery) -> None:
    """What was given is text, and no page of another host may load, run or frame anything here."""
    _, story = await read(gallery, "/story/refund")
    assert "<script" not in story
    assert "&lt;script&gt;" in story
    async with aiohttp.ClientSession() as http, http.get(f"{gallery.url}/") as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_strangers_and_stories_that_are_not_there_are_refused(gallery: Gallery) -> None:
    """Only for this machine; 404 for what nobody hung."""
    assert (await read(gallery, "/", Host="gallery.example.com"))[0] == 403
    assert (await read(gallery, "/story/nothing"))[0] == 404
    assert (await read(gallery, "/static/nothing.css"))[0] == 404
