"""How the story looks, in a terminal and in a file."""

from __future__ import annotations

import io

import pytest

from demo.telling import WIDEST, Transcript


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def _told(tell: Transcript) -> str:
    tell.title("A story")
    tell.chapter("It begins")
    tell.say("word " * 60)
    tell.card(["A heading", "  a long line that is indented " * 9, "", "more"], most=3)
    tell.check("so it is " * 30)
    tell.failed("first\n" + "then " * 60)
    assert isinstance(tell.out, io.StringIO)
    return tell.out.getvalue()


def test_a_file_gets_neither_colours_nor_long_lines() -> None:
    """Nothing is wider than a hundred columns, and no escape sequence is in it."""
    told = _told(Transcript.to(io.StringIO(), {}))
    assert "\x1b" not in told
    assert max(len(line) for line in told.splitlines()) <= WIDEST


def test_a_terminal_gets_colours() -> None:
    """Somebody who looks sees a green mark."""
    assert "\x1b[32m✓\x1b[0m" in _told(Transcript.to(Terminal(), {"TERM": "xterm"}))


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colours_gets_none(environment: dict[str, str]) -> None:
    """NO_COLOR is heard, and a terminal that has none is spared."""
    assert "\x1b" not in _told(Transcript.to(Terminal(), environment))


def test_a_narrow_terminal_gets_narrow_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are as short as the terminal wants, colours not counted."""
    monkeypatch.setenv("COLUMNS", "50")
    told = _told(Transcript.to(Terminal(), {"NO_COLOR": "1"}))
    assert max(len(line) for line in told.splitlines()) <= 50


def test_a_card_that_is_cut_says_so() -> None:
    """The mark stands where the card goes on."""
    told = _told(Transcript.to(io.StringIO(), {}))
    assert "│ …" in told
    assert "more" not in told


def test_what_was_checked_is_counted() -> None:
    """A check counts, a failure does not."""
    tell = Transcript(io.StringIO())
    _told(tell)
    assert tell.checks == 1
