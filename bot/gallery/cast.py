"""Who takes part in the gallery, when it takes place, and how its requests are asked."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from approvals import policy
from approvals.canonical import Json
from approvals.model import Request
from approvals.policy_model import Policy, Users
from approvals.roster import Person, Profile, Roster
from approvals.words import AgentName, Instant, RequestId, UserId

#: A Friday, so that "Monday" and "in an hour" differ.
NOON: Final[Instant] = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

ALICE: Final = Person(UserId("U0ALICE"), "Alice Adler")
BOB: Final = Person(UserId("U0BOB"), "Bob Brandt")
CAROL: Final = Person(UserId("U0CAROL"), "Carol Castillo")
DAN: Final = Person(UserId("U0DAN"), "Dan Dubois")
EVERYBODY: Final = (ALICE, BOB, CAROL, DAN)


@cache
def the_policy() -> Policy:
    """By which every request of the gallery is judged."""
    return policy.load(Path(__file__).with_name("hitl.yml").read_text(encoding="utf-8"))


def roster(*, gone: tuple[Person, ...] = (), **fields: Any) -> Roster:
    """Who is in the policy's groups; `gone` have left Slack, `fields` are a roster's own."""
    named = the_policy().groups
    groups = {name: group.users for name, group in named.items() if isinstance(group, Users)}
    profiles = {
        person.id: Profile(
            person.id, person.name, f"{person.name.split()[0].lower()}@example.com", person not in gone
        )
        for person in EVERYBODY
    }
    return Roster(groups, profiles, **fields)


def request(number: int, agent: str, action: str, payload: dict[str, Json], **fields: Any) -> Request:
    """What `agent` asks at noon, under an id that ends in `number`."""
    whole: dict[str, Any] = {
        "id": RequestId(f"req_01JD3V8Q00000000000000{number:04}"),
        "agent": AgentName(agent),
        "action": action,
        "payload": payload,
        "created_at": NOON,
        "salt": f"salt-{number}",
        "callback_url": "https://agents.example.com/hooks",
    }
    return Request(**{**whole, **fields})
