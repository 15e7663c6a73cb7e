"""Loading hitl.yml: all that is wrong, where, and what would be right."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from approvals import cron, durations, policy
from approvals.model import Step
from approvals.policy import PolicyError, load
from approvals.words import Gate, GroupName, Risk, StepKind, UserId
from tests.approvals.policy_samples import CONTRACT, HARD, SMALLEST, with_rules


def problems(text: str) -> list[str]:
    """All that is wrong with a policy, as its author reads it."""
    with pytest.raises(PolicyError) as caught:
        load(text)
    return [str(problem) for problem in caught.value.problems]


def test_the_smallest_policy_loads() -> None:
    """Channel, groups and a default are enough; what nobody listed is high risk."""
    loaded = load(SMALLEST)
    assert loaded.version == policy.version_of(SMALLEST)
    assert loaded.version.startswith("sha256:")
    assert loaded.risk.unknown is Risk.HIGH
    assert loaded.default.gate is Gate.HARD
    assert loaded.default.steps == (Step(timedelta(days=1), StepKind.PARK),)
    assert loaded.channels == ("C0APPROVALS",)


def test_the_contracts_example_loads_without_a_warning() -> None:
    """Everything in it is understood and carried out."""
    assert load(CONTRACT).warnings == ()


def test_the_contracts_example_is_read_whole() -> None:
    """Each section of the example ends up as what it says."""
    loaded = load(CONTRACT)
    assert loaded.groups[GroupName("finance-on-call")] == policy.Rotation(
        (UserId("U0CAROL"), UserId("U0DAN")),
        timedelta(weeks=1),
        0,
        time(9),
        "Europe/Berlin",
        date(2026, 1, 5),
    )
    assert [risk for risk, _ in loaded.risk.levels] == [Risk.HIGH, Risk.MEDIUM, Risk.LOW]
    assert loaded.irreversible.match("delete_all")
    rules = {rule.name: rule for rule in loaded.rules}
    assert [rule.gate for rule in loaded.rules] == [Gate.AUDIT, Gate.HARD, Gate.HARD, Gate.SOFT, Gate.MANUAL]
    assert rules["moderation"].sample == 0.1
    assert rules["drafts"].steps == (Step(timedelta(minutes=30), StepKind.APPROVE, review=True),)
    assert rules["drafts"].grants == policy.Grants(timedelta(hours=8), ("payload.site",))
    assert rules["deploys"].confirm == "payload.service"
    refunds = rules["refunds"]
    assert refunds.steps[1] == Step(timedelta(hours=1), StepKind.ESCALATE, GroupName("finance-on-call"))
    assert refunds.form == {
        "type": "object",
        "properties": {
            "amount": {"type": "number", "maximum": 5000},
            "reason": {"enum": ["return", "goodwill", "error"]},
        },
    }
    assert refunds.valid_for == timedelta(hours=1)
    assert loaded.digests == {"hourly": policy.Digest("0 9-17 * * mon-fri", "Europe/Berlin")}
    assert loaded.review == policy.Review("0 9 * * mon", "C0OPS", "Europe/Berlin")
    assert loaded.storm == policy.Storm(20, timedelta(minutes=5))
    assert loaded.keep == policy.Keep(timedelta(days=90))


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Five mistakes in four places are five problems, in the order of the file."""
    text = with_rules(
        f"name: refunds, quorom: 2, {HARD}", f"name: x, when: 'amount > 5', {HARD}", extra="kep: 1\n"
    )
    found = problems(text.replace("C0APPROVALS", "approvals").replace("do: expire", "do: expires", 1))
    assert [line.split(": ", 1)[0] for line in found] == [
        "hitl.yml:1",
        "hitl.yml:4",
        *["hitl.yml:6"] * 2,
        *["hitl.yml:7"] * 2,
    ]
    assert 'rule "refunds": quorom: unknown field; did you mean `quorum`?' in found[2] + found[3]
    assert "did you mean `keep`?" in found[1]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("name: r, gate: hard, steps: [{after: 1h, do: expire}]", "ask: is missing"),
        ("name: r, gate: hard, ask: support", "steps: is missing"),
        ("name: r, ask: support, steps: [{after: 1h, do: expire}]", "gate: is missing"),
        (HARD, "name: is missing"),
        (f"name: default, {HARD}", "'default'"),
        ("name: r, gate: hrad, ask: support", "did you mean `hard`?"),
        ("name: r, gate: hard, ask: suport, steps: [{after: 1h, do: expire}]", "did you mean `support`?"),
        ("name: r, gate: hard, ask: [], steps: [{after: 1h, do: expire}]", "at least one group"),
        ("name: r, gate: hard, ask: support, steps: [{after: 1h, do: remind}]", "last step is missing"),
        ("name: r, gate: hard, ask: support, steps: []", "last step is missing"),
        (
            "name: r, gate: hard, ask: support, steps: [{after: 1h, do: approve}]",
            "approve is for gate soft only",
        ),
        (
            "name: r, gate: soft, ask: support, steps: [{after: 1h, do: expire}]",
            "gate soft ends with approve",
        ),
        (
            "name: r, gate: soft, quorum: 2, ask: support, steps: [{after: 1h, do: approve}]",
            "cannot need several",
        ),
        (
            "name: r, gate: hard, ask: support, steps: [{after: 1h, do: park}, {after: 2h, do: expire}]",
            "nothing can come after",
        ),
        (
            "name: r, gate: hard, ask: support, steps: [{after: 2h, do: remind}, {after: 1h, do: expire}]",
            "is not after the step",
        ),
        ("name: r, gate: hard, ask: support, steps: [{after: 0m, do: expire}]", "longer than nothing"),
        ("name: r, gate: hard, ask: support, steps: [{after: soon, do: expire}]", "15m"),
        (
            "name: r, gate: hard, ask: support, steps: [{after: 1h, do: escalate}, {after: 2h, do: park}]",
            "escalate to which",
        ),
        ("name: r, gate: hard, ask: support, steps: [{after: 1h, do: park, to: support}]", "escalate only"),
        (f"name: r, quorum: 3, {HARD}", "needs 3 people, and those asked are only 2"),
        (f"name: r, quorum: 0, {HARD}", "from 1 to 100"),
        ("name: r, gate: auto, quorum: 2", "needs `ask`"),
        (f"name: r, confirm: payload.x, {HARD}", "gate manual only"),
        (
            "name: r, gate: manual, confirm: payload.card.no, sensitive: [payload.card], ask: support,"
            " steps: [{after: 1h, do: expire}]",
            "confirm: shows payload.card, which is sensitive",
        ),
        (
            "name: r, gate: manual, grants: {longest: 1h}, ask: support, steps: [{after: 1h, do: expire}]",
            "typed by hand each time",
        ),
        (
            "name: r, gate: audit, grants: {longest: 1h}, ask: support, steps: [{after: 1h, do: expire}]",
            "what people approve",
        ),
        ("name: r, gate: soft, ask: support, steps: [{after: 1h, do: remind}]", "what ends it, approve?"),
        ("name: r, gate: audit, ask: support, steps: [{after: 1h, do: approve}]", "gate soft only"),
        ("name: r, gate: hard, ask: support, steps: [{after: 1h, do: park, review: true}]", "approve only"),
        (f"name: r, when:, {HARD}", "has no value"),
        (f"name: r, quorum:, {HARD}", "has no value"),
        (f"name: r, quorom:, {HARD}", "did you mean `quorum`?"),
        (f"name: r, grants: {{same: [payload.x]}}, {HARD}", "grants.longest: is missing"),
        (f"name: r, grants: {{longest: 1h, same: [site]}}, {HARD}", "payload.amount"),
        (f"name: r, sample: 0, {HARD}", "above 0"),
        (f"name: r, sample: 10, {HARD}", "at most 1"),
        (f"name: r, when: 'risk == 3', {HARD}", "== cannot compare them"),
        (f"name: r, when: 'payload == 5', {HARD}", "a map"),
        (f"name: r, when: \"agent in ['a', 5]\", {HARD}", "5 is a whole number"),
        (f"name: r, when: 'reversible == 1', {HARD}", "a yes or no"),
        (f"name: r, sample: 0.5, {HARD}", "gate audit only"),
        (f"name: r, quorum: 2, grants: {{longest: 1h}}, {HARD}", "what needs several"),
        (f"name: r, digest: daily, {HARD}", "no digest 'daily'"),
        (f"name: r, summary: [amount], {HARD}", "payload.amount"),
        (f"name: r, title: '{{{{ amount }}}}', {HARD}", "unknown name 'amount'"),
        (f"name: r, title: '{{{{ payload.card.no }}}}', sensitive: [payload.card], {HARD}", "is sensitive"),
        (f"name: r, form: {{amount: {{type: numbr}}}}, {HARD}", "form.amount"),
        (f"name: r, form: {{amount: {{$ref: 'http://x/y'}}}}, {HARD}", "form.amount"),
        (f"name: r, when: 'risk > 2', {HARD}", "==, != and in only"),
        ("name: r, when: \"risk == 'high'\", gate: auto", "low and medium risk only"),
        ("name: r, when: \"risk in ['low', 'critical']\", gate: auto", "low and medium risk only"),
        ("name: r, when: \"!(risk != 'high')\", gate: auto", "low and medium risk only"),
        ("name: r, when: \"risk != 'low' && risk != 'medium'\", gate: auto", "low and medium risk only"),
        ("name: r, when: \"['high'].exists(x, x == risk)\", gate: auto", "low and medium risk only"),
        (
            "name: r, when: \"payload.x == 1 ? risk == 'critical' : false\", gate: soft, ask: support,"
            " steps: [{after: 1h, do: approve}]",
            "low and medium risk only",
        ),
        (f"name: r, channel: '#ops', {HARD}", "channel id"),
        (f"name: r, valid_for: 0s, {HARD}", "longer than nothing"),
    ],
)
def test_a_rule_that_is_wrong_is_named(rule: str, says: str) -> None:
    """File, line, rule, and what would be right."""
    found = [line for line in problems(with_rules(rule)) if says in line]
    assert len(found) == 1
    assert found[0].startswith('hitl.yml:5: rule "') or found[0].startswith("hitl.yml:5: rules[0].name")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ("operators: [bob]\n", "user id"),
        ("risk: {unknown: no}\n", "'no' is not known"),
        ("risk: {levels: {hihg: [x]}}\n", "did you mean `high`?"),
        ("risk: {raise: [{when: 'true'}]}\n", "either `to`"),
        ("risk: {raise: [{when: 'tru', to: high}]}\n", "risk.raise[0].when: unknown name"),
        ("digests: {d: {cron: '60 * * * *', timezone: UTC}}\n", "is no minute"),
        ("digests: {d: {cron: '0 * * * *', timezone: Mars/Base}}\n", "IANA time zone"),
        ("digests: {d: {cron: '0 * * * *', timezone: ../../etc/passwd}}\n", "IANA time zone"),
        ("review: {cron: '0 * * * *', timezone: UTC}\n", "review.channel: is missing"),
        ("storm: {cards: many, in: 5m}\n", "storm.cards: must be a whole number"),
        ("keep: {payloads: 90}\n", "is not a duration"),
        ("irreversible: delete\n", "must be a list"),
    ],
)
def test_a_section_that_is_wrong_is_named(extra: str, says: str) -> None:
    """Outside of rules the field's whole path stands for the rule."""
    found = problems(with_rules(extra=extra))
    assert len(found) == 1
    assert says in found[0]
    assert found[0].startswith("hitl.yml:4: ")


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ("{}", "exactly one of"),
        ("{users: [U1], usergroup: S1}", "exactly one of"),
        ("{users: []}", "must name somebody"),
        ("{usergroup: directors}", "user group id"),
        ("{rotation: {users: [U1], every: 1w, handoff: never, timezone: UTC}}", "weekday and a time"),
        ("{rotation: {users: [U1], every: 1w, handoff: Monxyz 09:00, timezone: UTC}}", "weekday and a time"),
        ("{rotation: {users: [U1], every: 1w, handoff: Mond 09:00, timezone: UTC}}", "weekday and a time"),
        ("{rotation: {users: [U1], every: 1d, handoff: Mon 09:00, timezone: UTC}}", "whole weeks"),
        ("{rotation: {users: [U1], every: 90m, handoff: 09:00, timezone: UTC}}", "whole hours"),
        (
            "{rotation: {users: [U1], every: 1d, handoff: 09:00, timezone: UTC, start: 2026-02-30}}",
            "a date like",
        ),
    ],
)
def test_a_group_that_is_wrong_is_named(group: str, says: str) -> None:
    """A group is people, a Slack user group or a rotation, each with what it needs."""
    found = problems(SMALLEST.replace("{usergroup: S0DIRECTORS}", group))
    assert len(found) == 1
    assert says in found[0]
    assert found[0].startswith("hitl.yml:2: groups.directors")


