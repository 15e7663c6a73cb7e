"""How much work something does, counted: no clock says the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType, FunctionType
from typing import Any


def calls_of(function: Callable[..., Any], work: Callable[[], object]) -> int:
    """How often `work` calls `function`, however it gets there."""
    with counting(function) as count:
        work()
    return count()


@contextmanager
def counting(function: Callable[..., Any]) -> Iterator[Callable[[], int]]:
    """Gives how often this thread has called `function` since, in whatever task."""
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
        yield lambda: count
    finally:
        sys.setprofile(before)
