"""What every sample agent does with the approval desk: ask, hear the decision, claim it, act, report.

This is the whole integration, in plain HTTP: an agent of yours can be written the same way in any language.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import ClientSession, web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

#: A JSON object: a request as the desk answers it, or an outcome.
Json: TypeAlias = dict[str, Any]
#: Carries out what was approved, with exactly these arguments, and says in words what came of it.
Act: TypeAlias = Callable[[str, Json], Awaitable[str]]


class ActionFailed(Exception):
    """The world did not let the agent do what was approved; the message is the outcome's detail."""


class DeskRefused(Exception):
    """The desk answered with a problem; the message is its status and its problem+json."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The approval desk, as one agent sees it."""

    http: ClientSession
    url: str
    token: str
    webhook: Webhook
    #: where this agent hears of decisions
    callback_url: str
    #: what came of each request acted upon, by its id: reported again when the report itself got lost
    outcomes: dict[str, Json] = field(default_factory=dict)

    async def ask(self, key: str, **request: Any) -> Json:
        """Ask once: a repeat with the same key, after a crash or a lost answer, returns the first request.

        `request` has the fields of `POST /v1/requests`. Raises `DeskRefused`.
        """
        body = {**request, "callback_url": self.callback_url}
        status, told = await self._post("/v1/requests", body, {"Idempotency-Key": key})
        if status not in (200, 201):
            raise DeskRefused(f"{status} {json.dumps(told)}")
        return told

    async def settle(self, request: Json, act: Act) -> None:
        """Carry out an approval, and say how it went. However often it is called, it acts once.

        Raises `DeskRefused` when the report could not be delivered: then the callback must fail, so that it
        comes again.
        """
        if not request["proceed"]:
            return
        id_ = request["id"]
        if await self._claimed(id_):
            # Exactly what was decided: an approver may have changed what the agent asked for.
            self.outcomes[id_] = await _carried_out(act, request["action"], request["decision"]["payload"])
        if id_ not in self.outcomes:
            return  # another worker claimed it, and reports it
        status, told = await self._post(f"/v1/requests/{id_}/outcome", self.outcomes[id_])
        if status != 200:
            raise DeskRefused(f"{status} {json.dumps(told)}")

    async def _claimed(self, id_: str) -> bool:
        """True for exactly one caller in the world: that one acts."""
        status, told = await self._post(f"/v1/requests/{id_}/claim", {})
        if status not in (200, 409):
            raise DeskRefused(f"{status} {json.dumps(told)}")
        return status == 200

    async def _post(self, path: str, body: Json, headers: dict[str, str] | None = None) -> tuple[int, Json]:
        every = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        async with self.http.post(self.url + path, json=body, headers=every) as answer:
            return answer.status, await answer.json(content_type=None)


async def _carried_out(act: Act, action: str, payload: Json) -> Json:
    try:
        return {"status": "succeeded", "detail": await act(action, payload)}
    except ActionFailed as failed:
        return {"status": "failed", "detail": str(failed)}
    except KeyError as missing:
        # Whoever has the agent's token may ask for anything; what came of that is told as well.
        return {"status": "failed", "detail": f"What was approved has no {missing}"}


#: Hears of a request that ended without leave to act.
Hear: TypeAlias = Callable[[Desk, Json], Awaitable[None]]
Routes: TypeAlias = Callable[[Desk], list[web.RouteDef]]


async def _nothing(_desk: Desk, _request: Json) -> None:
    """An agent that was told no, and leaves it at that."""


def serve(routes: Routes, act: Act, hear: Hear = _nothing) -> None:
    """Run an agent until SIGTERM: its own routes, and `/callback` for decisions.

    The environment says where the desk is and who the agent is: `HITL_URL`, `HITL_TOKEN`,
    `HITL_WEBHOOK_SECRET`; `PORT` is where it listens (without it, or with 0, on a free one), and
    `HITL_CALLBACK_URL` where callbacks reach it when something stands before it. Prints
    `ready http://127.0.0.1:PORT`.
    """
    listening = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "0"))))
    own_url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def start() -> web.Application:
        url, token, secret = (os.environ[name] for name in ("HITL_URL", "HITL_TOKEN", "HITL_WEBHOOK_SECRET"))
        callback_url = os.environ.get("HITL_CALLBACK_URL", f"{own_url}/callback")
        desk = Desk(ClientSession(), url, token, Webhook(secret), callback_url)
        app = web.Application()
        app.add_routes([web.post("/callback", _callback(desk, act, hear)), *routes(desk)])

        async def close(_app: web.Application) -> None:
            await desk.http.close()

        app.on_cleanup.append(close)
        print(f"ready {own_url}", flush=True)
        return app

    web.run_app(start(), sock=listening, shutdown_timeout=1.0, print=None)


def _callback(desk: Desk, act: Act, hear: Hear) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def callback(request: web.Request) -> web.Response:
        body = (await request.read()).decode()
        try:
            told = desk.webhook.verify(body, dict(request.headers))
        except WebhookVerificationError:
            return web.Response(status=401)
        if told["type"] == "request.decided":
            if told["data"]["proceed"]:
                await desk.settle(told["data"], act)
            else:
                await hear(desk, told["data"])
        return web.Response(status=204)

    return callback