@pytest.mark.parametrize("written", ["Thu 09:00", "thursday 09:00", "THURSDAY 9:00"])
def test_a_weekday_is_written_short_or_whole(written: str) -> None:
    """Three letters or the whole name, upper or lower case."""
    group = f"{{rotation: {{users: [U1], every: 1w, handoff: {written}, timezone: UTC}}}}"
    rotation = load(SMALLEST.replace("{usergroup: S0DIRECTORS}", group)).groups[GroupName("directors")]
    assert isinstance(rotation, policy.Rotation)
    assert (rotation.weekday, rotation.at) == (3, time(9))


def test_whoever_a_step_escalates_to_counts_towards_the_quorum() -> None:
    """Three of two and two others can be found; three of two and the same two cannot."""
    groups = "{support: {users: [U0ALICE, U0BOB]}, directors: {users: [U0BOB, U0CAROL]}}"
    text = with_rules(
        "name: r, gate: hard, ask: support, quorum: 3,"
        " steps: [{after: 1h, do: escalate, to: directors}, {after: 1d, do: expire}]"
    ).replace("{support: {users: [U0ALICE, U0BOB]}, directors: {usergroup: S0DIRECTORS}}", groups)
    assert load(text).rules[0].quorum == 3
    [problem] = problems(text.replace("U0CAROL", "U0ALICE"))
    assert "needs 3 people, and those asked are only 2" in problem


