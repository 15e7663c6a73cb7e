"""A bug of ours, whether somebody met it or nobody did: the operators get one line, once a day for each kind.

A failure that recurs each second is put into the outbox once: `Desk.alarmed` remembers what was told today.
"""

from __future__ import annotations

import hashlib
import logging
import traceback

from approvals.words import RequestId
from bot.desk import notify
from bot.desk.desk import Desk
from bot.runtime import Runtime
from store.errors import Unavailable

log = logging.getLogger(__name__)


def number(runtime: Runtime) -> str:
    """`inc_` and 8 letters and digits: nothing that Slack takes for markup, so that it is copied as it is."""
    return "inc_" + "".join(filter(str.isalnum, runtime.token("")))[:8]


async def tell(desk: Desk, incident: str, bug: BaseException, where: str = "") -> None:
    """Have the operators told of `bug`, which is in the log under `incident`. Raises nothing.

    `where` is a key of `blocks.notices.WHERE`, or the name of what recurs; empty where somebody met it, who
    was told the number. Nothing is told of a database that is away: where would it be kept?
    """
    if isinstance(bug, Unavailable):
        return
    what = kind_of(bug)
    about, today = f"incident:{where}:{what}"[:200], f"{desk.runtime.now():%Y-%m-%d}"
    if desk.alarmed.get(about) == today:
        return
    desk.alarmed[about] = today
    try:
        await notify.operators(desk, {"notice": "incident", "id": incident, "what": what, "in": where}, about)
    except Exception:
        # It is told beside a failure that is logged already; a second one must not hide the first.
        log.exception("the operators could not be told of incident %s", incident)
        desk.alarmed.pop(about, None)


async def failed(desk: Desk, job: str, bug: Exception) -> None:
    """What recurs by itself failed, and will have its next turn: log it, and tell the operators."""
    incident = number(desk.runtime)
    log.error("%s failed (incident %s)", job, incident, exc_info=bug)
    await tell(desk, incident, bug, job)


async def unreadable(desk: Desk, request: RequestId, bug: Exception) -> str:
    """A row that cannot be read was met, as it is at every look: its incident is the same each time.

    It is logged once a day, and told as others are. Raises nothing.
    """
    incident = f"inc_{hashlib.sha256(request.encode()).hexdigest()[:8]}"
    today = f"{desk.runtime.now():%Y-%m-%d}"
    if desk.alarmed.get(incident) != today:
        desk.alarmed[incident] = today
        log.error("%s cannot be read (incident %s)", request, incident, exc_info=bug)
    await tell(desk, incident, bug, "row")
    return incident


def kind_of(bug: BaseException) -> str:
    """What it is and in which function, as `KeyError in submission`: no message, which may hold content."""
    frames = traceback.extract_tb(bug.__traceback__)
    where = f" in {frames[-1].name}" if frames else ""
    return f"{type(bug).__name__}{where}"
