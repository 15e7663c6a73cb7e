"""What an agent may post, field by field. The models make the OpenAPI document, too.

Strict: nothing is turned into something else (`"5"` is no number), no field is ignored, null is as good as
absent. Where the contract names no limit, these are generous and keep cards and the database in bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from approvals import form, payload
from approvals.events import Reported
from approvals.model import Consequences, ContextItem, Flaw, ReplyTo
from approvals.words import Kind, OutcomeStatus, RequestId, Risk
from bot.desk.submit import Draft
from bot.http import addresses
from bot.http.problems import bad_input
from store.agents import Agent

#: Characters of one text that people read in full somewhere.
LONGEST_REASONING = 20_000
#: A card's thread takes a comment as one message; Slack cuts a message's text at 40,000.
LONGEST_COMMENT = 10_000
#: An address that somebody may click.
LONGEST_LINK = 2_000

#: NUL cannot be stored everywhere, nor shown.
_NO_NUL = r"^[^\u0000]*$"
_NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
#: A host in ASCII (IDNA's for others), no user name: what is clicked must be where it says it is.
_LINK = r"^https?://[A-Za-z0-9._~%:-]+(?:[/?#][^\s\u0000-\u001f\u007f]*)?$"
_CHANNEL = r"^[CDG][A-Z0-9]{1,40}$"
_TS = r"^[0-9]{1,16}\.[0-9]{1,9}$"
#: An id, also as Slack writes it in a message, or an address: else nobody could be compared with it.
_SOMEBODY = (
    r"^(?:[UW][A-Z0-9]{1,40}|<@[UW][A-Z0-9]{1,40}(?:\|[^<>\u0000]*)?>"
    r"|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+)$"
)
#: A tool's name: something in it can be read, and nothing in it hides.
_SEEN = r"[^\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*"
_NAMED = rf"^{_SEEN}[A-Za-z0-9\u00c0-\u1fff\u3040-\ud7ff]{_SEEN}$"

#: What each pattern asks for, in words.
PATTERNS: Mapping[str, str] = {
    _NO_NUL: "must not hold a NUL character",
    _NOT_BLANK: "must not be blank, nor hold a NUL character",
    _LINK: "must be an http or https address, its host in ASCII and without a user name",
    _CHANNEL: "must be a channel's id, such as C0123ABCD",
    _TS: "must be a message's ts, such as 1700000000.000100",
    _SOMEBODY: "must be a Slack user id, such as U0123ABCD, or an e-mail address",
    _NAMED: "must be a tool's name, such as issue_refund: with a letter or digit, and no hidden character",
}


def _text(longest: int, *, shortest: int = 0) -> Any:
    return Field(min_length=shortest, max_length=longest, pattern=_NO_NUL)


_Link: TypeAlias = Annotated[str, Field(max_length=LONGEST_LINK, pattern=_LINK)]
_Sentence: TypeAlias = Annotated[str, _text(2_000)]


class _Posted(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class PostedContext(_Posted):
    """One thing the approver should know."""

    label: Annotated[str, _text(200, shortest=1)] = Field(description="What it is.")
    value: Any = Field(description="Any JSON value.")
    url: _Link | None = Field(None, description="Where to read more; http or https.")


class PostedEffects(_Posted):
    """What happens then, a sentence each."""

    approve: _Sentence | None = Field(None, description="If it is approved.")
    reject: _Sentence | None = Field(None, description="If it is rejected.")
    rollback: _Sentence | None = Field(None, description="How it is undone.")


class PostedReplyTo(_Posted):
    """A thread in Slack."""

    channel: Annotated[str, Field(pattern=_CHANNEL)] = Field(description="A channel's id.")
    thread_ts: Annotated[str, Field(pattern=_TS)] = Field(
        description="The `ts` of the thread's first message."
    )


class PostedRequest(_Posted):
    """One thing an agent asks people about."""

    action: Annotated[str, Field(min_length=1, max_length=200, pattern=_NAMED)] = Field(
        description="What the agent is about to do, by its tool's name."
    )
    payload: dict[str, Any] | None = Field(
        None,
        description="The exact arguments. At most 256 KiB in canonical spelling and 32 levels; numbers "
        "within what RFC 8785 keeps.",
    )
    kind: Literal["approval", "review", "question"] | None = Field(None, description="`approval` if absent.")
    title: Annotated[str, _text(250)] | None = Field(
        None, description="Heads the card where the rule has no title of its own."
    )
    reasoning: Annotated[str, _text(LONGEST_REASONING)] | None = Field(
        None, description="Why the agent decided this."
    )
    context: Annotated[list[PostedContext], Field(max_length=50)] | None = Field(
        None, description="What the approver should know."
    )
    effects: PostedEffects | None = None
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = Field(
        None, description="How sure the agent is, by its own account."
    )
    risk: Literal["low", "medium", "high", "critical"] | None = Field(
        None, description="May only raise what the policy finds."
    )
    reversible: bool | None = Field(None, description="`false` makes it irreversible.")
    form: dict[str, Any] | None = Field(
        None,
        description="A JSON Schema of `payload`, at most 32 KiB, without references to elsewhere. The "
        "payload must be an instance.",
    )
    options: (
        Annotated[
            list[Annotated[str, _text(500, shortest=1)]],
            Field(min_length=2, max_length=100, json_schema_extra={"uniqueItems": True}),
        ]
        | None
    ) = Field(None, description="For a question: the answers to choose from. None: free text.")
    default_answer: Annotated[str, _text(2_000)] | None = Field(
        None, description="For a question: the answer when nobody answers; one of `options` if there are any."
    )
    on_behalf_of: (
        Annotated[
            str,
            Field(max_length=320, pattern=_SOMEBODY),
        ]
        | None
    ) = Field(None, description="A Slack user id or an e-mail address: this person may not approve it.")
    supersedes: Annotated[str, _text(64, shortest=1)] | None = Field(
        None, description="The id of an earlier request of this agent that this one asks again."
    )
    run_id: Annotated[str, _text(255)] | None = Field(None, description="The agent's own; echoed back.")
    metadata: (
        Annotated[
            dict[
                Annotated[str, _text(128)],
                Annotated[str, _text(4_000)],
            ],
            Field(max_length=100),
        ]
        | None
    ) = Field(None, description="The agent's own; echoed back.")
    callback_url: Annotated[str, _text(addresses.LONGEST_URL, shortest=1)] | None = Field(
        None, description="Where to be told; its host must be registered for the agent."
    )
    reply_to: PostedReplyTo | None = Field(None, description="Put the card in this thread.")


class PostedCancel(_Posted):
    """Why a request is withdrawn."""

    reason: Annotated[str, _text(LONGEST_COMMENT)] | None = Field(None, description="For the card.")


class PostedComment(_Posted):
    """What the agent says in the card's thread."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_COMMENT, pattern=_NOT_BLANK)]


