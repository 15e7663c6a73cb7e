"""*Snooze*: until when somebody wants no reminder of a request."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from approvals.escalation import ends_at
from approvals.model import Case
from approvals.moments import moment
from approvals.words import Instant
from blocks import actions, limits
from blocks.actions import Seen
from blocks.message import words
from blocks.modal_parts import State, View, modal
from blocks.rich import Block
from blocks.standing import then, title_of
from blocks.text import plain
from blocks.wording import say

#: block_id of the times that are offered, and of one that is picked from a calendar.
AWAY_BLOCK: Final = "away"
UNTIL_BLOCK: Final = "until"
_SPANS: Final = ((30, "For 30 minutes"), (60, "For 1 hour"), (240, "For 4 hours"))
_TOMORROW: Final = "tomorrow 9:00"
_UTC: Final = "UTC"
_FOR: Final = re.compile(r"for:([1-9][0-9]{0,5})")
_AT: Final = re.compile(r"at:([1-9][0-9]{0,10})")
#: What is put off for longer than this is forgotten.
LONGEST: Final = timedelta(days=366)


def snooze_modal(case: Case, now: Instant, zone: str | None) -> View:
    """Some times to choose from, by the clock of `zone` (an IANA name; None: not known), and a calendar."""
    told = say(
        "snooze_intro",
        title=title_of(case, 150),
        ends=ends_at(case) if case.parked_at is None else None,
        then=then(case),
    )
    return modal(
        "Snooze",
        [words(told), _offered(now, zone), _calendar()],
        callback_id=actions.SNOOZE_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Snooze",
        close="Cancel",
    )


def until_of(state: State, now: Instant) -> Instant | None:
    """Until when; None for what was never offered, and for what no calendar has."""
    picked = state.get(UNTIL_BLOCK, {}).get(actions.INPUT, {}).get("selected_date_time")
    if isinstance(picked, int) and not isinstance(picked, bool):
        return _instant(picked)
    chosen = state.get(AWAY_BLOCK, {}).get(actions.INPUT, {}).get("selected_option") or {}
    value = chosen.get("value") if isinstance(chosen, dict) else None
    if not isinstance(value, str):
        return None
    span, at = _FOR.fullmatch(value), _AT.fullmatch(value)
    if span is not None:
        return now + timedelta(minutes=int(span[1]))
    return _instant(int(at[1])) if at is not None else None


def _instant(seconds: int) -> Instant | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _offered(now: Instant, zone: str | None) -> Block:
    tomorrow = moment(_TOMORROW, now, zone or _UTC)
    whose = "" if zone is not None else f" {_UTC}"
    options = [
        *(_option(text, f"for:{minutes}") for minutes, text in _SPANS),
        _option(f"Until tomorrow, 9:00{whose}", f"at:{int(tomorrow.timestamp())}"),
    ]
    return {
        "type": "input",
        "block_id": AWAY_BLOCK,
        "label": {"type": "plain_text", "text": "How long?"},
        "element": {
            "type": "static_select",
            "action_id": actions.INPUT,
            "options": options,
            "initial_option": options[1],
        },
    }


def _calendar() -> Block:
    return {
        "type": "input",
        "block_id": UNTIL_BLOCK,
        "optional": True,
        "label": {"type": "plain_text", "text": "Or until when?"},
        "hint": plain("If you pick a time here, it counts instead.", limits.INPUT_HINT),
        "element": {"type": "datetimepicker", "action_id": actions.INPUT},
    }


def _option(text: str, value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": text}, "value": value}
