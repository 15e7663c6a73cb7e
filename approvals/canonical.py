"""One spelling for every JSON value, and the digest of it.

Two payloads are the same exactly when their canonical spelling (RFC 8785, JSON Canonicalization
Scheme) is the same; every vote is bound to the digest of what the voter saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NewType, TypeAlias

import rfc8785

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

#: Lower-case hex SHA-256 of a canonical spelling: 64 characters.
Digest = NewType("Digest", str)

#: RFC 8785 numbers are IEEE 754 doubles: integers beyond this lose digits (RFC 7493, section 2.2).
LARGEST_INTEGER = 2**53 - 1


def canonical(value: Json) -> bytes:
    """The RFC 8785 spelling of `value`, as UTF-8.

    Raises `rfc8785.CanonicalizationError` for what has none: NaN, infinities, integers beyond
    `LARGEST_INTEGER`, lone surrogates, keys that are not strings.
    """
    return rfc8785.dumps(value)


def digest_of(value: Json) -> Digest:
    """SHA-256 over the canonical spelling; the contract's `payload_sha256`."""
    return Digest(hashlib.sha256(canonical(value)).hexdigest())


def salted(salt: str, digest: Digest) -> Digest:
    """What a fact says about a payload: who has payload and salt can check it, nobody can guess it back."""
    return Digest(hashlib.sha256(f"{salt}:{digest}".encode()).hexdigest())
