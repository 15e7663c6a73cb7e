"""An agent that answers customers' complaints, and may pay them back: its world is a ledger."""

from __future__ import annotations

from aiohttp import web

from demo.agents.desk import Desk, Json, serve

#: What was paid, in the order it was paid: the only thing this agent can do to the world.
LEDGER: list[Json] = []
#: The number of the first payment's transaction.
FIRST_TX = 5521


async def act(_action: str, payload: Json) -> str:
    """Pay exactly what was approved."""
    tx = FIRST_TX + len(LEDGER)
    LEDGER.append({"tx": tx, "amount": payload["amount"], "to": payload["customer"]})
    return f"Paid {payload['amount']} {payload['currency']} to {payload['customer']} (tx {tx})"


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
            reasoning=f"“{told['says']}” Customer since {told['since']}, first refund.",
            effects={
                "approve": "The refund is paid at once.",
                "reject": "The customer hears from a person.",
                "rollback": "A reversal is possible within 24 hours.",
            },
            confidence=0.86,
        )
        return web.json_response(asked)

    async def world(_request: web.Request) -> web.Response:
        return web.json_response({"ledger": LEDGER})

    return [web.post("/complaints", complaint), web.get("/world", world)]


if __name__ == "__main__":
    serve(routes, act)
