"""What is said once in a card's thread, and who is called by it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings

from approvals.effects import Escalated, HandedTo, Note, Recounted, Reminded, Restarted, Skipped, Voided
from approvals.events import HandedOver, Snoozed, Ticked, Voted
from approvals.model import Case, Lack
from approvals.roster import Person, Profile, Roster
from approvals.words import Choice, GroupName, Shortage, UserId
from blocks import limits, notices
from blocks.actions import NOTE_METADATA
from blocks.attention_words import asked_note
from blocks.message import Message
from blocks.thread_notes import is_for_nobody, note_of, put_off, summons
from tests.blocks.gate_states import ROSTER, after, comment, deploy, draft, escalating, question, shown
from tests.blocks.hostile import WORDS
from tests.blocks.states import edited, refund, stranger, voted
from tests.harness.cases import (
    ALICE,
    BOB,
    CAROL,
    DAN,
    DIRECTORS,
    FINANCE,
    NOON,
    a_request,
    a_roster,
    an_open_case,
)
from tests.harness.reading import read_message

GOLDEN = Path(__file__).parent / "golden" / "notes.txt"
NOBODY = a_roster(members=())


def said(case: Case, note: Note, roster: Roster = ROSTER) -> Message:
    """The note as a message."""
    return note_of(case, note, roster, "key:1", NOON)


def escalated() -> Case:
    """Finance is asked as well, after an hour."""
    return after(escalating(), Ticked(), minutes=61)


CARD = "https://acme.slack.com/archives/C1/p2"


def summoned(card: str | None = CARD, *, early: bool = False, by: str | None = None) -> Message:
    """The direct message of an escalation."""
    return summons(escalated(), ROSTER, card, "escalate:0:U0DAN", early=early, by=by)


FOR_ALICE = replace(a_roster(members=(ALICE, CAROL)), deputies={BOB.id: (ALICE.id,)})
GUEST = Profile(ALICE.id, "Alice", active=False, outsider=True)


def deputised() -> Case:
    """Bob approved in the place of Alice; the directors are she and Carol."""
    case = refund()
    return after(case, Voted(BOB, Choice.APPROVE, case.sight, FOR_ALICE), minutes=20)


def parked() -> Case:
    """Nobody decided it in time."""
    return after(deploy(), Ticked(), minutes=121)


NOTES: Mapping[str, Callable[[], Message]] = {
    "reminded": lambda: said(refund(), Reminded()),
    "reminded, half approved": lambda: said(voted(refund(), ALICE), Reminded()),
    "reminded, soft": lambda: said(shown(draft()), Reminded()),
    "reminded, audit": lambda: said(comment(), Reminded()),
    "reminded, question": lambda: said(question(), Reminded()),
    "reminded, nobody is left": lambda: said(refund(), Reminded(), a_roster(members=())),
    "escalated": lambda: said(escalated(), Escalated(FINANCE)),
    "handed over to a group": lambda: said(escalated(), Escalated(FINANCE, early=True, by=ALICE)),
    "handed over": lambda: said(refund(), HandedTo(ALICE, BOB)),
    "handed over, parked": lambda: said(parked(), HandedTo(ALICE, BOB, "You know them.")),
    "put off until now": lambda: put_off(refund(), ROSTER, CARD, "wake:U0ALICE:1"),
    "put off until now, without a card": lambda: put_off(draft(), ROSTER, None, "wake:U0ALICE:1"),
    "asked aloud": lambda: asked_note(refund(), "Alice", "Is it the first?\nOr *the second*?", "key:1"),
    "escalated early": lambda: said(escalated(), Escalated(FINANCE, early=True)),
    "escalated to nobody": lambda: said(escalated(), Escalated(FINANCE, there=False), a_roster()),
    "escalated, not heard of": lambda: said(escalated(), Escalated(FINANCE, there=None), a_roster()),
    "escalated, direct message": summoned,
    "escalated early, direct message": lambda: summoned(early=True),
    "handed over, direct message": lambda: summoned(early=True, by="Alice"),
    "escalated, direct message without a card": lambda: summoned(None),
    "escalated, question": lambda: said(replace(question(), escalated=(FINANCE,)), Escalated(FINANCE)),
    "voided": lambda: said(edited(voted(refund(), BOB), ALICE, amount=500), Voided(ALICE, (BOB,))),
    "recounted": lambda: said(voted(refund(), BOB), Recounted((BOB,)), a_roster(members=(ALICE, CAROL))),
    "recounted, a deputy": lambda: said(deputised(), Recounted((BOB,)), ROSTER),
    "recounted, another deputy": lambda: said(
        deputised(), Recounted((BOB,)), replace(ROSTER, deputies={DAN.id: (ALICE.id,)})
    ),
    "recounted, who was away left": lambda: said(
        deputised(), Recounted((BOB,)), replace(FOR_ALICE, people=a_roster(gone=(ALICE,)).people)
    ),
    "recounted, who was away is a guest": lambda: said(
        deputised(),
        Recounted((BOB,)),
        replace(FOR_ALICE, people={**FOR_ALICE.people, ALICE.id: GUEST}),
    ),
    "recounted, left": lambda: said(voted(refund(), BOB), Recounted((BOB,)), a_roster(gone=(BOB,))),
    "recounted, back": lambda: said(voted(refund(), BOB), Recounted((), (BOB,))),
    "skipped": lambda: said(refund(), Skipped((DAN,))),
    "skipped, two": lambda: said(refund(), Skipped((BOB, DAN))),
    "restarted": lambda: said(shown(draft()), Restarted()),
    "reminded, soft, and nobody can object": lambda: said(shown(draft()), Reminded(), NOBODY),
    "restarted, and nobody can object": lambda: said(shown(draft()), Restarted(), NOBODY),
    "operators: too few": lambda: notices.too_few(
        escalating(), Lack(1, 2, Shortage.LEFT), "https://acme.slack.com/archives/C1/p2"
    ),
    "operators: nobody": lambda: notices.too_few(refund(), Lack(0, 1), None),
    "operators: nobody else": lambda: notices.too_few(voted(refund(), ALICE), Lack(0, 1), None),
    "operators: the requester alone": lambda: notices.too_few(
        refund(on_behalf_of="U0ALICE"), Lack(0, 1, Shortage.REQUESTER), None
    ),
    "operators: no e-mail addresses": lambda: notices.too_few(
        refund(on_behalf_of="zoe@example.com"), Lack(0, 2, Shortage.UNCOMPARED), None
    ),
    "operators: nobody can object": lambda: notices.too_few(shown(draft()), Lack(0, 1), None),
    "operators: nobody will object": lambda: notices.too_few(draft(), Lack(0, 1), None),
    "operators: nobody can review": lambda: notices.too_few(comment(), Lack(0, 1, Shortage.LEFT), None),
    "operators: nobody can answer": lambda: notices.too_few(question(), Lack(0, 1), None),
    "operators: nobody was reached": lambda: notices.unreached(escalated(), FINANCE, CARD, known=True),
    "operators: the group is gone": lambda: notices.unreached(escalated(), FINANCE, None, known=False),
    "operators: overdue": lambda: notices.overdue(refund(), NOON, "inc_9f86d081", CARD),
    "operators: more are overdue": lambda: notices.overdue_more(1_200),
    "operators: one more is overdue": lambda: notices.overdue_more(1),
    "operators: policy restored": lambda: notices.policy_restored("sha256:9f86d081884c7d659a2f"),
}


def test_every_note_reads_as_it_was_agreed() -> None:
    """All of them, word for word, in one file that can be read aloud."""
    told = [f"[{name}]\n{read_message(make().as_call()).rstrip()}" for name, make in NOTES.items()]
    text = "\n\n".join(told) + "\n"
    if os.environ.get("HITL_REGENERATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NOTES)
def test_every_note_can_be_sent(name: str) -> None:
    """Each is legal in Slack, and ends."""
    message = NOTES[name]()
    assert limits.problems_of_message(message.as_call(), updating=True) == []
    assert message.text[-1] in ".?"


def called(message: Message) -> set[str]:
    """The people whom it mentions."""
    everybody = (ALICE, BOB, CAROL, DAN)
    return {person.name for person in everybody if f"<@{person.id}>" in message.text}


def test_a_reminder_calls_those_who_have_not_answered() -> None:
    """Neither who approved already, nor who left, nor the one it is asked for."""
    assert called(said(refund(), Reminded())) == {"Alice", "Bob", "Carol"}
    assert called(said(voted(refund(), ALICE), Reminded())) == {"Bob", "Carol"}
    assert called(said(refund(), Reminded(), a_roster(gone=(BOB,)))) == {"Alice", "Carol"}
    assert called(said(refund(on_behalf_of="carol@example.com"), Reminded())) == {"Alice", "Bob"}


def test_an_escalation_calls_the_group_that_is_asked_now() -> None:
    """The others were called before."""
    assert called(said(escalated(), Escalated(FINANCE))) == {"Dan"}


@pytest.mark.parametrize("there", [False, None])
def test_an_escalation_that_reached_nobody_calls_nobody_however_late(there: bool | None) -> None:
    """Dan has joined by the time it is said: another note calls him, and he is called once."""
    message = said(escalated(), Escalated(FINANCE, there=there))
    assert called(message) == set()
    assert message.text.startswith("finance is asked as well")


def test_an_approval_for_somebody_who_left_is_said_to_end_by_that() -> None:
    """Bob stands in for Alice still, and it is asked on nobody's behalf."""
    left = replace(FOR_ALICE, people=a_roster(gone=(ALICE,)).people)
    assert "no longer counts: Alice has left Slack." in said(deputised(), Recounted((BOB,)), left).text


