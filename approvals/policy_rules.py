"""Rules of a policy, read and checked: each by itself, then against the groups and the other rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from approvals.canonical import Json
from approvals.conditions import Condition, ConditionError
from approvals.conditions import compiled as compiled_condition
from approvals.model import Gate, Grants, GroupName, Risk, Step, StepKind
from approvals.policy_model import DEFAULT, Digest, Group, Rule, Users
from approvals.policy_not_yet import NOT_YET_ASKED, NOT_YET_FIELDS
from approvals.policy_place import Place, each, got
from approvals.policy_problems import Problem, meant
from approvals.schema import schema_flaws
from approvals.titles import Title, TitleError
from approvals.titles import compiled as compiled_title

#: Gates that let a request through without a person, above which risk they no longer may.
_GENTLE = frozenset({Gate.AUTO, Gate.SOFT})
_RISKY = frozenset({Risk.HIGH, Risk.CRITICAL})
#: What a rule may say.
FIELDS = (
    "name", "when", "gate", "ask", "steps", "quorum", "channel", "title", "guidance", "summary", "sensitive",
    "form", "valid_for", "confirm", "digest", "sample", "grants",
)  # fmt: skip


def rules_of(
    place: Place, groups: Mapping[GroupName, Group], digests: Mapping[str, Digest]
) -> tuple[Rule, ...]:
    """The list of rules. What is wrong is noted."""
    rules: list[Rule] = []
    for number, item in enumerate(place.items(), 1):
        name = _name_of(item, number, rules)
        rule = _Reader(item.in_rule(name), groups, digests).rule(name)
        if rule is not None:
            _check_reached(item.in_rule(name), rule, rules)
            rules.append(rule)
    return tuple(rules)


def default_of(place: Place, groups: Mapping[GroupName, Group], digests: Mapping[str, Digest]) -> Rule | None:
    """The rule for what no other one is for: without `when`, always with who decides and what ends it."""
    reader = _Reader(place.in_rule(DEFAULT), groups, digests)
    for name in ("name", "when"):
        if name in reader.fields:
            reader.fields[name].wrong("has no place in `default`, which is for whatever no rule is for")
    for name in ("ask", "steps"):
        if name not in reader.fields:
            reader.place.missing(name)
    return reader.rule(DEFAULT)


def warnings_of(rules: Sequence[Rule], file: str) -> tuple[Problem, ...]:
    """What loads but lets through more than it seems to: values of different types are unequal."""
    return tuple(
        Problem(
            file,
            rule.line,
            rule.name,
            "when",
            "`!=` is also met by a value of another type (5 is not '5'): name what is let through",
        )
        for rule in rules
        if rule.when is not None and rule.gate in (Gate.AUTO, Gate.AUDIT, Gate.SOFT)
        if any(mention.name == "payload" and not mention.equal for mention in rule.when.mentions)
    )


def _name_of(item: Place, number: int, before: Sequence[Rule]) -> str:
    """The rule's name; where it has none, its number, so that problems can be told apart."""
    entries = item.node.of if isinstance(item.node.of, Mapping) else {}
    nameless = f"#{number}"
    if "name" not in entries:
        if entries:
            item.in_rule(nameless).missing("name")
        return nameless
    place = Place(entries["name"], item.file, item.problems, f"{item.field}.name")
    name = place.name()
    if name == DEFAULT:
        place.wrong(f"{DEFAULT!r} is what requests without a rule are said to be judged by")
    if any(rule.name == name for rule in before):
        place.wrong(f"there is another rule {name!r}")
    return name or nameless


def _check_reached(place: Place, rule: Rule, before: Sequence[Rule]) -> None:
    for other in before:
        if other.when is None:
            place.wrong(
                f"can never match: rule {other.name!r} on line {other.line} has no `when` and takes all"
            )
            return
        if other.when == rule.when:
            place.wrong(f"can never match: rule {other.name!r} on line {other.line} has the same `when`")
            return


