"""What an approver types under `gate: manual`, as one types a repository's name before deleting it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

from approvals.canonical import Json
from approvals.model import Judgement
from approvals.paths import follow, matches
from approvals.words import Gate

#: The contract's, where the rule names no field, or the field holds nothing that can be typed.
CONFIRM: Final = "CONFIRM"
#: Characters: more nobody types on a phone.
_LONGEST = 100


def word(judgement: Judgement, payload: Mapping[str, Json]) -> str | None:
    """What has to be typed to approve `payload`; None where nothing has."""
    if judgement.gate is not Gate.MANUAL:
        return None
    if judgement.confirm is None:
        return CONFIRM
    values = [follow(payload, place) for place in matches(payload, judgement.confirm)]
    text = _typed(values[0]) if len(values) == 1 else ""
    return text if 0 < len(text) <= _LONGEST and _typable(text) else CONFIRM


def confirmed(judgement: Judgement, payload: Mapping[str, Json], typed: str | None) -> bool:
    """Whether `typed` confirms `payload`; blanks around it do not matter, letters' case does."""
    wanted = word(judgement, payload)
    return wanted is None or _composed((typed or "").strip()) == _composed(wanted)


def _typed(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _typable(text: str) -> bool:
    """Slack's inputs turn symbols such as an emoji into a name between colons."""
    return text.isprintable() and all(unicodedata.category(char) != "So" for char in text)


def _composed(text: str) -> str:
    """An é is one character or two, by keyboard; it looks the same."""
    return unicodedata.normalize("NFC", text)
