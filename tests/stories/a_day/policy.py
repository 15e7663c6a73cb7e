"""The policy of the day, and who is there."""

from __future__ import annotations

from typing import Final

ALICE: Final = "U0ALICE"
BOB: Final = "U0BOB"
CAROL: Final = "U0CAROL"
#: On call, and asked only when it escalates.
DAN: Final = "U0DAN"
#: Olivia, an operator.
ADMIN: Final = "U0ADMIN"

POLICY: Final = """
channel: C0APPROVALS
operators: [U0ADMIN]

groups:
  support:   {users: [U0ALICE, U0BOB, U0CAROL]}
  directors: {usergroup: S0DIRECTORS}
  on-call:   {rotation: {users: [U0DAN], every: 1 week, handoff: "Mon 09:00", timezone: Europe/Berlin}}

risk:
  levels:
    high: ["deploy_*", "delete_*"]
    medium: [issue_refund, publish_draft, repaint_office]
    low: ["search_*", "hide_*", "label_*", ask]
  unknown: high
  raise:
    - {when: "payload.amount > 500", to: high}

irreversible: ["delete_*"]

rules:
  - name: lookups
    when: "action.startsWith('search_')"
    gate: auto
    ask: support
    steps: [{after: 1d, do: expire}]
  - name: labels
    when: "action == 'label_comment'"
    gate: audit
    ask: support
    sample: 0.1
    steps: [{after: 6h, do: expire}]
  - name: moderation
    when: "kind == 'review'"
    gate: audit
    ask: support
    title: "Hide comment {{ payload.comment }}"
    steps: [{after: 6h, do: expire}]
  - name: questions
    when: "kind == 'question'"
    gate: question
    ask: support
    steps: [{after: 90m, do: expire}]
  - name: small-refunds
    when: "action == 'issue_refund' && payload.amount <= 50"
    gate: hard
    ask: support
    digest: hourly
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    steps: [{after: 1d, do: expire}]
  - name: big-refunds
    when: "action == 'issue_refund' && payload.amount > 500"
    gate: hard
    ask: directors
    quorum: 2
    channel: C0REFUNDS
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    guidance: "FIN-7: above 500 only with the customer's receipt."
    summary: [payload.amount, payload.customer, payload.reason]
    form: {amount: {type: number, maximum: 5000}}
    valid_for: 1h
    steps:
      - {after: 15m, do: remind}
      - {after: 1h, do: escalate, to: on-call}
      - {after: 4h, do: expire}
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: support
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    form: {amount: {type: number, maximum: 500}}
    steps: [{after: 8h, do: expire}]
  - name: drafts
    when: "action == 'publish_draft' && risk == 'medium'"
    gate: soft
    ask: support
    title: "Publish “{{ payload.page }}” on {{ payload.site }}"
    steps: [{after: 30m, do: approve, review: true}]
    grants: {longest: 8h, same: [payload.site]}
  - name: deploys
    when: "action.startsWith('deploy_')"
    gate: manual
    confirm: payload.service
    ask: directors
    title: "Deploy {{ payload.service }} {{ payload.version }}"
    steps: [{after: 2h, do: park}]

default: {gate: hard, ask: support, steps: [{after: 1h, do: remind}, {after: 1d, do: park}]}

digests:
  hourly: {cron: "0 9-17 * * *", timezone: UTC}
"""
