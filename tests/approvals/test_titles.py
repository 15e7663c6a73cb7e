"""Titles: a rule's words, else the agent's, else the action's; always one line of plain text."""

from __future__ import annotations

import pytest

from approvals.canonical import Json
from approvals.titles import LONGEST, TitleError, compiled, heading, in_words
from approvals.words import Risk
from tests.approvals.policy_samples import request

PAYLOAD: dict[str, Json] = {
    "amount": 750.0,
    "currency": "EUR",
    "customer": "ACME\nGmbH",
    "items": ["a", "b"],
    "two words": 1,
    "nothing": None,
    "long": "x" * 1_000,
    "format": "%999999999d",
    "huge": 10**400,
}


@pytest.mark.parametrize(
    ("template", "title"),
    [
        (
            "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}",
            "Refund 750 EUR to ACME GmbH",
        ),
        ("{{ payload.items }}", '["a","b"]'),
        ("{{ payload.items | join(', ') }}", "a, b"),
        ("{{ payload['two words'] }}", "1"),
        ("{{ payload.currency | lower }}{{ payload.currency[:2] }}", "eurEU"),
        ("{% if payload.amount > 500 %}Big{% else %}Small{% endif %}", "Big"),
        ("{{ payload.note | default('no note') }}", "no note"),
        ("{{ risk }} {{ agent }} {{ kind }}", "high billing-agent approval"),
        ("  {{ payload.format }}  ", "%999999999d"),
    ],
)
def test_a_template_is_rendered_from_plain_values(template: str, title: str) -> None:
    """Keys come before anything Python calls by the same name, and numbers read as people write them."""
    assert heading(compiled(template), request(PAYLOAD), Risk.HIGH) == title


@pytest.mark.parametrize(
    "template",
    [
        "{{ payload.missing }}",
        "{{ payload.nothing }}",
        "{{ confidence }}",
        "{{ payload.__class__ }}",
        "{{ payload.currency.__class__ }}",
        "{{ payload.keys }}",
        "{{ payload.amount.real }}",
        "{{ payload.huge }}",
        "{{ payload.amount + payload.currency }}",
        "   ",
    ],
)
def test_what_cannot_be_rendered_gives_way(template: str) -> None:
    """A gap, an attribute or an error: the agent's title holds, and without one the action in words."""
    assert (
        heading(compiled(template), request(PAYLOAD, title="The agent's\nown"), Risk.LOW) == "The agent's own"
    )
    assert heading(compiled(template), request(PAYLOAD), Risk.LOW) == "Issue refund"


def test_a_title_is_cut_visibly() -> None:
    """However long a value is, the title keeps to the contract's limit."""
    title = heading(compiled("{{ payload.long }}"), request(PAYLOAD), Risk.LOW)
    assert len(title) == LONGEST
    assert title.endswith("x…")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ payload.a", "syntax error"),
        ("{{ amount }}", "unknown name 'amount'"),
        ("{{ range(10**9) }}", "not taken"),
        ("{{ cycler }}", "unknown name"),
        ("{{ self }}", "unknown name"),
        ("{% for x in payload.items %}{% endfor %}", "not taken"),
        ("{{ payload.amount * payload.amount }}", "not taken"),
        ("{{ payload.format % 5 }}", "not taken"),
        ("{{ payload.items.append(1) }}", "not taken"),
        ("{% set x = 1 %}", "not taken"),
        ("{% import 'x' as y %}", "not taken"),
        ("{{ payload.currency | format(1) }}", "filter 'format'"),
        ("{{ payload.currency | center(1000000000) }}", "filter 'center'"),
        ("{{ payload.amount | round(payload.amount) }}", "must stand in the policy"),
        ("{{ payload.amount is divisibleby 3 }}", "test 'divisibleby'"),
        ("x" * 2_000, "2000 characters"),
        ("{{ " + "(" * 2_000, "characters"),
    ],
)
def test_a_template_that_could_go_wrong_does_not_load(template: str, says: str) -> None:
    """Syntax errors, unknown names and whatever a payload could blow up are refused at load."""
    with pytest.raises(TitleError) as caught:
        compiled(template)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("issue_refund", "Issue refund"),
        ("deploy-prod", "Deploy prod"),
        ("a.b/c:d", "A b c d"),
        ("deployProd", "Deploy Prod"),
    ],
)
def test_an_action_is_put_in_words(action: str, words: str) -> None:
    """What programmers call a thing is read as words."""
    assert in_words(action) == words


def test_there_is_always_a_title() -> None:
    """Even an action of no letters heads its card with something."""
    assert heading(None, request(action="___"), Risk.LOW) == "Untitled"
