"""The two ways in which something does not happen.

`Refused` is safe to tell whoever asked; its words are made in `blocks.replies` (people) or by the
agents' endpoint. `Broken` is ours: it is logged, and people see an incident id only.
"""

from __future__ import annotations

from enum import StrEnum

from approvals.model import Flaw


class Reason(StrEnum):
    """Why something was refused. The name is stable: it goes into facts and problem types."""

    NOT_ASKED = "not_asked"
    IS_REQUESTER = "is_requester"
    REQUESTER_UNKNOWN = "requester_unknown"
    DEACTIVATED = "deactivated"
    #: a guest, or somebody of another workspace
    OUTSIDER = "outsider"
    STALE = "stale"
    LATE = "late"
    BREAKS_FORM = "breaks_form"
    REASON_MISSING = "reason_missing"
    #: under `manual`: what was typed is not what confirms it
    NOT_CONFIRMED = "not_confirmed"
    #: a correction that corrects nothing
    NOTHING_CHANGED = "nothing_changed"
    #: to a question: none of its options, or nothing at all
    NO_ANSWER = "no_answer"
    #: the kind of request takes another kind of answer: a question no vote, an approval no answer
    NOT_THIS_WAY = "not_this_way"
    #: like requests cannot be let through: the rule has no grants, or what was asked goes beyond them
    NOT_GRANTABLE = "not_grantable"
    #: its agent is paused: people are not to be shown it
    HELD = "held"
    #: whoever it is to be handed to may not decide it
    NOT_TAKEN = "not_taken"
    #: a time that is over
    PAST = "past"
    UNKNOWN_REQUEST = "unknown_request"
    NOT_PENDING = "not_pending"
    NOT_CLAIMABLE = "not_claimable"
    NOT_REPORTABLE = "not_reportable"
    TOO_MANY_COMMENTS = "too_many_comments"
    #: the agent's token is not for this action
    ACTION_NOT_ALLOWED = "action_not_allowed"
    #: fields are wrong; `Refused.flaws` says which
    BAD_INPUT = "bad_input"
    #: the idempotency key came before, with another body
    KEY_REUSED = "key_reused"


class Refused(Exception):
    """The rules say no. Nothing was changed by it."""

    def __init__(self, reason: Reason, detail: str = "", flaws: tuple[Flaw, ...] = ()) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.flaws = flaws


class Broken(Exception):
    """The program contradicts itself: a bug, never somebody's mistake."""
