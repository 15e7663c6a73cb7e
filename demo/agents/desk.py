"""What every sample agent does with the approval desk: ask, hear the decision, claim it, act, report.

This is the whole integration, in plain HTTP: an agent of yours can be written the same way in any language.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import ClientSession, web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

log = logging.getLogger("agent")

#: Carries out what was approved, with exactly these arguments, and says in words what came of it.
Act: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[str]]
#: Hears of a request that ended without an approval.
Hear: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Desk:
    """The approval desk, as one agent sees it."""

    http: ClientSession
    url: str
    token: str
    webhook: Webhook

    async def ask(self, key: str, **request: Any) -> dict[str, Any]:
        """Ask once: a repeat with the same key, after a crash or a lost answer, returns the first request."""
        return await self._post("/v1/requests", request, {"Idempotency-Key": key})

    async def settle(self, request: dict[str, Any], act: Act) -> None:
        """Carry out an approval exactly once, and say how it went."""
        if not request["proceed"]:
            return
        if not await self._claimed(request["id"]):
            return
        try:
            detail, status = await act(request["action"], request["decision"]["payload"]), "succeeded"
        except ActionFailed as failed:
            detail, status = str(failed), "failed"
        await self._post(f"/v1/requests/{request['id']}/outcome", {"status": status, "detail": detail})

    async def _claimed(self, request: str) -> bool:
        async with self.http.post(f"{self.url}/v1/requests/{request}/claim", headers=self._bearer) as answer:
            return answer.status == 200

    async def _post(
        self, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        every = {**self._bearer, **(headers or {})}
        async with self.http.post(self.url + path, json=body, headers=every) as answer:
            told: dict[str, Any] = await answer.json(content_type=None)
            if answer.status >= 400:
                raise RuntimeError(f"{path}: {answer.status} {json.dumps(told)}")
            return told

    @property
    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class ActionFailed(Exception):
    """The world did not let the agent do what was approved."""


def serve(routes: Callable[[Desk], list[web.RouteDef]], act: Act, hear: Hear | None = None) -> None:
    """Run an agent: its own routes, and `/callback` for decisions. Prints the port it listens on."""

    async def start() -> web.Application:
        app = web.Application()
        url, token, secret = (os.environ[name] for name in ("HITL_URL", "HITL_TOKEN", "HITL_WEBHOOK_SECRET"))
        desk = Desk(ClientSession(), url, token, Webhook(secret))

        async def callback(request: web.Request) -> web.Response:
            body = await request.read()
            try:
                told = desk.webhook.verify(body.decode(), dict(request.headers))
            except WebhookVerificationError:
                return web.Response(status=401)
            if told["type"] == "request.decided":
                await desk.settle(told["data"], act)
                if hear is not None and not told["data"]["proceed"]:
                    await hear(told["data"])
            return web.Response(status=204)

        async def close(_app: web.Application) -> None:
            await desk.http.close()

        app.add_routes([web.post("/callback", callback), *routes(desk)])
        app.on_cleanup.append(close)
        return app

    web.run_app(start(), host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
