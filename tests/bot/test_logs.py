"""The log says where and what kind, never what an agent sent."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from bot import logs
from bot.settings import LogFormat

NUMBER = "4111 " * 4


def a_record() -> logging.LogRecord:
    """What `log.exception` makes of a bug whose words hold an agent's."""
    try:
        try:
            int(NUMBER)
        except ValueError as error:
            raise RuntimeError(NUMBER) from error
    except RuntimeError:
        return logging.LogRecord("hitl", logging.ERROR, __file__, 1, "it failed", None, sys.exc_info())
    raise AssertionError("that was a number")


@pytest.mark.parametrize("form", LogFormat)
def test_an_exception_s_text_stays_out_of_the_log(form: LogFormat) -> None:
    """A bug's traceback shows the lines and the kinds of error, cause first; its words may be a payload's."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.set_up(form)
        [handler] = root.handlers
        said = handler.format(a_record())
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    if form is LogFormat.JSON:
        said = json.loads(said)["exception"]
    assert said.index("builtins.ValueError") < said.index("builtins.RuntimeError")
    assert "test_logs.py" in said
    assert NUMBER.strip() not in said
    assert "invalid literal" not in said
