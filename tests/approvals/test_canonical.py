"""The canonical spelling: one for every value, the same as everybody else's."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from approvals.canonical import LARGEST_INTEGER, Json, canonical, digest_of, salted
from tests.approvals.json_values import payloads


def test_published_vector() -> None:
    """The example of RFC 8785, section 3.2.2, is spelled as the RFC spells it."""
    value: Json = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\u000aA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_ordered_by_utf_16() -> None:
    """RFC 8785, section 3.2.3: the order of keys is that of their UTF-16 units, not of code points."""
    keys = json.loads(canonical({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "1": 4, "\r": 5}))
    assert list(keys) == ["\r", "1", "\u20ac", "\U0001f600", "\ufb33"]


def test_one_number_has_one_digest() -> None:
    """750 and 750.0 are one number, as are 0 and -0; 1 and true are two values."""
    assert digest_of({"a": 750}) == digest_of({"a": 750.0})
    assert digest_of([0]) == digest_of([-0.0])
    assert digest_of([1]) != digest_of([True])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), LARGEST_INTEGER + 1, "\ud800"])
def test_what_has_no_spelling_is_refused(value: Json) -> None:
    """NaN, infinities, integers that a double does not keep, and half characters have no spelling."""
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical([value])


def test_digest_is_sha256_in_hex() -> None:
    """The digest is the lower-case hex SHA-256 of the spelling, so that agents can check it themselves."""
    assert digest_of({"b": 1, "a": "x"}) == hashlib.sha256(b'{"a":"x","b":1}').hexdigest()


def test_salt_hides_the_digest() -> None:
    """The same payload under another salt says something else."""
    digest = digest_of({})
    assert len({salted("one", digest), salted("two", digest), digest}) == 3


@given(payloads())
def test_order_of_keys_does_not_matter(payload: dict[str, Json]) -> None:
    """A payload read back from its spelling, and one with its keys the other way round, keep the digest."""
    turned = dict(reversed(payload.items()))
    assert digest_of(turned) == digest_of(payload) == digest_of(json.loads(canonical(payload)))


@given(payloads())
@example({"a": "\x7f\x1f\u2028é😀", "b": (1, [True, None], {}), "é": 1, "": [[]]})
def test_quick_way_spells_the_same(payload: dict[str, Json]) -> None:
    """What the standard library's writer is trusted with is spelled as by the library for RFC 8785."""
    assert canonical(payload) == rfc8785.dumps(payload)


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e15 + 0.5)
@example(1e-4)
@example(9.9e-5)
@example(-0.0)
@example(1e16)
def test_quick_way_writes_numbers_the_same(number: float) -> None:
    """Each double is written as RFC 8785 has it, whichever way takes it."""
    assert canonical(number) == rfc8785.dumps(number)
