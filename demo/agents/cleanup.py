"""An agent that tidies up old records: its world is the records that are left."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from demo.agents.desk import ActionFailed, Desk, serve

#: What there is to delete: number of records by table.
RECORDS: dict[str, int] = {"carts_2023": 18_420, "sessions_2024": 90_112, "customers": 3_107}


async def act(_action: str, payload: dict[str, Any]) -> str:
    """Delete exactly what was approved."""
    table = payload["table"]
    if table not in RECORDS:
        raise ActionFailed(f"{table} is gone already")
    return f"deleted {RECORDS.pop(table):,} records of {table}"


def routes(desk: Desk) -> list[web.RouteDef]:
    """A sweep looks for what is old, and the records can be counted."""

    async def sweep(request: web.Request) -> web.Response:
        table = (await request.json())["table"]
        asked = await desk.ask(
            f"sweep-{table}",
            action="delete_records",
            payload={"table": table, "records": RECORDS[table], "dry_run": False},
            reasoning=f"{table} was last read more than a year ago and costs 40 EUR a month.",
            effects={"approve": f"{RECORDS[table]:,} records are deleted.", "reject": "Nothing is deleted."},
            reversible=False,
        )
        return web.json_response(asked)

    async def world(_request: web.Request) -> web.Response:
        return web.json_response(RECORDS)

    return [web.post("/sweeps", sweep), web.get("/world", world)]


if __name__ == "__main__":
    serve(routes, act)
