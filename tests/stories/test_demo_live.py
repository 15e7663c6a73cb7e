"""`hitl demo`, as a newcomer types it: three lines, a page, agents whose worlds follow what people decide."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from yarl import URL

from sandbox.client import SlackRemote
from tests.stories.test_demo import family, left_in

Json = dict[str, Any]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Shown:
    """A demo that runs, and what it printed."""

    process: Process
    lines: tuple[str, ...]
    #: the page
    url: str
    slack: SlackRemote
    http: aiohttp.ClientSession

    async def card(self, *words: str) -> Json:
        """The youngest message of #approvals on which all these words stand, as soon as there is one."""

        async def found() -> Json | None:
            fitting = [each for each in await self.said() if all(word in str(each) for word in words)]
            return fitting[-1] if fitting else None

        return await self._until(found)

    async def said(self) -> list[Json]:
        """The messages of #approvals."""
        channels = (await self.slack.look("state"))["channels"]
        [messages] = [each["messages"] for each in channels if each["id"] == "C0APPROVALS"]
        return list(messages)

    async def beside(self, agent: str, words: str) -> str:
        """What stands beside the channel about an agent, as HTML, as soon as these words stand there."""

        async def found() -> str | None:
            async with self.http.get(self.url) as answer:
                assert answer.status == 200
                page = await answer.text()
            world = page.split(f'id="world-{agent}"', 1)[1].split("</article>", 1)[0]
            return world if words in world else None

        return await self._until(found)

    async def click(self, card: Json, words: str) -> None:
        """Alice clicks."""
        place = {"channel": "C0APPROVALS", "ts": card["ts"], "what": words}
        assert (await self.slack.act("click", user="U0ALICE", **place))["acknowledged"]

    async def reject(self, card: Json, why: str) -> None:
        """Alice clicks Reject, and gives her reason."""
        await self.click(card, "Reject")

        async def opened() -> Json | None:
            views = (await self.slack.look("state"))["views"].get("U0ALICE", [])
            return views[-1] if views else None

        await self._until(opened)
        answer = await self.slack.act("submit", user="U0ALICE", values={"Why?": why})
        assert (answer["acknowledged"], answer["errors"]) == (True, {})

    async def _until(self, found: Callable[[], Awaitable[Found | None]]) -> Found:
        async with asyncio.timeout(15):
            while True:
                last = (await self.slack.look("state"))["last"]
                if (told := await found()) is not None:
                    return told
                await self.slack.look("changes", after=last, wait=5)


async def _started(folder: Path, *words: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "TMPDIR": str(folder), "SLACK_BOT_TOKEN": "xoxb-own", "HITL_CONFIG": "/nowhere"},
        start_new_session=True,
    )


@asynccontextmanager
async def showing(folder: Path, *words: str) -> AsyncIterator[Shown]:
    """`hitl demo`, once it has printed its three lines; killed at the end if it still runs."""
    process = await _started(folder, *words)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(40):
            lines = tuple([(await process.stdout.readline()).decode().rstrip() for _ in range(3)])
        found = re.match(r"Open (http://127\.0\.0\.1:\d+/) ", lines[0])
        assert found is not None, lines
        async with SlackRemote(found[1]) as slack, aiohttp.ClientSession() as http:
            yield Shown(process, lines, found[1], slack, http)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: Process, number: signal.Signals) -> tuple[int, str, str]:
    """Its exit code after a signal, and what else it wrote to stdout and stderr."""
    os.killpg(process.pid, number)
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def serves(process: int) -> bool:
    """Whether this is the bot."""
    return b"serve" in Path(f"/proc/{process}/cmdline").read_bytes()


async def post_as_told(shown: Shown) -> Json:
    """Ask with the command that the third line prints, taken word for word."""
    words = shlex.split(shown.lines[2].split(": ", 1)[1])
    assert words[0] == "curl"
    given = dict(zip(words[1::2], words[2::2], strict=False))
    [url] = [word for word in words if word.startswith("http://")]
    body = words[words.index("-d") + 1]
    name, value = given["-H"].split(": ", 1)
    # curl's own default for -d, which the endpoint has to take.
    headers = {name: value, "Content-Type": "application/x-www-form-urlencoded"}
    async with shown.http.post(url, data=body, headers=headers) as answer:
        assert answer.status == 201
        told: Json = await answer.json()
        return told


