"""What happens to the agents while a demo runs: complaints, campaigns, old records, in a fixed order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

#: The first order that anybody complains about.
FIRST_ORDER = 8821
COMPLAINTS: tuple[dict[str, Any], ...] = (
    {"customer": "ACME GmbH", "amount": 750, "says": "The lamp came broken. Photo attached.", "since": 2023},
    {"customer": "Bluebird Coffee", "amount": 45, "says": "One of six cups was cracked.", "since": 2021},
    {"customer": "Northwind Traders", "amount": 1200, "says": "Nothing of it works.", "since": 2025},
    {"customer": "Jonas Weber", "amount": 18, "says": "You charged the shipping twice.", "since": 2024},
    {"customer": "Studio Lindqvist", "amount": 320, "says": "Two chairs in the wrong colour.", "since": 2022},
    {"customer": "Marta Nowak", "amount": 89, "says": "It came three weeks late.", "since": 2019},
    {"customer": "Globex", "amount": 640, "says": "We want our money back.", "since": 2026},
)
CAMPAIGNS: tuple[dict[str, Any], ...] = (
    {
        "subject": "Parcels are late this week",
        "body": "The strike at the depot delays parcels by two days. We are sorry.",
        "why": "Support gets 40 calls a day about late parcels; one mail answers them all.",
    },
    {
        "subject": "Your parcel leaves tomorrow",
        "segment": "customers with an open order",
        "body": "The depot works again. Your parcel leaves tomorrow morning.",
        "why": "Those who wait should know first.",
    },
    {
        "subject": "We have a new logo",
        "body": "It is rounder, and a little more blue.",
        "why": "Opening rates are down this month; something new may bring them up.",
    },
)
#: Tables that grow old, with their records.
SWEEPS: tuple[tuple[str, int], ...] = (
    ("carts_2023", 18_420),
    ("sessions_2024", 90_112),
    ("exports_2022", 4_871),
    ("searches_2024", 260_334),
)

COMPLAINT, CAMPAIGN, SWEEP, LOOK = "complaint", "campaign", "sweep", "look"
#: What comes after what, again and again. The first is what the terminal and the guide speak of.
ORDER = (
    *(COMPLAINT, CAMPAIGN, LOOK, SWEEP, COMPLAINT, COMPLAINT, LOOK),
    *(CAMPAIGN, COMPLAINT, SWEEP, COMPLAINT, LOOK),
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing that happens to an agent."""

    agent: str
    path: str
    what: dict[str, Any]


@dataclass(slots=True)
class Occasions:
    """The next of each kind; none is the same request as one before."""

    _taken: Counter[str] = field(default_factory=Counter)

    def following(self, kind: str) -> Occasion:
        """The next one of a kind."""
        number = self._taken[kind]
        self._taken[kind] += 1
        if kind == COMPLAINT:
            complaint = COMPLAINTS[number % len(COMPLAINTS)]
            return Occasion("refund-agent", "/complaints", {**complaint, "order": str(FIRST_ORDER + number)})
        if kind == CAMPAIGN:
            campaign = CAMPAIGNS[number % len(CAMPAIGNS)]
            return Occasion("mail-agent", "/campaigns", {**campaign, "campaign": f"campaign-{number}"})
        if kind == SWEEP:
            again, place = divmod(number, len(SWEEPS))
            table, records = SWEEPS[place]
            name = f"{table}_{again + 1}" if again else table
            return Occasion("cleanup-agent", "/sweeps", {"table": name, "records": records})
        return Occasion("cleanup-agent", "/looks", {"table": "customers", "number": number + 1})
