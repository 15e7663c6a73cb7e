"""Words as people paste them are told apart wherever something stands between them."""

from __future__ import annotations

import pytest

from approvals.blanks import first_word, spaced, trimmed


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        ("queue all", "queue", "all"),
        ("\u200b\tqueue\n{ 1\n} \ufeff", "queue", "{ 1\n}"),
        ("queue\u00a0all", "queue", "all"),
        ("queue", "queue", ""),
        (" \u2060\u00ad", "", ""),
        ("\U0001f468\u200d\U0001f469 ok", "\U0001f468\u200d\U0001f469", "ok"),
    ],
)
def test_the_first_word_ends_at_any_blank(text: str, first: str, rest: str) -> None:
    """Seen or not; what follows keeps its own, and a joiner parts nothing."""
    assert first_word(text) == (first, rest)


def test_words_are_put_apart_by_one_space() -> None:
    """However many blanks stood there, and none around them."""
    assert spaced("\u200b a \u200b\n b\u2003c\ufeff") == "a b c"
    assert trimmed("\u200b a\n b \u2028") == "a\n b"
