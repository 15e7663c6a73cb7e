"""An agent that tidies up old records: its world is the records that are left."""

from __future__ import annotations

from aiohttp import web

from demo.agents.desk import ActionFailed, Desk, Json, serve

#: What there is: number of records by table.
RECORDS: dict[str, int] = {"carts_2023": 18_420, "sessions_2024": 90_112, "customers": 3_107}
#: What it did, in order.
DONE: list[str] = []


async def act(action: str, payload: Json) -> str:
    """Count, or delete, exactly what was approved."""
    table = payload["table"]
    if table not in RECORDS:
        raise ActionFailed(f"There is no table {table}")
    did = "Counted" if action == "search_records" else "Deleted"
    count = RECORDS[table] if action == "search_records" else RECORDS.pop(table)
    DONE.append(f"{did} {count:,} records of {table}")
    return DONE[-1]


def routes(desk: Desk) -> list[web.RouteDef]:
    """A sweep looks at a table and asks to delete it; a look is only that; the records can be counted."""

    async def look(table: str, number: int = 0) -> Json:
        if table not in RECORDS:
            raise web.HTTPNotFound(text=f"There is no table {table}")
        key = f"look-{table}-{number}"
        looked = await desk.ask(key, action="search_records", payload={"table": table})
        # Nobody need be asked for a look: the policy approved it, and the answer says so at once.
        await desk.settle(looked, act)
        return looked

    async def looking(request: web.Request) -> web.Response:
        told = await request.json()
        return web.json_response(await look(told["table"], told["number"]))

    async def sweep(request: web.Request) -> web.Response:
        told = await request.json()
        table = told["table"]
        if "records" in told:
            # Old records pile up while a demo runs for long.
            RECORDS.setdefault(table, told["records"])
        looked = await look(table)
        asked = await desk.ask(
            f"delete-{table}",
            action="delete_records",
            payload={"table": table, "records": RECORDS[table]},
            title=f"Delete {RECORDS[table]:,} records of {table}",
            reasoning=f"Nobody has read {table} for more than a year, and it costs 40 EUR a month.",
            effects={"approve": "The table is dropped.", "reject": "Nothing is deleted."},
            reversible=False,
        )
        return web.json_response({"looked": looked, "asked": asked})

    async def world(_request: web.Request) -> web.Response:
        return web.json_response({"records": RECORDS, "done": DONE})

    return [web.post("/looks", looking), web.post("/sweeps", sweep), web.get("/world", world)]


if __name__ == "__main__":
    serve(routes, act)
