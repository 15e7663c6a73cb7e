"""An agent that writes to customers: its world is what was sent. Told no, it reads why, and asks for less."""

from __future__ import annotations

from aiohttp import web

from demo.agents.desk import Desk, Json, serve

#: Whom it could write to, most people first: name and number of recipients.
SEGMENTS = {"all customers": 1240, "customers with an open order": 38}
#: Mails that left: the only thing this agent can do to the world.
SENT: list[Json] = []
#: What it was told when it was told no: what a model would be given to read.
HEARD: list[str] = []


async def act(_action: str, payload: Json) -> str:
    """Send exactly what was approved."""
    SENT.append({name: payload[name] for name in ("subject", "segment", "recipients")})
    return f"Sent to {payload['recipients']:,} {payload['segment']}"


async def hear(desk: Desk, request: Json) -> None:
    """Read the message that is meant for the model, and ask again for fewer people while there are any."""
    decision, payload = request["decision"], request["payload"]
    HEARD.append(decision["message"])
    smaller = [name for name, size in SEGMENTS.items() if size < payload["recipients"]]
    if decision["verdict"] != "rejected" or not smaller:
        return
    why = f"I was told: “{decision['reason']}” So this goes to nobody but {smaller[0]}."
    campaign = request["metadata"]["campaign"]
    await _ask(desk, campaign, {**payload, "segment": smaller[0]}, why, supersedes=request["id"])


async def _ask(desk: Desk, campaign: str, mail: Json, why: str, **more: str) -> Json:
    recipients = SEGMENTS[mail["segment"]]
    return await desk.ask(
        f"campaign-{campaign}-to-{recipients}",
        action="send_email",
        payload={**mail, "recipients": recipients},
        reasoning=why,
        effects={
            "approve": "The mail leaves at once.",
            "reject": "Nothing is sent.",
            "rollback": "A mail that was sent cannot be called back.",
        },
        metadata={"campaign": campaign},
        **more,
    )


def routes(desk: Desk) -> list[web.RouteDef]:
    """A campaign is wished for, and what was sent can be read."""

    async def campaign(request: web.Request) -> web.Response:
        told = await request.json()
        segment = told.get("segment", "all customers")
        mail = {"subject": told["subject"], "segment": segment, "body": told["body"]}
        return web.json_response(await _ask(desk, told["campaign"], mail, told["why"]))

    async def world(_request: web.Request) -> web.Response:
        return web.json_response({"sent": SENT, "heard": HEARD})

    return [web.post("/campaigns", campaign), web.get("/world", world)]


if __name__ == "__main__":
    serve(routes, act, hear)
