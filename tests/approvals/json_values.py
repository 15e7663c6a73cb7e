"""JSON values for property tests: everything that a payload may hold."""

from __future__ import annotations

from hypothesis import strategies as st

from approvals.canonical import LARGEST_INTEGER, Json

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
#: Keys that are awkward as pointers and dotted paths, often the same ones.
keys = st.one_of(st.sampled_from(["a", "b", "a/b", "~", "~1", "0", "a.b", "", "customer_id"]), texts)
#: Floats between 2^53 and 1e21 are spelled as integers that nobody could read back.
floats = st.floats(allow_nan=False, allow_infinity=False).filter(
    lambda x: not LARGEST_INTEGER < abs(x) < 1e21
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-LARGEST_INTEGER, LARGEST_INTEGER),
    st.sampled_from([0, 1, 1.0, True, False, 750, 750.0]),
    floats,
    texts,
    st.sampled_from(
        ["2026-01-02", "2026-01-02T10:00:30+02:00", "a@b.co", "https://example.com/x", "a\nb", " x "]
    ),
)


def values() -> st.SearchStrategy[Json]:
    """Any value."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


def payloads() -> st.SearchStrategy[dict[str, Json]]:
    """Any payload."""
    return st.dictionaries(keys, values(), max_size=5)
