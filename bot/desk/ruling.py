"""One decision, one transaction: the new state, the facts and the outbox rows are written together."""

from __future__ import annotations

import json
import logging

from approvals.canonical import Json, digest_of
from approvals.effects import (
    AskOperators,
    CallAgent,
    Effect,
    KeepGrant,
    OpenReview,
    PostComment,
    PostNote,
    ShowCard,
    TellUnreached,
    Wake,
)
from approvals.errors import Broken
from approvals.events import Event
from approvals.machine import Ruling, decide
from approvals.model import Case
from approvals.roster import Roster
from approvals.words import GroupName, Instant, Risk
from bot.desk import digest_notes, gathering, last_words, linked, notify, spoken, summons
from bot.desk.desk import Desk
from bot.desk.view import moment, request_json
from store import cases, facts, grants, outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit

log = logging.getLogger(__name__)


def rule_on(
    unit: Unit,
    case: Case | None,
    event: Event,
    now: Instant,
    roster: Roster,
    *,
    desk: Desk | None = None,
    aloud: bool = False,
) -> Ruling:
    """Decide, and write all of what was decided into `unit`. `roster` is who is who today.

    An opening and a tick may need the `desk`: to tell the operators, to open a review, to join a storm.
    `aloud`: whoever caused it says in the card's thread what it did, so nothing else has to.

    Raises `Refused` where the machine does, and `store` conflicts where somebody else was faster
    (the unit of work is then run again).
    """
    ruling = decide(case, event, now)
    if case is None:
        cases.add(unit, ruling.case)
    elif ruling.case is not case:
        gathering.left(unit, case, ruling.case, now)
        cases.save(unit, case, ruling.case)
    facts.append(unit, ruling.facts)
    if desk is not None:
        gathering.follow(unit, desk, case, ruling.case, now)
    for effect in ruling.effects:
        match effect:
            case AskOperators():
                _ask_operators(unit, ruling.case, effect, now, _needed(desk, effect))
            case TellUnreached(to=group):
                _tell_unreached(unit, ruling.case, group, now, _needed(desk, effect))
            case OpenReview():
                review = linked.reviewing(_needed(desk, effect), ruling.case, now)
                rule_on(unit, None, review, now, roster, desk=desk)
            case _:
                _dispatch(unit, ruling.case, effect, now, roster)
    if case is not None and not (aloud and ruling.answer.refused is None):
        _say_decided(unit, case, ruling.case, now)
    return ruling


def _say_decided(unit: Unit, before: Case, after: Case, now: Instant) -> None:
    """In the card's thread, once. What a digest holds its message tells."""
    if after.quiet or before.status.final or not after.status.final or after.waits_in is not None:
        return
    last_words.say_decided(unit, before, after, now)


def show_card(unit: Unit, case: Case, now: Instant) -> None:
    """Have Slack show `case` as it stands: on its card, or on the message that holds it."""
    if case.held:
        return
    if case.waits_in is not None:
        gathering.show(unit, case, now)
    else:
        lane = outbox.lane_of(gathering.channel_of(case))
        outbox.show_card(unit, case.id, now, final=case.status.final, lane=lane)


def _dispatch(unit: Unit, case: Case, effect: Effect, now: Instant, roster: Roster) -> None:
    match effect:
        case ShowCard():
            show_card(unit, case, now)
        case PostComment() | PostNote() if case.waits_in is not None:
            digest_notes.say(unit, case, effect, now, roster)
        case PostComment(key=key, comment=comment):
            body = spoken.comment(comment)
            outbox.put(unit, ParcelKind.THREAD, request=case.id, key=key, lane="", body=body, now=now)
        case PostNote(key=key, note=note):
            told = spoken.written(note)
            outbox.put(unit, ParcelKind.THREAD, request=case.id, key=key, lane="", body=told, now=now)
            summons.summon(unit, case, effect, now, roster)
        case Wake(key=key, person=person, at=at):
            woken: Json = {"notice": "snoozed", "to": person.id, "request": case.id, "until": moment(at)}
            notice = ParcelKind.NOTICE
            outbox.put(unit, notice, request=case.id, key=key, lane="", body=woken, now=now, due=at)
        case CallAgent():
            _call_agent(unit, case, effect, now, roster)
        case KeepGrant(grant=grant):
            grants.keep(unit, grant)
        case _:
            raise Broken(f"nobody carries out {effect!r}")


def _needed(desk: Desk | None, effect: Effect) -> Desk:
    if desk is None:
        raise Broken(f"{effect!r} needs the desk")
    return desk


def _ask_operators(unit: Unit, case: Case, asked: AskOperators, now: Instant, desk: Desk) -> None:
    """Each in a direct message; the key says once a day for all requests that lack the same people."""
    policy, lack = desk.policies.current, asked.lack
    _say_if_nobody(desk, f"too few are left to decide {case.id}")
    what: dict[str, Json] = {"left": lack.left, "missing": lack.missing, "why": str(lack.why)}
    about = f"{digest_of(list(case.asked))[:32]}:{lack.left}:{lack.missing}:{lack.why}"
    for operator in policy.operators:
        body: Json = {"notice": "too_few", "to": operator, "request": case.id, **what}
        key = f"too_few:{about}:{operator}:{now:%Y-%m-%d}"
        outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)


def _tell_unreached(unit: Unit, case: Case, group: GroupName, now: Instant, desk: Desk) -> None:
    """Once a day for each group; of what is critical each request, as this may be all that it is heard by."""
    _say_if_nobody(desk, f"{case.id} was escalated to a group that nobody is in")
    whose = case.id if case.judgement.risk is Risk.CRITICAL else ""
    notice: dict[str, Json] = {"notice": "unreached", "request": case.id, "group": group}
    about = f"unreached:{digest_of(group)[:32]}:{whose}"
    notify.tell(unit, desk.policies.current.operators, notice, about, now)


def _say_if_nobody(desk: Desk, what: str) -> None:
    policy = desk.policies.current
    if not policy.operators and policy.version not in desk.mute:
        # A unit that is run twice logs it once, as do ten thousand requests.
        desk.mute.add(policy.version)
        log.error("%s, and the policy names no operators to be told", what)


def _call_agent(unit: Unit, case: Case, call: CallAgent, now: Instant, roster: Roster) -> None:
    """Freeze the callback's body as of this commit. Its id is the same on every try, and after a replay."""
    url = case.request.callback_url
    if url is None:
        return
    told = {
        "type": str(call.type),
        "timestamp": moment(now),
        "data": request_json(case, cases.place_of(unit, case), now, roster),
    }
    body = {
        "url": url,
        "agent": str(case.request.agent),
        "type": str(call.type),
        "id": f"msg_{case.id.removeprefix('req_')}_{call.key.replace(':', '_')}",
        "body": json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False),
    }
    outbox.put(unit, ParcelKind.CALLBACK, request=case.id, key=call.key, lane="", body=body, now=now)
