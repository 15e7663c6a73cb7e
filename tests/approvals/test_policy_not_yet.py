"""What a policy may say already and nobody carries out yet: its author is warned of each, by line."""

from __future__ import annotations

from approvals.policy import load
from tests.approvals.policy_samples import SMALLEST

LATER = """\
digests:
  hourly: {cron: "0 * * * *", timezone: UTC}
review: {cron: "0 9 * * Mon", channel: C0OPS, timezone: UTC}
storm: {cards: 20, in: 1m}
keep: {payloads: 90d}
rules:
  - name: refunds
    gate: hard
    ask: support
    steps:
      - {after: 1h, do: remind}
      - {after: 2h, do: escalate, to: directors}
      - {after: 1d, do: expire}
"""


def test_each_thing_that_is_not_carried_out_is_named_with_its_line() -> None:
    """Settings that nobody looks at; not `review`, `keep`, nor a step, which are."""
    assert [str(warning) for warning in load(SMALLEST + LATER).warnings] == [
        "hitl.yml:4: digests: is not carried out yet",
        "hitl.yml:7: storm: is not carried out yet",
    ]
