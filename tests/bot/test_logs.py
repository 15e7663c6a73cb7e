"""The log says where and what kind, never what an agent sent."""

from __future__ import annotations

import io
import json
import logging

import pytest

from bot import logs
from bot.settings import LogFormat


@pytest.mark.parametrize("form", LogFormat)
def test_an_exception_s_text_stays_out_of_the_log(form: LogFormat) -> None:
    """A bug's traceback shows the lines and the kinds of error, cause first; its words may be a payload's."""
    told, number = io.StringIO(), "4111 " * 4
    root = logging.getLogger()
    before = root.handlers[:]
    try:
        logs.set_up(form)
        [handler] = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(told)
        try:
            try:
                int(number)
            except ValueError as error:
                raise RuntimeError(number) from error
        except RuntimeError:
            logging.getLogger("hitl.test").exception("it failed")
    finally:
        root.handlers[:] = before
    said = told.getvalue()
    if form is LogFormat.JSON:
        said = json.loads(said)["exception"]
    assert said.index("builtins.ValueError") < said.index("builtins.RuntimeError")
    assert "test_logs.py" in said
    assert number.strip() not in said
    assert "invalid literal" not in said