class _Reader:
    """Reads one rule."""

    def __init__(
        self, place: Place, groups: Mapping[GroupName, Group], digests: Mapping[str, Digest]
    ) -> None:
        self.place = place
        self.fields = place.fields(*FIELDS, needs=("gate",))
        self._groups = groups
        self._digests = digests

    def rule(self, name: str) -> Rule | None:
        """None when it has no known gate; other problems are noted, and something stands in for them."""
        fields = self.fields
        gate = got(fields, "gate", lambda place: place.word(Gate))
        for field in NOT_YET_FIELDS & fields.keys():
            fields[field].wrong("is not done yet: leave it away for now")
        if gate is None:
            return None
        sensitive = self._paths("sensitive")
        rule = Rule(
            name=name,
            gate=gate,
            when=self._when(gate),
            ask=self._ask(gate),
            steps=self._steps(gate),
            quorum=got(fields, "quorum", lambda place: place.whole(1, 100)) or 1,
            channel=got(fields, "channel", lambda place: place.slack("channel")),
            title=self._title(sensitive),
            guidance=got(fields, "guidance", Place.text),
            summary=self._paths("summary"),
            sensitive=sensitive,
            form=self._form(),
            valid_for=got(fields, "valid_for", Place.duration),
            confirm=got(fields, "confirm", Place.path),
            digest=self._digest(),
            sample=got(fields, "sample", Place.share),
            grants=self._grants(),
            line=self.place.line,
        )
        self._check(rule)
        return rule

    def _when(self, gate: Gate) -> Condition | None:
        text = got(self.fields, "when", Place.text)
        if text is None:
            return None
        try:
            condition = compiled_condition(text)
        except ConditionError as error:
            self.fields["when"].wrong(str(error))
            return None
        for mention in condition.mentions:
            if gate in _GENTLE and mention.name == "risk" and mention.equal and mention.values & _RISKY:
                self.fields["when"].wrong(
                    f"{gate} is for low and medium risk only: what is riskier is held as hard"
                )
                break
        return condition

    def _ask(self, gate: Gate) -> tuple[GroupName, ...]:
        if "ask" not in self.fields:
            if gate is not Gate.AUTO and self.place.rule != DEFAULT:
                self.place.missing("ask", ": which group decides?")
            return ()
        places = self.fields["ask"].one_or_more()
        if not places:
            self.fields["ask"].wrong("must name at least one group")
        return tuple(dict.fromkeys(each(places, self._asked)))

    def _asked(self, place: Place) -> GroupName | None:
        name = self._group(place)
        if name is not None and isinstance(self._groups[name], NOT_YET_ASKED):
            place.wrong(
                f"{name!r} is a rotation, and who is on call is not known yet; ask another group for now"
            )
        return name

    def _group(self, place: Place) -> GroupName | None:
        name = place.text()
        if name is None:
            return None
        if name not in self._groups:
            place.wrong(f"there is no group {name!r}; {meant(name, self._groups)}")
            return None
        return GroupName(name)

    def _steps(self, gate: Gate) -> tuple[Step, ...]:
        if "steps" not in self.fields:
            if gate is not Gate.AUTO and self.place.rule != DEFAULT:
                self.place.missing("steps", ": what happens when nobody answers?")
            return ()
        places = self.fields["steps"].items()
        found = [(place, self._step(place)) for place in places]
        steps = [(place, step) for place, step in found if step is not None]
        if len(steps) == len(found):
            self._check_steps(gate, steps)
        return tuple(step for _, step in steps)

    def _step(self, place: Place) -> Step | None:
        fields = place.fields("after", "do", "to", "review", needs=("after", "do"))
        after = got(fields, "after", Place.duration)
        do = got(fields, "do", lambda place: place.word(StepKind))
        to = self._group(fields["to"]) if "to" in fields else None
        review = got(fields, "review", Place.flag)
        if do is StepKind.ESCALATE and "to" not in fields:
            place.missing("to", ": escalate to which group?")
        if do not in (None, StepKind.ESCALATE) and "to" in fields:
            fields["to"].wrong(f"is for escalate only, not for {do}")
        if do not in (None, StepKind.APPROVE) and "review" in fields:
            fields["review"].wrong(f"is for approve only, not for {do}")
        if after is None or do is None:
            return None
        return Step(after, do, to, bool(review))

    def _check_steps(self, gate: Gate, steps: Sequence[tuple[Place, Step]]) -> None:
        last_ones = "approve, expire or park" if gate is Gate.SOFT else "expire or park"
        if not steps or not steps[-1][1].do.last:
            self.fields["steps"].wrong(f"the last step is missing: what ends it, {last_ones}?")
        before = timedelta()
        for index, (place, step) in enumerate(steps):
            if step.after <= before:
                place.wrong("is not after the step before it; `after` counts from the opening")
            before = max(before, step.after)
            if step.do.last and index < len(steps) - 1:
                place.wrong(f"{step.do} ends the request, so nothing can come after it")
            if step.do is StepKind.APPROVE and gate is not Gate.SOFT:
                place.wrong(f"approve is for gate soft only; with {gate} it is expire or park")
        if gate is Gate.SOFT and steps and steps[-1][1].do in (StepKind.EXPIRE, StepKind.PARK):
            steps[-1][0].wrong("gate soft ends with approve; to end otherwise use gate hard")

    def _title(self, sensitive: Sequence[str]) -> Title | None:
        text = got(self.fields, "title", Place.text)
        if text is None:
            return None
        try:
            title = compiled_title(text)
        except TitleError as error:
            self.fields["title"].wrong(str(error))
            return None
        shown = [path for path in sensitive if any(_overlap(path, other) for other in title.paths)]
        if shown:
            self.fields["title"].wrong(f"shows {shown[0]}, which is sensitive")
        return title

    def _paths(self, field: str) -> tuple[str, ...]:
        return each(self.fields[field].items(), Place.path) if field in self.fields else ()

    def _form(self) -> Mapping[str, Json] | None:
        if "form" not in self.fields:
            return None
        place = self.fields["form"]
        entries = place.entries()
        if entries is None:
            return None
        schema: dict[str, Json] = {"type": "object", "properties": {n: e.json() for n, e in entries.items()}}
        for flaw in schema_flaws(schema, "form"):
            name = flaw.loc.removeprefix("form.properties.").split(".")[0]
            entries.get(name, place).wrong(f"{flaw.loc.replace('form.properties.', '', 1)}: {flaw.msg}")
        return schema

    def _digest(self) -> str | None:
        name = got(self.fields, "digest", Place.text)
        if name is not None and name not in self._digests:
            self.fields["digest"].wrong(f"there is no digest {name!r}; {meant(name, self._digests)}")
        return name

    def _grants(self) -> Grants | None:
        if "grants" not in self.fields:
            return None
        fields = self.fields["grants"].fields("longest", "same", needs=("longest",))
        longest = got(fields, "longest", Place.duration)
        same = each(fields["same"].items(), Place.path) if "same" in fields else ()
        return Grants(longest, same) if longest is not None else None

    def _check(self, rule: Rule) -> None:
        """What no field can be blamed for alone."""
        for field, why in _misfits(rule):
            self.fields[field].wrong(why)
        # Whoever an escalation adds may approve as well.
        later = (step.to for step in rule.steps if step.to is not None)
        deciding = [self._groups[name] for name in (*rule.ask, *later)]
        if rule.quorum > 1 and rule.ask and all(isinstance(group, Users) for group in deciding):
            people = {user for group in deciding if isinstance(group, Users) for user in group.users}
            if rule.quorum > len(people):
                self.fields["quorum"].wrong(
                    f"needs {rule.quorum} people, and those asked are only {len(people)}"
                )


def _misfits(rule: Rule) -> Iterator[tuple[str, str]]:
    """Fields that do not go together: which one, and why."""
    if rule.quorum > 1 and rule.gate is Gate.SOFT:
        yield "quorum", "soft goes ahead by itself, so it cannot need several people"
    if rule.quorum > 1 and not rule.ask and rule.gate is Gate.AUTO:
        yield "quorum", "needs `ask`: where auto gives way to hard, these are asked"
    if rule.quorum > 1 and rule.grants is not None:
        yield "grants", "one person cannot allow for a while what needs several"
    if rule.grants is not None and rule.gate is Gate.MANUAL:
        yield "grants", "what is typed by hand each time cannot be allowed for a while"
    if rule.confirm is not None and rule.gate is not Gate.MANUAL:
        yield "confirm", "is for gate manual only"
    if rule.sample is not None and rule.gate is not Gate.AUDIT:
        yield "sample", "is for gate audit only"


def _overlap(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
