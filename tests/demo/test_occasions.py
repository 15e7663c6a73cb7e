"""What happens while a demo runs, and where it is."""

from __future__ import annotations

import socket

import pytest

from demo import live
from demo.live import LEVERS, MOST_WAITING, PAUSES, PortTaken, free_port
from demo.occasions import LOOK, ORDER, Occasions


def test_no_occasion_comes_twice() -> None:
    """After days the customers are the same, but no order, campaign or table is: each is a new request."""
    occasions = Occasions()
    seen = [occasions.following(kind) for _ in range(20) for kind in ORDER]
    assert len({str(each) for each in seen}) == len(seen)
    for key in ("order", "campaign", "table"):
        told = [(each.path, each.what[key], each.what.get("number")) for each in seen if key in each.what]
        assert len(set(told)) == len(told)


def test_the_first_is_what_the_guide_speaks_of() -> None:
    """750 to ACME, then a mail to everybody, and a deletion among the first four that wait."""
    occasions = Occasions()
    first = [occasions.following(kind) for kind in ORDER if kind != LOOK][:MOST_WAITING]
    assert (first[0].what["customer"], first[0].what["amount"]) == ("ACME GmbH", 750)
    assert "segment" not in first[1].what
    assert "/sweeps" in [each.path for each in first]


def test_the_pace_is_a_humans() -> None:
    """Something new every 25 to 40 seconds."""
    assert (min(PAUSES), max(PAUSES)) == (25.0, 40.0)


def test_every_lever_makes_something_that_happens_by_itself_too() -> None:
    """The buttons beside the channel are for kinds that the order knows, each at the agent it concerns."""
    assert [Occasions().following(kind).agent for _, _, kind in LEVERS] == [agent for agent, *_ in LEVERS]
    assert {kind for *_, kind in LEVERS} <= set(ORDER)


def test_the_usual_port_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """When something listens there already any free one will do, unless it was asked for by number."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(live, "PORT", taken)
        assert free_port(None) == 0
        with pytest.raises(PortTaken, match=f"port {taken} cannot be used"):
            free_port(taken)
    assert free_port(None) == taken
