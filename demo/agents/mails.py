"""An agent that writes to customers: its world is what was sent. Told no, it reads why, and asks better."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from demo.agents.desk import Desk, serve

#: Mails that left: the only thing this agent can do to the world.
SENT: list[dict[str, Any]] = []
#: What it was told when it was told no: what a model would be given to read.
HEARD: list[str] = []


async def act(_action: str, payload: dict[str, Any]) -> str:
    """Send exactly what was approved."""
    SENT.append(payload)
    return f"sent to {payload['segment']}"


async def hear(request: dict[str, Any]) -> None:
    """Keep the message that is meant for the model."""
    HEARD.append(request["decision"]["message"])


def routes(desk: Desk) -> list[web.RouteDef]:
    """A campaign is asked for, and what happened can be read."""

    async def campaign(request: web.Request) -> web.Response:
        told = await request.json()
        asked = await desk.ask(
            f"campaign-{told['segment']}",
            action="send_email",
            payload={"subject": told["subject"], "body": told["body"], "segment": told["segment"]},
            reasoning=told["why"],
            effects={
                "approve": "The mail leaves at once.",
                "reject": "Nothing is sent.",
                "rollback": "A mail that was sent cannot be called back.",
            },
            **({"supersedes": told["supersedes"]} if "supersedes" in told else {}),
        )
        return web.json_response(asked)

    async def world(_request: web.Request) -> web.Response:
        return web.json_response({"sent": SENT, "heard": HEARD})

    return [web.post("/campaigns", campaign), web.get("/world", world)]


if __name__ == "__main__":
    serve(routes, act, hear)
