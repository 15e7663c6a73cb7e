"""A bug of ours that somebody met: the operators get one line, once a day for each kind."""

from __future__ import annotations

import logging
import traceback

from bot.desk import notify
from bot.desk.desk import Desk
from bot.runtime import Runtime

log = logging.getLogger(__name__)


def number(runtime: Runtime) -> str:
    """`inc_` and 8 letters and digits: nothing that Slack takes for markup, so that it is copied as it is."""
    return "inc_" + "".join(filter(str.isalnum, runtime.token("")))[:8]


async def tell(desk: Desk, incident: str, bug: BaseException) -> None:
    """Have the operators told of `bug`, which is in the log under `incident`. Raises nothing."""
    what = kind_of(bug)
    notice = {"notice": "incident", "id": incident, "what": what}
    try:
        await notify.operators(desk, notice, f"incident:{what}"[:200])
    except Exception:
        # It is told beside a failure that is logged already; a second one must not hide the first.
        log.exception("the operators could not be told of incident %s", incident)


def kind_of(bug: BaseException) -> str:
    """What it is and in which function, as `KeyError in submission`: no message, which may hold content."""
    frames = traceback.extract_tb(bug.__traceback__)
    where = f" in {frames[-1].name}" if frames else ""
    return f"{type(bug).__name__}{where}"
