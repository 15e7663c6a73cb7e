"""`hitl policy`: does it load, and what would it say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import yaml

from tests.bot.cli.conftest import Hitl

SAMPLE = Path(__file__).parents[3] / "hitl.yml"


def test_check_explains_a_policy_that_loads(hitl: Hitl) -> None:
    """Who decides, what is how risky, and each rule in words: its gate, whom it asks, each step."""
    checked = hitl("policy", "check", str(SAMPLE))
    assert checked.exit_code == 0
    for told in (
        "hitl.yml loads: 7 rules and a default, 3 groups",
        "directors  whoever is in the Slack user group S0DIRECTORS",
        "to critical at least when payload.amount > 1000",
        "gate    audit: the agent goes on at once; people look at it afterwards",
        "10 % are shown to people",
        "directors: 2 of them have to approve, one reject ends it",
        "after 1h: finance may decide as well",
        "after 30m of the card: it goes ahead: approved by silence, and a review is opened for it",
        "the value of payload.service; where there is none, CONFIRM",
    ):
        assert told in checked.stdout
    assert "warning" not in checked.stdout


def test_check_tells_other_programs_in_json(hitl: Hitl, tmp_path: Path) -> None:
    """The same problems and warnings, and the same exit codes."""
    good = json.loads(hitl("policy", "check", "--json", str(SAMPLE)).stdout)
    assert (good["loads"], good["problems"], good["warnings"]) == (True, [], [])
    (tmp_path / "bad.yml").write_text("channel: C0\n")
    bad = hitl("policy", "check", "--json", "bad.yml")
    assert bad.exit_code == 1
    told = json.loads(bad.stdout)
    assert not told["loads"]
    assert {"file": "bad.yml", "line": 1, "rule": None, "field": "groups", "message": "is missing"} in told[
        "problems"
    ]
    assert hitl("policy", "check", "--json", "none.yml").exit_code == 1


def test_check_reads_the_environment_s_policy(hitl: Hitl, tmp_path: Path) -> None:
    """Without FILE it is hitl.yml here, and a missing one is named."""
    missing = hitl("policy", "check")
    assert missing.exit_code == 1
    assert "hitl.yml cannot be read" in missing.stderr
    (tmp_path / "hitl.yml").write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert hitl("policy", "check").exit_code == 0


def test_check_names_everything_that_is_wrong(hitl: Hitl, tmp_path: Path) -> None:
    """File, line, rule, field and what would be right: for each problem, not for the first only."""
    (tmp_path / "bad.yml").write_text("channel: C0\nrules:\n  - name: a\n    gate: soft\n    quorm: 2\n")
    checked = hitl("policy", "check", "bad.yml")
    assert checked.exit_code == 1
    assert 'bad.yml:5: rule "a": quorm: unknown field; did you mean `quorum`?' in checked.stderr
    assert "default: is missing" in checked.stderr
    assert "problems; the policy does not load" in checked.stderr


def test_try_says_what_a_request_would_get_and_why(hitl: Hitl) -> None:
    """The verdict and its reasons, in words and as JSON; from stdin too."""
    body = json.dumps({"action": "issue_refund", "payload": {"amount": 750, "currency": "EUR"}})
    tried = hitl("policy", "try", str(SAMPLE), "-", stdin=body)
    assert tried.exit_code == 0
    assert "directors: 2 of them have to approve" in tried.stdout
    assert "after 4h: it times out: the agent must not act" in tried.stdout
    assert "payload.amount > 500: high" in tried.stdout
    told = json.loads(hitl("policy", "try", str(SAMPLE), "-", "--json", stdin=body).stdout)
    assert (told["gate"], told["risk"], told["rule"]) == ("hard", "high", "refunds")


def test_try_names_what_is_wrong_with_the_request(hitl: Hitl) -> None:
    """As the endpoint would: not JSON by its line, wrong fields by their name."""
    broken = hitl("policy", "try", str(SAMPLE), "-", stdin='{\n"action": }')
    assert broken.exit_code == 1
    assert ":2:" in broken.stderr
    wrong = hitl("policy", "try", str(SAMPLE), "-", stdin='{"action": "x", "confidence": 2}')
    assert wrong.exit_code == 1
    assert "confidence: must be 1 or less" in wrong.stderr


def test_try_names_a_request_file_that_is_not_there(hitl: Hitl) -> None:
    """As a sentence, not as a traceback."""
    missing = hitl("policy", "try", str(SAMPLE), "nofile.json")
    assert missing.exit_code == 1
    assert "nofile.json cannot be read: No such file or directory" in missing.stderr


def test_check_names_a_file_that_is_not_utf_8(hitl: Hitl, tmp_path: Path) -> None:
    """With the line, as for everything else that is wrong."""
    (tmp_path / "latin.yml").write_bytes("channel: C0\n# für\n".encode("latin-1"))
    checked = hitl("policy", "check", "latin.yml")
    assert checked.exit_code == 1
    assert "latin.yml:2: is not UTF-8" in checked.stderr
    assert "1 problem; the policy does not load" in checked.stderr


def test_check_warns_of_what_is_likely_not_meant(hitl: Hitl, tmp_path: Path) -> None:
    """With the line; the policy loads all the same."""
    (tmp_path / "hitl.yml").write_text(
        "channel: C0\n"
        "groups: {a: {users: [U1]}}\n"
        "default: {gate: hard, ask: a, steps: [{after: 1h, do: escalate, to: a}, {after: 1d, do: park}]}\n"
    )
    checked = hitl("policy", "check")
    assert checked.exit_code == 0
    assert 'warning: hitl.yml:3: rule "default": steps: escalates to a' in checked.stdout


def test_the_schema_takes_the_sample_policy(hitl: Hitl) -> None:
    """`hitl policy schema` prints a JSON Schema, and the policy that is shipped is an instance of it."""
    schema = json.loads(hitl("policy", "schema").stdout)
    sample = yaml.safe_load(SAMPLE.read_text(encoding="utf-8"))
    assert jsonschema_rs.is_valid(schema, sample)
    assert not jsonschema_rs.is_valid(schema, {**sample, "chanel": "C0"})


DIGEST = """\
channel: C0
groups: {a: {users: [U1]}}
risk: {levels: {low: [note]}}
rules:
  - {name: notes, gate: hard, ask: a, digest: hourly, steps: [{after: 1d, do: park}]}
default: {gate: hard, ask: a, steps: [{after: 1d, do: park}]}
digests: {hourly: {cron: "0 * * * *", timezone: UTC}}
storm: {cards: 20, in: 5m}
"""


def test_check_and_try_say_what_a_digest_shows(hitl: Hitl, tmp_path: Path) -> None:
    """When it is posted, and which requests have cards all the same."""
    (tmp_path / "hitl.yml").write_text(DIGEST)
    checked = hitl("policy", "check").stdout
    assert "hourly, at 0 * * * * in UTC" in checked
    assert "more than 20 cards for a channel in 5m join one message" in checked
    assert "in the digest hourly; what one click may not clear has a card" in checked
    for action, shown in (("note", "shown    in the digest hourly, in C0"), ("other", "card     in C0")):
        (tmp_path / "request.json").write_text(json.dumps({"action": action}))
        assert shown in hitl("policy", "try", "hitl.yml", "request.json").stdout