def test_a_reminder_calls_nobody_whom_the_escalation_beside_it_calls() -> None:
    """Missed together, both are said in one breath: Bob, who is in both groups, is called once."""
    roster = a_roster(finance=(BOB, DAN))
    reminder, escalation = Reminded((DIRECTORS,)), Escalated(FINANCE)
    assert called(said(escalated(), reminder, roster)) == {"Alice", "Carol"}
    assert called(said(escalated(), escalation, roster)) == {"Bob", "Dan"}
    later = Reminded((DIRECTORS, FINANCE))
    assert called(said(escalated(), later, roster)) == {"Alice", "Bob", "Carol", "Dan"}


def test_whose_approval_was_voided_is_called_until_they_say_it_again() -> None:
    """The editor goes by name; whoever approved anew, or is not asked any more, is left alone."""
    case = edited(voted(refund(), BOB), ALICE, amount=500)
    note = Voided(ALICE, (BOB, DAN))
    assert called(said(case, note)) == {"Bob"}
    over = voted(case, BOB)
    assert over.status.final
    assert called(said(over, note)) == set()
    assert "your approval" not in said(over, note).text


def test_who_put_it_off_or_handed_it_over_is_not_reminded_until_then() -> None:
    """An escalation to a group that they are in as well asks anew: only who put it off stays uncalled."""
    case = after(refund(), Snoozed(ALICE, ROSTER, NOON + timedelta(hours=1)), minutes=1)
    case = after(case, HandedOver(BOB, ROSTER, to_person=CAROL), minutes=2)
    assert called(said(case, Reminded())) == {"Carol"}
    later = note_of(case, Reminded(), ROSTER, "key:1", NOON + timedelta(hours=1))
    assert called(later) == {"Alice", "Carol"}
    both = a_roster(finance=(ALICE, BOB, DAN))
    asked = replace(case, escalated=(FINANCE,))
    assert called(said(asked, Escalated(FINANCE), both)) == {"Bob", "Dan"}
    assert called(said(asked, Escalated(FINANCE, early=True, by=BOB), both)) == {"Dan"}


