"""Policies and requests that the policy's tests are told with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from approvals.canonical import Json
from approvals.model import Request
from approvals.words import AgentName, RequestId

#: The smallest policy that loads.
SMALLEST = """\
channel: C0APPROVALS
groups: {support: {users: [U0ALICE, U0BOB]}, directors: {usergroup: S0DIRECTORS}}
default: {gate: hard, ask: support, steps: [{after: 1d, do: park}]}
"""

#: The contract's own example, whole (two lines broken).
CONTRACT = """\
channel: C0APPROVALS            # where cards go unless a rule says otherwise, or its channel is gone
operators: [U0ADMIN]

groups:
  support:   {users: [U0ALICE, U0BOB]}
  directors: {usergroup: S0DIRECTORS}
  finance-on-call:
    rotation:
      {users: [U0CAROL, U0DAN], every: 1 week, handoff: "Mon 09:00", timezone: Europe/Berlin,
       start: 2026-01-05}

risk:
  levels:
    high: [delete_record, "deploy_*"]
    medium: [issue_refund, publish_draft, update_record, send_email]
    low: ["draft_*", "search_*"]
  unknown: high
  raise:
    - {when: "payload.amount > 500", to: high}
    - {when: "payload.amount > 1000", to: critical}
    - {when: "confidence < 0.7", by: 1}

irreversible: ["delete_*", "transfer_*", send_email_blast]

rules:
  - name: moderation
    when: "kind == 'review'"
    gate: audit
    ask: support
    sample: 0.1
    steps: [{after: 3d, do: expire}]
  - name: small-refunds
    when: "action == 'issue_refund' && payload.amount <= 50"
    gate: hard
    ask: support
    digest: hourly
    steps: [{after: 4h, do: escalate, to: directors}, {after: 1d, do: expire}]
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    quorum: 2
    channel: C0REFUNDS
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    guidance: "FIN-7: above 500 only with the customer's receipt."
    summary: [payload.amount, payload.customer, payload.reason]
    form: {amount: {type: number, maximum: 5000}, reason: {enum: [return, goodwill, error]}}
    sensitive: [payload.card_number]
    valid_for: 1h
    steps:
      - {after: 15m, do: remind}
      - {after: 1h, do: escalate, to: finance-on-call}
      - {after: 4h, do: expire}
  - name: drafts
    when: "action == 'publish_draft' && risk == 'medium'"
    gate: soft
    ask: support
    steps: [{after: 30m, do: approve, review: true}]
    grants: {longest: 8h, same: [payload.site]}
  - name: deploys
    when: "action.startsWith('deploy_')"
    gate: manual
    confirm: payload.service
    ask: directors
    steps: [{after: 2h, do: park}]
default:
  {gate: hard, ask: support, steps: [{after: 1h, do: escalate, to: directors}, {after: 1d, do: park}]}

digests:
  hourly: {cron: "0 9-17 * * mon-fri", timezone: Europe/Berlin}
review: {cron: "0 9 * * mon", channel: C0OPS, timezone: Europe/Berlin}
storm: {cards: 20, in: 5m}
keep: {payloads: 90d}
"""


def with_rules(*rules: str, extra: str = "") -> str:
    """The smallest policy with `rules`, YAML flow maps without their braces, and `extra` top-level lines."""
    lines = "".join(f"  - {{{rule}}}\n" for rule in rules)
    return f"{SMALLEST}{extra}rules:\n{lines}" if rules else f"{SMALLEST}{extra}"


#: What a hard rule needs besides a name and a condition.
HARD = "gate: hard, ask: support, steps: [{after: 4h, do: expire}]"


def request(payload: Mapping[str, Json] | None = None, **fields: Any) -> Request:
    """A request of `issue_refund`; every other field as given."""
    return Request(
        id=RequestId("req_1"),
        agent=AgentName("billing-agent"),
        action=fields.pop("action", "issue_refund"),
        payload={} if payload is None else payload,
        created_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        salt="salt",
        **fields,
    )
