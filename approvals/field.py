"""One input of the edit modal, as a value; what is drawn for it is Slack's business, elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from approvals.canonical import Json
from approvals.paths import Path, dotted


class FieldKind(StrEnum):
    """What a person types or chooses there."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"
    DATE_TIME = "date_time"
    EMAIL = "email"
    URL = "url"
    #: a list of texts, one a line
    LINES = "lines"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """One part of a payload that a person may change."""

    #: JSON pointer into the payload, `/customer/name`; empty for the whole payload
    id: str
    kind: FieldKind
    #: in words, and those around it before
    label: str
    #: the current value, without what is masked; None when there is none, or none that fits the kind
    value: Json
    #: whether it may not be left empty
    required: bool
    #: the same place as keys and indexes
    path: Path = ()
    #: what `CHOICE` and `CHOICES` choose from
    options: tuple[Json, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    #: a sentence or two from the form's description and limits
    hint: str | None = None
    #: whether the payload has something there now, were it null
    present: bool = True
    #: whether the form lets it be null, and whether it lets it be left out
    nullable: bool = False
    optional: bool = False

    @property
    def loc(self) -> str:
        """Where a flaw of it is found: `payload.customer.name`."""
        return dotted("payload", self.path)


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(key: str) -> str:
    """`customer_id` and `customerId` as `Customer id`; abbreviations stay: `IBAN`."""
    parts = [part for part in re.split(r"[_\-.\s]+", _CAMEL.sub(" ", key)) if part]
    if not parts:
        return f'"{key}"'
    spoken = [part if part.isupper() and len(part) > 1 else part.lower() for part in parts]
    return " ".join((spoken[0][:1].upper() + spoken[0][1:], *spoken[1:]))
