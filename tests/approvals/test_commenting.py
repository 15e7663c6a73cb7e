"""Comments, and what becomes of them: edited or deleted once, told again, never undone by what is older."""

from __future__ import annotations

from datetime import timedelta

from approvals import audit
from approvals.audit import FactKind
from approvals.effects import CallAgent, CallbackType
from approvals.events import Commented, Reworded, Unsaid
from approvals.machine import Ruling, decide
from approvals.model import Case
from tests.harness.cases import ALICE, NOON, an_open_case, opened

REF = "C0APPROVALS:1700000000.000100"
LATER = NOON + timedelta(minutes=5)


def commented(case: Case | None = None) -> Case:
    """A case on which Alice said something."""
    return decide(case or an_open_case(), Commented(ALICE, "card 4111", REF), NOON).case


def reworded(case: Case, text: str, minutes: float) -> Ruling:
    """The comment's message was edited so long after noon."""
    return decide(case, Reworded(REF, text, NOON + timedelta(minutes=minutes)), LATER)


def test_an_edit_replaces_the_words_and_tells_the_agent_again() -> None:
    """The old words are gone, a fact seals the new ones, and the agent is called under a new key."""
    said = reworded(commented(), "card ending 11", 1)
    [comment] = said.case.comments
    assert (comment.text, comment.by, comment.at) == ("card ending 11", ALICE, NOON)
    assert (comment.changes, comment.changed_at) == (1, NOON + timedelta(minutes=1))
    [fact] = said.facts
    assert (fact.kind, fact.by) == (FactKind.COMMENT_EDITED, "person:U0ALICE")
    assert "card ending 11" not in str(fact.body)
    assert fact.body["text"] != reworded(commented(), "card ending 12", 1).facts[0].body["text"]
    assert said.effects == (CallAgent("comment:0:1", CallbackType.COMMENTED),)


def test_a_deletion_takes_the_words_away_and_leaves_the_place() -> None:
    """That something was said there stays, so that later comments keep their places; nobody is blamed."""
    case = decide(commented(), Commented(ALICE, "second", "C0:2"), LATER).case
    said = decide(case, Unsaid(REF, LATER), LATER)
    assert [(each.text, each.deleted) for each in said.case.comments] == [("", True), ("second", False)]
    assert [(fact.kind, fact.by) for fact in said.facts] == [(FactKind.COMMENT_DELETED, "desk")]
    assert said.effects == (CallAgent("comment:0:1", CallbackType.COMMENTED),)


def test_what_is_delivered_again_changes_nothing() -> None:
    """An edit or a deletion that comes twice is one fact and one call."""
    edited = reworded(commented(), "new", 1).case
    again = reworded(edited, "new", 1)
    assert (again.case is edited, again.facts, again.effects) == (True, (), ())
    gone = decide(edited, Unsaid(REF, LATER), LATER).case
    assert decide(gone, Unsaid(REF, LATER), LATER).case is gone


def test_an_older_change_never_undoes_a_newer() -> None:
    """Slack repeats what was not answered, so an edit may come after the one that followed it."""
    newest = reworded(commented(), "third", 2).case
    assert reworded(newest, "second", 1).case is newest
    gone = decide(newest, Unsaid(REF, LATER), LATER).case
    assert reworded(gone, "back again", 9).case is gone


def test_what_is_nobodys_comment_is_left_alone() -> None:
    """A message that is not known here changes nothing, and neither does one of the agent's."""
    case = commented()
    other = decide(case, Reworded("C0:9", "x", LATER), LATER)
    assert (other.case is case, other.facts) == (True, ())
    agents = decide(an_open_case(), Commented(case.request.agent, "hello", REF), NOON).case
    assert decide(agents, Unsaid(REF, LATER), LATER).case is agents


def test_the_chain_holds_over_edits_and_deletions() -> None:
    """The facts of a comment's whole life verify."""
    opening = opened()
    facts, case = list(opening.facts), opening.case
    gone = Unsaid(REF, LATER + timedelta(minutes=1))
    for event in (Commented(ALICE, "one", REF), Reworded(REF, "two", LATER), gone):
        ruling = decide(case, event, LATER)
        facts += ruling.facts
        case = ruling.case
    assert len(facts) == 4
    assert audit.verify(facts, case.chain) is None
