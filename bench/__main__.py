"""`python -m bench`: everything, on SQLite and PostgreSQL; the table goes to stdout as it comes."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import clicks, intake, polls, sweeps
from bench.comparing import TINY, Size
from bench.house import Databases, postgres_server, sqlite_files
from bench.table import COMPARED_HEAD, TIMED_HEAD, compared_row, held_rows, swept_row, timed_row

#: What intake is to reach of its floor, by database and clients.
_INTAKE_AIMS = {"SQLite": {1: 0.25, 32: 1.5, 128: 2.5}, "PostgreSQL": {1: 0.25, 32: 0.75, 128: 1.0}}
_CLICKS_AIM = 0.5
#: Seconds: a click's long-poll, half of them and all but one in a hundred; a lone click.
_TOLD_AIM, _TOLD_AIM_99, _LONE_AIM = 0.005, 0.015, 0.005


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="only to see that everything runs")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one database")
    asked = parser.parse_args()
    asyncio.run(everything(TINY if asked.tiny else Size(), asked.only))


async def everything(size: Size, only: str | None = None) -> None:
    """Measure on each database. Raises `Wrong` where an answer was no 2xx, or rows are missing."""
    print(_machine(), flush=True)
    for name, opened in (("sqlite", sqlite_files), ("postgresql", postgres_server)):
        if only in (None, name):
            with opened() as databases, _scratch() as scratch:
                await on(databases, size, scratch)
    print(f"\nload average at the end: {_load()}")


async def on(databases: Databases, size: Size, scratch: Path) -> None:
    """Everything on one kind of database."""
    kind = databases.kind
    print(f"\n### {kind}\n\n{COMPARED_HEAD}")
    aims = _INTAKE_AIMS[kind]
    async for found in intake.measured(databases, size, intake.slack_shuts, scratch):
        _row(compared_row("intake", found, aims.get(found.clients)))
    async for found in intake.measured(databases, size.lighter, intake.slack_takes_all, scratch):
        _row(compared_row("intake, while cards are posted", found))
    async for found in intake.measured(databases, size.lighter, intake.slack_is_busy, scratch):
        _row(compared_row("intake, while Slack answers 429", found))
    async for found in clicks.measured(databases, size, resting=True, scratch=scratch):
        _row(compared_row("clicks", found, _CLICKS_AIM))
    async for found in clicks.measured(databases, size.lighter, resting=False, scratch=scratch):
        _row(compared_row("clicks, while cards are updated", found))
    print(f"\n{TIMED_HEAD}")
    relayed = await polls.relayed(databases, size, scratch)
    _row(timed_row("click → the agent's long-poll answered", relayed.told, _TOLD_AIM, _TOLD_AIM_99))
    _row(timed_row("click → its own answer", relayed.acknowledged, _LONE_AIM))
    print(f"\n{relayed.posted:.0f} cards a second posted to Slack, from request to card")
    print(f"\n{held_rows(await polls.held(databases, size, scratch))}", flush=True)
    print(f"\n{swept_row(await sweeps.measured(databases, size))}", flush=True)


def _row(row: str) -> None:
    print(row, flush=True)


@contextmanager
def _scratch() -> Iterator[Path]:
    with TemporaryDirectory(prefix="bench") as scratch:
        yield Path(scratch)


def _machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {os.cpu_count()} cores of {model}, {memory} GiB; "
        f"{platform.system()} {platform.release()}; Python {platform.python_version()}; "
        f"load average before: {_load()}"
    )


def _load() -> str:
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    main()
