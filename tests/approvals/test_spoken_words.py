"""The words of a verb are read as they were meant, or not at all."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.spoken_words import Assignment, Unclear, Verb, assignments, spoken

_NAMES = st.from_regex(r"[a-z_]{1,8}(\.[a-z_]{1,8}){0,2}", fullmatch=True)
_TEXTS = st.text(st.characters(exclude_characters="<>", codec="utf-8"), max_size=30)
_WHY = st.sampled_from(
    ["", "receipt covers it", "as agreed with x=y", "“fine”", "see <https://x.y?a=b|the note>"]
)


@pytest.mark.parametrize(
    ("words", "verb", "rest"),
    [
        ("approve", Verb.APPROVE, ""),
        ("  Approve: fine by me ", Verb.APPROVE, "fine by me"),
        ("*approve*, `ok`", Verb.APPROVE, "`ok`"),
        ("looks   right thanks", Verb.LOOKS_RIGHT, "thanks"),
        ("LOOKS RIGHT.", Verb.LOOKS_RIGHT, ""),
        ("reject\nno receipt", Verb.REJECT, "no receipt"),
        ("answer 42", Verb.ANSWER, "42"),
        ("approve\u00a0fine by me", Verb.APPROVE, "fine by me"),
        ("\ufeffreject\u200bno receipt\u200b", Verb.REJECT, "no receipt"),
        ("looks\u2003right\u2028thanks", Verb.LOOKS_RIGHT, "thanks"),
        ("/hitl approve", Verb.APPROVE, ""),
        ("`/hitl`\n/HITL reject no", Verb.REJECT, "no"),
    ],
)
def test_a_verb_is_known_however_it_is_written(words: str, verb: Verb, rest: str) -> None:
    """Case, emphasis and a mark behind it do not matter."""
    found = spoken(words)
    assert (found.verb, found.rest) == (verb, rest)


@pytest.mark.parametrize(
    "words",
    [
        "approve?",
        "approved",
        "approve-all",
        "disapprove",
        "not approve",
        "looks",
        "right",
        "edit/approve",
        "",
        "?",
    ],
)
def test_what_is_no_verb_is_none(words: str) -> None:
    """A question, another form of the word, and words before it decide nothing."""
    assert spoken(words).verb is None


@pytest.mark.parametrize(
    ("words", "read", "why"),
    [
        ("amount=500", [("amount", "500")], ""),
        ("amount = 500, currency=USD", [("amount", "500"), ("currency", "USD")], ""),
        (
            'amount=500 customer="ACME Ltd" it covers',
            [("amount", "500"), ("customer", "ACME Ltd")],
            "it covers",
        ),
        ("customer=“ACME Ltd” \u2013 typo", [("customer", "ACME Ltd")], "typo"),
        ("customer='O\\'Neill'", [("customer", "O'Neill")], ""),
        ('note=""', [("note", "")], ""),
        ("_id=7 *x*", [("_id", "7")], "*x*"),
        ('tags=["a b", "]"] ok', [("tags", '["a b", "]"]')], "ok"),
        ("to=<@U0BOB|bob smith> please", [("to", "<@U0BOB|bob smith>")], "please"),
        ('url="<https://x.y?a=1|x y>"', [("url", "<https://x.y?a=1|x y>")], ""),
        ("because a=b", [], "because a=b"),
        ("amount==5", [], "amount==5"),
        ("", [], ""),
    ],
)
def test_assignments_come_first_and_the_rest_is_why(
    words: str, read: list[tuple[str, str]], why: str
) -> None:
    """Quotes of any keyboard, JSON, and what Slack puts between angle brackets each stay in one piece."""
    made, said = assignments(words)
    assert ([(each.path, each.value) for each in made], said) == (read, why)


@pytest.mark.parametrize(
    "words",
    [
        "amount=",
        "amount= ",
        "note= amount=5",
        'customer="ACME',
        'customer="ACME"Ltd',
        'customer=ACME" Ltd"',
        "tags=[1, 2",
        "a=1 a=2",
        "customer=ACME,amount=5",
    ],
)
def test_what_could_mean_two_things_means_none(words: str) -> None:
    """No value, an open quote, a value that seems to go on: its author is asked, nothing is guessed."""
    with pytest.raises(Unclear):
        assignments(words)


def test_an_unquoted_value_says_what_follows_it() -> None:
    """Only the form knows whether `ACME Ltd` is one value or a value and a reason."""
    assert assignments("customer=ACME Ltd")[0] == (
        Assignment("customer", "ACME", quoted=False, behind="Ltd"),
    )
    assert assignments('a=1 customer="ACME" Ltd')[0] == (
        Assignment("a", "1", quoted=False),
        Assignment("customer", "ACME", quoted=True),
    )


@given(st.lists(st.tuples(_NAMES, _TEXTS), max_size=5, unique_by=lambda pair: pair[0]), _WHY)
def test_whatever_is_quoted_comes_back_as_it_was(pairs: list[tuple[str, str]], why: str) -> None:
    """Any text is a value once its quotes and backslashes are escaped."""

    def quoted(text: str) -> str:
        return '"' + re.sub(r'(["\\“”‟])', r"\\\1", text) + '"'

    made, said = assignments(" ".join([*(f"{name}={quoted(text)}" for name, text in pairs), why]))
    assert [(each.path, each.value, each.behind) for each in made] == [(*pair, "") for pair in pairs]
    assert said == why


@given(
    _NAMES,
    st.recursive(_TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=6),
)
def test_json_ends_where_its_bracket_closes(name: str, value: object) -> None:
    """Whatever strings are in it."""
    wire = json.dumps([value])
    made, said = assignments(f"{name}={wire} and why")
    assert ([(each.path, each.value) for each in made], said) == ([(name, wire)], "and why")


@given(
    st.text(
        st.sampled_from("ab=\"'“”[]{}<>\\`,;:. \n\u00a0\u2013") | st.characters(codec="utf-8"), max_size=80
    )
)
def test_no_words_break_it(words: str) -> None:
    """Whatever somebody types is read, or unclear; and no value is made of words that are not there."""
    spoken(words)
    try:
        made, why = assignments(words)
    except Unclear:
        return
    assert why in words
    assert all(each.path in words for each in made)


def test_long_words_take_no_long_time() -> None:
    """Forty thousand characters, what Slack lets a message have, of each kind that might be tried twice."""
    for piece in ("<", "a=", '"', "[", "\\", "a ", "a=1 ", "`", " ", "="):
        try:
            assignments(piece * (40_000 // len(piece)))
        except Unclear:
            continue
