"""The table: each measurement beside its floor, its ratio and its aim, as Markdown."""

from __future__ import annotations

from bench.comparing import Compared, percentile, rate
from bench.loads import Taken
from bench.polls import Held
from bench.sweeps import Swept

COMPARED_HEAD = (
    "| | clients | floor /s | ours /s | ratio | aim | floor p50, p99 ms | ours p50, p99 ms |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)
TIMED_HEAD = "| | p50 | p99 | aim |\n|---|---:|---:|---|"


def compared_row(what: str, compared: Compared, aim: float | None = None) -> str:
    """One number of clients."""
    cells = [
        what,
        f"{compared.clients}",
        f"{rate(compared.floor):,.0f}",
        f"{rate(compared.ours):,.0f}",
        f"{compared.ratio:.2f}",
        "" if aim is None else f"{aim:.2f} {_mark(compared.ratio >= aim)}",
        f"{_ms(percentile(compared.floor, 50))}, {_ms(percentile(compared.floor, 99))}",
        f"{_ms(percentile(compared.ours, 50))}, {_ms(percentile(compared.ours, 99))}",
    ]
    return f"| {' | '.join(cells)} |"


def timed_row(what: str, taken: Taken, aim50: float | None = None, aim99: float | None = None) -> str:
    """How long something took, one after the other; aims in seconds."""
    aims = [
        f"p{percent} < {_ms(aim)} ms {_mark(taken.percentile(percent) < aim)}"
        for percent, aim in ((50, aim50), (99, aim99))
        if aim is not None
    ]
    return f"| {what} | {_ms(taken.percentile(50))} ms | {_ms(taken.percentile(99))} ms | {', '.join(aims)} |"


def held_rows(held: Held) -> str:
    """What held long-polls cost."""
    return (
        f"{held.many:,} held long-polls: {held.each / 1024:.1f} KiB each, "
        f"{held.busy:.2%} of one core while nothing happens "
        f"(aim: under 1 % {_mark(held.busy < 0.01)}; without any: {held.busy_before:.2%})"
    )


def swept_row(swept: Swept) -> str:
    """What a sweep costs at each number of pending requests; it is to cost what is due."""
    times = "; ".join(f"{_ms(taken)} ms with {pending:,} pending" for pending, taken in swept.seconds.items())
    aim = f"aim: under 1.5 {_mark(swept.ratio < 1.5)}"
    return f"a sweep of {swept.due} steps: {times}; ratio {swept.ratio:.2f} ({aim})"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def _mark(good: bool) -> str:
    return "✓" if good else "✗"
