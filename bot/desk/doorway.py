"""The one place that checks which agent may touch what. (Who may decide: `approvals.access`.)"""

from __future__ import annotations

from functools import lru_cache

from approvals.errors import Reason, Refused
from approvals.globs import Globs
from approvals.model import Case
from approvals.words import RequestId
from store import cases
from store.agents import Agent
from store.unit_of_work import Unit


def may_ask(agent: Agent, action: str) -> None:
    """Raises `Refused(ACTION_NOT_ALLOWED)` unless the agent's token is for this action."""
    if agent.actions and not _globs(agent.actions).match(action):
        raise Refused(Reason.ACTION_NOT_ALLOWED, f"this token is not for the action {action}")


def own_case(unit: Unit, agent: Agent, request: RequestId) -> Case:
    """The agent's own case. Raises `Refused(UNKNOWN_REQUEST)`, the same for absent and somebody else's."""
    case = cases.load(unit, request)
    if case is None or case.request.agent != agent.name:
        raise Refused(Reason.UNKNOWN_REQUEST, "no such request")
    return case


@lru_cache(maxsize=1_000)
def _globs(patterns: tuple[str, ...]) -> Globs:
    """Every call of an agent asks for the same ones."""
    return Globs(patterns)
