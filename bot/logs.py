"""The log: one line an event on stderr, as text or JSON. No secret and no payload comes near it."""

from __future__ import annotations

import json
import logging
import sys
import time
from traceback import format_tb
from typing import Any

from bot.settings import LogFormat

#: `logging` calls may add facts by `extra={"about": {...}}`: ids, counts, names; never what agents sent.
ABOUT = "about"


class _Terse(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's own name
        """Where it happened and what kind it was. Never its text, which may hold what an agent sent."""
        error: BaseException | None = ei[1]
        told: list[str] = []
        while error is not None:
            kind = type(error)
            told.append("".join(format_tb(error.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n\nwhich led to\n".join(reversed(told))


class _Json(_Terse):
    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "at": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, ABOUT, {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


class _Text(_Terse):
    def format(self, record: logging.LogRecord) -> str:
        about = "".join(f" {key}={value}" for key, value in getattr(record, ABOUT, {}).items())
        line = f"{self.formatTime(record)} {record.levelname:<7} {record.name}: {record.getMessage()}{about}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up(form: LogFormat) -> None:
    """Send everything from INFO up to stderr; libraries that would print bodies only from WARNING up."""
    formatter: logging.Formatter = _Json() if form is LogFormat.JSON else _Text()
    formatter.converter = time.gmtime
    formatter.default_time_format, formatter.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in (
        "slack_bolt",
        "slack_sdk",
        "aiohttp.access",
        "apscheduler",
        "alembic",
        "sqlalchemy",
        "asyncio",
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)
