"""How much work something does, counted: no clock says the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import Any


def calls_of(function: Callable[..., Any], work: Callable[[], object]) -> int:
    """How often `work` calls `function`, however it gets there."""
    assert isinstance(function, FunctionType)
    wanted: CodeType = function.__code__
    count = 0

    def see(frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        if event == "call" and frame.f_code is wanted:
            count += 1

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
