"""What stands behind `approve` or `reject` is a reason, unless it says that something else was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from approvals.blanks import BLANK, trimmed
from approvals.model import Case
from approvals.spoken_edit import names
from approvals.spoken_words import QUOTES, Unclear, Verb, spoken
from approvals.words import Gate, RequestId

_MARKUP: Final = "`*_~"
#: What stands before the first word: `approve, but …`.
_LEADING: Final = re.compile(
    r"""^(?:[\s,;:.!"'“”„`*_~\u2013\u2014-]|but\b|and\b|or\b|then\b)+""", re.IGNORECASE
)
#: What parts a verb from its reason: a colon, a dash. A minus before a number is none.
_PARTING: Final = re.compile(rf"^(?:[{BLANK},;:\u2013\u2014]|-(?=[{BLANK}]))+")
#: Slack's links, people and channels: nothing in there is anybody's change.
_PIECES: Final = re.compile(r"<[^<>]*>")
_ANY_NAME: Final = r"\w[\w.\[\]-]*"
_VALUE: Final = r"""(?P<value>["“„][^"“”„]*["“”„]|\S*)"""
_ENDS: Final = f".,:;!?){_MARKUP}"
_ID: Final = "req_"
_IDS: Final = re.compile(r"\breq_[0-9a-z]{4,}", re.IGNORECASE)
#: Verbs that ask for the same: `approve, looks right to me` says nothing else.
_ALIKE: Final = {Verb.LOOKS_RIGHT: Verb.APPROVE, Verb.FLAG: Verb.REJECT, Verb.CORRECT: Verb.EDIT}


def reason_of(case: Case, verb: Verb, words: str) -> str:
    """`words`, as Slack writes them, where they can be nothing but a reason for `verb`. Raises `Unclear`.

    They are more where they hold `name=value`, begin with a verb that asks for something else, or name
    another request.
    """
    bare = _PIECES.sub(" ", words)
    changes = list(_changes(bare, names(case)))
    if changes:
        edit = Verb.CORRECT if case.judgement.gate is Gate.AUDIT else Verb.EDIT
        raise Unclear("That would change it.", instead=" ".join([edit, *changes]))
    first = spoken(_LEADING.sub("", bare))
    other = first.verb
    if other is not None and _ALIKE.get(other, other) is not _ALIKE.get(verb, verb):
        meant = " ".join((other, *first.rest.split()))
        raise Unclear(f"That says {verb}, and {other} as well.", instead=meant)
    for named in _others(bare, case.id):
        raise Unclear(f"{named} is another request: write in its thread, or leave its id out.")
    return words


def as_said(words: str) -> str:
    """A reason without what parts it from its verb, and without the quotes around all of it."""
    words = trimmed(_PARTING.sub("", words))
    closers = QUOTES.get(words[:1], "")
    inside = words[1:-1]
    if len(words) > 1 and words[-1] in closers and not set(inside) & {words[0], *closers}:
        return trimmed(inside)
    return words


def changes_in(case: Case, words: str) -> tuple[str, ...]:
    """Each `name=value` in `words`, as Slack writes them, of a name that the request has."""
    known = names(case)
    folded = {name.casefold() for name in known}
    found = _changes(_PIECES.sub(" ", words), known)
    return tuple(each for each in found if each.partition("=")[0].casefold() in folded)


def _changes(words: str, known: Sequence[str]) -> Iterator[str]:
    """Each `name=value`; between a name that the request has and its `=` there may be blanks."""
    marks = f"[{re.escape(_MARKUP)}]*"
    heads = [rf"(?P<any>{_ANY_NAME}){marks}=(?![=\s]|$)"]
    if known:
        ours = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
        heads.insert(0, rf"(?:payload\.)?(?P<ours>{ours}){marks}\s*=+\s*")
    for found in re.finditer(rf"(?<![\w.])(?:{'|'.join(heads)}){_VALUE}", words, re.IGNORECASE):
        name = found.groupdict().get("ours") or found["any"]
        value = (
            found["value"]
            if found["value"][:1] in tuple('"“„')
            else found["value"].strip(_MARKUP).rstrip(_ENDS)
        )
        yield f"{name}={value or '…'}"


def _others(words: str, request: RequestId) -> Iterable[str]:
    """Ids of requests that are not this one, nor a beginning or an end of its id."""
    whole = request.casefold().removeprefix(_ID)
    for found in _IDS.finditer(words):
        bare = found[0].casefold().removeprefix(_ID)
        if not whole.startswith(bare) and not whole.endswith(bare):
            yield found[0]
