"""What an agent does with a request once it is open: look, cancel, comment, claim, report."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.errors import Refused
from approvals.events import Cancelled, Claimed, Commented, Event, Reported, Ticked
from approvals.model import Case
from approvals.roster import Roster
from approvals.words import AgentName, RequestId
from bot.desk import doorway
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from bot.runtime import Runtime
from store import agents, cases
from store.agents import Agent
from store.cards import CardRef
from store.engine import Store
from store.unit_of_work import Unit

#: The command line knows nobody: whose approvals would still count makes no difference to a withdrawal.
NOBODY = Roster({})


@dataclass(frozen=True, slots=True)
class Seen:
    """A case, and where its card is."""

    case: Case
    card: CardRef | None


async def look(desk: Desk, agent: Agent, request: RequestId) -> Seen:
    """The agent's request as it stands. Raises `Refused(UNKNOWN_REQUEST)`."""

    def looking(unit: Unit) -> Seen:
        case = doorway.own_case(unit, agent, request)
        return Seen(case, cases.place_of(unit, case))

    return await desk.store.read(looking)


async def cancel(desk: Desk, agent: Agent, request: RequestId, reason: str | None) -> Seen:
    """Withdraw it. Raises `Refused`: `UNKNOWN_REQUEST`, `NOT_PENDING`."""
    return await _happen(desk, agent, request, Cancelled(reason))


async def comment(desk: Desk, agent: Agent, request: RequestId, text: str) -> Seen:
    """Speak in the card's thread. Raises `Refused`: `UNKNOWN_REQUEST`, `TOO_MANY_COMMENTS`."""
    return await _happen(desk, agent, request, Commented(AgentName(agent.name), text))


async def claim(desk: Desk, agent: Agent, request: RequestId) -> Seen:
    """Take it, once. Raises `Refused`: `UNKNOWN_REQUEST`, `NOT_CLAIMABLE`."""
    return await _happen(desk, agent, request, Claimed())


async def report(desk: Desk, agent: Agent, request: RequestId, reported: Reported) -> Seen:
    """Say how it went; the latest wins. Raises `Refused`: `UNKNOWN_REQUEST`, `NOT_REPORTABLE`."""
    return await _happen(desk, agent, request, reported)


async def cancel_all(store: Store, runtime: Runtime, agent: Agent, reason: str) -> int:
    """Withdraw everything the agent has open, and say how many that were. May be cut short, and run again."""
    withdrawn = 0
    for request in await store.read(lambda unit: cases.open_of(unit, agent.name)):

        def withdraw(unit: Unit, request: RequestId = request) -> bool:
            case = doorway.own_case(unit, agent, request)
            if case.status.final:
                return False
            try:
                rule_on(unit, case, Cancelled(reason, by_operator=True), runtime.now(), NOBODY)
            except Refused:
                # Its last step was due, and ended it just now.
                rule_on(unit, case, Ticked(), runtime.now(), NOBODY)
                return False
            return True

        withdrawn += await store.write(withdraw)
    return withdrawn


async def cancel_all_of_revoked(store: Store, runtime: Runtime) -> int:
    """Withdraw what agents have open whose tokens were taken away, and say how many requests that were.

    A post that was let in just before its token was revoked may be stored just after what was open then was
    withdrawn; the command that revokes may be killed half-way. Looking again later costs intake nothing,
    where a look at the agent in each post's transaction would need a lock to be sure.
    """
    withdrawn = 0
    for agent in await store.read(agents.everybody):
        if agent.revoked_at is not None:
            withdrawn += await cancel_all(store, runtime, agent, revoked(agent))
    return withdrawn


def revoked(agent: Agent) -> str:
    """Why its requests are withdrawn: on their cards, and in the log."""
    return f"the agent {agent.name} was revoked"


async def _happen(desk: Desk, agent: Agent, request: RequestId, event: Event) -> Seen:
    def happening(unit: Unit) -> Seen:
        case = doorway.own_case(unit, agent, request)
        ruling = rule_on(unit, case, event, desk.runtime.now(), desk.directory.roster())
        return Seen(ruling.case, cases.place_of(unit, ruling.case))

    return await desk.store.write(happening)
