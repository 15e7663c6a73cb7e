"""Rules of a policy, read: each field by itself, and what it refers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from approvals.canonical import Json
from approvals.conditions import Condition, ConditionError
from approvals.conditions import compiled as compiled_condition
from approvals.model import Grants, Step
from approvals.policy_misfits import misfits_of
from approvals.policy_model import DEFAULT, Digest, Group, Rule
from approvals.policy_place import Place, each, got
from approvals.policy_problems import meant
from approvals.policy_reach import check_reached, check_risk
from approvals.policy_steps import steps_of
from approvals.schema import schema_flaws
from approvals.titles import Title, TitleError
from approvals.titles import compiled as compiled_title
from approvals.words import DigestName, Gate, GroupName

#: What a rule may say.
FIELDS = (
    "name", "when", "gate", "ask", "steps", "quorum", "channel", "title", "guidance", "summary", "sensitive",
    "form", "valid_for", "confirm", "digest", "sample", "grants",
)  # fmt: skip


def rules_of(
    place: Place, groups: Mapping[GroupName, Group], digests: Mapping[DigestName, Digest]
) -> tuple[Rule, ...]:
    """The list of rules. What is wrong is noted."""
    rules: list[Rule] = []
    for number, item in enumerate(place.items(), 1):
        name = _name_of(item, number, rules)
        reader = _Reader(item.in_rule(name), groups, digests)
        rule = reader.rule(name)
        if rule is None:
            continue
        check_reached(reader.place, rule, rules)
        # One whose condition does not load would seem to take all that comes after it.
        if rule.when is not None or "when" not in reader.fields:
            rules.append(rule)
    return tuple(rules)


def default_of(
    place: Place, groups: Mapping[GroupName, Group], digests: Mapping[DigestName, Digest]
) -> Rule | None:
    """The rule for what no other one is for: without `when`, always with who decides and what ends it."""
    reader = _Reader(place.in_rule(DEFAULT), groups, digests)
    for name in ("name", "when"):
        if name in reader.fields:
            reader.fields[name].wrong("has no place in `default`, which is for whatever no rule is for")
    for name in ("ask", "steps"):
        if name not in reader.fields:
            reader.place.missing(name)
    return reader.rule(DEFAULT)


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


class _Reader:
    """Reads one rule."""

    def __init__(
        self, place: Place, groups: Mapping[GroupName, Group], digests: Mapping[DigestName, Digest]
    ) -> None:
        self.place = place
        self.fields = place.fields(*FIELDS, needs=("gate",))
        self._groups = groups
        self._digests = digests

    def rule(self, name: str) -> Rule | None:
        """None when it has no known gate; other problems are noted, and something stands in for them."""
        fields = self.fields
        gate = got(fields, "gate", lambda place: place.word(Gate))
        # What can be read without knowing the gate is read: all that is wrong is said at once.
        rule = Rule(
            name=name,
            gate=gate or Gate.HARD,
            when=self._when(),
            ask=self._ask(gate),
            steps=self._steps(gate),
            quorum=got(fields, "quorum", lambda place: place.whole(1, 100)) or 1,
            channel=got(fields, "channel", lambda place: place.slack("channel")),
            title=self._title(),
            guidance=got(fields, "guidance", Place.text),
            summary=self._paths("summary"),
            sensitive=self._paths("sensitive"),
            form=self._form(),
            valid_for=got(fields, "valid_for", Place.duration),
            confirm=got(fields, "confirm", Place.path),
            digest=self._digest(),
            sample=got(fields, "sample", Place.share),
            grants=self._grants(),
            line=self.place.line,
        )
        if gate is None:
            return None
        if "when" in fields:
            check_risk(fields["when"], rule)
        for field, why in misfits_of(rule, self._groups):
            fields[field].wrong(why)
        return rule

    def _when(self) -> Condition | None:
        text = got(self.fields, "when", Place.text)
        if text is None:
            return None
        try:
            return compiled_condition(text)
        except ConditionError as error:
            self.fields["when"].wrong(str(error))
            return None

    def _ask(self, gate: Gate | None) -> tuple[GroupName, ...]:
        if "ask" not in self.fields:
            self._miss("ask", gate, "which group decides?")
            return ()
        places = self.fields["ask"].one_or_more()
        if not places:
            self.fields["ask"].wrong("must name at least one group")
        return tuple(dict.fromkeys(each(places, self._group)))

    def _group(self, place: Place) -> GroupName | None:
        name = place.text()
        if name is None:
            return None
        if name not in self._groups:
            place.wrong(f"there is no group {name!r}; {meant(name, self._groups)}")
            return None
        return GroupName(name)

    def _steps(self, gate: Gate | None) -> tuple[Step, ...]:
        if "steps" not in self.fields:
            self._miss("steps", gate, "what happens when nobody answers?")
            return ()
        if gate is None:
            return ()
        return steps_of(self.fields["steps"], gate, self._group)

    def _miss(self, field: str, gate: Gate | None, asking: str) -> None:
        """Only `auto` can do without: where it gives way to hard, the default's are taken."""
        if gate is not Gate.AUTO and self.place.rule != DEFAULT:
            self.place.missing(field, f": {asking}")

    def _title(self) -> Title | None:
        text = got(self.fields, "title", Place.text)
        if text is None:
            return None
        try:
            return compiled_title(text)
        except TitleError as error:
            self.fields["title"].wrong(str(error))
            return None

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

    def _digest(self) -> DigestName | None:
        name = got(self.fields, "digest", Place.text)
        if name is not None and name not in self._digests:
            self.fields["digest"].wrong(f"there is no digest {name!r}; {meant(name, self._digests)}")
        return None if name is None else DigestName(name)

    def _grants(self) -> Grants | None:
        if "grants" not in self.fields:
            return None
        fields = self.fields["grants"].fields("longest", "same", needs=("longest",))
        longest = got(fields, "longest", Place.duration)
        same = each(fields["same"].items(), Place.path) if "same" in fields else ()
        return Grants(longest, same) if longest is not None else None
