"""What stands in the form that an interaction comes in."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.doors import unwrapped


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_a_payload_is_read_as_it_was_written(text: str, ascii_only: bool) -> None:
    """Whatever characters are in it, and however its writer spelled them."""
    payload = json.dumps({"text": text}, ensure_ascii=ascii_only)
    assert unwrapped(urlencode({"payload": payload}).encode()) == payload


@pytest.mark.parametrize("body", ['{"type":"event_callback"}', "command=%2Fhitl&text=a+b", ""])
def test_anything_else_is_left_as_it_is(body: str) -> None:
    """Events come as JSON, and commands as a form of many fields."""
    assert unwrapped(body.encode()) == body


def test_what_is_not_utf_8_is_refused() -> None:
    """It never reaches a parser."""
    with pytest.raises(ValueError, match="utf-8"):
        unwrapped(b"payload=\xff")