async def test_what_people_decide_moves_the_worlds_beside_the_channel(tmp_path: Path) -> None:
    """Three lines and a page; a refund approved is paid, one rejected never; one's own by curl is one too."""
    async with showing(tmp_path, "--fast", "--port", "0") as shown:
        assert "you are Alice" in shown.lines[1]
        assert "Nothing was paid yet." in await shown.beside("refund-agent", "Waits for people")
        card = await shown.card("Refund 750 EUR to ACME GmbH", "Approve")
        await shown.click(card, "Approve")
        paid = await shown.beside("refund-agent", "750 EUR to ACME GmbH")
        assert "tx 5521" in paid

        asked = await post_as_told(shown)
        card = await shown.card("Refund 42 EUR to Me", asked["id"])
        await shown.click(card, "Approve")
        await shown.beside("refund-agent", "42 EUR to Me")

        card = await shown.card("Refund 45 EUR to Bluebird Coffee", "Reject")
        await shown.reject(card, "Cups do crack.")
        world = await shown.beside("refund-agent", "not paid")
        assert "45 EUR to Bluebird Coffee</dt><dd>tx" not in world
        code, more, err = await ended(shown.process, signal.SIGINT)
    assert (code, more) == (0, "")
    assert "Stopped; nothing of it is left." in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_end_of_a_demo_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C, SIGTERM or a terminal that closes, while somebody looks: exit 0, and nothing is left."""
    async with showing(tmp_path, "--port", "0") as shown:
        live = {"as": "U0ALICE", "at": "C0APPROVALS"}
        async with shown.http.get(shown.url) as page:
            [run] = re.findall(r'data-run="([^"]+)"', await page.text())
        last = str((await shown.slack.look("state"))["last"])
        watching = asyncio.create_task(_watched(shown, {**live, "run": run, "after": last}))
        code, _, err = await ended(shown.process, number)
        await watching
    assert code == 0, err
    assert family(tmp_path) == []
    assert left_in(tmp_path) == []
    port = URL(shown.url).port
    assert port is not None
    socket.create_server(("127.0.0.1", port)).close()


async def _watched(shown: Shown, query: dict[str, str]) -> None:
    """A browser that waits for news; the server may leave it at any time."""
    try:
        async with shown.http.get(f"{shown.url}page/live", params=query) as answer:
            await answer.read()
    except aiohttp.ClientError:
        return


async def test_a_newcomer_is_not_flooded(tmp_path: Path) -> None:
    """However fast things happen, they stop while four requests wait, and go on when somebody decides."""
    async with showing(tmp_path, "--fast", "--port", "0") as shown:
        cards = [await shown.card(words) for words in ("ACME GmbH", "Bluebird Coffee", "carts_2023", "late")]
        asked = await post_as_told(shown)
        own = await shown.card("Refund 42 EUR to Me", asked["id"])
        assert len(await shown.said()) == 1 + len(cards) + 1
        await shown.click(own, "Approve")
        await shown.click(cards[0], "Approve")
        await shown.card("Refund 1200 EUR to Northwind Traders", "Cannot be approved as it stands")


async def test_things_happen_at_a_human_pace(tmp_path: Path) -> None:
    """Who opens the page finds the guide and one refund, and has time to read both."""
    async with showing(tmp_path, "--port", "0") as shown:
        await shown.card("Refund 750 EUR to ACME GmbH")
        await shown.beside("refund-agent", "Waits for people about 1 request.")
        assert ["U0GUIDE" in str(each) for each in await shown.said()] == [True, False]


async def test_a_bot_that_ends_by_itself_ends_the_demo(tmp_path: Path) -> None:
    """Exit 1, which process it was, and the last lines of the logs."""
    async with showing(tmp_path, "--port", "0") as shown:
        [bot] = [pid for pid in family(tmp_path) if serves(pid)]
        os.kill(bot, signal.SIGKILL)
        async with asyncio.timeout(30):
            _, err = await shown.process.communicate()
    assert shown.process.returncode == 1
    assert "bot ended by itself, with -9" in err.decode()
    assert family(tmp_path) == []


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """A port that was asked for and cannot be had ends it at once, with the way out."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        process = await _started(tmp_path, "--port", port)
        _, err = await process.communicate()
    assert process.returncode == 1
    assert f"port {port} cannot be used" in err.decode()
    assert "leave --port away" in err.decode()


async def test_a_script_has_no_page(tmp_path: Path) -> None:
    """Options of the page beside --script are refused, not ignored."""
    process = await _started(tmp_path, "--script", "--port", "1")
    _, err = await process.communicate()
    assert process.returncode == 2
    assert "--fast, --port and --open are for the page" in err.decode()