class PostedOutcome(_Posted):
    """How it went after the agent acted."""

    status: Literal["succeeded", "failed", "rolled_back"]
    detail: Annotated[str, _text(LONGEST_COMMENT)] | None = Field(None, description="A sentence or two.")
    url: _Link | None = Field(None, description="Where to see it; http or https.")

    def reported(self) -> Reported:
        """The event it is."""
        return Reported(OutcomeStatus(self.status), self.detail or None, self.url)


class PostedNothing(_Posted):
    """An empty object, or no body."""


def draft_of(posted: PostedRequest, agent: Agent) -> Draft:
    """The request that was posted, as the desk takes it. Raises `Problem` (422) with every flaw."""
    flaws = [*_payload_flaws(posted), *_question_flaws(posted), *_other_flaws(posted, agent)]
    if flaws:
        raise bad_input(flaws)
    return Draft(
        {
            "action": posted.action,
            "payload": posted.payload or {},
            "kind": Kind(posted.kind or Kind.APPROVAL),
            # A title of blanks says less than the action in words, which stands in for none.
            "title": posted.title if posted.title and not posted.title.isspace() else None,
            "reasoning": posted.reasoning,
            "context": tuple(ContextItem(item.label, item.value, item.url) for item in posted.context or ()),
            "effects": _effects(posted.effects),
            "confidence": posted.confidence,
            "risk": None if posted.risk is None else Risk(posted.risk),
            "reversible": posted.reversible,
            "form": posted.form,
            "options": tuple(posted.options or ()),
            "default_answer": posted.default_answer,
            "on_behalf_of": _somebody(posted.on_behalf_of),
            "supersedes": None if posted.supersedes is None else RequestId(posted.supersedes),
            "run_id": posted.run_id,
            "metadata": posted.metadata or {},
            "callback_url": posted.callback_url,
            "reply_to": None
            if posted.reply_to is None
            else ReplyTo(posted.reply_to.channel, posted.reply_to.thread_ts),
        }
    )


def _somebody(posted: str | None) -> str | None:
    """`<@U0ALICE|alice>`, as Slack writes a mention, is U0ALICE."""
    return posted if posted is None or not posted.startswith("<@") else posted[2:-1].partition("|")[0]


def _effects(posted: PostedEffects | None) -> Consequences:
    return Consequences() if posted is None else Consequences(posted.approve, posted.reject, posted.rollback)


def _payload_flaws(posted: PostedRequest) -> Iterator[Flaw]:
    arguments = posted.payload or {}
    found = payload.problems(arguments)
    yield from found
    if posted.form is None:
        return
    wrong = form.schema_flaws(posted.form, "form")
    yield from wrong
    if not found and not wrong:
        yield from form.flaws(posted.form, arguments)


def _question_flaws(posted: PostedRequest) -> Iterator[Flaw]:
    if posted.kind != "question":
        for name in ("options", "default_answer"):
            if getattr(posted, name) is not None:
                yield Flaw(name, "is for a question only")
        return
    if posted.default_answer is not None and not posted.default_answer.strip():
        yield Flaw("default_answer", "must not be blank")
    if posted.options is None:
        return
    for place, option in enumerate(posted.options):
        if not option.strip():
            yield Flaw(f"options.{place}", "must not be blank")
    if len(set(posted.options)) != len(posted.options):
        yield Flaw("options", "must be different from each other")
    if posted.default_answer is not None and posted.default_answer not in posted.options:
        yield Flaw("default_answer", "must be one of options")


def _other_flaws(posted: PostedRequest, agent: Agent) -> Iterator[Flaw]:
    for place, item in enumerate(posted.context or ()):
        yield from payload.problems(item.value, f"context.{place}.value")
    if posted.callback_url is not None:
        why = addresses.flaw_of(posted.callback_url, agent.callback_hosts)
        if why is not None:
            yield Flaw("callback_url", why)
