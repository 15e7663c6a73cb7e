"""Words to the bot that begin with no verb: a slip, a yes, a call for help, or a sentence for the agent.

None of them decides anything. A sentence is kept for the agent; with anything else its author meant the bot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from typing import Final

from approvals.blanks import BLANK
from approvals.model import Case
from approvals.spoken_reason import changes_in
from approvals.spoken_words import Verb
from approvals.words import Gate, Kind


class Meant(Enum):
    """What it looks like."""

    #: a call for help, or nothing at all
    HELP = auto()
    YES = auto()
    NO = auto()
    #: nearly a verb, in a few words that ask nothing; or a verb that is missing
    SLIP = auto()
    #: a word or two that mean nothing here
    UNKNOWN = auto()
    #: more than that
    SENTENCE = auto()


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What was said instead of a verb."""

    meant: Meant
    #: as it was said: the first word, or the two that stand for one
    word: str = ""
    #: what to say where it was meant so: `approve`, `edit amount=500`; empty where nobody can guess
    instead: str = ""


#: Words that are no sentence yet.
_FEW: Final = 2
#: Words that may be a slip; more that begin with a word like a verb (`flags are wrong …`) are a sentence.
_SHORT: Final = 4
#: How like a verb a word must be: alone, and at the head of a sentence, which it may well begin by chance.
_ALIKE: Final = 0.7
_MUCH_ALIKE: Final = 0.8
_PIECE: Final = re.compile(rf"<[^<>]*>|[^{BLANK}<]+|<")
#: What is asked decides nothing, and asks for an answer.
_ASKS: Final = re.compile("[?\uff1f\u061f][\\s`*_~.,;!…()\"'“”„]*\\Z")
_AROUND: Final = "`*_~.,;!?…()\"'“”„"
_SKIN: Final = re.compile(":?:skin-tone-[2-6]:|[\U0001f3fb-\U0001f3ff\ufe0f]")
#: Scripts that put no blanks between words, from Thai to Chinese; and how much of one is a sentence.
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_MANY_SIGNS: Final = 4
#: How a file that came along is named.
_FILE: Final = "[file: "
_VERBS: Final = frozenset(map(str, Verb))
_HELP: Final = frozenset(("help", "commands", "hi", "hello", "hey"))
_POLITE: Final = frozenset(("please", "pls", "plz", "kindly"))
_YES: Final = frozenset(
    (
        *("ok", "okay", "k", "lgtm", "yes", "yep", "yeah", "y", "sure", "fine", "good", "great", "agreed"),
        *("accept", "accepted", "allow", "confirm", "confirmed", "go", "+1", "👍", "✅", "👌", "✔"),
        *(":+1:", ":thumbsup:", ":white_check_mark:", ":heavy_check_mark:", ":ok_hand:", ":ok:"),
        *("looks good", "looks ok", "looks fine", "sounds good", "all good", "go ahead", "ship it", "do it"),
    )
)
_NO: Final = frozenset(
    (
        *("no", "nope", "nah", "n", "deny", "denied", "decline", "declined", "refuse", "-1", "👎", "❌"),
        *(":-1:", ":thumbsdown:", ":x:", ":no_entry:"),
    )
)
#: The same wish on an approval and on a review.
_ON_REVIEWS: Final = {Verb.APPROVE: Verb.LOOKS_RIGHT, Verb.EDIT: Verb.CORRECT, Verb.REJECT: Verb.FLAG}
_ON_APPROVALS: Final = {there: here for here, there in _ON_REVIEWS.items()}


def otherwise(case: Case, said: str) -> Otherwise:
    """What `said`, as Slack writes it, without a verb at its head, looks like under the card of `case`."""
    pieces = [piece for piece in _PIECE.findall(said) if _bare(piece)]
    heads = [_bare(piece) for piece in pieces[:_FEW]]
    word, both = (pieces[0] if pieces else ""), " ".join(heads)
    brief = len(_UNSPACED.findall(said)) <= _MANY_SIGNS and _FILE not in said
    few, short = brief and len(pieces) <= _FEW, brief and len(pieces) <= _SHORT
    if not pieces or (few and heads[0] in _HELP):
        return Otherwise(Meant.HELP, word)
    missing, nearly = _missing(case, said), _nearly(case, heads, few=few)
    # `approve?` has the verb itself.
    asks = _ASKS.search(said) is not None and not (few and both in _VERBS)
    slip = nearly if short and not asks else ""
    if missing or slip:
        return Otherwise(Meant.SLIP, word, missing or slip)
    if nearly or not few:
        return Otherwise(Meant.SENTENCE, word)
    for meant, known, verb in ((Meant.YES, _YES, Verb.APPROVE), (Meant.NO, _NO, Verb.REJECT)):
        if heads[0] in known or both in known:
            shown = word if heads[0] in known else " ".join(pieces)
            return Otherwise(meant, shown, _here(case, verb) or "")
    return Otherwise(Meant.UNKNOWN, word)


def nearest(word: str) -> Verb | None:
    """The verb that a single word looks like."""
    near = get_close_matches(_bare(word), list(map(str, Verb)), 1, _ALIKE)
    return Verb(near[0]) if near else None


def _bare(piece: str) -> str:
    return _SKIN.sub(_end, piece).strip(_AROUND).casefold()


def _end(found: re.Match[str]) -> str:
    """`:+1::skin-tone-2:` is `:+1:`."""
    return ":" if found[0].startswith("::") else ""


def _missing(case: Case, said: str) -> str:
    """An answer without `answer`, and changes without `edit`."""
    if case.request.kind is Kind.QUESTION:
        wanted = _bare(said)
        alike = [option for option in case.request.options if option.strip().casefold() == wanted]
        return f"{Verb.ANSWER} {alike[0]}" if len(alike) == 1 else ""
    changes = changes_in(case, said)
    return " ".join((_here(case, Verb.EDIT) or Verb.EDIT, *changes)) if changes else ""


def _nearly(case: Case, heads: list[str], *, few: bool) -> str:
    if few and len(heads) > 1 and heads[0] in _POLITE:
        heads = heads[1:]
    one_word = [str(verb) for verb in Verb if " " not in verb]
    near = get_close_matches(heads[0], one_word, 1, _ALIKE if few else _MUCH_ALIKE)
    near = near or get_close_matches(" ".join(heads), [Verb.LOOKS_RIGHT], 1, _MUCH_ALIKE)
    return (_here(case, Verb(near[0])) or "") if near else ""


def _here(case: Case, verb: Verb) -> Verb | None:
    """What the same is called under this card; None where it is not asked there."""
    if case.request.kind is Kind.QUESTION or verb is Verb.ANSWER:
        return verb if case.request.kind is Kind.QUESTION and verb is Verb.ANSWER else None
    if case.judgement.gate is Gate.AUDIT:
        return _ON_REVIEWS.get(verb, verb)
    return _ON_APPROVALS.get(verb, verb)
