"""Other people's words at their worst: tricks that were tried on Slack, put together by Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from approvals.canonical import Json

_TRICKS = (
    *(
        "<!channel>",
        "<!here|click>",
        "<@U0ALICE>",
        "<#C1>",
        "<https://evil.example|bank>",
        "<",
        ">",
        "&lt;",
        "&",
    ),
    *("*", "_", "~", "`", "```", ":white_check_mark:", "> ", "\n", "\r\n", "\t", " ", "https://evil.example"),
    *(
        "\u202e",
        "\u2066",
        "\u200b",
        "\u200d",
        "\u00ad",
        "\ufeff",
        "\U000e0041",
        "\u0301" * 9,
        "\u3164",
        "\x07",
    ),
    *("{{ 7 * 7 }}", "{% raw %}", "⟦U+202E⟧", "… 3 more", "null", '"', "\\", "👩\u200d💻", "العربية"),
)
#: Any text, and every trick above more often than chance would have it.
WORDS = st.lists(
    st.sampled_from(_TRICKS) | st.text(st.characters(codec="utf-8"), max_size=40), max_size=12
).map("".join)
#: Any JSON value with such words in it.
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
