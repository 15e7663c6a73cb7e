"""Which agent may ask what: one glob language, the policy's."""

from __future__ import annotations

import pytest

from approvals.errors import Reason, Refused
from approvals.words import AgentName
from bot.desk.doorway import may_ask
from store.agents import Agent
from tests.harness.cases import NOON


def an_agent(*actions: str) -> Agent:
    """One whose token is for these."""
    return Agent(AgentName("billing-agent"), "0" * 64, "whsec_MDAw", None, (), actions, NOON)


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        ((), "anything"),
        (("issue_*",), "issue_refund"),
        (("a_?", "b_[xy]"), "b_y"),
        (("send", "issue_*"), "issue_"),
    ],
)
def test_a_token_is_for_what_one_of_its_globs_matches(actions: tuple[str, ...], action: str) -> None:
    """Without any, it is for everything."""
    may_ask(an_agent(*actions), action)


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (("issue_*",), "Issue_refund"),
        (("issue_*",), "reissue_refund"),
        (("send",), "send_email"),
        (("send",), "send\n"),
        (("a|b",), "a"),
    ],
)
def test_it_is_for_nothing_else(actions: tuple[str, ...], action: str) -> None:
    """The whole name has to match, upper and lower case apart."""
    with pytest.raises(Refused) as refused:
        may_ask(an_agent(*actions), action)
    assert refused.value.reason is Reason.ACTION_NOT_ALLOWED