def test_what_was_handed_over_comes_back_where_nobody_else_is_left() -> None:
    """The taker left: whoever gave it is reminded, and is escalated to."""
    two, left = a_roster(members=(ALICE, BOB)), a_roster(members=(ALICE, BOB), gone=(BOB,))
    case = after(refund(), HandedOver(ALICE, two, to_person=BOB), minutes=1)
    assert called(said(case, Reminded(), two)) == {"Bob"}
    assert called(said(case, Reminded(), left)) == {"Alice"}
    snoozed = after(case, Snoozed(ALICE, left, NOON + timedelta(hours=1)), minutes=2)
    assert is_for_nobody(snoozed, Reminded(), left, NOON)
    alone = a_roster(finance=(ALICE,))
    assert called(said(replace(case, escalated=(FINANCE,)), Escalated(FINANCE), alone)) == {"Alice"}


def test_a_quorum_waits_for_nobody_unheard() -> None:
    """Who took it gave their approval: whoever handed it over is the one that is missing."""
    two = a_roster(members=(ALICE, BOB))
    case = after(refund(), HandedOver(ALICE, two, to_person=BOB), minutes=1)
    case = voted(case, BOB)
    assert not is_for_nobody(case, Reminded(), two, NOON)
    assert called(said(case, Reminded(), two)) == {"Alice"}


