"""*Hand over*: to one of those who may decide it now, or to a group that the rule asks later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from approvals.model import Case
from approvals.roster import Profile, Roster
from approvals.words import GroupName, UserId
from blocks import actions, limits
from blocks.actions import Seen
from blocks.message import words
from blocks.modal_parts import NOTE_BLOCK, State, View, modal, text_input
from blocks.rich import Block
from blocks.standing import title_of
from blocks.text import plain
from blocks.wording import say

TAKER_BLOCK: Final = "taker"
_OPTION: Final = 75
_LABEL: Final = 75
#: A menu holds a hundred choices under each of its headings; ten headings are more than anybody reads.
_UNDER_A_HEADING: Final = 100
_HEADINGS: Final = 10
_GROUP: Final = re.compile(r"step:([0-9]{1,4})")
_PERSON: Final = re.compile(r"person:([A-Za-z0-9]{1,40})")


@dataclass(frozen=True, slots=True)
class Takers:
    """To whom it may be handed over."""

    people: tuple[UserId, ...]
    groups: tuple[GroupName, ...]

    @property
    def nobody(self) -> bool:
        """Whether there is no one."""
        return not self.people and not self.groups


def hand_over_modal(case: Case, takers: Takers, roster: Roster) -> View:
    """Who takes it, and why: both stand in the thread. `takers` are not nobody."""
    hint = "It stands in the card's thread. Leave it empty if there is nothing to say."
    shown = _UNDER_A_HEADING * _HEADINGS
    told = say(
        "hand_over_intro",
        title=title_of(case, 150),
        more=max(len(takers.people) - shown, 0),
        groups=bool(takers.groups),
        people=bool(takers.people),
    )
    return modal(
        "Hand over",
        [words(told), _who(case, takers, roster), text_input(NOTE_BLOCK, "Why?", hint, optional=True)],
        callback_id=actions.HAND_OVER_MODAL,
        private_metadata=Seen(case.id, case.sight).encode(),
        submit="Hand over",
        close="Cancel",
    )


def taker_of(state: State, case: Case) -> tuple[UserId | None, GroupName | None]:
    """Who was chosen: a person by id, or a group by the step of `case` that asks it; else neither."""
    chosen = state.get(TAKER_BLOCK, {}).get(actions.INPUT, {}).get("selected_option") or {}
    value = chosen.get("value") if isinstance(chosen, dict) else None
    if not isinstance(value, str):
        return None, None
    person, step = _PERSON.fullmatch(value), _GROUP.fullmatch(value)
    if person is not None:
        return UserId(person[1]), None
    steps = case.judgement.steps
    return None, steps[int(step[1])].to if step is not None and int(step[1]) < len(steps) else None


def _who(case: Case, takers: Takers, roster: Roster) -> Block:
    people = [
        _option(_named(roster.profile(user), roster), f"person:{user}")
        for user in takers.people[: _UNDER_A_HEADING * _HEADINGS]
    ]
    # A group's name may be longer than a choice's value: its step says the same.
    groups = [_option(group, f"step:{_step_of(case, group)}") for group in takers.groups[:_UNDER_A_HEADING]]
    return {
        "type": "input",
        "block_id": TAKER_BLOCK,
        "label": {"type": "plain_text", "text": "Who takes it?"},
        "element": {
            "type": "static_select",
            "action_id": actions.INPUT,
            "placeholder": {"type": "plain_text", "text": "Choose, or type a name"},
            "option_groups": [
                *_under("May decide it now", people),
                *_under("Would be asked later", groups),
            ][: limits.SELECT_OPTION_GROUPS],
        },
    }


def _under(heading: str, options: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"label": plain(heading, _LABEL), "options": list(options[first : first + _UNDER_A_HEADING])}
        for first in range(0, len(options), _UNDER_A_HEADING)
    ]


def _named(profile: Profile, roster: Roster) -> str:
    return f"{profile.name} (away)" if roster.deputy(profile.id) is not None else profile.name


def _step_of(case: Case, group: GroupName) -> int:
    return next(place for place, step in enumerate(case.judgement.steps) if step.to == group)


def _option(text: str, value: str) -> dict[str, Any]:
    return {"text": plain(text, _OPTION), "value": value}