def test_a_rotation_is_asked_and_escalated_to() -> None:
    """One at a time is on call, so that two people need a second group; shifts may be hours."""
    groups = "{rotation: {users: [U1, U2], every: 12h, handoff: 09:00, timezone: UTC}}"
    text = SMALLEST.replace("{usergroup: S0DIRECTORS}", groups)
    steps = "steps: [{after: 1h, do: escalate, to: directors}, {after: 1d, do: park}]"
    assert load(text.replace("steps: [{after: 1d, do: park}]", steps)).warnings == ()
    asked = text.replace("ask: support", "ask: directors")
    assert load(asked).default.ask == ("directors",)
    [problem] = problems(asked.replace("ask: directors", "ask: directors, quorum: 2"))
    assert "needs 2 people, and those asked are only 1" in problem


def test_two_rules_may_not_share_a_name() -> None:
    """A judgement names its rule."""
    found = problems(with_rules(f"name: a, when: 'true', {HARD}", f"name: a, when: 'false', {HARD}"))
    assert "there is another rule 'a'" in found[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("- 1", "must be a map"),
        ("a: [", "hitl.yml:1: not YAML"),
        ("channel: C0\ngroups: {}\nchannel: C0", "hitl.yml:3: `channel` stands here twice (first on line 1)"),
        ("a: !!python/object/apply:os.system [x]", "tags are not taken"),
        ("a: !x 1", "tags are not taken"),
        ("a: &x [*x]", "nested too deep"),
        ("a\n\0", "not YAML"),
        ("--- 1\n--- 2", "not YAML"),
        ("[" * 5_000, "nested too deep"),
        ("{[a]: b}", "a key must be a word"),
        ("<<: {a: b}", "merge keys"),
        ("#" * 300_000, "larger than"),
        ("a: &a [" + "x," * 50 + "]\nb: &b [" + "*a," * 50 + "]\nc: [" + "*b," * 50 + "]", "too many values"),
    ],
)
def test_hostile_yaml_is_refused(text: str, says: str) -> None:
    """Bombs, tags and broken files are problems with a line, and do nothing else."""
    assert any(says in problem for problem in problems(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("no", "no"), ("09:00", "09:00"), ("2026-01-05", "2026-01-05"), ("1_000", "1_000"),
        ("0x1F", "0x1F"), ("'5'", "5"), ("5", 5), ("-5", -5), ("1.5", 1.5), ("1e3", 1000.0), ("true", True),
        ("~", None), ("9" * 30, float("9" * 30)), (".", "."), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_scalars_are_read_as_they_look(text: str, value: object) -> None:
    """YAML 1.1's booleans, dates and times of day stay the words they are."""
    loaded = load(with_rules(f"name: a, form: {{x: {{const: {text}}}}}, {HARD}"))
    assert loaded.rules[0].form == {"type": "object", "properties": {"x": {"const": value}}}


def test_a_line_is_where_the_field_stands() -> None:
    """In a block-style rule every problem points at its own line."""
    rule = "- name: a\n  gate: hard\n  ask: support\n  quorum: 9\n  steps:\n  - {after: x, do: park}\n"
    text = f"{SMALLEST}rules:\n{rule}"
    assert [problem.split(": ")[0] for problem in problems(text)] == ["hitl.yml:8", "hitl.yml:10"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("4h", 14_400),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1 week", 604_800),
        ("90 Minutes", 5_400),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    """Short and in words; written again, they mean the same."""
    span = durations.duration(text)
    assert span == timedelta(seconds=seconds)
    assert durations.duration(durations.spelled(span)) == span


@pytest.mark.parametrize(
    "text", ["", "5", "0s", "-1h", "1.5h", "1y", "h", "1h 30m", "99999999w", "²s", "9" * 5_000 + "s"]
)
def test_no_durations(text: str) -> None:
    """What is none, or nothing, or beyond ten years is refused."""
    with pytest.raises(ValueError, match=r"duration|longer|at most"):
        durations.duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/15 * * * *",
        "0 9-17 * * mon-fri",
        "0 9 * * fri-sun",
        "0 0 1,15 jan,JUL 7",
        "0-30/5 1 * * 0",
    ],
)
def test_crons(text: str) -> None:
    """What crontab(5) takes."""
    assert cron.flaw(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "60 * * * *",
        "*/0 * * * *",
        "5/15 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * * funday",
        "0 0 * * fri-mon",
        "² * * * *",
        "@daily",
    ],
)
def test_no_crons(text: str) -> None:
    """What crontab(5) would refuse is refused here, with the field that is wrong."""
    assert cron.flaw(text)
