"""The way to Slack's Web API: one client, one pool of connections, no retries of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.troubles import SlackTrouble, Trouble, refusal

#: Seconds for one call. With a look after a lost answer, still less than the courier gives a sender (12 s).
TIMEOUT = 9.0

#: The SDK prints what it sends at DEBUG, whatever the root logger's level: it gets a logger that never does.
_SILENT = logging.getLogger("hitl.slack.sdk")
_SILENT.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Connection:
    """A client, and the session for addresses that Slack hands out (`response_url`)."""

    client: AsyncWebClient
    session: aiohttp.ClientSession

    async def answer(self, response_url: str, message: dict[str, Any]) -> None:
        """Post `message` to an interaction's `response_url`. Raises `SlackTrouble`."""
        try:
            async with self.session.post(response_url, json=message, proxy=self.client.proxy) as answer:
                text = await answer.text(errors="replace")
                if answer.status == 200:
                    return
                raise _refused_there(answer.status, answer.headers.get("Retry-After"), text.strip()[:40])
        except aiohttp.InvalidURL:
            raise SlackTrouble(Trouble.EXPIRED, "invalid_url") from None
        except aiohttp.ClientConnectorError as unreachable:
            raise SlackTrouble(Trouble.AWAY, type(unreachable).__name__) from None
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as lost:
            raise SlackTrouble(Trouble.AWAY, type(lost).__name__, ambiguous=True) from None


@asynccontextmanager
async def connected(
    token: str, base_url: str, *, timeout_seconds: float = TIMEOUT
) -> AsyncIterator[Connection]:
    """A connection to the workspace of `token`; `base_url` as in `HITL_SLACK_API_URL`."""
    limit = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(timeout=limit) as session:
        client = AsyncWebClient(
            token=token, base_url=base_url, session=session, retry_handlers=[], logger=_SILENT
        )
        client.timeout = int(timeout_seconds)
        host = urlsplit(base_url).hostname or ""
        if host in ("localhost", "127.0.0.1", "::1") or proxy_bypass(host):
            # The SDK takes HTTPS_PROXY for every address, and looks neither at NO_PROXY nor at loopback.
            client.proxy = None
        yield Connection(client, session)


def _refused_there(status: int, retry_after: str | None, said: str) -> SlackTrouble:
    """A `response_url` names its refusal in plain text or JSON; gone for good is what 403, 404, 410 mean."""
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    code = next((known for known in ("expired_url", "used_url") if known in said), None)
    if code is None and status in (403, 404, 410):
        code = "expired_url"
    return refusal(status, headers, {"error": code} if code else None)
