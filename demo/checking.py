"""A step of the story happened, or the story ends there."""

from __future__ import annotations


class StepFailed(Exception):
    """A step did not happen; the message says what was expected and what was there instead."""

    def __init__(self, expected: str, seen: object) -> None:
        super().__init__(f"expected {expected}\nseen: {seen}")


def expect(held: bool, expected: str, seen: object) -> None:  # reads as a sentence
    """Go on when it held. Raises `StepFailed`."""
    if not held:
        raise StepFailed(expected, seen)
