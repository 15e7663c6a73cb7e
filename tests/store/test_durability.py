"""What a write returned for is there, whatever happens to the process a moment later."""

from __future__ import annotations

import subprocess
import sys

from approvals.words import RequestId
from store import cases, facts
from store.engine import Store
from tests.store.samples import intake

#: Opens requests, many at once, and says which are durable; killed in the middle of it.
_WRITER = """
import asyncio, sys
from store.engine import Store
from tests.store.samples import intake

async def client(store, numbers):
    for number in numbers:
        ruling = await store.write(intake(number))
        print(ruling.case.id, flush=True)

async def main():
    store = await Store.open(sys.argv[1])
    numbers = iter(range(1_000_000))
    await asyncio.gather(*(client(store, numbers) for _ in range(20)))

asyncio.run(main())
"""


def _started(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _WRITER, url], stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours


async def test_what_was_returned_survives_a_kill(database_url: str) -> None:
    """After SIGKILL under load every request that was answered is whole, and the store goes on from there."""
    with _started(database_url) as writer:
        assert writer.stdout is not None
        answered = [RequestId(writer.stdout.readline().strip()) for _ in range(200)]
        writer.kill()
        answered += [RequestId(line.strip()) for line in writer.stdout if line.endswith("\n")]
    store = await Store.open(database_url)
    for request in answered:
        assert await store.read(lambda u, id_=request: cases.load(u, id_)) is not None  # type: ignore[misc]
    assert await store.read(facts.first_break) is None
    await store.write(intake(999_999))
    await store.close()
