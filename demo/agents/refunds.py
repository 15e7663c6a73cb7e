"""An agent that answers customers' complaints, and may pay them back: its world is a ledger."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from demo.agents.desk import Desk, serve

#: What was paid, in the order it was paid: the only thing this agent can do to the world.
LEDGER: list[dict[str, Any]] = []


async def act(_action: str, payload: dict[str, Any]) -> str:
    """Pay exactly what was approved."""
    LEDGER.append(payload)
    return (
        f"paid {payload['amount']} {payload['currency']} to {payload['customer']} (tx {5520 + len(LEDGER)})"
    )


def routes(desk: Desk) -> list[web.RouteDef]:
    """A complaint comes in, and the ledger can be read."""

    async def complaint(request: web.Request) -> web.Response:
        told = await request.json()
        asked = await desk.ask(
            f"complaint-{told['order']}",
            action="issue_refund",
            payload={
                "amount": told["amount"],
                "currency": "EUR",
                "customer": told["customer"],
                "order": told["order"],
                "reason": "goodwill",
            },
            reasoning=told["why"],
            context=[{"label": "Customer since", "value": told["since"]}],
            effects={
                "approve": "The refund is paid at once.",
                "reject": "The customer hears from a person.",
                "rollback": "A reversal is possible within 24 hours.",
            },
            confidence=0.86,
        )
        return web.json_response(asked)

    async def world(_request: web.Request) -> web.Response:
        return web.json_response(LEDGER)

    return [web.post("/complaints", complaint), web.get("/world", world)]


if __name__ == "__main__":
    serve(routes, act)