def test_a_reminder_for_those_alone_who_want_none_is_for_nobody() -> None:
    """Where nobody is left at all it is still said: that is news to everybody."""
    case = refund()
    for person in (ALICE, BOB, CAROL):
        assert not is_for_nobody(case, Reminded(), ROSTER, NOON)
        case = after(case, Snoozed(person, ROSTER, NOON + timedelta(hours=1)), minutes=1)
    assert is_for_nobody(case, Reminded(), ROSTER, NOON)
    assert not is_for_nobody(case, Reminded(), ROSTER, NOON + timedelta(hours=1))
    assert not is_for_nobody(case, Reminded(), NOBODY, NOON)
    assert not is_for_nobody(case, Voided(ALICE, (BOB,)), ROSTER, NOON)


def test_people_who_left_are_named_not_called() -> None:
    """Nobody is called by what says that they are gone."""
    assert called(said(refund(), Skipped((BOB, DAN)))) == set()


def test_what_has_ended_calls_nobody() -> None:
    """A note that is late finds it decided."""
    over = voted(voted(refund(), ALICE), BOB)
    for note in (Reminded(), Escalated(DIRECTORS), Restarted()):
        assert called(said(over, note)) == set()


def test_of_many_people_fifteen_are_called() -> None:
    """The others are counted: a hundred calls in one message help nobody."""
    users = tuple(UserId(f"U{number:08}") for number in range(100))
    roster = Roster({DIRECTORS: users}, {user: Profile(user, str(user)) for user in users})
    message = said(refund(), Reminded(), roster)
    assert message.text.count("<@") == 15
    assert "and 85 more, this waits for you" in message.text


def test_a_note_names_itself_for_whoever_looks_for_it() -> None:
    """As every note: by its request and its key."""
    case = refund()
    assert said(case, Reminded()).metadata == {
        "event_type": NOTE_METADATA,
        "event_payload": {"request": case.id, "key": "key:1"},
    }


@settings(deadline=None)
@given(WORDS)
def test_nobodys_words_call_or_forge_anything(words: str) -> None:
    """Titles, agents, groups, names and changed values of others stay inert."""
    eve = stranger(words or "e")
    group = GroupName(words or "group")
    case = an_open_case(a_request(agent=words or "a", payload={"x": words}), title=words or "t", ask=(group,))
    notes: tuple[Note, ...] = (
        Reminded(),
        Escalated(group, early=True),
        Escalated(group, early=True, by=eve),
        HandedTo(eve, Person(UserId(words or "u"), words or "e"), words),
        Voided(eve, (eve,)),
        Skipped((eve, eve)),
        Recounted((eve, ALICE)),
        Restarted(),
    )
    told = [said(case, note) for note in notes] + [notices.too_few(case, Lack(0, 1), words)]
    told.append(asked_note(case, words, words, "key:1"))
    for message in told:
        assert limits.problems_of_message(message.as_call(), updating=True) == []
        assert "<" not in message.text.replace("<!date^", "")
        assert not set("\u202e\u200b") & set(message.text)
