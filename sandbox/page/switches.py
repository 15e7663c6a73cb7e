"""Slack's bad days as switches: each a fault that stays on until somebody switches it off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.faults import Fault

if TYPE_CHECKING:
    from sandbox.server import SlackStandIn


@dataclass(frozen=True, slots=True)
class Switch:
    """One bad day."""

    name: str
    words: str
    #: What to look for while it is on.
    expect: str
    #: The fault; none for what is not one.
    fault: Mapping[str, Any] | None = None


SWITCHES = (
    Switch(
        "down",
        "Slack is down",
        "Every call gets a 503. Decide something: it counts at once, and the card follows later.",
        {"kind": "status", "status": 503},
    ),
    Switch(
        "limited",
        "Too many requests",
        "Posts and updates get a 429: try again in 5 s.",
        {"kind": "ratelimited", "method": "chat.*", "retry_after": 5},
    ),
    Switch(
        "slow",
        "Slack is slow",
        "Every call takes 2 s. Clicks are still answered at once.",
        {"kind": "slow", "seconds": 2.0},
    ),
    Switch(
        "lost",
        "Answers get lost",
        "Posts take effect, but the app never hears of it. Watch whether a card comes twice.",
        {"kind": "lost", "method": "chat.postMessage"},
    ),
    Switch("token", "The token is revoked", "Every call is refused until the token holds again."),
    Switch("rates", "Slack's own limits", "About one post a second into a channel, as in a real workspace."),
)


class Switchboard:
    """Which switches are on."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack
        self._faults: dict[str, Fault] = {}

    def on(self) -> list[Switch]:
        """Those that are on."""
        return [each for each in SWITCHES if self.is_on(each.name)]

    def is_on(self, name: str) -> bool:
        """Whether a switch is on; faults that were cleared elsewhere are off."""
        if name == "token":
            return self._slack.app.refused is not None
        if name == "rates":
            return self._slack.rates.on
        fault = self._faults.get(name)
        return fault is not None and any(each is fault for each in self._slack.faults)

    def met(self) -> int:
        """How many calls ran into the faults that are on."""
        return sum(fault.met for fault in self._slack.faults)

    def others(self) -> list[Fault]:
        """Faults that were switched on elsewhere, by a test or over the control API."""
        ours = list(self._faults.values())
        return [each for each in self._slack.faults if all(each is not own for own in ours)]

    def flip(self, name: str, *, on: bool) -> None:
        """Switch one on or off. Raises LookupError for a name there is none of."""
        switch = next((each for each in SWITCHES if each.name == name), None)
        if switch is None:
            raise LookupError(f"no such switch: {name}")
        if switch.fault is not None:
            self._flip_fault(switch, on=on)
        elif name == "token":
            self._slack.revoke_token() if on else self._slack.give_back_token()
        else:
            self._slack.rates.on = on
            self._slack.changes.note("fault", fault_kind=name)

    def all_off(self) -> None:
        """A good day again."""
        self._slack.faults.clear()
        self._faults.clear()
        for name in ("token", "rates"):
            if self.is_on(name):
                self.flip(name, on=False)

    def _flip_fault(self, switch: Switch, *, on: bool) -> None:
        if on and not self.is_on(switch.name):
            self._faults[switch.name] = self._slack.faults.add(
                Fault(**{"times": None, **(switch.fault or {})})
            )
        elif not on and self.is_on(switch.name):
            self._slack.faults.clear(self._faults.pop(switch.name))
