"""Other people's words: nothing hidden, nothing forged, cut where everybody sees it."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocks import rich
from blocks.text import Mrkdwn, cut, escape, listed, mention, one_line, plain, short, spelled, visible, when
from blocks.wording import environment, say
from tests.blocks.hostile import WORDS
from tests.blocks.states import stranger
from tests.harness.cases import ALICE, NOON

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(WORDS)
@example("<!channel> *b* _i_ ~s~ `c` & <https://evil.example|click>")
def test_escaped_words_open_nothing(text: str) -> None:
    """No angle bracket, bare ampersand, line break or hidden character of anybody's survives in mrkdwn."""
    shown = escape(text)
    assert not set("<>\n\r\t") & set(shown)
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    assert not re.search(r"(?<!\w)[*_~]|[*_~](?!\w)|`", shown)
    assert not BIDI & set(shown)


@given(WORDS)
def test_nothing_stays_hidden(text: str) -> None:
    """Bidirectional and other invisible characters are written out; only emoji keep their joiners."""
    hidden = {char for char in visible(text) if unicodedata.category(char) in ("Cf", "Cc")}
    assert hidden <= {"\n", "\t", "\u200d"}


@given(WORDS)
@example("<!channel> <@U0ALICE> <https://evil.example|click>")
def test_rich_text_is_exact(text: str) -> None:
    """The elements of rich text add up to the text, and none of them holds a whole token of Slack's."""
    parts = [element["text"] for element in rich.text(text)]
    assert "".join(parts) == text
    assert not any(re.search(r"<[!@#/\w]", part) for part in parts)


@given(WORDS, st.integers(30, 400), st.integers(1, 6))
def test_cut_text_says_how_much_is_missing(text: str, most: int, lines: int) -> None:
    """What is cut fits, and says exactly how many characters are missing; what fits is untouched."""
    shown = cut(text, most, lines=lines)
    assert len(shown) <= most
    if shown != text:
        count = re.search(r"… ([\d,]+) more characters$", shown)
        assert count is not None
        kept = shown[: count.start()]
        assert text.startswith(kept)
        assert len(kept) + int(count[1].replace(",", "")) == len(text)


def test_a_cut_tears_no_character_apart() -> None:
    """Accents and joined emoji stay with the letter they belong to, or go with it."""
    assert cut("e\u0301" * 40, 47).startswith("e\u0301" * 10 + "…")
    assert short("👨\u200d👩\u200d👧" * 4, 9) == "👨\u200d👩\u200d👧…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("DE12\u202e34", "DE12⟦U+202E⟧34"),
        ("pay\u200bpal", "pay⟦U+200B⟧pal"),
        ("a\U000e0041b", "a⟦U+E0041⟧b"),
        ("soft\u00adhyphen", "soft⟦U+00AD⟧hyphen"),
        ("\u3164", "⟦U+3164⟧"),
        ("z\u0310\u0311\u0312\u0313\u0314", "z\u0310\u0311\u0312\u0313⟦U+0314⟧"),
        ("❤\ufe0f 👩\u200d💻 1\ufe0f\u20e3", "❤\ufe0f 👩\u200d💻 1\ufe0f\u20e3"),
        ("naïve ÅÄÖ 東京 العربية", "naïve ÅÄÖ 東京 العربية"),
        ("a\ufe0fb", "a⟦U+FE0F⟧b"),
    ],
)
def test_visible_by_example(text: str, shown: str) -> None:
    """What hides is written out by its number; scripts and emoji that need such characters keep them."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("issue_refund", "issue_refund"),
        ("*bold*", "\u2217bold\u2217"),
        ("`x`", "\u02cbx\u02cb"),
        (":white_check_mark: done", "\u2236white_check_mark: done"),
        ("at 12:30:45", "at 12:30:45"),
        ("> quoted", "\u203a quoted"),
        ("two\nlines", "two ⏎ lines"),
    ],
)
def test_escape_by_example(text: str, shown: str) -> None:
    """Markup is made inert by characters that look alike; ordinary words stay as they are."""
    assert escape(text) == shown


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(), st.lists))
def test_no_two_values_are_spelled_alike(value: object) -> None:
    """A value can be read back from its spelling: bare text is text, everything else is JSON."""
    text = spelled(value)  # type: ignore[arg-type]  # JSON by construction
    try:
        back = json.loads(text)
    except ValueError:
        back = text
    assert back == value
    assert isinstance(back, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (750, "750"),
        (750.0, "750"),
        (0.1, "0.1"),
        (1e-7, "1e-7"),
        ("750", '"750"'),
        ("", '""'),
        (" a", '" a"'),
    ],
)
def test_numbers_keep_their_value(value: float | str, text: str) -> None:
    """Numbers are spelled as in the canonical JSON that is voted on; text that looks like one is quoted."""
    assert spelled(value) == text


def test_a_forgotten_filter_is_safe() -> None:
    """A template that prints a value without any filter prints it escaped, also inside of an expression."""
    template = environment().from_string("*{{ name }}* {{ 'x' ~ name }} {{ name|upper }}")
    assert (
        template.render(name="<!here>*") == "*&lt;!here&gt;\u2217* x&lt;!here&gt;\u2217 &lt;!HERE&gt;\u2217"
    )


def test_a_template_says_what_it_lacks() -> None:
    """A missing value is an error, not an empty place in a sentence."""
    with pytest.raises(Exception, match="'agent' is undefined"):
        say("reject_intro", title="x")


def test_templates_cannot_reach_out() -> None:
    """The sandbox refuses attributes that lead out of a value."""
    with pytest.raises(Exception, match="unsafe"):
        environment().from_string("{{ ''.__class__.__mro__ }}").render()


def test_headings_hold_no_token() -> None:
    """A heading is plain text in one line, within its length, without emoji codes."""
    made = plain("Refund <!here>\n<https://evil.example|now>" + "x" * 200, 150)
    assert made["emoji"] is False
    assert str(made["text"]).startswith("Refund \u2039!here> ⏎ \u2039https://evil")
    assert len(str(made["text"])) == 150


def test_people_and_moments_are_markup_of_ours() -> None:
    """Mentions go by id, moments are in the reader's zone, with UTC where Slack cannot; names are inert."""
    assert mention(ALICE) == "<@U0ALICE>"
    assert when(NOON) == "<!date^1795176000^{date_short_pretty} {time}|20 Nov 2026, 12:00 UTC>"
    odd = stranger("<!here>")
    assert mention(type(odd)(type(odd.id)("x> <!here"), odd.name)) == "&lt;!here&gt;"


def test_lists_read_as_sentences() -> None:
    """One, two and three things."""
    assert [listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert one_line(" a \r\n b\t c ") == "a ⏎ b c"
    assert isinstance(escape("a"), Mrkdwn)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://bank.example@evil.example/",
        "https://evil.example/|x",
        "https://пример.рф",
        "x",
    ],
)
def test_a_link_that_deceives_is_no_link(url: str) -> None:
    """What a reader and a browser might understand differently stays plain words."""
    assert {element["type"] for element in rich.link(url)} == {"text"}


def test_a_link_shows_where_it_leads() -> None:
    """The words of a link are its address."""
    url = "https://shop.example.com:8443/o/8821?a=1#b"
    assert rich.link(url) == [{"type": "link", "url": url, "text": url}]
