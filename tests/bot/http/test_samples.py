"""The sample policies: each gives its requests the verdicts it was written for, by every door."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from textwrap import wrap
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner

from approvals import judging
from approvals.model import Judgement
from approvals.policy import json_schema
from approvals.words import AgentName, Gate
from bot import policies
from bot.__main__ import main
from bot.cli.request_files import posted
from tests.bot.http.conftest import Endpoint, FixedPolicy

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "samples").glob("*.yml"))
GUIDE = ROOT / "docs" / "policy.md"
BEGIN, END = "<!-- samples -->\n", "<!-- end of samples -->\n"
NAMES = ["coding", "deploys", "expenses", "hiring", "mail", "moderation"]

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=[sample.stem for sample in SAMPLES])


def asked_of(sample: Path) -> list[dict[str, Any]]:
    """The requests that a sample was made for: what is asked in words, the request, the verdict."""
    asked: list[dict[str, Any]] = json.loads(sample.with_suffix(".requests.json").read_text(encoding="utf-8"))
    return asked


def judged(sample: Path, request: dict[str, Any]) -> Judgement:
    """What `sample` says of a posted request."""
    return judging.judge(policies.read(sample), posted(request, AgentName("billing-agent")))


def tried(sample: Path, request: dict[str, Any], *options: str) -> str:
    """What `hitl policy try` prints of it."""
    words = ["policy", "try", str(sample), "-", *options]
    result = CliRunner().invoke(main, words, input=json.dumps(request))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_there_is_one_for_each_of_what_they_are_for() -> None:
    """Six of them, none empty."""
    assert [sample.stem for sample in SAMPLES] == NAMES
    assert all(len(asked_of(sample)) >= 9 for sample in SAMPLES)


@every_sample
def test_a_sample_loads_without_a_warning_and_fits_the_schema(sample: Path) -> None:
    """Whoever copies it begins with nothing to mend, in the bot and in the editor."""
    assert policies.read(sample).warnings == ()
    assert jsonschema_rs.validator_for(json_schema()).is_valid(yaml.safe_load(sample.read_text("utf-8")))


@every_sample
def test_a_sample_gives_the_verdicts_it_was_written_for(sample: Path) -> None:
    """Gate, risk and rule of each request; and each of its rules holds at least one."""
    every = asked_of(sample)
    found = [judged(sample, asked["request"]) for asked in every]
    got = [{"gate": one.gate, "risk": one.risk, "rule": one.rule} for one in found]
    assert got == [asked["verdict"] for asked in every]
    loaded = policies.read(sample)
    assert {one.rule for one in found} == {rule.name for rule in (*loaded.rules, loaded.default)}


@every_sample
async def test_the_endpoint_and_the_command_say_the_same(sample: Path, endpoint: Endpoint) -> None:
    """`POST /v1/check` and `hitl policy try --json`: the same verdict for the same reasons."""
    assert isinstance(endpoint.desk.policies, FixedPolicy)
    endpoint.desk.policies.current = policies.read(sample)
    for asked in asked_of(sample):
        request = asked["request"]
        answer = await endpoint.call("POST", "/v1/check", request)
        assert answer.status == 200, answer.raw
        assert json.loads(tried(sample, request, "--agent", "billing-agent", "--json")) == answer.body


@every_sample
def test_try_explains_each_request(sample: Path) -> None:
    """The gate in words, every reason in order, who is asked, each step, and the card's buttons."""
    for asked in asked_of(sample):
        judgement = judged(sample, asked["request"])
        told = tried(sample, asked["request"])
        assert re.search(rf"^gate +{judgement.gate}: ", told, re.MULTILINE)
        places = [told.index(f"{number}. {why}") for number, why in enumerate(judgement.reasons, 1)]
        assert places == sorted(places)
        assert all(group in told for group in judgement.ask)
        assert told.count("after ") >= len(judgement.steps)
        for button in BUTTONS[judgement.gate]:
            assert button in told


BUTTONS = {
    Gate.AUTO: (),
    Gate.AUDIT: ("Correct, Flag",),
    Gate.SOFT: ("Approve, Edit, Reject",),
    Gate.HARD: ("Reject",),
    Gate.MANUAL: ("Reject", "typed"),
    Gate.QUESTION: ("satire", "fraud", 'goes on with "satire"'),
}


def table_of(sample: Path) -> str:
    """What the guide says of a sample."""
    text = sample.read_text(encoding="utf-8")
    lines = [line.removeprefix("#").strip() for line in text.splitlines()]
    about = lines[: next(place for place, line in enumerate(text.splitlines()) if not line.startswith("#"))]
    rows = [_row(asked["asks"], judged(sample, asked["request"])) for asked in asked_of(sample)]
    head = "| what is asked | gate | risk | rule | who decides |\n|---|---|---|---|---|\n"
    link = f"[`samples/{sample.name}`](../samples/{sample.name})"
    name, words = " ".join(" ".join(about).split()).split(": ", 1)
    said = "\n".join(wrap(f"{link}: {words}", 120, break_long_words=False, break_on_hyphens=False))
    return f"### {name}\n\n{said}\n\n{head}{''.join(rows)}\n"


def _row(asks: str, judgement: Judgement) -> str:
    who = ", ".join(judgement.ask) or "-"
    if judgement.quorum > 1:
        who = f"{judgement.quorum} of {who}"
    if judgement.sample is not None:
        who = f"{who}, who see {judgement.sample * 100:g} %"
    return f"| {asks} | `{judgement.gate}` | {judgement.risk} | `{judgement.rule}` | {who} |\n"


def test_the_guide_tells_what_the_samples_do() -> None:
    """Its tables are these; HITL_REGENERATE=1 writes them anew."""
    guide = GUIDE.read_text(encoding="utf-8")
    before, rest = guide.split(BEGIN)
    told, after = rest.split(END)
    now = "\n" + "".join(map(table_of, SAMPLES))
    if os.environ.get("HITL_REGENERATE"):
        GUIDE.write_text(before + BEGIN + now + END + after, encoding="utf-8")
        told = now
    assert told == now
