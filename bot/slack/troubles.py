"""What Slack's refusals mean: one table from its error names to what can be done about them."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from enum import StrEnum
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_slack_response import AsyncSlackResponse


class Trouble(StrEnum):
    """What kind of no it was, by what helps."""

    #: 429: the same call later; `SlackTrouble.retry_after` says when
    BUSY = "busy"
    #: Slack's side, or the way there: the same call later
    AWAY = "away"
    #: the blocks or the text: another message
    BLOCKS = "blocks"
    #: the message is gone, or nobody may change it any more: a new one
    MESSAGE = "message"
    #: the channel cannot be written to: another channel
    CHANNEL = "channel"
    #: a scope was not granted: an administrator
    SCOPE = "scope"
    #: the token does not hold any more: an administrator
    TOKEN = "token"  # noqa: S105  # a kind of trouble, no password
    #: a trigger or a response address that ran out: the person has to click again
    EXPIRED = "expired"
    #: anything else
    OTHER = "other"


#: docs.slack.dev/reference/methods: each method's list of errors.
_MEANING: Mapping[str, Trouble] = {
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded"), Trouble.BUSY),
    **dict.fromkeys(
        (
            "internal_error",
            "fatal_error",
            "service_unavailable",
            "request_timeout",
            "team_added_to_org",
            "update_failed",
            "external_channel_migrating",
        ),
        Trouble.AWAY,
    ),
    **dict.fromkeys(
        (
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "invalid_attachments",
            "metadata_too_large",
            "invalid_metadata_format",
            "invalid_metadata_schema",
        ),
        Trouble.BLOCKS,
    ),
    **dict.fromkeys(
        (
            "message_not_found",
            "cant_update_message",
            "edit_window_closed",
            "thread_not_found",
            "cannot_reply_to_message",
        ),
        Trouble.MESSAGE,
    ),
    **dict.fromkeys(
        (
            "channel_not_found",
            "is_archived",
            "is_inactive",
            "not_in_channel",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "restricted_action_non_threadable_channel",
            "messages_tab_disabled",
            "cannot_dm_bot",
            "user_disabled",
            "user_not_found",
            "user_not_visible",
            "users_not_found",
            "user_not_in_channel",
            "invalid_user_combination",
        ),
        Trouble.CHANNEL,
    ),
    **dict.fromkeys(("missing_scope", "no_permission", "not_allowed_token_type"), Trouble.SCOPE),
    **dict.fromkeys(
        (
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "token_expired",
            "account_inactive",
            "access_denied",
            "team_access_not_granted",
            "org_login_required",
            "ekm_access_denied",
        ),
        Trouble.TOKEN,
    ),
    **dict.fromkeys(
        (
            "expired_trigger_id",
            "trigger_expired",
            "exchanged_trigger_id",
            "trigger_exchanged",
            "invalid_trigger_id",
        ),
        Trouble.EXPIRED,
    ),
    **dict.fromkeys(("expired_url", "used_url", "invalid_url"), Trouble.EXPIRED),
}

#: What Slack may have carried out although it answered so.
_MAY_HAVE_HAPPENED = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "update_failed"}
)


class SlackTrouble(Exception):
    """Slack said no, or nothing. Its text is Slack's error name: no payload, no token."""

    def __init__(
        self,
        trouble: Trouble,
        code: str,
        *,
        retry_after: float | None = None,
        ambiguous: bool = False,
        scope: str | None = None,
    ) -> None:
        super().__init__(f"{code} (needs {scope})" if scope else code)
        self.trouble = trouble
        #: Slack's own name for it, or `http_503`, or the class of the lost connection
        self.code = code
        #: seconds, with `BUSY`
        self.retry_after = retry_after
        #: True when Slack may have done it all the same
        self.ambiguous = ambiguous
        #: with `SCOPE`: the one that is missing
        self.scope = scope
        #: which call it was, where whoever made it said so
        self.method = "a call"


async def said(call: Awaitable[AsyncSlackResponse], method: str | None = None) -> Mapping[str, Any]:
    """The JSON that Slack answered to `method`. Raises `SlackTrouble` for everything that is not `ok`."""
    try:
        body = (await heard(call)).data
    except SlackTrouble as trouble:
        trouble.method = method or trouble.method
        raise
    return body if isinstance(body, dict) else {}


async def heard(call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    """What Slack answered, with its headers. Raises `SlackTrouble` for everything that is not `ok`."""
    try:
        return await call
    except SlackApiError as refused:
        raise _refusal(refused.response) from None
    except aiohttp.ClientConnectorError as unreachable:
        raise SlackTrouble(Trouble.AWAY, type(unreachable).__name__) from None
    except (aiohttp.ClientError, TimeoutError, ConnectionError) as lost:
        raise SlackTrouble(Trouble.AWAY, type(lost).__name__, ambiguous=True) from None
    except (SlackRequestError, AttributeError, UnicodeDecodeError):
        # The SDK trips over an answer that is no JSON object, such as a proxy's page of plain text.
        raise SlackTrouble(Trouble.AWAY, "unreadable_answer", ambiguous=True) from None


def refusal(status: int, headers: Mapping[str, str], body: object) -> SlackTrouble:
    """What an answer that is not `ok` means, from its status, headers and (maybe) JSON."""
    told = body if isinstance(body, dict) else {}
    code = str(told.get("error") or f"http_{status}")
    if status == 429 or _MEANING.get(code) is Trouble.BUSY:
        return SlackTrouble(Trouble.BUSY, "ratelimited", retry_after=_seconds(headers.get("Retry-After")))
    if status >= 500:
        return SlackTrouble(Trouble.AWAY, code, ambiguous=True)
    trouble = _MEANING.get(code, Trouble.OTHER)
    scope = told.get("needed") if trouble is Trouble.SCOPE else None
    return SlackTrouble(
        trouble, code, ambiguous=code in _MAY_HAVE_HAPPENED, scope=str(scope) if scope is not None else None
    )


def _refusal(response: Any) -> SlackTrouble:
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    headers = getattr(response, "headers", None) or {}
    return refusal(int(status), headers, getattr(response, "data", None))


def _seconds(header: str | None) -> float:
    """Slack sends whole seconds; one second where it sent none."""
    return max(float(header), 0.0) if header is not None and header.strip().isdigit() else 1.0
