"""A payload as a person edits it: inputs with labels and limits, and what they enter as a payload again."""

from __future__ import annotations

from approvals.field import Field, FieldKind
from approvals.field_entry import Entered, entered
from approvals.field_kind import MOST_OPTIONS
from approvals.field_plan import fields
from approvals.field_values import MOST_TEXT, Typed, shown

__all__ = [
    "MOST_OPTIONS",
    "MOST_TEXT",
    "Entered",
    "Field",
    "FieldKind",
    "Typed",
    "entered",
    "fields",
    "shown",
]
